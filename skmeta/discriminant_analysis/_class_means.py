"""What a few rows of each class make of a Gaussian prior over class means."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class ClassMeans(NamedTuple):
    """Posterior means ``(n_classes, n_columns)``, and the variance ``(n_columns,)`` of a new row around its class's."""

    means: Array
    variance: Array


def posterior_class_means(means: Array, n_rows: Array, between: Array, start: Array | None) -> ClassMeans:
    r"""Class means drawn towards what they start from, where rows of one class have unit variance.

    With the prior :math:`m_c \sim N(\mu_c, \psi)` in each column, and :math:`n_c` rows of mean :math:`\bar x_c`,

    .. math:: m_c = \mu_c + \frac{n_c \psi}{n_c \psi + 1} (\bar x_c - \mu_c), \qquad
              s = 1 + \operatorname{mean}_c \frac{\psi}{n_c \psi + 1}.

    A common start that nothing is known of is the weighted mean :math:`\hat\mu` of all rows' means, with the weights
    :math:`a_c = n_c / (n_c \psi + 1)`. It has a variance of its own, of which a class takes what its rows leave open:

    .. math:: s = 1 + \operatorname{mean}_c \left[ \frac{\psi}{n_c \psi + 1} +
              \frac{1}{(n_c \psi + 1)^2} \frac{1}{\sum_k a_k} \right].

    Parameters
    ----------
    means : ndarray of shape (n_classes, n_columns)
        Of the rows of each class; of a class without rows anything finite.
    n_rows : ndarray of shape (n_classes,)
        How many rows.
    between : ndarray of shape (n_columns,) or (1,)
        Variance of class means over that of rows of one class.
    start : ndarray of shape (n_classes, n_columns) or None
        What they start from; None for one mean of all of them that nothing is known of.

    Returns
    -------
    ClassMeans
        The variance is the mean over classes, exact where all have as many rows: the score of a class then is linear.

    References
    ----------
    S. Ioffe (2006), Probabilistic linear discriminant analysis, ECCV, equations 6 to 8.
    S. J. D. Prince and J. H. Elder (2007), Probabilistic linear discriminant analysis for inferences about identity, ICCV.
    """
    n = n_rows[:, None]
    left = 1.0 / (n * between + 1.0)  # of the distance to the start, what the rows do not tell
    open_start: Array | float = 0.0  # variance of the start
    if start is None:
        weight = n * left
        open_start = 1.0 / weight.sum(axis=0)
        start = (weight * means).sum(axis=0) * open_start
    variance = between * left + left**2 * open_start
    return ClassMeans(means + left * (start - means), 1.0 + np.mean(variance, axis=0))
