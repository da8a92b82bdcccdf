"""The bugs that the checks of augmentation are there to catch."""

from tests.labs.mutation import Mutation

PIPELINE = "data/augment.py"

MUTATIONS = (
    Mutation(
        "sampled_alike", "((came[..., 0] + 1) * width - 1) / 2", "(came[..., 0] + 1) * (width - 1) / 2", file=PIPELINE
    ),
    Mutation(
        "sampled_alike", "(places - c.shift[:, None].to(kind))", "(places + c.shift[:, None].to(kind))", file=PIPELINE
    ),
    Mutation("exact_turns", "stack(cos, -sin, sin, cos)", "stack(cos, sin, -sin, cos)", file=PIPELINE),
    Mutation("label_kept", "angle=around(0, math.radians(p.angle))", "angle=around(0, p.angle)"),
    Mutation(
        "deterministic", "noise=p.noise * torch.randn(shape, generator=rng)", "noise=p.noise * torch.randn(shape)"
    ),
    Mutation("hue_keeps_grey", "(grey - LUMA[0] * red - LUMA[2] * blue) / LUMA[1]", "x[:, 1:2]", file=PIPELINE),
    Mutation("hue_keeps_grey", "sin * u + cos * v\n", "sin * u - cos * v\n", file=PIPELINE),
)
