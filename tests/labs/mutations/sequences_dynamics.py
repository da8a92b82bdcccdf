"""Bugs that the proofs of the lab on RNNs as dynamical systems were seen to catch."""

from tests.labs.mutation import Mutation

PLANE = "nn/planar_dynamics.py"
MUTATIONS = (
    Mutation("powers", 'w.T if p.bug == "W transposed" else w', "w.T"),
    Mutation("exponential", "if self.bends or not self.flows else self.inside(h)", "", PLANE),
    Mutation("from_trace", "- matrix[0, 1] * matrix[1, 0]", "+ matrix[0, 1] * matrix[1, 0]", PLANE),
    Mutation("jacobian_agrees", "slope[:, None] * self.w", "slope[None] * self.w", PLANE),
    Mutation("jacobian_agrees", 'p.bug != "Jacobian without φ′")', "False)"),
    Mutation("nine", 'p.bug != "Jacobian without φ′")', "False)"),
    Mutation(
        "returns", "(found.real < 0).all() if self.flows else (abs(found) < 1).all()", "(abs(found) < 1).all()", PLANE
    ),
    Mutation("gradient_grows", "else jacobian) @ product", "else jacobian) + product"),
)
