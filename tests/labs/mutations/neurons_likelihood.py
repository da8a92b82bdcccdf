"""Bugs that the proofs of the lab on maximum likelihood were seen to catch."""

from tests.labs.mutation import Mutation

BELIEF = "nn/likelihood.py"
MUTATIONS = (
    Mutation("gauss_is_mse", 'torch.tensor([assumed == "Gaussian"]', 'torch.tensor([assumed != "Gaussian"]', BELIEF),
    Mutation("laplace_is_mae", "1 / r.clamp_min(1e-9)", "r.clamp_min(1e-9)", BELIEF),
    Mutation("ridge", "/ self.scales.square()", "/ self.scales", BELIEF),
    Mutation("lasso", '[prior == "Gaussian"] * made_up', "[True] * made_up", BELIEF),
    Mutation("gradient_agrees", 'bug == "prior\'s sign turned"', "True", BELIEF),
    Mutation("gradient_agrees", 'self.square | (bug == "Laplace with squares")', "self.square | True", BELIEF),
    Mutation("descends", "theta -= p.lr", "theta += p.lr"),
    Mutation(
        "efficient",
        "[draws[:, :n].mean(1), np.median(draws[:, :n], 1)]",
        "[np.median(draws[:, :n], 1), draws[:, :n].mean(1)]",
        BELIEF,
    ),
    Mutation("efficient", "np.median(draws[:, :n], 1)", "draws[:, : n // 2].mean(1)", BELIEF),
    Mutation("normal", "np.median(draws[:, :n], 1)", "draws[:, 0]", BELIEF),
    Mutation(
        "softmax_agrees",
        "return softmax(z) - functional.one_hot(torch.tensor(right), len(z)).to(z)",
        "return functional.one_hot(torch.tensor(right), len(z)).to(z) - softmax(z)",
        BELIEF,
    ),
    Mutation("softmax_agrees", "dtype=p.dtype) - p[None])", "dtype=p.dtype) + p[None])", BELIEF),
    Mutation("sigmoid_agrees", "value * (1 - value)", "value * (1 + value)", BELIEF),
)
