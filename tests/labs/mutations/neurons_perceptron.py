"""The bugs that the checks of the threshold neuron are there to catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation("novikoff", "weights += problem.signs[index]", "weights -= problem.signs[index]"),
    Mutation("novikoff", "weights += problem.signs[index] * problem.inputs[index]", "weights += problem.inputs[index]"),
    Mutation("equality", "half = longest**2 / 2", "half = longest / 2", file="data/lines.py"),
    Mutation("equality", "np.ones((len(chosen), 1))", "np.zeros((len(chosen), 1))"),
    Mutation("restless", "* (problem.inputs @ weights) <= 0)", "* (problem.inputs @ weights) < -0.5)"),
    Mutation("ceiling", "float(right.max() + 2)", "float(right.max())", file="data/lines.py"),
    Mutation("ceiling", "(side == signs).sum(1)", "(side >= signs).sum(1)", file="data/lines.py"),
    Mutation("widest", "C=1e9", "C=1.0", file="data/street.py"),
    Mutation(
        "interval", "potential = pulled_to + (potential", "potential = pulled_to - (potential", file="nn/spiking.py"
    ),
    Mutation("interval", "round(self.refractory / self.tick)", "0", file="nn/spiking.py"),
)
