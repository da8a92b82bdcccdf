"""Bugs that the proofs of the diffusion model must catch."""

from functools import partial

from tests.labs.mutation import Mutation

arithmetic = partial(Mutation, file="nn/diffusion.py")

MUTATIONS = (
    arithmetic("end_of_schedule", "torch.cumprod(1 - beta, 0)", "torch.cumprod(1 - beta, 0) / (1 - beta[-1])"),
    arithmetic("posterior", "step.sqrt() * (1 - then) / (1 - now) * x", "step.sqrt() * (1 - now) / (1 - now) * x"),
    arithmetic("inversion", "(x - (1 - left).sqrt() * noise) / left.sqrt()", "x - (1 - left).sqrt() * noise"),
    arithmetic("slope", "centres = left.sqrt()[:, None] * mixture", "centres = left[:, None] ** 0 * mixture"),
    arithmetic("width", "(1 - then) / (1 - now) * (1 - step)\n", "(1 - step) * 6\n"),
    arithmetic("noiseless", "if then > 0 else mean", "* 1.0 + 1e-3"),
    arithmetic("deterministic", "variance = eta**2 * (1 - then)", "variance = 0.5 * (1 - then)"),
    arithmetic("same", "(1 - then - variance).clamp(min=0)", "(1 - then).clamp(min=0)"),
    Mutation(
        "learned",
        "hidden + layer(nn.functional.silu(hidden + moment))",
        "hidden + layer(nn.functional.silu(hidden))",
        file="nn/unet.py",
    ),
)
