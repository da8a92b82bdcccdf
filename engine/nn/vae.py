"""The variational autoencoder: a code with a width, and the bound that trains it.

Kingma & Welling 2014, arXiv:1312.6114; with a condition: Sohn et al. 2015; the tighter bounds: Burda et al. 2016, arXiv:1509.00519.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from engine.nn.code_pages import as_pictures
from engine.nn.codec import Network, Shape, make_decoder, make_encoder

FINEST = 1e-4
"""Least variance of a pixel, 1 % of the range: without it a picture that is learnt by heart has infinite density."""


class Vae(nn.Module):
    """Encoder q(z|x, y), decoder p(x|z, y) and the two parts of the bound.

    Args:
        shape: of the pictures: channels, height, width.
        latent: dimensions of the code.
        network: of both halves; "linear" with the Gaussian likelihood is probabilistic PCA.
        width: of the networks, see `engine.nn.codec`.
        bernoulli: a pixel is a chance of white; otherwise Gaussian, with one learnt noise level.
        classes: of the condition y; 0 without one.
    """

    def __init__(
        self, shape: Shape, latent: int, network: Network, *, width: int = 128, bernoulli: bool = True, classes: int = 0
    ) -> None:
        super().__init__()
        self.shape, self.latent, self.bernoulli, self.classes = shape, latent, bernoulli, classes
        self.encoder = make_encoder(network, (shape[0] + classes, *shape[1:]), width, 2 * latent)
        self.decoder = make_decoder(network, shape, width, latent + classes)
        self.log_noise = nn.Parameter(torch.tensor(-2.0), requires_grad=not bernoulli)

    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z|x, y), `[B, L]` each. The class enters as planes of ones and zeros."""
        planes = self.condition(y, x)[:, :, None, None].expand(-1, -1, *self.shape[1:])
        mean, log_variance = self.encoder(torch.cat([x, planes], 1)).chunk(2, 1)
        return mean, log_variance

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """The parameters of p(x|z, y), `[B, C, H, W]`: logits (Bernoulli) or means (Gaussian)."""
        decoded: Tensor = self.decoder(torch.cat([z, self.condition(y, z)], 1))
        return decoded

    def condition(self, y: Tensor, like: Tensor) -> Float[Tensor, "b k"]:
        """The class as one of K; nothing without a condition."""
        return functional.one_hot(y, self.classes).to(like) if self.classes else like.new_zeros(len(y), 0)

    def log_likelihood(self, x: Tensor, decoded: Tensor) -> Float[Tensor, "b"]:
        """Nats of log p(x|z), summed over the pixels."""
        if self.bernoulli:
            return -functional.binary_cross_entropy_with_logits(decoded, x, reduction="none").flatten(1).sum(1)
        variance = self.log_noise.exp() + FINEST
        square = (x - decoded) ** 2 / variance
        return -0.5 * (square + variance.log() + math.log(2 * math.pi)).flatten(1).sum(1)

    def forward(self, x: Tensor, y: Tensor, noise: Tensor) -> tuple[Float[Tensor, "b"], Float[Tensor, "b l"]]:
        """The two parts of the ELBO: log p(x|z) at one drawn code, and the KL of each dimension of the code."""
        mean, log_variance = self.encode(x, y)
        z = mean + (0.5 * log_variance).exp() * noise
        return self.log_likelihood(x, self.decode(z, y)), kl_to_prior(mean, log_variance)

    def paint(self, z: Tensor, y: Tensor) -> Tensor:
        """The expected pictures, as a view takes them: `[B, H, W]` grey or `[B, H, W, 3]`."""
        decoded = self.decode(z, y)
        return as_pictures(decoded.sigmoid() if self.bernoulli else decoded.clamp(0, 1))


def kl_to_prior(mean: Tensor, log_variance: Tensor) -> Tensor:
    """D_KL(N(μ, σ²) ‖ N(0, 1)) of each dimension, in nats (Kingma & Welling 2014, appendix B)."""
    return 0.5 * (mean**2 + log_variance.exp() - log_variance - 1)


def log_weights(model: Vae, x: Tensor, y: Tensor, noise: Float[Tensor, "k b l"]) -> Float[Tensor, "k b"]:
    """The weights log p(x, z) − log q(z|x) of K codes drawn from q: their mean is the ELBO, their log-mean-exp IWAE-K."""
    mean, log_variance = model.encode(x, y)
    rows = []
    for draw in noise:
        z = mean + (0.5 * log_variance).exp() * draw
        prior, proposal = -0.5 * z**2, -0.5 * (draw**2 + log_variance)  # the constants cancel
        rows.append(model.log_likelihood(x, model.decode(z, y)) + (prior - proposal).sum(1))
    return torch.stack(rows)


def importance_bound(weights: Float[Tensor, "n b"], k: int) -> float:
    """IWAE-k: the log of the mean of k weights (Burda et al. 2016, eq. 8), averaged over groups of k and pictures."""
    groups = weights.unflatten(0, (-1, k))
    return float((groups.logsumexp(1) - math.log(k)).mean())


def linear_gaussian_example(rng: torch.Generator, count: int = 200) -> tuple[Vae, Tensor, Tensor, Float[Tensor, "n"]]:
    """A VAE whose likelihood is known: linear, Gaussian, with random weights, in float64, its encoder a little wrong.

    Returns:
        The model; `count` pictures `[n, 1, 4, 4]` drawn from it; their classes `[n]`, all 0; the exact log p(x) `[n]`.
    """
    model = Vae((1, 4, 4), 3, "linear", bernoulli=False).double().requires_grad_(False)
    decoder, encoder = model.decoder[0], model.encoder[1]
    assert isinstance(decoder, nn.Linear)
    assert isinstance(encoder, nn.Linear)
    weight, offset = decoder.weight.normal_(0, 0.3, generator=rng), decoder.bias.zero_()
    variance = model.log_noise.exp() + FINEST
    covariance = weight @ weight.T + variance * torch.eye(16)
    posterior = torch.linalg.inv(torch.eye(3) + weight.T @ weight / variance)  # Bishop 2006, eq. 2.117
    encoder.weight.zero_()[:3] = posterior @ weight.T / variance
    encoder.bias.copy_(torch.cat([torch.full((3,), 0.3), (1.5 * posterior.diag()).log()]))
    x = torch.randn(count, 16, generator=rng, dtype=torch.float64) @ torch.linalg.cholesky(covariance).T
    exact = torch.distributions.MultivariateNormal(offset, covariance).log_prob(x)
    return model, x.view(-1, 1, 4, 4), torch.zeros(count, dtype=torch.long), exact


def probabilistic_pca(train: Tensor, test: Tensor, latent: int) -> float:
    """Mean log-likelihood of `test` under the best linear-Gaussian model of `train`, in nats (Tipping & Bishop 1999)."""
    from sklearn.decomposition import PCA  # a second to import

    fitted = PCA(latent, svd_solver="full").fit(train.flatten(1).cpu().numpy())
    return float(fitted.score(test.flatten(1).cpu().numpy()))
