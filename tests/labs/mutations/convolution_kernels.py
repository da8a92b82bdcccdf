"""Bugs that the proofs of the kernels lab were seen to catch."""

from tests.labs.mutation import Mutation

SLIDING = "nn/sliding.py"
TURN = "self.kernel[rows - 1 - m][columns - 1 - n]"
MUTATIONS = (
    Mutation("turned_kernel", TURN, "self.kernel[rows - 1 - m][n]", SLIDING),
    Mutation(
        "turned_picture", TURN, "self.kernel[min(columns - 1 - n, rows - 1)][min(rows - 1 - m, columns - 1)]", SLIDING
    ),
    Mutation("commutes", TURN, "self.kernel[m][n]", SLIDING),
    Mutation("shifts", '"circular": "wrap"', '"circular": "edge"', SLIDING),
    Mutation("agrees", "row[j * self.stride + n * self.dilation]", "row[j * self.stride + n]", SLIDING),
    Mutation("agrees", "for m, weights in enumerate(self.laid):", "for m, weights in enumerate(self.kernel):", SLIDING),
    Mutation(
        "agrees", '"reflect": "reflect", "circular": "wrap"', '"reflect": "symmetric", "circular": "wrap"', SLIDING
    ),
    Mutation("size", "2 * margin - span - 1) // self.stride + 1", "2 * margin - span) // self.stride + 1", SLIDING),
    Mutation("size", "// self.stride + 1", "// self.stride", SLIDING),
)
