"""Bugs that the proofs of the adversarial network must catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation(
        "game_value",
        "nn.functional.logsigmoid(real).mean() + nn.functional.logsigmoid(-fake).mean()",
        "nn.functional.logsigmoid(real).mean() - nn.functional.logsigmoid(fake).mean()",
        file="nn/adversarial.py",
    ),
    Mutation("detective", "return p - q", "return q - p", file="nn/adversarial.py"),
    Mutation("dirac", "torch.stack([-slope[0], slope[1]])", "torch.stack([-slope[0], -slope[1]])"),
    Mutation("equal_points", "likeness(mine, mine) - 1 if", "likeness(mine, mine) if", file="nn/adversarial.py"),
    Mutation(
        "unrolled_gradient",
        "{name: w + rate * slope for",
        "{name: w + rate * slope.detach() for",
        file="nn/adversarial.py",
    ),
)
