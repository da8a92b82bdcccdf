"""Bugs that the proofs of the lab on pooling were seen to catch."""

from tests.labs.mutation import Mutation

POOLING = "nn/pooling.py"
MUTATIONS = (
    Mutation("routes", 'self.pool.kind == "max" and not evenly', 'self.pool.kind == "max" and evenly', POOLING),
    Mutation("size", "stride * (length - 1) + size - 2 * padding", "stride * length - 2 * padding", POOLING),
    Mutation("size", "+ size - 2 * padding", "+ size - padding", POOLING),
    Mutation("spreads", "if overwrites:", "if not overwrites:", POOLING),
    Mutation("spreads", "taps - 1 - padding, taps - 1 - padding", "taps - 1, taps - 1 - 2 * padding", POOLING),
    Mutation(
        "adjoint",
        "to_input(values[None], kernel[None, None])",
        "to_input(values[None], kernel[None, None, ::-1, ::-1])",
        POOLING,
    ),
    Mutation("unpools", "p.bug == BUGS[2]", "p.bug == BUGS[0]"),
    Mutation("checkerboards", "np.ones(size), stride", "np.ones((size[0] + 1, size[1] + 1)), stride", POOLING),
    Mutation("learns", "kernel -= fit.slope", "kernel += fit.slope"),
)
