"""What the next task's classes start from: a metric, and a Gaussian prior over class means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._linear_map import as_transformer
from skmeta.base._matching import not_for
from skmeta.base._plain import Reader, reader
from skmeta.discriminant_analysis._class_means import posterior_class_means
from skmeta.discriminant_analysis._class_sums import ClassSums, means_of
from skmeta.discriminant_analysis._filled import KnownClasses, discriminant, filled
from skmeta.discriminant_analysis._metrics import Kind, Metric
from skmeta.discriminant_analysis._own_evidence import own_is_better
from skmeta.discriminant_analysis._unit_length import divided_by, unit_length_steps
from skmeta.tasks import Tasks, take_rows
from skmeta.tasks._own_labels import no_own_rows

Array = NDArray[np.float64]


def as_numbers(X: Any, estimator: Any) -> Any:
    """Rows as an array of numbers, or a sparse one by rows."""
    return check_array(X, accept_sparse="csr", dtype=np.float64, input_name="X", estimator=estimator)


@dataclass(frozen=True, eq=False, repr=False)
class DiscriminantPrior(Prior):
    r"""A map of rows, and where class means lie in its image.

    With :math:`z = A^\top x`, or :math:`z = A (x - a) / \lVert A (x - a) \rVert` where rows have unit length, a
    row of class :math:`c` in task :math:`t` is

    .. math:: z \sim N(m_{tc}, \sigma^2 I), \qquad m_{tc} \sim N(\mu, \sigma^2 \operatorname{diag}(\psi)),

    where :math:`\mu` is a mean of the task's own of which nothing is known, if each task has labels of its own, else the
    past mean of the label. The plain result is a Pipeline of the map and the classifier. `NearestCentroid`,
    `LinearDiscriminantAnalysis` and `GaussianNB` get the posterior class means and the variance of a new row around them;
    any other classifier is fitted to the mapped rows. Where a task's rows say that the plain estimator tells them apart better,
    it is that, fitted to these rows.

    Parameters
    ----------
    n_components : int
        How many principal components it is made of; 0 for the identity, and where rows have unit length.
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
    shrinkage : float, default=None
        How much of the identity is in the covariance by which rows are whitened before they get unit length; None where
        they do not.
    centre : ndarray of shape (n_features,), default=None
        Mean :math:`a` of past rows, where rows have unit length.
    image : ClassSums, default=None
        Sums over classes of past rows of unit length.
    """

    _nested: ClassVar[dict[str, Reader]] = {"sums": reader(ClassSums), "image": reader(ClassSums)}

    n_components: int
    within: float
    between: Any
    sums: ClassSums
    matrix: Any = None
    means: Any = None
    n_features: int = 1
    shrinkage: float | None = None
    centre: Any = None
    image: Any = None

    def __repr__(self) -> str:
        labels = "labels of their own" if self.classes is None else f"{len(self.classes)} labels"
        return f"DiscriminantPrior({self.kind}, tasks with {labels}, n_tasks={self.n_tasks:.0f})"

    @classmethod
    def of_metric(cls, metric: Metric, sums: ClassSums, image: ClassSums | None, **known: Any) -> DiscriminantPrior:
        """The prior under one of the metrics that sums suggest.

        Parameters
        ----------
        metric : Metric
            One of them.
        sums : ClassSums
            The sums.
        image : ClassSums or None
            Those of rows of unit length, where the metric has such.
        **known : dict
            Fields of `Prior`.

        Returns
        -------
        DiscriminantPrior
            A frozen value.
        """
        metric = metric if image is None else metric.with_law_of(image)
        means = None if sums.means is None else sums.known_means
        if means is not None and metric.matrix is not None:
            means = means @ metric.matrix if image is None else image.known_means
        return cls(
            metric.kind.n_components,
            metric.within,
            metric.between,
            sums,
            metric.matrix,
            means,
            sums.n_features,
            metric.kind.shrinkage,
            metric.centre,
            image,
            **known,
        )

    @property
    def kind(self) -> Kind:
        """What the metric is made of."""
        return Kind(self.n_components, self.shrinkage)

    @property
    def metric(self) -> Metric:
        """The map of rows, and what is known of classes in its image."""
        return Metric(self.kind, self.matrix, self.within, self.between, self.centre)

    def in_image(self) -> DiscriminantPrior:
        """The same for rows that are mapped already."""
        n_columns = self.n_features if self.matrix is None else self.matrix.shape[1]
        return replace(self, matrix=None, centre=None, n_features=n_columns, feature_names=None)

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
            If ``estimator`` is no classifier, or rows have weights.
        """
        self.check_is_of(estimator)
        check_honours(estimator, tasks)
        return SafeDiscriminants(self, estimator, tasks.labelled_rows())


def no_place_for_weights(tasks: Tasks) -> str:
    """Why rows cannot have weights; empty where they have none."""
    if tasks.sample_weight is None:
        return ""
    return "sample_weight: wanted none, as class means of discriminant analysis count rows, found weights"


def no_place_for_parameters(estimator: Any) -> str:
    """What a Gaussian with given class means has no place for; empty where there is nothing such."""
    wrong = {"shrink_threshold": None, "metric": "euclidean"} if "shrink_threshold" in estimator.get_params() else {}
    for name, wanted in wrong.items():
        found = getattr(estimator, name)
        if found != wanted:
            return (
                f"estimator: wanted {type(estimator).__name__} with {name}={wanted!r}, as past tasks say how far class means "
                f"are shrunk and under which metric, found {found!r}"
            )
    return ""


def check_honours(estimator: Any, tasks: Tasks) -> None:
    """Raise for weights of rows, and for parameters that have no place."""
    if reason := no_place_for_parameters(estimator):
        raise ValueError(f"{reason}; leave it out, or use learner=SharedModel().")
    if reason := no_place_for_weights(tasks):
        raise TypeError(f"{reason}; leave them out.")


class AdaptedDiscriminants(AdaptedEstimators):
    """Plain Pipelines of a linear map and a classifier, made when asked for."""

    def estimator(self, code: int) -> Any:
        """The plain Pipeline of one task."""
        found = self._learned(*self._rows_of(code), drawn_by_class=code >= 0 and bool(self.tasks.class_rates))
        return self._knowing_names(found)

    def nearest(self, X: Any, codes: NDArray[np.intp]) -> NDArray[Any]:
        """Labels of rows by the nearest class mean of their tasks, whatever the classifier is."""
        found = np.empty(len(codes), dtype=np.asarray(self.tasks.y).dtype)
        for code in np.unique(codes):
            rows, (shots, y) = np.flatnonzero(codes == code), self._rows_of(int(code))
            labels = np.unique(y) if self.prior.own_labels else self.prior.classes
            known, scale = self._known(self.prior.metric.image(shots), y, labels, False)
            Z = self.prior.metric.image(take_rows(X, rows)) / (1.0 if scale is None else scale)
            far = np.sum(known.means**2, axis=1) - 2.0 * (Z @ known.means.T)
            found[rows] = labels[np.argmin(far, axis=1)]
        return found

    def _learned(self, X: Any, y: NDArray[Any], *, drawn_by_class: bool = False) -> Any:
        """What such rows make of the prior."""
        labels = np.unique(y) if self.prior.own_labels else self.prior.classes
        if not len(labels):
            raise no_own_rows()
        Z = self.prior.metric.image(X)
        known, scale = self._known(Z, y, labels, drawn_by_class)
        model = self._model(Z if scale is None else Z / scale, y, known)
        return Pipeline([*self._map(scale), ("model", model)])

    def _rows_of(self, code: int) -> tuple[Any, NDArray[Any]]:
        if code < 0:
            return np.zeros((0, self.prior.n_features)), np.zeros(0, dtype=getattr(self.prior.classes, "dtype", float))
        rows = self.tasks.rows_of(code)
        return take_rows(self._numbers, rows), np.asarray(self.tasks.y)[rows]

    @cached_property
    def _numbers(self) -> Any:
        return as_numbers(self.tasks.X, self.model) if self.tasks.n_rows else np.zeros((0, self.prior.n_features))

    def _known(
        self, Z: Any, y: NDArray[Any], labels: NDArray[Any], drawn_by_class: bool
    ) -> tuple[KnownClasses, Array | None]:
        """The classes of a task in the image of its map, and what columns of the prior's map are divided by."""
        prior, place = self.prior, np.searchsorted(labels, y)
        n = np.bincount(place, minlength=len(labels))
        means, variance = posterior_class_means(means_of(Z, place, n), n.astype(float), prior.between, prior.means)
        shares = self._shares(n, drawn_by_class)
        if prior.kind == Kind():  # one variance for all columns
            return KnownClasses(labels, means, prior.within * float(variance[0]), shares, n.astype(float)), None
        scale = np.sqrt(prior.within * variance)
        return KnownClasses(labels, means / scale, 1.0, shares, n.astype(float)), scale

    def _shares(self, n: NDArray[np.intp], drawn_by_class: bool) -> Array:
        """How frequent classes are: as in the rows, past shares counting as one; where rows were drawn by class, past ones."""
        past = self.prior.class_prior
        if past is None:
            return np.asarray(n / n.sum())
        return np.asarray(past if drawn_by_class else (n + past) / (n.sum() + 1.0))

    def _map(self, scale: Array | None) -> list[tuple[str, Any]]:
        """The map as fitted steps."""
        prior = self.prior
        if prior.centre is not None and scale is not None:
            steps = unit_length_steps(prior.centre, prior.matrix, scale)
        elif prior.matrix is None and scale is not None:
            steps = [("metric", divided_by(scale, prior.n_features))]
        else:
            step = as_transformer(prior.matrix if scale is None else prior.matrix / scale, validate=True)
            steps = [("metric", step.fit(np.zeros((1, prior.n_features))))]
        return steps

    def _knowing_names(self, plain: Pipeline) -> Pipeline:
        """The same, whose first step knows the names of columns."""
        if self.tasks.feature_names is not None:
            plain[0].feature_names_in_ = np.array(self.tasks.feature_names, dtype=object)
        return plain

    def _model(self, Z: Any, y: NDArray[Any], known: KnownClasses) -> Any:
        """With the class means, or fitted to mapped rows; a label that is alone is all there is."""
        if len(known.labels) == 1:
            return DummyClassifier().fit(np.zeros((1, 1)), known.labels)
        model = filled(self.model, known)
        if model is not None:
            return model
        if len(np.unique(y)) < 2:
            return discriminant(known)
        options = {"n_neighbors": min(self.model.n_neighbors, len(y))} if hasattr(self.model, "n_neighbors") else {}
        return clone(self.model).set_params(**options).fit(Z, y)


class SafeDiscriminants(AdaptedDiscriminants):
    """The same, but the plain estimator fitted to a task's rows where these say that it is better, see `own_is_better`."""

    def __init__(self, prior: DiscriminantPrior, model: Any, tasks: Tasks) -> None:
        super().__init__(prior, model, tasks)
        self._takes_own: dict[int, bool] = {}

    def estimator(self, code: int) -> Any:
        """The plain Pipeline of one task."""
        if not self._own_is_better(code):
            return super().estimator(code)
        X, y = self._rows_of(code)
        as_it_is = as_transformer(None, validate=True).fit(np.zeros((1, self.prior.n_features)))
        return self._knowing_names(Pipeline([("metric", as_it_is), ("model", clone(self.model).fit(X, y))]))

    def _own_is_better(self, code: int) -> bool:
        """As a task's rows say, once; not where they stand not for all, or lack one of the labels of all tasks."""
        if code not in self._takes_own:
            X, y = self._rows_of(code)
            labels = self.prior.classes
            tells = len(y) > 1 and not self.tasks.class_rates and (labels is None or len(np.unique(y)) == len(labels))
            self._takes_own[code] = tells and own_is_better(self.model, self._learned, X, y)
        return self._takes_own[code]
