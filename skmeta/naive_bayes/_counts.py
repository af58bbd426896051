"""MultinomialNB, BernoulliNB and CategoricalNB: Dirichlet priors of counts in each class."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, MultinomialNB
from sklearn.preprocessing import binarize
from sklearn.utils import check_array
from sklearn.utils.validation import check_non_negative

from skmeta._dataframe import make_frame
from skmeta.naive_bayes._dirichlet import block_sums, in_columns, learn_dirichlet, log_evidence
from skmeta.naive_bayes._memberships import Memberships
from skmeta.naive_bayes._naive_bayes_prior import NaiveBayesPrior, without_prior
from skmeta.tasks._column_error import ColumnError

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_LEAST = 1e-10  # scikit-learn's own lower bound of alpha


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CountsPrior(NaiveBayesPrior):
    r"""What priors of models of counts share.

    .. math:: p_{tkb} \sim \mathrm{Dirichlet}(\alpha_{kb})

    for each block :math:`b` of columns that share what there is. A task's probabilities are the posterior means
    :math:`(c\,\alpha_j + n_j) / (c A + N)`. The estimator's ``alpha`` is the trust :math:`c`: at its default of one the
    prior is taken as learned, at ten ten times as firm, at zero not at all.

    Parameters
    ----------
    pseudo_counts : ndarray of shape (n_classes, n_columns)
        :math:`\alpha`.
    starts : ndarray of int of shape (n_blocks,)
        First column of each block.
    """

    pseudo_counts: Array
    starts: Index

    @classmethod
    @abstractmethod
    def blocks(cls, estimator: Any, values: Any) -> tuple[Index, int]:
        """First columns of the blocks of some rows' columns of counts, and how many columns there are."""

    @classmethod
    @abstractmethod
    def counts(cls, values: Any, groups: Memberships, starts: Index, n_columns: int) -> Array:
        """Counts ``(n_tasks, n_classes, n_columns)`` of rows in groups."""

    @classmethod
    def learned(
        cls, estimator: Any, values: Any, groups: Memberships, weight: Array, past: Any, like: Any
    ) -> dict[str, Any]:
        """The fields that rows teach."""
        starts, n_columns = cls.blocks(estimator, values) if like is None else (like.starts, like.n_columns)
        counts = cls.counts(values, groups, starts, n_columns)
        known = None if past is None else past.pseudo_counts
        n_past = 0.0 if past is None else past.class_tasks[:, None]
        alpha = learn_dirichlet(counts, np.append(weight, 0.0), starts, known, n_past)
        return {"pseudo_counts": alpha, "starts": starts}

    @property
    def n_columns(self) -> int:
        """Number of columns of counts."""
        return int(self.pseudo_counts.shape[1])

    def to_frame(self) -> Any:
        """Pseudo-counts of each class: a row a column, or of each column a row a category.

        Returns
        -------
        DataFrame
            Of pandas: ``feature``, ``category`` where a column has several, and ``pseudo_counts_...`` for each class.
        """
        sizes = np.diff([*self.starts, self.n_columns])
        several = len(self.starts) > 1
        names = self.feature_names or [f"x{j}" for j in range(len(sizes) if several else self.n_columns)]
        columns: dict[str, Any] = {"feature": np.repeat(names, sizes) if several else list(names)}
        if several:
            columns["category"] = np.arange(self.n_columns) - np.repeat(self.starts, sizes)
        labels = range(len(self.pseudo_counts)) if self.classes is None else self.classes.tolist()
        columns |= {f"pseudo_counts_{label}": row for label, row in zip(labels, self.pseudo_counts, strict=True)}
        return make_frame(columns, "prior.to_frame()")

    @abstractmethod
    def product(self, values: Any, log_share: Array) -> Array:
        """Log probabilities of rows in the classes of one task ``(n_rows, n_classes)``."""

    @abstractmethod
    def fill(self, plain: Any, after: Array, log_share: Array) -> None:
        """Set what the estimator has of columns, from counts and logarithms of shares ``(n_classes, n_columns)``."""

    def statistics(self, values: Any, groups: Memberships) -> Array:
        """Counts."""
        return self.counts(values, groups, self.starts, self.n_columns)

    def estimates(self, estimator: Any, statistics: Array) -> _Shares:
        """Posterior means."""
        after = self.pseudo_counts * self._trust(estimator) + statistics
        log_share = np.log(after) - in_columns(np.log(block_sums(after, self.starts)), self.starts, self.n_columns)
        return _Shares(after, log_share, self)

    def evidence(self, statistics: Array) -> Array:
        """Sum over classes and blocks."""
        return np.asarray(log_evidence(statistics, self.pseudo_counts, self.starts).sum(axis=(1, 2)))

    def vague(self) -> Self:
        """The smoothing of the plain estimator: ``alpha`` itself."""
        found: Self = without_prior(self, pseudo_counts=np.ones_like(self.pseudo_counts))
        return found

    def rows_known(self, estimator: Any, statistics: Array, totals: Array) -> Array:
        r"""Over the classes, the mean over their blocks, in rows as long as the task's.

        .. math:: \sum_k \frac{1}{B} \sum_b A_{kb} \Big/ \frac{N_t}{B\, n_t}

        with the sum :math:`A_{kb}` of a block's pseudo-counts times the estimator's ``alpha``, and :math:`N_t` counts in a
        task's :math:`n_t` rows.
        """
        known = block_sums(self.pseudo_counts * self._trust(estimator), self.starts).mean(axis=1).sum()
        long = block_sums(statistics, self.starts).sum(axis=(1, 2)) / len(self.starts)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(known * totals.sum(axis=1) / long)

    def _trust(self, estimator: Any) -> Array:
        """The estimator's ``alpha`` for each column of counts."""
        alpha = np.maximum(np.asarray(estimator.alpha, dtype=float), _LEAST)
        if alpha.ndim == 0:
            return alpha
        return np.repeat(alpha, self.n_columns // len(alpha))


@dataclass(frozen=True)
class _Shares:
    """Counts after a task's rows, and logarithms of shares ``(n_tasks, n_classes, n_columns)``."""

    after: Array
    log_share: Array
    prior: Any

    def log_density(self, values: Any, codes: Index) -> Array:
        """Of rows in the classes of their tasks ``(n_rows, n_classes)``: one product of matrices a task."""
        found = np.empty((values.shape[0], self.after.shape[1]))
        for code in np.unique(codes):
            rows = np.flatnonzero(codes == code)
            found[rows] = self.prior.product(values[rows], self.log_share[code])
        return found

    def fill(self, plain: Any, code: int, counts: Array, log_shares: Array) -> None:
        """Set the fitted attributes: counts less the smoothing that the estimator adds to them itself."""
        plain.class_count_, plain.class_log_prior_ = counts.copy(), log_shares.copy()
        self.prior.fill(plain, self.after[code], self.log_share[code])


class MultinomialNBPrior(CountsPrior):
    """A prior of `MultinomialNB`: shares of all columns in each class, one Dirichlet prior a class."""

    fits: ClassVar[type] = MultinomialNB

    @staticmethod
    def read(estimator: Any, X: Any) -> Any:
        """Counts, dense or sparse."""
        X = check_array(X, accept_sparse="csr", dtype=np.float64, estimator=estimator, input_name="X")
        check_non_negative(X, "MultinomialNB (input X)")
        return X

    @classmethod
    def blocks(cls, estimator: Any, values: Any) -> tuple[Index, int]:
        """All columns in one."""
        return np.zeros(1, np.intp), int(values.shape[1])

    @classmethod
    def counts(cls, values: Any, groups: Memberships, starts: Index, n_columns: int) -> Array:
        """Sums of the rows."""
        return groups.sums(values)

    @property
    def n_features(self) -> int:
        """Number of columns of rows."""
        return self.n_columns

    def product(self, values: Any, log_share: Array) -> Array:
        """Log probabilities of rows in the classes."""
        return np.asarray(values @ log_share.T)

    def fill(self, plain: Any, after: Array, log_share: Array) -> None:
        """Counts and probabilities of the features; ``partial_fit`` goes on from them as the conjugate update."""
        plain.feature_count_, plain.feature_log_prob_ = after - np.asarray(plain.alpha), log_share.copy()


class BernoulliNBPrior(CountsPrior):
    """A prior of `BernoulliNB`: a beta prior of each column in each class; columns of counts are in pairs, ones and zeros."""

    fits: ClassVar[type] = BernoulliNB

    @staticmethod
    def read(estimator: Any, X: Any) -> Any:
        """Zeros and ones, dense or sparse."""
        X = check_array(X, accept_sparse="csr", dtype=np.float64, estimator=estimator, input_name="X")
        return X if estimator.binarize is None else binarize(X, threshold=estimator.binarize)

    @classmethod
    def blocks(cls, estimator: Any, values: Any) -> tuple[Index, int]:
        """Pairs."""
        return np.arange(0, 2 * values.shape[1], 2), 2 * int(values.shape[1])

    @classmethod
    def counts(cls, values: Any, groups: Memberships, starts: Index, n_columns: int) -> Array:
        """Ones, and the rows that are left."""
        ones = groups.sums(values)
        return np.stack([ones, groups.totals[..., None] - ones], axis=-1).reshape(*groups.shape, n_columns)

    @property
    def n_features(self) -> int:
        """Number of columns of rows."""
        return self.n_columns // 2

    def product(self, values: Any, log_share: Array) -> Array:
        """Log probabilities of rows in the classes."""
        one, zero = log_share[:, ::2], log_share[:, 1::2]
        return np.asarray(values @ (one - zero).T + zero.sum(axis=1))

    def fill(self, plain: Any, after: Array, log_share: Array) -> None:
        """Probabilities of ones, and counts of the class's rows that say the same."""
        one = log_share[:, ::2].copy()
        rows = plain.class_count_[:, None] + 2.0 * np.asarray(plain.alpha)
        plain.feature_count_, plain.feature_log_prob_ = np.exp(one) * rows - np.asarray(plain.alpha), one


class CategoricalNBPrior(CountsPrior):
    """A prior of `CategoricalNB`: a Dirichlet prior of each column in each class; a column of counts is a category."""

    fits: ClassVar[type] = CategoricalNB

    @staticmethod
    def read(estimator: Any, X: Any) -> Any:
        """Categories as numbers from zero."""
        X = check_array(X, dtype="int", estimator=estimator, input_name="X")
        check_non_negative(X, "CategoricalNB (input X)")
        return X

    @classmethod
    def blocks(cls, estimator: Any, values: Any) -> tuple[Index, int]:
        """A column's categories, at least ``min_categories`` of them."""
        least = 1 if estimator.min_categories is None else np.asarray(estimator.min_categories)
        width = np.maximum(values.max(axis=0) + 1, least)
        return np.cumsum(width) - width, int(width.sum())

    @classmethod
    def counts(cls, values: Any, groups: Memberships, starts: Index, n_columns: int) -> Array:
        """Rows of each category."""
        return groups.sums(_indicators(values, starts, n_columns))

    @property
    def n_features(self) -> int:
        """Number of columns of rows."""
        return len(self.starts)

    def product(self, values: Any, log_share: Array) -> Array:
        """Log probabilities of rows in the classes."""
        return np.asarray(_indicators(values, self.starts, self.n_columns) @ log_share.T)

    def fill(self, plain: Any, after: Array, log_share: Array) -> None:
        """Counts and probabilities of the categories; ``partial_fit`` goes on from them as the conjugate update."""
        plain.category_count_ = np.split(after - plain.alpha, self.starts[1:], axis=1)
        plain.feature_log_prob_ = np.split(log_share.copy(), self.starts[1:], axis=1)
        plain.n_categories_ = np.diff([*self.starts, self.n_columns])


def _indicators(values: Any, starts: Index, n_columns: int) -> Any:
    """Rows of zeros and ones, one column a category, sparse."""
    width = np.diff([*starts, n_columns])
    if values.shape[0] and (values.max(axis=0) >= width).any():
        column = int(np.argmax(values.max(axis=0) - width))
        raise ColumnError(
            f"X: wanted categories below {width[column]} in column ",
            (column,),
            f", as in the collection that the prior was learned from, found {values[:, column].max()}; learn it with "
            "CategoricalNB(min_categories=...) large enough.",
        )
    n = values.shape[0]
    places = (values + starts).ravel()
    shape = n, n_columns
    return sparse.csr_matrix((np.ones(len(places)), places, np.arange(n + 1) * len(starts)), shape=shape)
