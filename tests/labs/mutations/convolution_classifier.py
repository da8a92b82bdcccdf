"""Bugs that the proofs of the lab on digits by convolution were seen to catch."""

from tests.labs.mutation import Mutation

CORTEX = "nn/cortex.py"
MUTATIONS = (
    Mutation(
        "agrees",
        "z = np.maximum(wire(z.shape, w.shape, padding=1).forward(z, w, b), 0)",
        "z = wire(z.shape, w.shape, padding=1).forward(z, w, b)",
    ),
    Mutation("agrees", 'Pool("max", 2, 2)', 'Pool("average", 2, 2)'),
    Mutation("derivative", "model(x, bug)[0].max()", "model(x, bug)[0].min()"),
    Mutation("derivative", "model(x, bug)[0].max()", "model(x, bug)[0].softmax(0).max()"),
    Mutation("phase", "lag: float = 0.25", "lag: float = 0.2", CORTEX),
    Mutation("silent", "cell = cell - under * (cell.sum() / under.sum())", "cell = 1.0 * cell", CORTEX),
    Mutation("anywhere", "cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]", "cut = ink"),
    Mutation("silent", "angle = math.pi * index /", "angle = math.pi * (index // 2) /", CORTEX),
    Mutation("reads", "digits.train_labels[chosen]", "digits.train_labels[chosen - 1]"),
)
