"""The shell around priors and learners: the four cases of ``task`` and ``prior``, for every target."""

from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from skmeta.linear_model import GaussianPrior, linear
from skmeta.linear_model._registry import learner_for
from skmeta.tasks import features_without, index_tasks, locate_task, lookup_tasks, read_task_ids
from skmeta.tasks._ids import as_list
from skmeta.tasks._words import shown
from skmeta.warm_start._collection import TaskEstimators

_PRIVATE = (
    "_adapted",
    "_composition",
    "_estimator",
    "_ids",
)  # what a fit leaves behind, beside the names that end in "_"


class WarmStartBase(MetaEstimatorMixin, BaseEstimator):
    """What WarmStartRegressor and WarmStartClassifier share; they add how predictions are read."""

    def __init__(self, estimator, *, task=None, prior=None, learner="auto", n_jobs=None):
        self.estimator = estimator
        self.task = task
        self.prior = prior
        self.learner = learner
        self.n_jobs = n_jobs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.target_tags = inner.target_tags
        if tags.regressor_tags is not None and inner.regressor_tags is not None:
            tags.regressor_tags = inner.regressor_tags
        if tags.classifier_tags is not None and inner.classifier_tags is not None:
            tags.classifier_tags = inner.classifier_tags
        tags.non_deterministic = inner.non_deterministic
        return tags

    def fit(self, X, y, sample_weight=None):
        """Fit, adapt or learn, by what ``task`` and ``prior`` are.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows of one dataset or, with ``task``, of all of them, the task column included.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights, counted as repeated rows.

        Returns
        -------
        self
            Fitted.
        """
        self._check_parameters()
        columns = _columns_of(X)
        if self.task is not None:
            found = self._fit_collection(linear.as_table(X), y, sample_weight)
        elif self.prior is not None:
            found = self._fit_one(linear.read_input(self.prior, X), y, sample_weight)
        else:
            found = self._fit_plain(X, y, sample_weight)
        self._store(columns | found)
        return self

    def set_params(self, **params):
        """Set parameters of this model and, as ``estimator__name``, of the estimator in it.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self
            With the parameters set.
        """
        inside = sorted(name for name in params if name.startswith("prior__"))
        if inside:
            raise ValueError(
                f"{inside[0]}: a prior is a frozen value and has no parameters to set. Search over priors, "
                "{'prior': [None, prior]}, and over the estimator's own strength (estimator__alpha, "
                "estimator__C) for how much to trust them."
            )
        return super().set_params(**params)

    def _check_parameters(self):
        estimator, prior = self.estimator, self.prior
        if isinstance(estimator, type) or not hasattr(estimator, "fit"):
            example = "LogisticRegression()" if isinstance(self, ClassifierMixin) else "Ridge()"
            raise TypeError(f"estimator: wanted an estimator such as {example}, found {estimator!r}.")
        found, wanted = get_tags(estimator).estimator_type, get_tags(self).estimator_type
        if found not in (None, wanted):
            kinds = f"{type(self).__name__} wanted a {wanted}, found the {found} {type(estimator).__name__}"
            other = {"classifier": "; use WarmStartClassifier", "regressor": "; use WarmStartRegressor"}.get(found, "")
            raise TypeError(f"estimator: {kinds}{other}.")
        if prior is not None and not isinstance(prior, GaussianPrior):
            hint = ", a model; give its prior_ once it is fitted" if isinstance(prior, WarmStartBase) else ""
            found = f"{type(prior).__name__}{hint}"
            raise TypeError(f"prior: wanted a GaussianPrior, such as a fitted model's prior_, found {found}.")

    def _store(self, found):
        """Nothing is half-fitted: attributes of an earlier fit go, and those of this one come, at the end."""
        for name in [name for name in vars(self) if name.endswith("_") or name in _PRIVATE]:
            delattr(self, name)
        self.__dict__.update(found)

    def _fit_plain(self, X, y, sample_weight):
        fitted = clone(self.estimator)
        fitted.fit(X, y, **linear.weights_for(fitted, sample_weight))
        found = {"_estimator": fitted, "prior_": None}
        return found | ({"classes_": fitted.classes_} if hasattr(fitted, "classes_") else {})

    def _fit_one(self, X, y, sample_weight):
        linear.check_rows(X)
        composition = linear.use_frozen(linear.take_apart(self.estimator), self.prior)
        data = linear.read_task(self.prior, composition, X, y, sample_weight)
        prior = linear.match_features(self.prior, data.feature_names, data.X.shape[1])
        adapted = linear.adapt_tasks(prior, composition.final, data, n_jobs=self.n_jobs, keep=True)
        found = {"prior_": prior, "_estimator": composition.assemble(adapted.plain(0)), "_adapted": adapted}
        return found | {"_composition": composition, "_ids": None} | _classes_of(data)

    def _fit_collection(self, X, y, sample_weight):
        tasks, y = self._read_tasks(X), linear.column_or_matrix(y)
        composition, names, Z = self._through_steps(features_without(X, self.task), y, sample_weight)
        model, seen = composition.final, linear.transform_target(composition.target, y)
        classes = None if self.prior is None else self.prior.classes
        data = linear.read_collection(model, Z, seen, tasks, sample_weight, classes=classes)
        if self.prior is None:
            linear.check_known_columns(data)
        learner = clone(learner_for(model, self.learner))
        prior = learner.learn(model, data, self.prior, self.n_jobs)
        prior = replace(prior, steps=composition.steps, target_transformer=composition.target, input_names=names)
        adapted = linear.adapt_tasks(prior, model, data, n_jobs=self.n_jobs, keep=True)
        found = {"prior_": prior, "learner_": learner, "_adapted": adapted}
        return found | {"_composition": composition, "_ids": tasks.ids} | _classes_of(data)

    def _through_steps(self, features, y, sample_weight):
        """``(composition, names, Z)``: steps frozen, the columns they read, what they make of the rows."""
        composition = linear.take_apart(self.estimator)
        linear.family_of(composition.final)
        if self.prior is None:
            composition, Z = self._freeze(composition, features, y, sample_weight)
            return composition, linear.column_names(features) if composition.steps else None, Z
        composition = linear.use_frozen(composition, self.prior)
        features = linear.read_input(self.prior, features)
        Z = composition.transform(linear.select_inputs(self.prior, features))
        return composition, self.prior.input_names, Z

    def _freeze(self, composition, features, y, sample_weight):
        """Fit the steps; their errors rarely say which columns they could not read, so that is added."""
        try:
            return composition.fit_frozen(features, y, sample_weight)
        except (TypeError, ValueError) as error:
            odd = linear.odd_columns(features)
            if odd:
                error.add_note(
                    f"Columns of X that hold no numbers: {linear.describe_columns(odd)}. Steps that cannot read them "
                    "need a make_column_transformer(...) before them."
                )
            raise

    def _read_tasks(self, X):
        if X.shape[0] == 0:
            raise ValueError(
                f"X: Found array with 0 sample(s) (shape={X.shape}) while a minimum of 1 is required; a prior is learned "
                "from the rows of related tasks."
            )
        tasks = index_tasks(read_task_ids(X, self.task))
        if X.shape[1] == 1:
            raise ValueError(f"X: wanted at least one feature column beside the task column {self.task!r}, found none.")
        if tasks.n_tasks == 1 and self.prior is None:
            raise ValueError(
                f"task: wanted a column that tells at least two tasks apart, found {self.task!r} with the "
                f"one value {shown(tasks.ids[0])}. One dataset is fitted with task=None, alone or from a prior."
            )
        return tasks

    # -- what a fitted model tells ------------------------------------------------------------------

    @property
    def estimator_(self):
        """The plain fitted estimator of the one task."""
        check_is_fitted(self)
        if self._in_tasks:
            raise AttributeError(
                f"estimator_: this model was fitted with task={self.task!r} and has one estimator for each of "
                f"{len(self._ids)} tasks: estimators_[id], such as estimators_[{shown(self._ids[0])}]. For a new task "
                "adapt(X, y) makes one, without rows prior_.zero_shot(estimator)."
            )
        return self._estimator

    @property
    def estimators_(self):
        """Mapping from task id to the plain fitted estimator of that task, made when asked for."""
        check_is_fitted(self)
        if not self._in_tasks:
            raise AttributeError(
                "estimators_: this model was fitted without a task column, as one task, and has one estimator, "
                "estimator_. For one a task fit with task=... (a column's name or position)."
            )
        return TaskEstimators(self._ids, lambda code: self._composition.assemble(self._adapted.plain(code)))

    @property
    def coef_(self):
        """Coefficients: of the one task as its plain estimator has them, else ``(n_tasks, ...)`` by id."""
        check_is_fitted(self)
        if not self._in_tasks:
            return last_model(self.estimator_).coef_
        coef = self._adapted.coef[:, :, :-1]
        return coef[:, 0] if self._adapted.n_targets is None and self._adapted.classes is None else coef

    @property
    def borrowing_(self):
        """Own rows that the prior was worth to the task; with a task column a dict from id to rows."""
        check_is_fitted(self)
        if self.__dict__.get("_adapted") is None:
            return 0.0
        borrowed = self._adapted.borrowed
        return dict(zip(as_list(self._ids), borrowed.tolist(), strict=True)) if self._in_tasks else float(borrowed[0])

    @property
    def _in_tasks(self):
        return self.__dict__.get("_ids") is not None

    def __sklearn_is_fitted__(self):
        return "prior_" in self.__dict__

    def adapt(self, X, y, sample_weight=None):
        """Plain fitted estimators for new tasks, from what this model knows.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows of one new task without a task column; or of one or several, with it.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights, counted as repeated rows.

        Returns
        -------
        estimator or mapping
            A plain fitted scikit-learn estimator; for rows of several tasks, told apart by the task
            column, a mapping from ids to them.

        Raises
        ------
        ValueError
            If the model was fitted without ``task`` and ``prior``: it knows nothing that a new task could
            use.
        """
        check_is_fitted(self)
        if self.prior_ is None:
            raise ValueError(
                "adapt: wanted a model that has learned, found one fitted with task=None and prior=None; "
                "give it a task column or a prior."
            )
        X = linear.as_table(X)
        if not self._has_task_column(X):
            return self.prior_.adapt(self.estimator, X, y, sample_weight)
        linear.check_rows(X)
        tasks = index_tasks(read_task_ids(X, self.task))
        features = linear.read_input(self.prior_, features_without(X, self.task))
        y = linear.transform_target(self._composition.target, linear.column_or_matrix(y))
        Z = self._composition.transform(linear.select_inputs(self.prior_, features))
        model = self._composition.final
        data = linear.read_collection(model, Z, y, tasks, sample_weight, classes=self.prior_.classes)
        prior = linear.match_features(self.prior_, data.feature_names, data.X.shape[1])
        adapted = linear.adapt_tasks(prior, model, data, n_jobs=self.n_jobs)
        made = TaskEstimators(tasks.ids, lambda code: self._composition.assemble(adapted.plain(code)))
        return made if tasks.n_tasks > 1 else made[tasks.ids[0]]

    def _has_task_column(self, X):
        if self.task is None:
            return False
        names = linear.column_names(X)
        if names is not None and isinstance(self.task, str):
            return self.task in names
        return X.shape[1] == self.n_features_in_

    # -- predicting ---------------------------------------------------------------------------------

    def _ask_plain(self, method, X, **options):
        """What the plain estimator answers, its input checked in the name of this one."""
        if "n_features_in_" in vars(self):
            linear.as_table(X)
        validate_data(self, X, reset=False, skip_check_array=True)
        return getattr(self.estimator_, method)(X, **options)

    def _read_rows(self, X):
        """``(features of the model, codes)`` of rows to predict; code -1 is a task never seen."""
        X = linear.as_table(X)
        if self._in_tasks:
            locate_task(X, self.task)
        validate_data(self, X, reset=False, skip_check_array=True)
        linear.check_rows(X)
        tasks, codes = linear.one_task(X.shape[0]), np.zeros(X.shape[0], dtype=np.intp)
        if self._in_tasks:
            tasks = index_tasks(self._comparable(read_task_ids(X, self.task)))
            codes = lookup_tasks(self._ids, tasks.ids)[tasks.codes]
            X = features_without(X, self.task)
        Z = self._composition.transform(linear.select_inputs(self.prior_, X))
        names, Z = linear.column_names(Z), linear.numeric_features(Z)
        linear.check_complete(Z, tasks, names)
        return Z, codes

    def _comparable(self, ids):
        """Ids of another type than those learned match nothing; that is told, not passed over in silence."""
        if _id_type(ids) != _id_type(self._ids):
            raise TypeError(
                f"task: wanted ids like those learned ({shown(self._ids[0])}), found {shown(ids[0])}; {_id_type(ids)} "
                f"and {_id_type(self._ids)} never match. Convert the column."
            )
        return ids


def _columns_of(X):
    """``n_features_in_`` and ``feature_names_in_`` of a table."""
    recorder = BaseEstimator()
    validate_data(recorder, X, skip_check_array=True)
    return vars(recorder)


def _classes_of(data):
    return {} if data.classes is None else {"classes_": data.classes}


def _id_type(ids):
    return {"O": "text", "m": "dates", "M": "dates"}.get(ids.dtype.kind, "numbers")


def last_model(estimator):
    if isinstance(estimator, Pipeline):
        return last_model(estimator.steps[-1][1])
    if isinstance(estimator, TransformedTargetRegressor):
        return last_model(estimator.regressor_)
    return estimator


def estimator_has(method):
    """Whether a model fitted as a plain one, or the class of the estimator, has ``method``."""

    def check(self):
        if "_estimator" in self.__dict__ and self.prior_ is None:
            return hasattr(self._estimator, method)
        estimator = self.estimator
        return hasattr(estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator, method)

    return available_if(check)
