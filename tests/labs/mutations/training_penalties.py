"""Bugs that the proofs of the lab on penalties were seen to catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation("decays", "w * (1 - 2 * amount)", "w * (1 - amount)"),
    Mutation("takes_the_same", "(w.abs() - amount).clamp_min(0)", "(w.abs() - amount)"),
    Mutation("rests", '(-1 if p.bug == "penalty with its sign turned" else 1)', "-1"),
    Mutation("rests", 'if p.bug != "bias penalised too"', "if False"),
    Mutation("selects", 'and p.l1_step == "soft threshold"', "and False"),
    Mutation("touches", "max(abs(rest) - price, 0.0)", "max(abs(rest) - price / 2, 0.0)"),
    Mutation("dies", "return 2 / len(y) * torch.cat", "return 1 / len(y) * torch.cat"),
)
