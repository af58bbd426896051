"""Sums over tasks that tell how the class means of one task move together, and how far class frequencies differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.group_sums import group_means, group_sums
from skmeta.base import FrozenValue
from skmeta.tasks import Tasks
from skmeta.tasks._class_rates import class_shares

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class ShiftSums(FrozenValue):
    r"""Sums over pairs of classes of one task; those of two collections add up.

    With the mean :math:`m_{tc}` of the rows of class :math:`c` in task :math:`t`, the mean :math:`\mu_c` of these over
    tasks, and :math:`r_{tc} = m_{tc} - \mu_c`.

    Parameters
    ----------
    together : ndarray of shape (n_features, n_features)
        Of :math:`r_{tc} r_{tk}^\top` over all pairs of unlike classes of a task.
    others : ndarray of shape (n_classes, n_features)
        Of :math:`r_{tk}` over all pairs of a class :math:`c` and another one.
    n_together : ndarray of shape (n_classes, n_classes)
        How many tasks have both classes; a class with itself: how many have it.
    means : ndarray of shape (n_classes, n_features)
        The :math:`\mu_c`, zero of a class without rows.
    shares : ndarray of shape (n_classes,)
        Sum over tasks of the shares of classes.
    squares, inverse_rows, n_shares : float
        Sums over tasks of the shares' squares, of one over the number of rows, and of one.
    """

    together: Array
    others: Array
    n_together: Array
    means: Array
    shares: Array
    squares: float
    inverse_rows: float
    n_shares: float

    @classmethod
    def of(cls, X: Array, tasks: Tasks, classes: NDArray[Any]) -> ShiftSums:
        """The sums of a collection.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            The rows of ``tasks`` as numbers.
        tasks : Tasks
            Labels, and which task each row is of; tasks count by ``task_weight``. Rows that were drawn by their class say
            nothing of frequencies.
        classes : ndarray of shape (n_classes,)
            All labels, sorted.

        Returns
        -------
        ShiftSums
            Of all tasks.
        """
        often = tasks.task_weights
        weight = tasks.row_weights
        n_classes = len(classes)
        pairs, group = np.unique(
            tasks.codes * n_classes + np.searchsorted(classes, np.asarray(tasks.y)), return_inverse=True
        )
        task, own = np.divmod(pairs, n_classes)
        means = group_means(X, group, np.bincount(group, weight), weight)
        n = np.bincount(own, often[task], minlength=n_classes)
        starts = group_means(means, own, n, often[task])
        r = means - starts[own]
        of_task = group_sums(r, task, len(tasks))
        has = np.zeros((len(tasks), n_classes))
        has[task, own] = 1.0
        own_pairs = (r * often[task][:, None]).T @ r
        return cls(
            together=(of_task * often[:, None]).T @ of_task - own_pairs,
            others=group_sums(of_task[task] - r, own, n_classes, often[task]),
            n_together=(has * often[:, None]).T @ has,
            means=starts,
            **_frequencies(tasks, classes, weight, often),
        )

    def __add__(self, other: ShiftSums) -> ShiftSums:
        own, new = np.diag(self.n_together), np.diag(other.n_together)
        n = np.where(own + new > 0.0, own + new, 1.0)[:, None]
        means = (own[:, None] * self.means + new[:, None] * other.means) / n
        parts = [each._around(means) for each in (self, other)]
        names = ("n_together", "shares", "squares", "inverse_rows", "n_shares")
        return ShiftSums(
            together=parts[0][0] + parts[1][0],
            others=parts[0][1] + parts[1][1],
            means=means,
            **{name: getattr(self, name) + getattr(other, name) for name in names},
        )

    def _around(self, means: Array) -> tuple[Array, Array]:
        """``together`` and ``others`` around other means."""
        moved = self.means - means
        n_pairs = self.n_together - np.diag(np.diag(self.n_together))
        cross = self.others.T @ moved
        return self.together + cross + cross.T + moved.T @ n_pairs @ moved, self.others + n_pairs @ moved

    @property
    def covariance(self) -> Array:
        r"""What two class means of one task have in common: :math:`E\, r_{tc} r_{tk}^\top`, unbiased; zero where nothing tells.

        As :math:`\mu_c` is a mean of :math:`T_c` tasks, of which :math:`T_{ck}` have both classes, a pair has the
        expectation :math:`S (1 - 1 / T_c - 1 / T_k + T_{ck} / (T_c T_k))`.
        """
        n, own = self.n_together, np.diag(self.n_together)
        inverse = 1.0 / np.where(own > 0.0, own, 1.0)
        freedom = n * (1.0 - inverse[:, None] - inverse + n * np.outer(inverse, inverse))
        total = float(freedom.sum() - np.trace(freedom))
        return self.together / total if total > 0.0 else np.zeros_like(self.together)

    @property
    def class_precision(self) -> float:
        r"""How many rows the shares of classes in past tasks are worth, at least one.

        Shares :math:`p_t \sim \operatorname{Dirichlet}(a \pi)` and counts of :math:`n_t` rows have, with
        :math:`\rho = 1 / (a + 1)`, the variance :math:`\pi_c (1 - \pi_c) (1 / n_t + (1 - 1 / n_t) \rho)`.

        References
        ----------
        R. R. Wilcox (1981), A review of the beta-binomial model and its extensions, Journal of Educational Statistics 6(1):
        the estimate by moments.
        """
        left = self.n_shares - self.inverse_rows
        if self.n_shares < 2.0 or left <= 0.0:
            return 1.0
        spread = 1.0 - float(np.sum((self.shares / self.n_shares) ** 2))
        found = self.squares - float(self.shares @ self.shares) / self.n_shares
        if spread <= 0.0:
            return 1.0
        rho = (found / spread * self.n_shares / (self.n_shares - 1.0) - self.inverse_rows) / left
        all_rows = left / max(self.inverse_rows, np.finfo(float).tiny) * self.n_shares  # tasks that are all alike
        return float(np.clip(1.0 / max(rho, 1.0 / (all_rows + 1.0)) - 1.0, 1.0, None))


def _frequencies(tasks: Tasks, classes: NDArray[Any], weight: Array, often: Array) -> dict[str, Any]:
    """Sums that tell how far the frequencies of classes differ."""
    n = np.bincount(tasks.codes, weight, minlength=len(tasks))
    often = np.where(n > 0.0, 0.0 if tasks.class_rates else often, 0.0)
    shares = class_shares(tasks, classes)
    return {
        "shares": often @ shares,
        "squares": float(often @ np.sum(shares**2, axis=1)),
        "inverse_rows": float(often @ (1.0 / np.where(n > 0.0, n, 1.0))),
        "n_shares": float(often.sum()),
    }
