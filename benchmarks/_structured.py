"""Truths with structure among tasks: their coefficients, drawn by a law that an oracle knows."""

import numpy as np

from skmeta import GaussianPrior
from skmeta.compose import MixturePrior

WITHIN = 0.2  # standard deviation of coefficients within a cluster
APART = 0.25  # and of related tasks around their mean


def clusters(rng, n_tasks, n_new, p=11, n_clusters=3):
    """Tasks of three clusters, equally frequent: ``(past, new, components of the law, their weights)``."""
    centres = rng.normal(size=(n_clusters, p))

    def draw(n):
        return centres[rng.integers(n_clusters, size=n)] + WITHIN * rng.normal(size=(n, p))

    law = [(centre, WITHIN**2 * np.eye(p)) for centre in centres]
    return draw(n_tasks), draw(n_new), law, np.full(n_clusters, 1.0 / n_clusters)


def one_cluster(rng, n_tasks, n_new, p=11, rank=4):
    """Tasks of one law, of low rank plus diagonal."""
    mean, factor = rng.normal(size=p), rng.normal(0.0, 0.5, (p, rank))

    def draw(n):
        return mean + rng.normal(size=(n, rank)) @ factor.T + np.sqrt(0.05) * rng.normal(size=(n, p))

    return draw(n_tasks), draw(n_new), [(mean, factor @ factor.T + 0.05 * np.eye(p))], np.ones(1)


def related(rng, n_tasks, n_new, p=11, share=0.3, others="random"):
    """A ``share`` of the tasks and all new ones are related, the others unlike each other ("random") or all "flipped"."""
    mean, near = rng.normal(size=p), APART**2 * np.eye(p)
    coef = mean + APART * rng.normal(size=(n_tasks, p))
    of_kind = rng.permutation(n_tasks) < share * n_tasks
    other = np.sqrt(1.0 + APART**2) * rng.normal(size=(n_tasks, p)) if others == "random" else -coef
    law = [(mean, near), (np.zeros(p), near + np.eye(p)) if others == "random" else (-mean, near)]
    weights = np.array([share, 1.0 - share])
    new = mean + APART * rng.normal(size=(n_new, p))
    return np.where(of_kind[:, None], coef, other), new, law[: 1 + (share < 1.0)], weights[: 1 + (share < 1.0)]


def oracle(law, weights, **described):
    """The law as a prior; the noise is one."""
    return MixturePrior([GaussianPrior(mean, covariance, noise=1.0, **described) for mean, covariance in law], weights)


def design(rng, coef, n_rows):
    """Columns ``(n_tasks, n_rows, p)``, the intercept's ones last, and the linear predictors."""
    X = rng.normal(size=(len(coef), n_rows, coef.shape[1]))
    X[..., -1] = 1.0
    return X, np.einsum("tnp,tp->tn", X, coef)
