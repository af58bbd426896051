"""One likelihood of every kind, and targets drawn from each."""

import numpy as np

from skmeta._inference.likelihoods import BINOMIAL, GAUSSIAN, MULTINOMIAL, NegativeBinomial, Tweedie

LOSSES = {
    "gaussian": GAUSSIAN, "binomial": BINOMIAL, "multinomial": MULTINOMIAL,
    "poisson": Tweedie(1), "gamma": Tweedie(2), "tweedie 1.5": Tweedie(1.5), "tweedie 3": Tweedie(3),
    "negative binomial": NegativeBinomial(0.5),
}  # fmt: skip


def targets(name, rng, eta):
    """Targets drawn at the linear predictor ``eta``."""
    if name == "gaussian":
        return eta + rng.normal(size=eta.shape)
    if name == "binomial":
        return (rng.uniform(size=eta.shape) < 1 / (1 + np.exp(-eta))).astype(float)
    if name == "multinomial":
        return np.eye(eta.shape[-1])[np.argmax(eta + rng.gumbel(size=eta.shape), axis=-1)]
    if name == "poisson":
        return rng.poisson(np.exp(eta)).astype(float)
    if name == "negative binomial":
        return rng.poisson(np.exp(eta) * rng.gamma(2.0, 0.5, size=eta.shape)).astype(float)
    y = np.exp(eta) * rng.gamma(3.0, 1 / 3, size=eta.shape)
    return y * (rng.uniform(size=eta.shape) < 0.7) if name == "tweedie 1.5" else y
