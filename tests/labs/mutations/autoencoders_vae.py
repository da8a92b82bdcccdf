"""Bugs that the proofs of the variational autoencoder were seen to catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation("kl", "log_variance.exp() - log_variance - 1)", "log_variance.exp() - log_variance)", "nn/vae.py"),
    Mutation("kl", "(mean**2 + log_variance.exp()", "(mean**2 + (0.5 * log_variance).exp()", "nn/vae.py"),
    Mutation("rising", "groups.logsumexp(1) - math.log(k)", "groups.logsumexp(1)", "nn/vae.py"),
    Mutation("rising", "groups.logsumexp(1) - math.log(k)", "-groups.logsumexp(1) + math.log(k)", "nn/vae.py"),
    Mutation("limit", "(prior - proposal)", "(0 - proposal)", "nn/vae.py"),
    Mutation("limit", "(prior - proposal)", "(prior - 0 * proposal)", "nn/vae.py"),
    Mutation("linear", "+ math.log(2 * math.pi)", "", "nn/vae.py"),
    Mutation("linear", "reconstruction + p.beta * nats", "reconstruction"),
    Mutation(
        "perfect",
        "max(entropy(factor), 1e-12)",
        "max(mutual_information(factor, factor) / 2, 1e-12)",
        "nn/disentangle.py",
    ),
    Mutation("turned", "information[-1] - information[-2]", "information[-1]", "nn/disentangle.py"),
    Mutation(
        "doubled", "information[-1] - information[-2]", "information[-1] - information.mean()", "nn/disentangle.py"
    ),
    Mutation(
        "obedient",
        "self.decoder(torch.cat([z, self.condition(y, z)], 1))",
        "self.decoder(torch.cat([z, 0 * self.condition(y, z)], 1))",
        "nn/vae.py",
    ),
)
