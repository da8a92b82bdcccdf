"""The bugs that the checks of normalisation are there to catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation("unit_variance", "(x.var(0, correction=0) + EPSILON).sqrt()", "(x.var(0, correction=1) + EPSILON).sqrt()"),
    Mutation("unit_variance", "normal = (x - x.mean(0)) / deviation", "normal = (x - x.mean(1, True)) / deviation"),
    Mutation("backward", "if not ctx.constant:", "if ctx.constant:"),
    Mutation("backward", "- normal * (slope * normal).mean(0)", ""),
    Mutation("eval_mode", "x.var(0, correction=1), momentum", "x.var(0, correction=0), momentum"),
    Mutation(
        "eval_mode", "self.running_mean.lerp_(x.mean(0), momentum)", "self.running_mean.lerp_(x.mean(0), 1 - momentum)"
    ),
    Mutation("training_statistics", "return (x - self.mean) / self.deviation", "return x - x.mean(0)"),
    Mutation("invariance", "normal = (x - x.mean(0)) / deviation", "normal = x / deviation"),
)
