"""Bugs that the proofs of the lab on back-propagation were seen to catch."""

from tests.labs.mutation import Mutation

GRAPH = "nn/scalar_graph.py"
MUTATIONS = (
    Mutation("agrees", "lambda u, v: (u[1], u[0]), torch.mul", "lambda u, v: (u[0], u[1]), torch.mul", GRAPH),
    Mutation("agrees", 'node.rule == "φ" and bug == "φ′ taken at a, not at z"', 'node.rule == "φ"', GRAPH),
    Mutation("adds", 'bug == "paths overwrite each other"', "True", GRAPH),
    Mutation("leaves_p_minus_y", "(1 / u[1], -u[0] / u[1] ** 2)", "(1 / u[1], 0.0)", GRAPH),
    Mutation("nudged", "(1 - v * v,)", "(v * v - 1,)", GRAPH),
    Mutation("layer_agrees", 'a1 if bug == "φ′ taken at a, not at z" else z1', "a1", GRAPH),
    Mutation("descends", "leaves[index] -= p.lr", "leaves[index] += p.lr"),
    Mutation("descends", 'float(stale[index]) if p.bug == "gradients never cleared" else 0.0', "float(stale[index])"),
)
