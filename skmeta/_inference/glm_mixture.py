"""Learned prior or stranger, for likelihoods without a closed form: modes under each, weighed by Laplace evidence."""

import numpy as np
from scipy.special import logsumexp

from skmeta._inference.believed import FELLOW, STRANGER, level_bonus
from skmeta._inference.glm import Bells, posterior_modes


def glm_posterior(rows, priors, loss, *, strength=1.0):
    """``(coef (n_tasks, K, p), weights (n_tasks, C))`` under one `Believed` an output; component 0 is the learned one.

    As for linear tasks, whether a task is a stranger is judged at strength one.
    """
    first = priors[0]
    bells, logs = _components(priors)
    modes = posterior_modes(rows, bells, loss, first.level)
    logs = logs + (modes.evidence if len(logs) > 1 else 0.0 * modes.evidence)
    weights = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
    if strength != 1.0:
        modes = posterior_modes(rows, bells, loss, first.level, strength=strength, start=modes.whitened)
    return np.einsum("tc,tckp->tkp", weights, modes.coef), weights


def _components(priors):
    """The learned prior and the stranger, of all outputs together."""
    first, none = priors[0], np.zeros((1, priors[0].mean.size - 1))
    means = np.stack([np.concatenate(p.means(np.zeros(1), none)) for p in priors], axis=1)
    roots = np.stack([np.stack(p.roots) for p in priors], axis=1)
    bonus = len(priors) * level_bonus(first.level, 1.0, first.free_level)
    shares = first.kinds[[FELLOW, STRANGER]][: len(roots)]
    return Bells(means, roots), np.log(shares) + bonus * np.arange(len(roots))
