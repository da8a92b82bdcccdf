"""Bugs that the proofs of the lab on dropout were seen to catch."""

from tests.labs.mutation import Mutation

SCALE = "h * mask if bug == BUGS[1] else h * mask / (1 - p)"
MUTATIONS = (
    Mutation("variance", SCALE, "h * mask"),
    Mutation("keeps_mean", SCALE, "h * mask"),
    Mutation("keeps_mean", "generator=rng) >= p)", "generator=rng) < p)"),
    Mutation("crowd_is_whole", SCALE, "h * mask"),
    Mutation("backward", SCALE, "h * mask / (1 - p) + (h - h * mask)"),
    Mutation("knows_where", "if p.bug == BUGS[3]:", "if True:"),
)
