"""The shape of a covariance: what is kept of the scatter of the tasks' coefficients.

The scatter ``S`` of a finite number of tasks is noisy; a structure says which part of it to believe. All shapes are
one family, low rank plus diagonal (``Sigma = F F' + D``), from ``rank = 0`` with one variance for all slopes
(spherical) to no constraint at all (dense).
"""

from dataclasses import dataclass

import numpy as np

from skmeta._inference.linalg import spd_inverse

_JITTER = 1e-9  # share of its variance that each coefficient keeps for itself, so that inverses exist
_FLOOR = 1e-4  # smallest unique variance, as a share of a coefficient's variance (Heywood cases)


@dataclass(frozen=True)
class Structure:
    """A rule ``S -> Sigma``. ``rank`` None is dense; ``equal`` gives all slopes one unique variance.

    ``strength`` is the number of pseudo-tasks of the hyper-prior. They have the slopes' mean variance; for dense
    structures that are not ``equal``, each coefficient's variance given all others.
    """

    name: str
    rank: int | None
    equal: bool = False
    strength: float = 2.0

    def __str__(self):
        if self.rank:
            return f"{self.name} of rank {self.rank}{', one unique variance' if self.equal else ''}"
        even = "even " if self.equal else ""
        return f"{self.name} with {self.strength:.0f} {even}pseudo-tasks" if self.rank is None else self.name

    def fit(self, scatter, n_tasks, unique=None):
        """``(Sigma, unique)``: the covariance and its diagonal part, which may start the next fit."""
        if self.rank is None:
            return self._dense(scatter, n_tasks), None
        if self.rank == 0:
            unique = self._even(np.diag(scatter).copy(), n_tasks)
            return np.diag(unique), unique
        factor, unique = fit_factor(_proper(scatter, n_tasks), self.rank, unique)
        return factor @ factor.T + np.diag(self._even(unique, n_tasks)), unique

    def _even(self, variance, n_tasks):
        """Draw the slopes' variances together; the intercept's, last, keeps its own scale."""
        slopes = variance[:-1]
        if slopes.size:
            share = 1.0 if self.equal else self.strength / (self.strength + n_tasks)
            variance = np.r_[share * slopes.mean() + (1.0 - share) * slopes, variance[-1]]
        return np.maximum(variance, 1e-10)

    def _dense(self, scatter, n_tasks):
        if self.equal:
            target = _even_out(np.diag(scatter))
        else:
            target = 1.0 / np.diag(spd_inverse(_proper(scatter, n_tasks, pseudo_tasks=1.0)))
        shrunk = (n_tasks * scatter + self.strength * np.diag(target)) / (n_tasks + self.strength)
        return shrunk + np.diag(_JITTER * np.diag(shrunk))


def fit_factor(scatter, rank, unique=None, n_iter=3):
    """Maximum likelihood factor analysis, ``F (p, rank)`` and ``D (p,)`` with ``F F' + diag(D)`` near ``scatter``.

    Given ``D``, the best ``F`` is known in closed form from the eigenvectors of ``D^-1/2 S D^-1/2`` (Joreskog, 1967,
    Psychometrika 32); given ``F``, ``D`` is what remains of the diagonal. A few alternations suffice inside an EM.
    """
    total = np.diag(scatter)
    unique = 0.5 * total if unique is None else unique
    for _ in range(n_iter):
        root = np.sqrt(unique)
        values, vectors = np.linalg.eigh(scatter / np.outer(root, root))
        values, vectors = values[::-1][:rank], vectors[:, ::-1][:, :rank]
        factor = root[:, None] * vectors * np.sqrt(np.maximum(values - 1.0, 0.0))
        unique = np.maximum(total - (factor**2).sum(axis=1), _FLOOR * total + 1e-12)
    return factor, unique


def _proper(scatter, n_tasks, pseudo_tasks=0.5):
    """Scatter with a few pseudo-tasks of even variance, so that fewer tasks than coefficients leave it invertible."""
    variance = np.diag(scatter)
    if n_tasks > 2 * len(variance):
        return scatter
    return (n_tasks * scatter + pseudo_tasks * np.diag(_even_out(variance))) / (n_tasks + pseudo_tasks)


def _even_out(variance):
    """The mean variance for every slope, its own for the intercept."""
    slopes = np.full(len(variance) - 1, variance[:-1].mean() if len(variance) > 1 else 0.0)
    return np.maximum(np.r_[slopes, variance[-1]], 1e-10)
