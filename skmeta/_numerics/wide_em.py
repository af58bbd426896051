"""Empirical Bayes for wide tasks: what a collection says of coefficients that outnumber the rows.

``w_t = L (1, z_t) + e_t`` with loadings ``L = [mean, factor]``, scores ``z_t ~ N(0, I)`` and ``e_t ~ N(0, diag(D))``.
One sweep finds every task's mode in the dual (`wide`) and then moves

* the variances ``D`` and the noise by the ratio of what the gradients are to what they should be, a minorise-maximise
  step (Zhou, Hu, Zhou and Lange, 2019, JCGS 28, equation 6), each column drawn to the common variance;
* the loadings by a penalised Newton step, whose equations conjugate gradients solve without any matrix of the columns.

The uncertainty of the loadings counts as variance of the tasks (REML; for a task, it is what the *other* tasks leave
open, column by column), so that coefficients seen in few tasks do not look sharper than they are.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logit

from skmeta._numerics.linalg import spd_inverse, symmetrize
from skmeta._numerics.mixture import learn_vague_weight
from skmeta._numerics.gaussian_em import run
from skmeta._numerics.wide import WidePrior, along, find_mode, invert, is_coupled, wide_evidence
from skmeta._numerics.wide_rows import read_batches

_STRENGTH = 2.0  # pseudo-tasks of the common variance
_FREE = 100.0  # prior variance of the mean's intercept: as good as free
_NEWTON = 5  # steps a sweep towards modes that the next sweep moves anyway
_MAX_RANK = 3
_HELD_OUT = 3  # one task in so many is held out
_TRIAL = 8  # sweeps of a trial
_CG = 30
_CG_TOL = 1e-3
_FLOOR = 1e-10


@dataclass(frozen=True, eq=False)
class Shape:
    """What may differ: ``equal`` gives all slopes one variance, ``rank`` is the number of factors."""

    name: str
    rank: int = 0
    equal: bool = False


@dataclass(frozen=True, eq=False)
class State:
    """Where the learning stands: ``loadings (K, p, 1 + k)``, ``variance (K, p)``, ``reach (K, p, 1 + k)``.

    ``reach`` is the prior variance of the loadings, ``common (K,)`` that of slopes of which nothing is known,
    ``information (K, p, 1 + k)`` what the tasks said of the loadings. ``memory`` has, for each batch, its modes' duals
    and its cells' share of the information.
    """

    loadings: np.ndarray
    variance: np.ndarray
    reach: np.ndarray
    common: np.ndarray
    noise: np.ndarray
    information: np.ndarray
    memory: list
