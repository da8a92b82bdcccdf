"""The bugs that the checks of the network playground are there to catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation("xor_is_solved", "ACTIVATIONS[activation](layer(answers[-1]))", "layer(answers[-1])", file="nn/mlp.py"),
    Mutation("first_loss", "scale = 0.1 if", "scale = 1.0 if", file="nn/mlp.py"),
    Mutation("linear_is_one_line", '"linear": lambda z: z', '"linear": functional.tanh', file="nn/mlp.py"),
    Mutation("edges_are_weights", "first[layer] + column,", "first[layer] + row,", file="nn/network_graph.py"),
    Mutation(
        "edges_are_weights", "target.bias[row] = value", "target.weight[row, -1] = value", file="nn/network_graph.py"
    ),
    Mutation(
        "edges_are_weights", "torch.cat([layer.weight, ", "torch.cat([-layer.weight, ", file="nn/network_graph.py"
    ),
    Mutation("entropy_is_the_floor", "0.5 * (gap / deviation) ** 2", "(gap / deviation) ** 2", file="data/planar.py"),
)
