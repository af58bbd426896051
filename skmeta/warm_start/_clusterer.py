"""WarmStartClusterer: clusters that start from those of earlier datasets, and keep their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClusterMixin
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skmeta.base import Prior
from skmeta.steps import last_model
from skmeta.tasks._tables import plain_table
from skmeta.warm_start._base import WarmStartBase
from skmeta.warm_start._given import estimator_has


class WarmStartClusterer(ClusterMixin, WarmStartBase):
    """Clustering where the next dataset starts from the earlier ones, and cluster 3 means the same kind in each.

    The cases of ``task`` and ``prior`` are those of `WarmStartRegressor`; there are no targets. Centres are learned as a
    start and as a prior: few rows move them little, a task may have fewer rows than clusters, or none.

    Parameters
    ----------
    estimator : estimator
        KMeans, MiniBatchKMeans, GaussianMixture or BayesianGaussianMixture, or any clusterer with ``learner=``; alone or as
        the last step of a Pipeline, whose other steps are fitted once on the whole collection.
    task : str, int or list of them, default=None
        Column of ``X`` that says which task a row belongs to: a name for frames, a position for arrays. For nested tasks a
        list, outermost first: ``["region", "store"]``. Then ids are paths, ``("north", 7)``: store 7 of the north is not store
        7 of the south. `predict` takes an id that is None or NaN as unknown.
    context : list of str or int, default=None
        Columns of ``X`` that describe a task. They are constant within it and are not features. A warning names those that the
        prior does not read.
    prior : Prior, default=None
        Where to start: another model's ``prior_``.
    learner : "auto" or learner, default="auto"
        What learns the prior; "auto" is the one registered for the estimator's class, with its defaults. Without ``task``
        nothing is learned. If a learner is given without ``task`` and ``prior``, a warning says that it has no effect.
    n_jobs : int, default=None
        Parallel jobs over tasks; the answer does not depend on it.
    verbose : int, default=0
        Progress that is printed while a prior is learned and tasks are adapted: with 1 a line after each tenth of the work,
        with 2 or more whenever more is done. Callbacks (``set_callbacks``) get the same reports. A plain fit prints what the
        estimator prints.

    Attributes
    ----------
    prior_ : Prior or None
        What is known now, for the next fit to start from.
    labels_ : ndarray of shape (n_rows,)
        Cluster of each row that was fitted.
    estimator_ : estimator
        Plain fitted estimator of the one task (without ``task``).
    estimators_ : mapping
        Plain fitted estimators by task id, of nested tasks a tuple of ids, made when asked for (with ``task``).
    borrowing_ : float or dict
        Own rows that the prior was worth to the task, or a dict of them by id; 0 for a plain fit.
    learner_ : learner
        The copy of ``learner`` that learned the prior (with ``task``).
    n_features_in_ : int
        Number of columns, the task column included.
    feature_names_in_ : ndarray
        Names of the columns, where they are all strings.

    Raises
    ------
    TypeError
        If no learner is known for the estimator, it is no clusterer, or ``prior`` is no prior.
    ValueError
        If columns or the number of clusters are not those of the prior, or the task column is missing or constant.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.cluster import KMeans
    >>> from skmeta import WarmStartClusterer
    >>> rng = np.random.default_rng(0)
    >>> day, kind = np.repeat(np.arange(20), 30), rng.integers(3, size=600)
    >>> x = 10.0 * kind + rng.normal(size=20)[day] + rng.normal(size=600)
    >>> model = WarmStartClusterer(KMeans(3, random_state=0), task=-1).fit(np.column_stack([x, day]))
    >>> plain = model.adapt([[1.0], [19.5]])  # a new day, fewer rows than clusters
    >>> sorted(plain.cluster_centers_.ravel().round().tolist())
    [0.0, 10.0, 20.0]
    """

    _example = "KMeans()"

    def __init__(
        self,
        estimator: Any,
        *,
        task: str | int | Sequence[str | int] | None = None,
        context: Sequence[str | int] | None = None,
        prior: Prior | None = None,
        learner: Any = "auto",
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        shared = {"task": task, "context": context, "prior": prior, "learner": learner}
        super().__init__(estimator, **shared, n_jobs=n_jobs, verbose=verbose)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags = get_tags(self.estimator).transformer_tags
        return tags

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None, **others: Any) -> Self:
        """Fit, adapt or learn, by what ``task`` and ``prior`` are.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows of one dataset or, with ``task``, of all of them, the task column included.
        y : None
            Not used.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, where the estimator takes them.
        **others : dict
            Must be empty: of ``groups`` the error says that they stand in a column of ``X``, which ``task`` names.

        Returns
        -------
        self
            Fitted.
        """
        return super().fit(X, y, sample_weight, **others)

    def fit_predict(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> NDArray[Any]:
        """Fit, and the cluster of each row.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Clusters, from 0.
        """
        self.fit(X, y, sample_weight)
        return self.labels_

    def _fit_plain(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> dict[str, Any]:
        found = super()._fit_plain(X, y, sample_weight)
        plain = found["_plain"]
        fitted = last_model(plain)
        return found | {"labels_": fitted.labels_ if hasattr(fitted, "labels_") else plain.predict(X)}

    def _fit_tasks(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> dict[str, Any]:
        found = super()._fit_tasks(X, None, sample_weight)
        return found | {"labels_": found["_known"].answer("predict", plain_table(X))}

    def predict(self, X: Any) -> NDArray[Any]:
        """The cluster of each row: known tasks with their own adapted model, unknown ones by the prior.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows, with the columns that `fit` had, those of ids among them.

        Returns
        -------
        ndarray of shape (n_rows,)
            Clusters, from 0.
        """
        return self._ask("predict", X)

    @estimator_has("transform")
    def transform(self, X: Any) -> NDArray[np.float64]:
        """Distances of rows to the centres of their own task.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows, with the columns that `fit` had, those of ids among them.

        Returns
        -------
        ndarray of shape (n_rows, n_clusters)
            A column a cluster.
        """
        return self._ask("transform", X)

    @estimator_has("transform")
    def fit_transform(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> NDArray[np.float64]:
        """Fit, and the distances of the same rows to the centres of their own task.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_clusters)
            A column a cluster.
        """
        return self.fit(X, y, sample_weight).transform(X)

    @estimator_has("predict_proba")
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of the clusters.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows, with the columns that `fit` had, those of ids among them.

        Returns
        -------
        ndarray of shape (n_rows, n_clusters)
            Rows sum to one.
        """
        return self._ask("predict_proba", X)

    @estimator_has("score_samples")
    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Log density of each row.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows, with the columns that `fit` had, those of ids among them.

        Returns
        -------
        ndarray of shape (n_rows,)
            Under the model of the row's task.
        """
        return self._ask("score_samples", X)

    @estimator_has("score")
    def score(self, X: Any, y: Any = None) -> float:
        """How well rows are described: mean log density or, of k-means, minus the sum of squared distances.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows, with the columns that `fit` had, those of ids among them.
        y : None
            Not used.

        Returns
        -------
        float
            Higher is better.
        """
        check_is_fitted(self)
        if self.prior_ is None:
            return float(self._ask_plain("score", X))
        if hasattr(self, "score_samples"):
            return float(self.score_samples(X).mean())
        return -float((self.transform(X).min(axis=1) ** 2).sum())
