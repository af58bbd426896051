"""Learned prior or stranger, for likelihoods without a closed form: modes under each, weighed by Laplace evidence."""

import numpy as np
from scipy.special import logsumexp

from skmeta._numerics.glm import Bells, posterior_modes
from skmeta._numerics.mixture import vague_ratios


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
    means, roots = [[p.mean for p in priors]], [[p.root for p in priors]]
    weight = priors[0].vague_weight
    logs = [np.log1p(-weight)]
    if weight > 0:
        ratios = vague_ratios(priors[0])
        for ratio in ratios:
            means.append([p.stranger_mean for p in priors])
            roots.append([np.diag(np.sqrt(p.level * ratio)) for p in priors])
        logs += [np.log(weight / len(ratios))] * len(ratios)
    return Bells(np.array(means), np.array(roots)), np.array(logs)
