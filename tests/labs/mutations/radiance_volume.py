"""Bugs that the proofs of the lab on volume rendering were seen to catch."""

from tests.labs.mutation import Mutation

VOLUME = "nn/volume.py"
MUTATIONS = (
    Mutation("telescopes", "torch.cat([torch.ones_like(through[..., :1]), through[..., :-1]], -1)", "through", VOLUME),
    Mutation("telescopes", "light * (1 - alpha) if bug == BUGS[2]", "light * (1 - alpha) if bug != BUGS[2]"),
    Mutation("even", "sigma * length if bug == BUGS[1]", "sigma * length if bug != BUGS[1]"),
    Mutation("even", "-torch.expm1(-density * lengths)", "density * lengths", VOLUME),
    Mutation("bells", "math.sqrt(math.pi / 2) * parts", "math.sqrt(math.pi) * parts"),
    Mutation("bells", "torch.exp(-0.5 * (", "torch.exp(-1.0 * ("),
    Mutation("library", "reversed(order) if bug == BUGS[3]", "reversed(order) if bug != BUGS[3]"),
    Mutation("order", '{"middle": 0.5, "left": 0.0}', '{"middle": 0.0, "left": 0.5}'),
)
