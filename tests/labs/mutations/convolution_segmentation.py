"""Bugs that the proofs of the lab on segmentation were seen to catch."""

from tests.labs.mutation import Mutation

NETWORK = "nn/segmentation.py"
MUTATIONS = (
    Mutation("spreads", "stride * (n - 1) + taps", "stride * n", NETWORK),
    Mutation("spreads", "[:, None, None]\n\n\n# Judging", "[:, None, None] * len(weights)\n\n\n# Judging", NETWORK),
    Mutation("centred", "if bug == SHIFTED", "if bug != SHIFTED", NETWORK),
    Mutation("centred", "if bug == SWAPPED", "if bug != SWAPPED", NETWORK),
    Mutation("counted", "+ counts.sum(1) - both", "+ counts.sum(1)", NETWORK),
    Mutation("counted", "overlaps(counts).nanmean()", "overlaps(counts).nan_to_num().mean()", NETWORK),
    Mutation("moved", "    found[:, :, :-1] |= across\n", "", NETWORK),
    Mutation("moved", "2 * reach + 1, 1, reach", "4 * reach + 1, 1, 2 * reach", NETWORK),
    Mutation("blocked", "tiles.mode(3).values", "tiles[..., 0]", NETWORK),
    Mutation("finds", "in range(130)", "in range(9)"),
    Mutation("sharper", "float(kind == WITH and", "float(kind != 'none' and"),
)
