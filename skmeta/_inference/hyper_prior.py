"""How much weight a hyper-prior has: the one under which held-out tasks are most probable, or a PAC-Bayes bound is least."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.linalg import cholesky_root
from skmeta._inference.pac_bayes import (
    bound,
    divergence_of_logarithms,
    divergence_of_means,
    drawn_symmetric,
    exponential_of,
    logarithm_of,
)
from skmeta._inference.structure import CovarianceShape

Array = NDArray[Any]

CHOICES = ("held-out", "pac-bayes")
FACTORS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # of the weight that a shape has by default
WIDTH = np.log(10.0) ** 2  # of the hyper-prior: logarithms of variances are known to a factor of ten
N_DRAWS = 8  # of the hyper-posterior


def with_best_strengths(
    structures: Sequence[CovarianceShape],
    losses_of: Callable[[list[CovarianceShape]], Array],
    clearly: Callable[[Array], bool],
    counts: Array,
) -> list[CovarianceShape]:
    """Each structure under the weight of its hyper-prior that has the least loss, if it is ``clearly`` less than by default.

    ``losses_of`` several structures are ``(n_structures, n)``, each of the ``n`` as often as ``counts (n,)``; ``clearly`` is
    asked of what they gain.
    """
    tried = [list(dict.fromkeys(one.tightened(factor) for factor in FACTORS)) for one in structures]
    asked = [one for several in tried if len(several) > 1 for one in several]
    losses = dict(zip(asked, losses_of(asked), strict=True)) if asked else {}
    found = []
    for own, several in zip(structures, tried, strict=True):
        best = min(several, key=lambda one: float(losses[one] @ counts)) if len(several) > 1 else own
        found.append(best if best != own and clearly(losses[own] - losses[best]) else own)
    return found


def bound_of(tasks: Any, structure: CovarianceShape, law: CoefficientLaw, evidence: Callable[..., Array]) -> float:
    """`pac_bayes.bound` of a ``law`` learned in a structure; ``evidence(tasks, laws)`` is ``(n_draws, n_tasks)``.

    The hyper-posterior is centred at the law: its mean varies by what is not known of it, the logarithm of what the
    structure's hyper-prior holds as that of variances of ``n`` tasks, by ``2 / n``. The hyper-prior is the same for all laws:
    coefficients are around zero, slopes vary by one together, an intercept by one.
    """
    n_tasks, p, unsure = float(law.n_tasks), len(law.mean), np.asarray(law.mean_covariance)
    part, free = structure.held_part(law.covariance, n_tasks, np.asarray(law.unique))
    rest, variance = law.covariance - part, 2.0 / n_tasks
    some = np.flatnonzero(np.diagonal(free))
    inner = np.ix_(some, some)
    logarithm, allowed = logarithm_of(part[inner]), free[inner]
    centre = np.where(some == p - 1, 0.0, -np.log(max(p - 1, 1)))
    divergence = divergence_of_logarithms(logarithm, variance, centre, WIDTH, allowed)
    divergence += divergence_of_means(law.mean, unsure)
    rng, root = np.random.default_rng(0), cholesky_root(unsure)
    covariance = np.broadcast_to(rest, (N_DRAWS, p, p)).copy()
    covariance[:, some[:, None], some] += exponential_of(logarithm + drawn_symmetric(rng, N_DRAWS, variance, allowed))
    half = rng.normal(size=(N_DRAWS // 2, p)) @ root.T
    laws = replace(
        law.repeated(N_DRAWS),
        mean=law.mean + np.concatenate([half, -half]),
        covariance=covariance,
        mean_covariance=None,
    )
    return bound(evidence(tasks, laws), tasks.n_rows, tasks.counts, divergence)
