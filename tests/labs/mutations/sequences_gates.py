"""Bugs that the proofs of the lab on gates were seen to catch."""

from tests.labs.mutation import Mutation

GATED, TASKS = "nn/gated.py", "data/sequence_tasks.py"
MUTATIONS = (
    Mutation(
        "agrees",
        "sums[0].sigmoid(), sums[1].sigmoid(), sums[2].tanh()",
        "sums[1].sigmoid(), sums[0].sigmoid(), sums[2].tanh()",
        GATED,
    ),
    Mutation("agrees", "(n_x + r * n_h).tanh()", "(r * (n_x + n_h)).tanh()", GATED),
    Mutation("carousel", "else f * c + i * new", "else (f * c + i * new).tanh()", GATED),
    Mutation("carousel", "torch.ones_like(forget[:1])", "0.5 * torch.ones_like(forget[:1])", GATED),
    Mutation("blind", "torch.randint(half, (count,)", "torch.randint(self.length, (count,)", TASKS),
    Mutation("adds", "self.head(self.core(x)[0])", "self.head(by_hand(self.core, x, BUGS[1])[-1].h)"),
)
