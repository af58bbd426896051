"""What the next task's classes start from: a metric, and a Gaussian prior over class means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import check_array
from sklearn.utils.validation import has_fit_parameter

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._linear_map import as_transformer
from skmeta.base._matching import check_classes, no_weights, not_for, weights_if_taken
from skmeta.base._plain import Reader, reader
from skmeta.discriminant_analysis._class_means import posterior_class_means
from skmeta.discriminant_analysis._class_sums import ClassSums, means_of
from skmeta.discriminant_analysis._filled import (
    KnownClasses,
    check_parameters_of,
    discriminant,
    filled,
    warn_of_what_is_given,
)
from skmeta.discriminant_analysis._metrics import Kind, Metric
from skmeta.tasks import Tasks, take_rows
from skmeta.tasks._class_rates import representative_weights
from skmeta.tasks._own_labels import no_own_rows
from skmeta.tasks._warn_caller import warn_caller

Array = NDArray[np.float64]

_ROUNDING = 1e-12  # guard: weights that differ by no more are alike


def as_numbers(X: Any, estimator: Any) -> Any:
    """Rows as an array of numbers, or a sparse one by rows."""
    return check_array(X, accept_sparse="csr", dtype=np.float64, input_name="X", estimator=estimator)


@dataclass(frozen=True, eq=False, repr=False)
class DiscriminantPrior(Prior):
    r"""A linear map of rows, and where class means lie in its image.

    With :math:`z = A^\top x`, a row of class :math:`c` in task :math:`t` is

    .. math:: z \sim N(m_{tc}, \sigma^2 I), \qquad m_{tc} \sim N(\mu, \sigma^2 \operatorname{diag}(\psi)),

    where :math:`\mu` is a mean of the task's own of which nothing is known, if each task has labels of its own, else the
    past mean of the label. The plain result is a Pipeline of a linear map and the classifier. `NearestCentroid`,
    `LinearDiscriminantAnalysis` and `GaussianNB` get the posterior class means and the variance of a new row around them;
    any other classifier is fitted to the mapped rows. Where it cannot be, as a task's rows are all of one class or there
    are none while past tasks know more classes, their linear discriminant stands in; a class that is alone is a dummy's.

    Parameters
    ----------
    n_components : int
        How many principal components it is made of; 0 for the identity.
    within : float
        Variance :math:`\sigma^2` of a column of mapped rows of one class.
    between : ndarray of shape (n_columns,) or (1,)
        Variances :math:`\psi` of class means, in units of ``within``.
    sums : ClassSums
        That they were made from.
    matrix : ndarray of shape (n_features, n_columns), default=None
        The map :math:`A`; None for rows as they are.
    means : ndarray of shape (n_classes, n_columns), default=None
        Past means of labels in the image; None where each task has labels of its own.
    n_features : int, default=1
        Number of columns.
    beside_identity : bool, default=False
        Whether rows as they are stand beside their components in the image.
    class_precision : float, default=1.0
        How many rows the shares of classes in past tasks count as.
    weight_unit : float, default=1.0
        What a past row weighed on average: weights of new rows are in that unit.
    """

    _nested: ClassVar[dict[str, Reader]] = {"sums": reader(ClassSums)}

    n_components: int
    within: float
    between: Any
    sums: ClassSums
    matrix: Any = None
    means: Any = None
    n_features: int = 1
    beside_identity: bool = False
    class_precision: float = 1.0
    weight_unit: float = 1.0

    def __repr__(self) -> str:
        labels = "labels of their own" if self.classes is None else f"{len(self.classes)} labels that all have"
        return f"DiscriminantPrior({self.kind}, tasks with {labels}, n_tasks={self.n_tasks:.0f})"

    @classmethod
    def of_metric(cls, metric: Metric, sums: ClassSums, **known: Any) -> DiscriminantPrior:
        """The prior under one of the metrics that sums suggest.

        Parameters
        ----------
        metric : Metric
            One of them.
        sums : ClassSums
            The sums.
        **known : dict
            Fields of `Prior`.

        Returns
        -------
        DiscriminantPrior
            A frozen value.
        """
        means = None if sums.means is None else sums.known_means
        means = means if metric.matrix is None or means is None else means @ metric.matrix
        return cls(
            metric.kind.n_components,
            metric.within,
            metric.between,
            sums,
            metric.matrix,
            means,
            sums.n_features,
            metric.kind.beside_identity,
            **known,
        )

    @property
    def kind(self) -> Kind:
        """What the metric is made of."""
        return Kind(self.n_components, bool(self.beside_identity))

    @property
    def own_labels(self) -> bool:
        """Whether each task has labels of its own."""
        return self.classes is None

    @property
    def n_features_in(self) -> int | None:
        """Number of columns of rows that it is about."""
        return self.n_features

    def check_is_of(self, estimator: Any) -> None:
        """Raise for an estimator that is no classifier, see `Prior.check_is_of`."""
        if not is_classifier(estimator):
            raise not_for(self, "classifiers", estimator)

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Adapt ``estimator`` to each of some tasks.

        Parameters
        ----------
        estimator : classifier
            Any; those named above take the class means.
        tasks : Tasks
            The tasks; rows without a label are left out.
        n_jobs : int, default=None
            Not used: a task takes no time.

        Returns
        -------
        AdaptedEstimators
            Plain Pipelines.

        Raises
        ------
        TypeError
            If ``estimator`` is no classifier, or is fitted to mapped rows that have weights and takes none.
        ValueError
            If the prior does not know a label.

        Warns
        -----
        UserWarning
            If ``estimator`` has parameters that are without effect, as past tasks say what they would, or asks for more
            neighbours than a task has rows.
        """
        self.check_is_of(estimator)
        check_parameters_of(estimator)
        tasks = tasks.labelled_rows().weighed_in(self.weight_unit).weighty_rows()
        if self.classes is not None:
            check_classes(self.classes, np.unique(np.asarray(tasks.y)) if tasks.n_rows else self.classes)
        warn_of_what_is_given(estimator)
        _warn_of_fewer_rows(estimator, tasks)
        return AdaptedDiscriminants(self, estimator, tasks)


class AdaptedDiscriminants(AdaptedEstimators):
    """Plain Pipelines of a linear map and a classifier, made when asked for."""

    def estimator(self, code: int) -> Any:
        """The plain Pipeline of one task."""
        X, y = self._rows_of(code)
        labels = np.unique(y) if self.prior.own_labels else self.prior.classes
        if not len(labels):
            raise no_own_rows()
        Z = X if self.prior.matrix is None else X @ self.prior.matrix
        known, scale = self._known(Z, y, labels, code)
        model = self._model(Z if scale is None else Z / scale, y, known, code)
        return Pipeline([("metric", self._map(scale)), ("model", model)])

    def _rows_of(self, code: int) -> tuple[Any, NDArray[Any]]:
        if code < 0:
            return np.zeros((0, self.prior.n_features)), np.zeros(0, dtype=getattr(self.prior.classes, "dtype", float))
        rows = self.tasks.rows_of(code)
        return take_rows(self._numbers, rows), np.asarray(self.tasks.y)[rows]

    @cached_property
    def _numbers(self) -> Any:
        return as_numbers(self.tasks.X, self.model) if self.tasks.n_rows else np.zeros((0, self.prior.n_features))

    def _known(self, Z: Any, y: NDArray[Any], labels: NDArray[Any], code: int) -> tuple[KnownClasses, Array | None]:
        """The classes of a task in the image of its map, and what columns of the prior's map are divided by."""
        prior, place = self.prior, np.searchsorted(labels, y)
        weight = _of_task(self.tasks, self.tasks.sample_weight, code)
        weight = np.ones(len(y)) if weight is None else weight
        n: Array = np.bincount(place, weight, minlength=len(labels)).astype(float)
        means, variance = posterior_class_means(means_of(Z, place, n, weight), n, prior.between, prior.means)
        shares = self._shares(n, code)
        if prior.matrix is None:  # one variance for all columns
            return KnownClasses(labels, means, prior.within * float(variance[0]), shares, n), None
        scale = np.sqrt(prior.within * variance)
        return KnownClasses(labels, means / scale, 1.0, shares, n), scale

    def _shares(self, n: Array, code: int) -> Array:
        """How frequent classes are: as in the rows and in the past; where rows were drawn by class, as in the past."""
        past = self.prior.class_prior
        if past is None:
            return np.asarray(n / n.sum())
        a = self.prior.class_precision
        return np.asarray(past if code >= 0 and self.tasks.class_rates else (n + a * past) / (n.sum() + a))

    def _map(self, scale: Array | None) -> FunctionTransformer:
        """The linear map as a fitted step, which knows the names of columns."""
        matrix = self.prior.matrix
        step = as_transformer(matrix if scale is None else matrix / scale, validate=True)
        step.fit(np.zeros((1, self.prior.n_features)))
        if self.tasks.feature_names is not None:
            step.feature_names_in_ = np.array(self.tasks.feature_names, dtype=object)
        return step

    def _model(self, Z: Any, y: NDArray[Any], known: KnownClasses, code: int) -> Any:
        """With the class means, or fitted to mapped rows; a label that is alone is all there is."""
        if len(known.labels) == 1:
            return DummyClassifier().fit(np.zeros((1, 1)), known.labels)
        model = filled(self.model, known)
        if model is not None:
            return model
        if len(np.unique(y)) < 2:
            return discriminant(known)
        options = {"n_neighbors": min(self.model.n_neighbors, len(y))} if _has_neighbors(self.model) else {}
        weight = _of_task(self.tasks, self._training_weights, code)
        return clone(self.model).set_params(**options).fit(Z, y, **weights_if_taken(self.model, weight))

    @cached_property
    def _training_weights(self) -> Array | None:
        """Weights of the rows that a classifier is fitted to; rows that were drawn by their class stand for all."""
        own, drawn = self.tasks.sample_weight, representative_weights(self.tasks)
        drawn = None if drawn is None or np.ptp(drawn) <= _ROUNDING else drawn
        takes = has_fit_parameter(self.model, "sample_weight")
        if own is not None and not takes:
            raise TypeError(no_weights(self.model))
        if drawn is not None and not takes:
            raise ValueError(
                f"class_prior: wanted 'rows' for {type(self.model).__name__}, whose fit takes no weights by which rows drawn "
                "by their class could stand for all, found 'past'; use a classifier that does, or one of class means."
            )
        return own if drawn is None else drawn if own is None else drawn * own


def _of_task(tasks: Tasks, values: Array | None, code: int) -> Array | None:
    """What belongs to the rows of one task; of a task without rows, nothing."""
    return None if values is None or code < 0 else values[tasks.rows_of(code)]


def _has_neighbors(estimator: Any) -> bool:
    return "n_neighbors" in estimator.get_params(deep=False)


def _warn_of_fewer_rows(estimator: Any, tasks: Tasks) -> None:
    """Say where a task has fewer rows than neighbours are asked for, and what is done then."""
    if not _has_neighbors(estimator):
        return
    few = np.flatnonzero((tasks.counts > 0) & (tasks.counts < estimator.n_neighbors))
    if len(few):
        n = int(tasks.counts[few].min())
        warn_caller(
            f"n_neighbors: wanted no more neighbours than a task has rows, found n_neighbors={estimator.n_neighbors} and "
            f"{len(few)} task(s) with fewer, {n} at least: there all rows are neighbours. Ask for fewer, with one row of "
            "each class for n_neighbors=1."
        )
