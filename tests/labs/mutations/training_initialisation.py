"""The bugs that the checks of activations and initialisation are there to catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation("gelu_form", "(x + 0.044715 * x**3)", "(x + 0.0355 * x**3)"),
    Mutation("slopes_agree", "return 1 - torch.tanh(x) ** 2", "return 1 - torch.tanh(x)"),
    Mutation("slopes_agree", "(1 + 3 * 0.044715 * x * x)", "(1 + 0.044715 * x * x)"),
    Mutation("backward_agrees", 'back if bug == "backward without f′" else', "back if True else"),
    Mutation("backward_agrees", 'answers[k] if bug == "f′ at the output" else sums[k]', "answers[k]"),
    Mutation("he_keeps", '"He": (2 / inputs) ** 0.5', '"He": (1 / inputs) ** 0.5'),
    Mutation("recursion", "z = bias + math.sqrt", "z = math.sqrt"),
    Mutation("recursion", "(mass * slope(activation, z, leak) ** 2)", "(mass * slope(activation, z, leak))"),
)
