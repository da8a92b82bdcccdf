"""Bugs that the proofs of the lab on universal approximation were seen to catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation(
        "floor", "2 * torch.stack([miss.mean(), (miss * x).mean()])", "2 * torch.stack([miss.mean(), miss.mean()])"
    ),
    Mutation("floor", 'BENDS["none" if p.bug == "no bend" else p.activation]', "BENDS[p.activation]"),
    Mutation("learns", '1.0 if bug == "σ′ left out" else bend.slope(z, a)', "1.0"),
    Mutation("learns", 'if p.bug == "all units alike":', "if True:"),
    Mutation("stairs_hold", "middle = (grid[1:] + grid[:-1]) / 2", "middle = grid[1:]"),
    Mutation("hinges_hold", "np.diff(tilt, prepend=0.0)", "tilt"),
    Mutation("gradient_agrees", "lambda z, a: a * (1 - a)", "lambda z, a: 1 - a * a"),
    Mutation("alike", "part.fill_(float(part[0]))", "part.mul_(1.0)"),
)
