"""Bugs that the proofs of the lab on SMPLify must catch."""

from tests.labs.mutation import Mutation

FITTING = "bodies/fitting.py"
MUTATIONS = (
    Mutation(
        "meets",
        "(trust.sqrt()[:, None] * self.misses(unknowns)).flatten(1),",
        "0.02 * self.misses(unknowns).flatten(1),",
        FITTING,
    ),
    Mutation("nearer", "self.weights.pose**0.5 * 0.3 * offsets,", "0 * offsets,", FITTING),
    Mutation(
        "in_space",
        "moved[free] -= torch.linalg.solve(damped, pull)",
        "moved[free[:6]] -= torch.linalg.solve(damped, pull)[:6]",
        FITTING,
    ),
)
