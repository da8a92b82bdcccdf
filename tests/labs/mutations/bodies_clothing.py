"""Bugs that the proofs of the lab on clothes must catch."""

from tests.labs.mutation import Mutation

CLOTHING = "bodies/clothing.py"
MUTATIONS = (
    Mutation("outside", "dressed.under[stuck]", "dressed.cloth[stuck]", CLOTHING),
    Mutation(
        "at_rest",
        "shifts = frames[:, :3, 3] - (turns @ joints[..., None])[..., 0]",
        "shifts = frames[:, :3, 3]",
        CLOTHING,
    ),
    Mutation("turns", 'late = bug == "normals not posed"', 'late = bug == "none"', CLOTHING),
)
