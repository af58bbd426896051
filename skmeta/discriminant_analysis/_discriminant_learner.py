"""The learner of discriminant analysis: a metric within classes, and a Gaussian prior over class means."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.utils import check_scalar

from skmeta.base import Learner, Prior, learner_for, register
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.base._registry import register_for_own_labels
from skmeta.compose import known_component
from skmeta.discriminant_analysis._adapted_discriminants import as_numbers
from skmeta.discriminant_analysis._choice import choose_metric
from skmeta.discriminant_analysis._class_sums import class_sums
from skmeta.discriminant_analysis._discriminant_prior import DiscriminantPrior
from skmeta.discriminant_analysis._filled import check_honours, takes_means
from skmeta.discriminant_analysis._metrics import Kind, image_sums, metrics_of
from skmeta.discriminant_analysis._shift_sums import ShiftSums
from skmeta.discriminant_analysis._shifted_prior import with_shift
from skmeta.tasks import Tasks
from skmeta.tasks._class_rates import class_shares, mean_class_shares
from skmeta.tasks._own_labels import all_labels, check_labels, labels_are_shared


@register(NearestCentroid, LinearDiscriminantAnalysis)
@register_for_own_labels(KNeighborsClassifier, GaussianNB, LogisticRegression)
class DiscriminantLearner(Learner):
    r"""Learn what carries over to classes that no past task has shown: a metric, and how class means scatter.

    Probabilistic linear discriminant analysis: a row of class :math:`c` in task :math:`t` is

    .. math:: x \sim N(m_{tc}, W), \qquad m_{tc} \sim N(\mu, D),

    where tasks have labels of their own; the mean :math:`\mu` of each task is then unknown. If labels are shared by all tasks,
    each label has a mean, the class means of a task also move together, see `ShiftedDiscriminantPrior`, and there is no metric
    to choose. :math:`W` and :math:`D` are moments of past tasks in a subspace of their principal components. :math:`W` is drawn
    to a multiple of the identity, and :math:`D` is corrected for chance in means of few rows. Given the rows of a new task,
    class means have a posterior. It and :math:`W` give the uncertainty of a new row of a class: under that metric rows are
    compared.

    Rows of texts and images also differ in length. So there is a second way: rows, centred at the mean of past rows, are
    whitened within classes in all directions, and scaled to unit length,

    .. math:: z = \frac{A (x - a)}{\lVert A (x - a) \rVert}, \qquad
              A = \Big( (1 - \lambda) W + \lambda \frac{\operatorname{tr} W}{p} I \Big)^{-1/2},

    and the law above, with one variance within and one between, is that of :math:`z`.

    Held-out tasks choose among the identity metric (only class means are drawn together), numbers of components, and shrinkages
    :math:`\lambda`. The means of one and of five rows of each class classify their other rows. For the last choice, among the
    best of each way, each task scores what tasks of other folds found best; there `KNeighborsClassifier` and
    `LogisticRegression` are scored themselves, all others by class means.

    If a class of a new task has two rows or more, a cross-validation of the task's rows checks whether the past misleads. If
    the plain estimator classifies more rows correctly, by more than one standard error, the task's model is the plain
    estimator. One row of each class allows no such check. There is none either if rows were drawn by their class
    (``class_prior="past"``), lack a shared label, or have weights that the plain estimator does not take.

    Any classifier can stand behind the map. `NearestCentroid`, `LinearDiscriminantAnalysis` and `GaussianNB` carry
    the class means as well, so that a class may have a single row.

    ``learner="auto"`` chooses it for `NearestCentroid` and `LinearDiscriminantAnalysis`; where tasks have labels of their
    own, also for `KNeighborsClassifier`, `GaussianNB` and `LogisticRegression`. For sparse tables, and for more than
    ``max_columns`` columns, only the identity metric is learned: a covariance of all pairs of columns is not kept.
    `NearestCentroid` may have no ``metric`` but the Euclidean one and no ``shrink_threshold``: past tasks say under which
    metric class means are compared, and how far they are shrunk.

    Parameters
    ----------
    n_components : "auto" or int, default="auto"
        Principal components in which rows within classes are whitened; 0 is the identity metric.
    shrinkage : float, default=None
        If given, rows are whitened within classes in all directions and scaled to unit length. The covariance is drawn that far
        to a multiple of the identity, from 0 to 1. Needs ``n_components="auto"``. With None, held-out tasks decide whether to
        do so, and how far.
    cv : int, default=5
        Folds of whole tasks.
    labels : {"auto", "shared", "own"}, default="auto"
        Whether a label means the same in all tasks ("shared"), or each task has labels of its own ("own"). With "auto" each
        task is held out: they are shared if its labels and those of the others have more in common than not, on average
        (Jaccard index of at least one half); tasks of one label do not count, unless all are such: then two tasks have to have
        the same label. Say "own" where labels of different classes have the same names, such as characters numbered from 0 in
        each alphabet.
    max_columns : int, default=1000
        For rows with more columns the identity metric is learned. It bounds memory.

    Attributes
    ----------
    scores_ : dict
        Mean accuracy of held-out tasks by metric; empty where nothing was to be chosen.

    References
    ----------
    S. Ioffe (2006), Probabilistic linear discriminant analysis, ECCV, sections 2 and 3.
    S. J. D. Prince and J. H. Elder (2007), Probabilistic linear discriminant analysis for inferences about identity, ICCV.
    D. Garcia-Romero and C. Y. Espy-Wilson (2011), Analysis of i-vector length normalization in speaker recognition systems,
    Interspeech, section 3.
    J. Snell, K. Swersky and R. Zemel (2017), Prototypical networks for few-shot learning, NeurIPS, section 2.3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import NearestCentroid
    >>> from skmeta import WarmStartClassifier
    >>> rng = np.random.default_rng(0)
    >>> alphabet, character = np.repeat(np.arange(20), 40), np.repeat(np.arange(100), 8)
    >>> X = rng.normal(size=(100, 6))[character] * [2, 2, 0, 0, 0, 0] + rng.normal(size=(800, 6)) * [0.5, 0.5, 2, 2, 2, 2]
    >>> model = WarmStartClassifier(NearestCentroid(), task=-1)
    >>> model = model.fit(np.column_stack([X, alphabet]), character)
    >>> model.prior_
    DiscriminantPrior(6 components, tasks with labels of their own, n_tasks=20)
    >>> plain = model.adapt([[2, 2, 1, 0, 2, 0], [-2, 1, 2, 2, 0, 1]], ["alpha", "beta"])  # one row of each new character
    >>> plain.predict([[2, 1, 2, 2, 0, 1]])
    array(['alpha'], dtype='<U5')
    """

    def __init__(
        self,
        n_components: str | int = "auto",
        *,
        shrinkage: float | None = None,
        cv: int = 5,
        labels: str = "auto",
        max_columns: int = 1000,
    ) -> None:
        self.n_components = n_components
        self.shrinkage = shrinkage
        self.cv = cv
        self.labels = labels
        self.max_columns = max_columns

    def check_takes(self, estimator: Any) -> None:
        """Raise for an estimator that is no classifier, see `Learner.check_takes`."""
        if not is_classifier(estimator):
            raise TypeError(
                f"learner: wanted one for {type(estimator).__name__}, found DiscriminantLearner, which learns priors of "
                "classifiers; leave learner out for that of the estimator's class, or give another one."
            )

    def learn(
        self,
        estimator: Any,
        tasks: Tasks,
        prior: Prior | None = None,
        *,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> DiscriminantPrior:
        """Learn a prior from a collection, see `Learner.learn`.

        Parameters
        ----------
        estimator, tasks, prior, n_jobs, progress
            As in `Learner.learn`; rows without a label are left out. Of ``prior`` sums are added to, and the number of
            components or the shrinkage stays; where rows have unit length, sums of past ones are those under the past map.
            ``n_jobs`` is not used; ``progress`` is called as kinds of metric are tried on held-out tasks.

        Returns
        -------
        DiscriminantPrior
            What is known now.

        Raises
        ------
        TypeError
            If ``prior`` is of another family.
        ValueError
            If ``prior`` does not know a label, ``labels`` says other than it does, or ``n_components`` are more than columns.
        """
        self._check_parameters()
        check_honours(estimator)
        parts = PartsOfWork(progress, 3)
        found = self._learned(estimator, tasks, prior, parts)
        parts.finish()
        return found

    def _learned(self, estimator: Any, tasks: Tasks, prior: Any, parts: PartsOfWork) -> DiscriminantPrior:
        past = None if prior is None else known_component(prior, DiscriminantPrior)
        unit = tasks.mean_weight if past is None else past.weight_unit
        tasks = tasks.labelled_rows().weighed_in(unit).weighty_rows()
        X = as_numbers(tasks.X, estimator)
        parts.did(1)
        self.scores_: dict[str, float] = {}
        if past is not None:
            check_labels(self.labels, past.own_labels)
            return _learned_on(past, X, tasks)
        classes = all_labels(tasks) if labels_are_shared(tasks, self.labels) else None
        full = not sparse.issparse(X) and X.shape[1] <= self.max_columns
        self._check_components(X.shape[1] if full else 0, X.shape[1])
        if not full or self.n_components != "auto" or self.shrinkage is not None:
            kind = Kind(0 if self.n_components == "auto" else int(self.n_components), self.shrinkage)
            return _prior_of(X, tasks, classes, kind, unit, full=full)
        if classes is not None:
            means = _prior_of(X, tasks, classes, Kind(), unit, full=True)
            parts.did(2)
            return with_shift(means, ShiftSums.of(X, tasks, classes))
        judge = estimator if _judges_itself(estimator) else None
        kind, self.scores_ = choose_metric(judge, X, tasks, self.cv, parts.part(1))
        parts.did(2)
        return _prior_of(X, tasks, None, kind, unit, full=True)

    def _check_parameters(self) -> None:
        if self.n_components != "auto":
            check_scalar(self.n_components, "n_components", Integral, min_val=0)
        if self.shrinkage is not None:
            check_scalar(self.shrinkage, "shrinkage", Real, min_val=0.0, max_val=1.0)
            if self.n_components != "auto":
                raise ValueError(
                    f"shrinkage: wanted None with n_components={self.n_components}, found {self.shrinkage}; rows get unit "
                    "length in all directions: leave one of the two out."
                )
        check_scalar(self.cv, "cv", Integral, min_val=2)
        check_labels(self.labels)
        check_scalar(self.max_columns, "max_columns", Integral, min_val=1)

    def _check_components(self, most: int, n_columns: int) -> None:
        """Raise for more components than can be learned of so many columns."""
        if self.n_components == "auto" or int(self.n_components) <= most:
            return
        rows = (
            f"rows of {n_columns} column(s)"
            if most
            else f"sparse rows, and rows of more than {self.max_columns} columns"
        )
        raise ValueError(
            f"n_components: wanted at most {most} for {rows}, found {self.n_components}; ask for fewer, or for 'auto'"
            f"{'' if most else ', or put TruncatedSVD before the model'}."
        )


def _learned_on(past: DiscriminantPrior, X: Any, tasks: Tasks) -> DiscriminantPrior:
    """The same choices, the sums those of past and new tasks together."""
    found = _prior_of(X, tasks, past.classes, past.kind, past.weight_unit, past, full=past.sums.is_full)
    known = getattr(past, "shift_sums", None)
    return found if known is None else with_shift(found, known + ShiftSums.of(X, tasks, np.asarray(past.classes)))


def _judges_itself(estimator: Any) -> bool:
    """Whether a classifier has no class means, but is one that "auto" means this learner for: one row of a class is enough."""
    return not takes_means(estimator) and isinstance(learner_for(estimator, own_labels=True), DiscriminantLearner)


def _prior_of(
    X: Any,
    tasks: Tasks,
    classes: NDArray[Any] | None,
    kind: Kind,
    unit: float,
    past: DiscriminantPrior | None = None,
    *,
    full: bool,
) -> DiscriminantPrior:
    """The prior of that kind of metric; sums of the past are added to, and its tasks count as so many."""
    sums = class_sums(X, tasks, classes, full=full)
    sums = sums if past is None else past.sums + sums
    metric = next(metrics_of(sums, [kind]))
    image = image_sums(metric, X, tasks, classes)
    n_new = float(len(tasks)) if tasks.task_weight is None else float(tasks.task_weight.sum())
    return DiscriminantPrior.of_metric(
        metric,
        sums,
        image if image is None or past is None else past.image + image,
        weight_unit=unit,
        n_tasks=n_new + (0.0 if past is None else past.n_tasks),
        n_rows=tasks.n_rows + (0.0 if past is None else past.n_rows),
        feature_names=tasks.feature_names if past is None else past.feature_names,
        classes=classes,
        class_prior=_class_prior(tasks, classes, past),
    )


def _class_prior(tasks: Tasks, classes: NDArray[Any] | None, past: DiscriminantPrior | None) -> Any:
    """Mean shares of labels that all tasks have; rows that were drawn by their class say nothing of them."""
    if classes is None or (past is not None and tasks.class_rates):
        return None if past is None else past.class_prior
    known, n_known = (None, 0.0) if past is None else (past.class_prior, past.n_tasks)
    return mean_class_shares(class_shares(tasks, classes), tasks.task_weight, known, n_known)
