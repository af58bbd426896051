"""How much targets scatter around their means: a dispersion in common, Poisson's, or one that grows with the mean.

Counts are Poisson's unless their scatter differs from it by two standard errors, or by strong evidence. Then either
their variance is proportional to the mean, or it grows with its square (negative binomial); the two have a parameter
each, and the more probable one is taken (J. A. Nelder and D. Pregibon, 1987, An extended quasi-likelihood function,
Biometrika 74, for the densities of the first; J. M. Ver Hoef and P. L. Boveng, 2007, Ecology 88, for when it matters).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.laplace_em import Learned
from skmeta._inference.linalg import TINY, cholesky_root
from skmeta._inference.noise import NOISE_FLOOR

_CLEARLY = 2.0  # standard errors
_STRONG = 4.0  # nats of evidence
_STEPS = (2.0, 1.2)  # ratios of the grids that the excess is climbed on, the last while all else is learned
_STAYS = 5  # speed: expansions after which an excess that has not moved is looked at no more
_LEAST = 1e-6  # guard: excess, a variation of the means by less than a thousandth
_MOST = 1e3  # guard: excess, a variation that has all but a few counts at zero


def learn_scatter(collection: Any, learn: Callable[..., Learned], past: Any = None) -> Learned:
    """What ``learn(collection, noise=..., start=..., retune=..., settle=...)`` makes of a collection under its scatter.

    A past that knows of more scatter than Poisson's says of which kind it is.
    """
    if not collection.likelihood.dispersed:
        return learn(collection)
    if not collection.likelihood.counts:
        shared = learn(collection, noise="shared")
        return shared if collection.own == collection.likelihood else _of_deviance(shared)
    known = past[0] if past else None
    if known is None or (not known.excess and known.noise == 1.0):
        return _of_the_likeliest_kind(collection, learn, known)
    if known.excess:
        return _growing(collection.overdispersed(known.excess), learn, past, known)
    return _in_proportion(collection, learn, past, known)


def _of_the_likeliest_kind(collection: Any, learn: Callable[..., Learned], known: Any) -> Learned:
    """Kinds are compared under the laws of a few expansions, so that only one of them is learned to the end.

    Weights say how precise rows are against each other, not how large a count is: Poisson's dispersion is then any.
    """
    if collection.weighted:
        return _in_proportion(collection, learn, None, known)
    laws = learn(collection, settle=True).laws
    ratio, error = dispersion(collection, laws)
    laws = _poissons(collection, laws)[1]
    plain, growing, gain = collection.evidence(laws), collection, 0.0
    if ratio > 1.0:
        growing = _climbed(collection.overdispersed(_excess_of(ratio, laws)), laws, *_STEPS)
        gain = growing.evidence(laws) - plain
    # Where the scatter is large its moments are so uncertain that they do not show it.
    if abs(ratio - 1.0) <= _CLEARLY * error and gain <= _STRONG:
        return learn(collection, retune=_poissons)
    proportional = collection.evidence([replace(law, noise=ratio) for law in laws]) - plain
    if gain > max(proportional, 0.0):
        return _growing(growing, learn, laws, known)
    if proportional > 0.0:
        return _in_proportion(collection, learn, [replace(law, noise=ratio) for law in laws], known)
    return learn(collection, retune=_poissons)


def _poissons(collection: Any, laws: list[CoefficientLaw]) -> tuple[Any, list[CoefficientLaw]]:
    """The same laws at Poisson's dispersion."""
    return collection, [replace(law, noise=1.0) for law in laws]


def _excess_of(ratio: float, laws: list[CoefficientLaw]) -> float:
    """The excess under which counts of the typical task's level have a variance of ``ratio`` times their mean."""
    return float(np.clip((ratio - 1.0) / np.exp(laws[0].mean[-1]), _LEAST, _MOST))


def dispersion(collection: Any, laws: list[CoefficientLaw]) -> tuple[float, float]:
    r"""The dispersion of counts and its standard error over the tasks, Fletcher's estimate.

    .. math:: \hat\phi = \frac{X^2 / \nu}{1 + \bar s}, \quad \bar s = \frac1n \sum_i \frac{y_i - \mu_i}{\mu_i}

    of Pearson's :math:`X^2` with :math:`\nu` degrees of freedom left, both at the posterior modes: of sparse counts
    :math:`X^2` alone says little (D. J. Fletcher, 2012, Estimating overdispersion when fitting a generalized linear model
    to sparse data, Biometrika 99, equation 3). The error is not below that of normal residuals.
    """
    (law,), (tasks,) = laws, collection.responses(laws)
    law, counts, n = law.predictive(), tasks.counts, tasks.n_rows
    found = tasks.expectation(law, cholesky_root(law.covariance), np.full(counts.shape, float(law.noise)))
    dof, off = found.dof, collection.relative_errors(laws)
    square = np.maximum(found.variance, NOISE_FLOOR * law.noise) * dof
    if counts @ (n + off) <= TINY:  # nothing was counted at all
        return 1.0, np.inf
    ratio, mean = counts @ square / (counts @ dof), counts @ off / (counts @ n)
    influence = (square - ratio * dof) / (counts @ square) - (off - mean * n) / (counts @ (n + off))
    error = max(np.sqrt((counts * influence) @ (counts * influence)), np.sqrt(2.0 / (counts @ dof)))
    return float(ratio / (1.0 + mean)), float(ratio / (1.0 + mean) * error)


def _of_deviance(learned: Learned) -> Learned:
    """The dispersion under the rows' own likelihood: its mean deviance, as small targets ask for.

    Of the saddlepoint density that is the estimate of largest likelihood, for the inverse Gaussian (power 3) exactly.
    """
    (law,), (tasks,) = learned.laws, learned.tasks
    found = tasks.expectation(law, cholesky_root(law.covariance), np.full(tasks.counts.shape, float(law.noise)))
    noise = tasks.counts @ learned.collection.deviances([law]) / (tasks.counts @ found.dof)
    return replace(learned, laws=[replace(law, noise=noise)])


def _in_proportion(collection: Any, learn: Callable[..., Learned], start: Any, known: Any) -> Learned:
    """The variance is the mean times a dispersion, which is learned with all else."""

    def retune(collection: Any, laws: list[CoefficientLaw]) -> tuple[Any, list[CoefficientLaw]]:
        ratio = dispersion(collection, laws)[0]
        ratio = ratio if known is None else _between(ratio, known.noise, collection, known)
        return collection, [replace(law, noise=ratio) for law in laws]

    return learn(collection, start=start, retune=retune)


def _growing(collection: Any, learn: Callable[..., Learned], start: Any, known: Any) -> Learned:
    """The variance grows with the squared mean too, by an excess that is learned with all else until it stays."""
    stayed = 0

    def retune(collection: Any, laws: list[CoefficientLaw]) -> tuple[Any, list[CoefficientLaw]]:
        nonlocal stayed
        found = collection if stayed >= _STAYS else _climbed(collection, laws, _STEPS[-1])
        stayed = stayed + 1 if found.likelihood == collection.likelihood else 0
        if known is None:
            return found, laws
        return found.overdispersed(_between(found.likelihood.excess, known.excess or _LEAST, found, known)), laws

    learned = learn(collection, start=start, retune=retune)
    excess = learned.collection.likelihood.excess
    return replace(learned, laws=[replace(law, excess=excess) for law in learned.laws])


def _between(new: float, old: float, collection: Any, known: CoefficientLaw) -> float:
    """What both experiences say, each counting by its rows."""
    share = collection.total_rows / (collection.total_rows + known.n_rows)
    return float(np.exp(share * np.log(new) + (1.0 - share) * np.log(old)))


def _climbed(collection: Any, laws: list[CoefficientLaw], *steps: float) -> Any:
    """The collection with the excess of largest evidence on grids of ratios around its own."""
    best = collection.evidence(laws)
    for step in steps:
        for by in (step, 1.0 / step):
            before = best
            while _LEAST < (excess := collection.likelihood.excess * by) < _MOST:
                trial = collection.overdispersed(excess)
                value = trial.evidence(laws)
                if value <= best:
                    break
                collection, best = trial, value
            if best > before:
                break  # what lies on the other side is less
    return collection
