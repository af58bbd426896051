"""A task's own model under a prior of discriminants: a plain Pipeline of a map and a classifier."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array
from sklearn.utils.validation import has_fit_parameter

from skmeta._inference.group_sums import group_means
from skmeta.base import AdaptedEstimators
from skmeta.base._linear_map import as_transformer
from skmeta.base._matching import no_weights, weights_if_taken
from skmeta.discriminant_analysis._class_means import posterior_class_means
from skmeta.discriminant_analysis._filled import KnownClasses, discriminant, filled, takes_means
from skmeta.discriminant_analysis._metrics import Kind
from skmeta.discriminant_analysis._own_evidence import own_is_better
from skmeta.discriminant_analysis._unit_length import divided_by, unit_length_steps
from skmeta.tasks import Tasks, take_rows
from skmeta.tasks._class_rates import representative_weights
from skmeta.tasks._own_labels import no_own_rows
from skmeta.tasks._warn_caller import warn_caller

Array = NDArray[np.float64]

_ROUNDING = 1e-12  # guard: weights that differ by no more are alike


def as_numbers(X: Any, estimator: Any) -> Any:
    """Rows as an array of numbers, or a sparse one by rows."""
    return check_array(X, accept_sparse="csr", dtype=np.float64, input_name="X", estimator=estimator)


class OwnRows(NamedTuple):
    """Rows of one task, their labels, what each weighs among class means, and in the classifier's own fit (None for ones)."""

    X: Any
    y: NDArray[Any]
    weight: Array
    fit_weight: Array | None

    def take(self, rows: NDArray[np.intp]) -> OwnRows:
        """Some of them."""
        fit_weight = None if self.fit_weight is None else self.fit_weight[rows]
        return OwnRows(take_rows(self.X, rows), self.y[rows], self.weight[rows], fit_weight)


class _MappedFirst(AdaptedEstimators):
    """Plain Pipelines whose first step is a map of the learner's: an error of new rows names the user's model instead."""

    def _by_task(self, method: str, X: Any, codes: NDArray[np.intp]) -> NDArray[Any]:
        as_numbers(X, self.model)
        return super()._by_task(method, X, codes)


class AdaptedDiscriminants(_MappedFirst):
    """Plain Pipelines of a map and a classifier, made when asked for."""

    def estimator(self, code: int) -> Any:
        """The plain Pipeline of one task."""
        return self.knowing_names(self.learned(self.rows_of(code), drawn_by_class=self.drawn_by_class(code)))

    def learned(self, own: OwnRows, *, drawn_by_class: bool = False) -> Any:
        """What such rows make of the prior."""
        Z = self.prior.metric.image(own.X)
        known, scale = self.known(Z, own, drawn_by_class=drawn_by_class)
        model = self._model(Z if scale is None else Z / scale, own, known)
        return Pipeline([*self._map(scale), ("model", model)])

    def drawn_by_class(self, code: int) -> bool:
        return code >= 0 and bool(self.tasks.class_rates)

    def rows_of(self, code: int) -> OwnRows:
        if code < 0:
            y = np.zeros(0, dtype=getattr(self.prior.classes, "dtype", float))
            return OwnRows(np.zeros((0, self.prior.n_features)), y, np.zeros(0), None)
        rows, own, fit = self.tasks.rows_of(code), self.tasks.sample_weight, self._training_weights
        return OwnRows(
            take_rows(self._numbers, rows),
            np.asarray(self.tasks.y)[rows],
            np.ones(self.tasks.counts[code]) if own is None else own[rows],
            None if fit is None else fit[rows],
        )

    @cached_property
    def _numbers(self) -> Any:
        return as_numbers(self.tasks.X, self.model) if self.tasks.n_rows else np.zeros((0, self.prior.n_features))

    def known(self, Z: Any, own: OwnRows, *, drawn_by_class: bool) -> tuple[KnownClasses, Array | None]:
        """The classes of a task in the image of its map, and what columns of the prior's map are divided by."""
        prior = self.prior
        labels = np.unique(own.y) if prior.own_labels else prior.classes
        if not len(labels):
            raise no_own_rows()
        place = np.searchsorted(labels, own.y)
        n: Array = np.bincount(place, own.weight, minlength=len(labels)).astype(float)
        means, variance = posterior_class_means(group_means(Z, place, n, own.weight), n, prior.between, prior.means)
        shares = self._shares(n, drawn_by_class)
        if prior.kind == Kind():  # one variance for all columns
            return KnownClasses(labels, means, prior.within * float(variance[0]), shares, n), None
        scale = np.sqrt(prior.within * variance)
        return KnownClasses(labels, means / scale, 1.0, shares, n), scale

    def _shares(self, n: Array, drawn_by_class: bool) -> Array:
        """How frequent classes are: as in the rows and in the past; where rows were drawn by class, as in the past."""
        past = self.prior.class_prior
        if past is None:
            return np.asarray(n / n.sum())
        a = self.prior.class_precision
        return np.asarray(past if drawn_by_class else (n + a * past) / (n.sum() + a))

    def _map(self, scale: Array | None) -> list[tuple[str, Any]]:
        """The map as fitted steps."""
        prior = self.prior
        if prior.centre is not None and scale is not None:
            return unit_length_steps(prior.centre, prior.matrix, scale)
        if prior.matrix is None and scale is not None:
            return [("metric", divided_by(scale, prior.n_features))]
        step = as_transformer(prior.matrix if scale is None else prior.matrix / scale, validate=True)
        return [("metric", step.fit(np.zeros((1, prior.n_features))))]

    def knowing_names(self, plain: Pipeline) -> Pipeline:
        """The same, whose first step knows the names of columns."""
        if self.tasks.feature_names is not None:
            plain[0].feature_names_in_ = np.array(self.tasks.feature_names, dtype=object)
        return plain

    def _model(self, Z: Any, own: OwnRows, known: KnownClasses) -> Any:
        """With the class means, or fitted to mapped rows; a label that is alone is all there is."""
        if len(known.labels) == 1:
            return DummyClassifier().fit(np.zeros((1, 1)), known.labels)
        model = filled(self.model, known)
        if model is not None:
            return model
        if len(np.unique(own.y)) < 2:
            return discriminant(known)
        return self.fitted(Z, own)

    def fitted(self, Z: Any, own: OwnRows) -> Any:
        """The classifier's own fit to rows; of fewer than neighbours are asked for, all are neighbours."""
        options = {"n_neighbors": min(self.model.n_neighbors, len(own.y))} if _has_neighbors(self.model) else {}
        return clone(self.model).set_params(**options).fit(Z, own.y, **weights_if_taken(self.model, own.fit_weight))

    @cached_property
    def _training_weights(self) -> Array | None:
        """Weights of the rows that a classifier is fitted to; rows that were drawn by their class stand for all."""
        if takes_means(self.model):
            return self.tasks.sample_weight
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


class SafeDiscriminants(_MappedFirst):
    """The same, but the plain estimator fitted to a task's rows where these say that it is better, see `own_is_better`.

    Parameters
    ----------
    learned : AdaptedDiscriminants
        What was learned, adapted to the tasks.
    """

    def __init__(self, learned: AdaptedDiscriminants) -> None:
        super().__init__(learned.prior, learned.model, learned.tasks)
        self._learned = learned
        self._takes_own: dict[int, bool] = {}

    def estimator(self, code: int) -> Any:
        """The plain Pipeline of one task."""
        if not self._own_is_better(code):
            return self._learned.estimator(code)
        as_it_is = as_transformer(None, validate=True).fit(np.zeros((1, self.prior.n_features)))
        plain = Pipeline([("metric", as_it_is), ("model", self._plain(self._learned.rows_of(code)))])
        return self._learned.knowing_names(plain)

    def leave_one_out_scores(self, codes: NDArray[np.intp]) -> Array:
        """Those of what was learned alone, see `DiscriminantPrior.log_evidence`."""
        return np.asarray(self.prior.log_evidence(self.model, self.tasks.take(codes)))

    def _plain(self, own: OwnRows) -> Any:
        return self._learned.fitted(own.X, own)

    def _own_is_better(self, code: int) -> bool:
        """As a task's rows say, once, if they can: a label of all tasks that they lack, or a weight, must not be lost."""
        if code not in self._takes_own:
            own, labels = self._learned.rows_of(code), self.prior.classes
            has_all = labels is None or len(np.unique(own.y)) == len(labels)
            keeps_weights = self.tasks.sample_weight is None or has_fit_parameter(self.model, "sample_weight")
            asked = len(own.y) > 1 and has_all and keeps_weights and not self._learned.drawn_by_class(code)
            self._takes_own[code] = asked and own_is_better(self._plain, self._learned.learned, own)
        return self._takes_own[code]


def _has_neighbors(estimator: Any) -> bool:
    return "n_neighbors" in estimator.get_params(deep=False)


def warn_of_fewer_rows(estimator: Any, tasks: Tasks) -> None:
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
