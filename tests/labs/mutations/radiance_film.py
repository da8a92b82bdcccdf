"""Bugs that the proofs of the lab on camera flights must catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation(
        "through",
        "smooth = camera_at(flight, share, width, height)",
        "smooth = camera_at(flight, share * 0.98, width, height)",
    ),
    Mutation("smooth", 'if bug == "none":', 'if bug == "never":'),
)
