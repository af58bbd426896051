r"""Rows whitened within classes, then brought to unit length: length normalisation.

Where rows of a class differ by how long they are as much as by where they point (texts of few and many words, thin and
bold strokes), they are no draws of one Gaussian law. Of unit length they nearly are.

References
----------
D. Garcia-Romero and C. Y. Espy-Wilson (2011), Analysis of i-vector length normalization in speaker recognition systems,
    Interspeech, section 3.
J. H. Friedman (1989), Regularized discriminant analysis, JASA 84, equation 18 (the shrinkage).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import Normalizer, StandardScaler
from sklearn.utils.extmath import row_norms

from skmeta.base._linear_map import as_transformer

Array = NDArray[np.float64]

# Odds of the identity by half powers of ten, and the identity alone; held-out tasks choose.
SHRINKAGES = (1.0, 0.99, 0.97, 0.91, 0.76, 0.5, 0.24, 0.09, 0.03, 0.01)
_LEAST_SHRINKAGE = 1e-6  # guard: directions in which rows of a class do not differ


class Spectrum:
    """Eigenvalues and directions of the covariance within classes, found once for all shrinkages."""

    def __init__(self, within: Array) -> None:
        self.values, self.vectors = np.linalg.eigh(within)

    def whitening(self, shrinkage: float) -> Array:
        r"""The symmetric root :math:`((1 - \lambda) W + \lambda \frac{\operatorname{tr} W}{p} I)^{-1/2}`.

        It is the root that changes least as more tasks are learned from, so that means in its image stay where they are.
        """
        share = max(shrinkage, _LEAST_SHRINKAGE)
        variance = (1.0 - share) * np.maximum(self.values, 0.0) + share * self.values.mean()
        return np.asarray((self.vectors / np.sqrt(variance)) @ self.vectors.T)


def unit_rows(X: Array, centre: Array, matrix: Array) -> Array:
    """Rows around ``centre``, mapped by ``matrix``, of length one; one that lies in the centre stays there."""
    mapped = (X - centre) @ matrix
    length = row_norms(mapped)[:, None]
    return np.asarray(mapped / np.where(length > 0.0, length, 1.0))


def divided_by(scale: Array, n_columns: int) -> StandardScaler:
    """A fitted step that divides columns by ``scale`` of shape ``(n_columns,)`` or ``(1,)``."""
    spread = np.broadcast_to(scale, n_columns)
    return StandardScaler(with_mean=False).fit(np.stack([-spread, spread]))


def unit_length_steps(centre: Array, matrix: Array, scale: Array) -> list[tuple[str, Any]]:
    """The same as fitted steps of a Pipeline; at last columns are divided by ``scale``."""
    row = centre[None]
    return [
        ("centre", StandardScaler(with_std=False).fit(row)),
        ("metric", as_transformer(matrix, validate=True).fit(row)),
        ("unit length", Normalizer().fit(row)),
        ("scale", divided_by(scale, len(centre))),
    ]
