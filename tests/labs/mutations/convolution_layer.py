"""Bugs that the proofs of the lab on the convolutional layer were seen to catch."""

from tests.labs.mutation import Mutation

WIRING = "nn/wiring.py"
MUTATIONS = (
    Mutation("gradients", "i * stride + down - padding", "i + down - padding", WIRING),
    Mutation("gradients", "(y >= 0)", "(y > 0)", WIRING),
    Mutation("gradients", "delta.mean((1, 2)) if bug == BUGS[3]", "delta.mean((1, 2)) if bug == BUGS[0]"),
    Mutation("adjoint", "if bug == BUGS[1]", "if bug == BUGS[0]"),
    Mutation("rotated", "if bug == BUGS[2]", "if bug == BUGS[0]"),
    Mutation("border", "rate = self.p.step_length /", "rate = 0.5 * self.p.step_length /"),
)
