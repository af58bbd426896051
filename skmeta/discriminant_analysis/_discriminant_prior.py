"""What the next task's classes start from: a metric, and a Gaussian prior over class means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._evidence import leave_one_out_scores
from skmeta.base._matching import check_classes, not_for
from skmeta.base._plain import Reader, reader
from skmeta.discriminant_analysis._adapted_discriminants import (
    AdaptedDiscriminants,
    SafeDiscriminants,
    warn_of_fewer_rows,
)
from skmeta.discriminant_analysis._class_sums import ClassSums
from skmeta.discriminant_analysis._filled import check_honours, warn_of_what_is_given
from skmeta.discriminant_analysis._metrics import Kind, Metric
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class DiscriminantPrior(Prior):
    r"""A map of rows, and where class means lie in its image.

    With :math:`z = A^\top x`, or :math:`z = A (x - a) / \lVert A (x - a) \rVert` where rows have unit length, a
    row of class :math:`c` in task :math:`t` is

    .. math:: z \sim N(m_{tc}, \sigma^2 I), \qquad m_{tc} \sim N(\mu, \sigma^2 \operatorname{diag}(\psi)),

    where :math:`\mu` is a mean of the task's own of which nothing is known, if each task has labels of its own, else the
    past mean of the label. The plain result is a Pipeline of the map and the classifier. `NearestCentroid`,
    `LinearDiscriminantAnalysis` and `GaussianNB` get the posterior class means and the variance of a new row around them;
    any other classifier is fitted to the mapped rows. Where it cannot be, as a task's rows are all of one class or there
    are none while past tasks know more classes, their linear discriminant stands in; a class that is alone is a dummy's.
    Where a task's rows say that the plain estimator tells them apart better, it is that, fitted to these rows.

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
    class_precision : float, default=1.0
        How many rows the shares of classes in past tasks count as.
    weight_unit : float, default=1.0
        What a past row weighed on average: weights of new rows are in that unit.
    """

    _adapted: ClassVar[type[AdaptedDiscriminants]] = AdaptedDiscriminants
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
    class_precision: float = 1.0
    weight_unit: float = 1.0

    def __repr__(self) -> str:
        labels = "labels of their own" if self.classes is None else f"{len(self.classes)} labels that all have"
        return f"{type(self).__name__}({self.kind}, tasks with {labels}, n_tasks={self.n_tasks:.0f})"

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

    @classmethod
    def like(cls, prior: DiscriminantPrior, **changed: Any) -> DiscriminantPrior:
        """A prior of this class that knows what another one does, but for some fields.

        Parameters
        ----------
        prior : DiscriminantPrior
            The other one.
        **changed : dict
            Fields that differ, or that it does not have.

        Returns
        -------
        DiscriminantPrior
            A frozen value.
        """
        return cls(**({each.name: getattr(prior, each.name) for each in fields(DiscriminantPrior)} | changed))

    @property
    def kind(self) -> Kind:
        """What the metric is made of."""
        return Kind(self.n_components, self.shrinkage)

    @property
    def metric(self) -> Metric:
        """The map of rows, and what is known of classes in its image."""
        return Metric(self.kind, self.matrix, self.within, self.between, self.centre)

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
        return SafeDiscriminants(self._learned(estimator, tasks))

    def log_evidence(self, estimator: Any, tasks: Tasks) -> Array:
        """Of what was learned alone, see `Prior.log_evidence`; no task is asked whether the past misleads.

        Parameters
        ----------
        estimator, tasks
            As there.

        Returns
        -------
        ndarray of shape (n_tasks,)
            Log scores.
        """
        return leave_one_out_scores(_PastAlone(self._learned), estimator, tasks)

    def _learned(self, estimator: Any, tasks: Tasks) -> AdaptedDiscriminants:
        """What was learned, adapted to some tasks."""
        self.check_is_of(estimator)
        check_honours(estimator)
        tasks = tasks.labelled_rows().weighed_in(self.weight_unit).weighty_rows()
        if self.classes is not None:
            check_classes(self.classes, np.unique(np.asarray(tasks.y)) if tasks.n_rows else self.classes)
        warn_of_what_is_given(estimator)
        warn_of_fewer_rows(estimator, tasks)
        return self._adapted(self, estimator, tasks)


class _PastAlone(NamedTuple):
    """What evidence asks of a prior: to be adapted, here without the plain estimator beside it."""

    adapt_tasks: Callable[[Any, Tasks], AdaptedDiscriminants]
