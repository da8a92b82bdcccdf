"""Bugs that the proofs of Gaussian splatting must catch."""

from tests.labs.mutation import Mutation

REFERENCE = "splats/reference.py"

MUTATIONS = (
    Mutation("near_plane", "placed[:, 2] >= style.near", "placed[:, 2].abs() >= style.near", file=REFERENCE),
    Mutation("compositing", "left[:, :-1]], 1)", "left[:, 1:]], 1)", file=REFERENCE),
    Mutation(
        "derivatives", "torch.where(alpha >= FAINTEST, alpha, 0)", "torch.where(alpha >= 0, alpha, 0)", file=REFERENCE
    ),
    Mutation("ellipse", "-lens.fx * slants[0] / depths", "lens.fx * slants[0] / depths", file=REFERENCE),
    Mutation("densification", "each ** (k + 1)", "each ** (k + 2)", file="splats/strategies.py"),
    Mutation("likeness", "xx - mx * mx + yy - my * my", "xx + yy - my * my", file="splats/likeness.py"),
)
