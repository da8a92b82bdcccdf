"""The bugs that the checks of the race of optimisers are there to catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation("rates", "((ROOT - 1) / (ROOT + 1)) ** 2),", "(ROOT - 1) / (ROOT + 1)),"),
    Mutation("rates", 'if rule.method == "Nesterov":', 'if rule.method == "":', file="nn/descent.py"),
    Mutation(
        "first_step", "mean = first / (1 - rule.beta**t) if corrected else first", "mean = first", file="nn/descent.py"
    ),
    Mutation("parity", 'ahead = -1 if rule.bug == "looks behind" else 1', "ahead = -1", file="nn/descent.py"),
    Mutation(
        "parity",
        "square = second / (1 - rule.keep**t) if corrected else second",
        "square = second",
        file="nn/descent.py",
    ),
    Mutation("batches", 'reduction="none").mean(1)', 'reduction="none").sum(1)', file="nn/row_networks.py"),
    Mutation(
        "batches",
        "torch.randint(len(self.x), (batch,), generator=self.rng)",
        "torch.randint(len(self.x), (1,), generator=self.rng).expand(batch)",
    ),
)
