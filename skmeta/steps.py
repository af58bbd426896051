"""Estimators around the model: steps before it and the target's transformation, fitted once and frozen."""

from copy import copy, deepcopy
from dataclasses import dataclass, replace

import numpy as np
from sklearn import get_config
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

from skmeta._sklearn import check_parameters
from skmeta.tasks._numbers import as_numbers


@dataclass(frozen=True, eq=False)
class Composition:
    """An estimator taken apart: the model ``final``, the ``steps`` before, the ``target`` that turns ``y``.

    ``target_outside`` says whether the TransformedTargetRegressor holds the Pipeline or is its last step.
    """

    final: object
    last_name: str = "model"
    steps: tuple = ()
    target: object = None
    target_outside: bool = True

    def fit_frozen(self, X, y, sample_weight=None):
        """Fit clones of the steps and of the target's transformation on a whole collection."""
        target = self.target if self.target is None else _fit_target(self.target, y)
        seen = transform_target(target, y) if self.target_outside else y
        fitted, Z = [], _first_input(self.steps, X)
        for name, step in self.steps:
            if _is_nothing(step):
                fitted.append((name, "passthrough"))
                continue
            fresh = clone(step)
            Z = fresh.fit_transform(Z, seen, **_weights_of(fresh, sample_weight))
            fitted.append((name, fresh))
        return replace(self, steps=tuple(fitted), target=target), Z

    def transform(self, X):
        """Rows in the feature space of the model, through fitted steps."""
        X = _first_input(self.steps, X)
        for _, step in self.steps:
            if not _is_nothing(step):
                X = step.transform(X)
        return X

    def assemble(self, model):
        """A plain fitted estimator of the user's shape around a fitted model; nothing in it is shared."""
        frozen = deepcopy(replace(self, final=None))
        if frozen.target is not None and not frozen.target_outside:
            model = _with_regressor(frozen.target, model)
        if frozen.steps:
            model = Pipeline([*frozen.steps, (frozen.last_name, model)])
        if frozen.target is not None and frozen.target_outside:
            model = _with_regressor(frozen.target, model)
        return model


def take_apart(estimator):
    """The `Composition` of a Pipeline or TransformedTargetRegressor, or one in the other, or of a model."""
    if isinstance(estimator, TransformedTargetRegressor):
        inner = take_apart(estimator.regressor)
        if inner.target is not None:
            raise ValueError("estimator: wanted one TransformedTargetRegressor, found one inside another.")
        return replace(inner, target=estimator, target_outside=True)
    if isinstance(estimator, Pipeline):
        inner = take_apart(estimator.steps[-1][1])
        last = estimator.steps[-1][0]
        return replace(
            inner,
            steps=(*estimator.steps[:-1], *inner.steps),
            last_name=last,
            target_outside=inner.target is None,
        )
    check_parameters(estimator)
    return Composition(estimator)


def weights_for(estimator, sample_weight):
    """Keywords of ``fit`` that carry weights to the model, and to the steps before it that take them."""
    if isinstance(estimator, TransformedTargetRegressor):
        return weights_for(estimator.regressor, sample_weight)
    if not isinstance(estimator, Pipeline) or get_config()["enable_metadata_routing"]:
        return {} if sample_weight is None else {"sample_weight": sample_weight}
    before = {name: _weights_of(step, sample_weight) for name, step in estimator.steps[:-1]}
    last, model = estimator.steps[-1]
    parts = before | {last: weights_for(model, sample_weight)}
    return {f"{name}__{key}": weight for name, part in parts.items() for key, weight in part.items()}


def _is_nothing(step):
    return step is None or (isinstance(step, str) and step == "passthrough")


def _weights_of(step, sample_weight):
    takes = sample_weight is not None and has_fit_parameter(step, "sample_weight")
    return {"sample_weight": sample_weight} if takes else {}


def _first_input(steps, X):
    """What the first step reads: a table, or for steps that read text its one column."""
    first = next((step for _, step in steps if not _is_nothing(step)), None)
    if first is None or get_tags(first).input_tags.two_d_array or X.shape[1] != 1:
        return X
    return X.iloc[:, 0] if hasattr(X, "iloc") else X[:, 0]


def transform_target(target, y):
    """``y`` as the model sees it."""
    if target is None:
        return y
    y = as_numbers(y, target)
    turned = target.transformer_.transform(y.reshape(len(y), -1))
    return turned[:, 0] if y.ndim == 1 and turned.shape[1] == 1 else turned


def inverse_target(target, predictions):
    """Predictions of the model in the units of the user's ``y``."""
    if target is None:
        return predictions
    turned = target.transformer_.inverse_transform(predictions.reshape(len(predictions), -1))
    return turned[:, 0] if predictions.ndim == 1 and turned.shape[1] == 1 else turned


def use_frozen(composition, prior):
    """The composition with the prior's frozen steps in place; raises if its own are different ones."""
    if composition.steps and not _same_steps(composition.steps, prior.steps):
        raise ValueError(_other_steps(composition.steps, prior))
    ours, theirs = composition.target, prior.target_transformer
    if ours is not None and not _same(ours, theirs, "regressor"):
        raise ValueError(
            "estimator: wanted the transformation of the target that the prior was learned behind "
            f"({_describe_target(theirs)}), or the regressor alone, found {_describe_target(ours)}."
        )
    outside = composition.target_outside if ours is not None else True
    return replace(composition, steps=prior.steps, target=theirs, target_outside=outside)


def _fit_target(target, y):
    rows = np.zeros((len(y), 1))
    return clone(target).set_params(regressor=DummyRegressor()).fit(rows, as_numbers(y, target))


def _with_regressor(target, model):
    fitted = copy(target)
    fitted.regressor, fitted.regressor_ = model, model
    if hasattr(model, "feature_names_in_"):
        fitted.feature_names_in_ = model.feature_names_in_
    return fitted


def _other_steps(found, prior):
    """What is wrong with steps that are not the prior's, and the way out."""
    if not prior.steps and not prior.n_tasks:
        return (
            f"estimator: wanted its last step alone, found {_describe(found)} before it; a prior written by hand without "
            "steps is about the columns as the model sees them. Fitted steps belong to the prior, "
            "GaussianPrior(..., steps=pipeline[:-1].steps) of a fitted pipeline, whose output the mean is about then."
        )
    return (
        f"estimator: wanted the steps that the prior was learned behind ({_describe(prior.steps)}), or its last step "
        f"alone, found {_describe(found)}; a prior lives in one feature space, so learn it anew with the steps you want."
    )


def _describe(steps):
    return " -> ".join(step if isinstance(step, str) else type(step).__name__ for _, step in steps) or "no steps"


def _describe_target(target):
    if target is None:
        return "none"
    return f"TransformedTargetRegressor of {target.func if target.transformer is None else target.transformer}"


def _same_steps(ours, theirs):
    return len(ours) == len(theirs) and all(_same(a, b) for (_, a), (_, b) in zip(ours, theirs, strict=True))


def _same(a, b, skip=""):
    """Whether two transformers have one class and equal parameters, all the way down."""
    if a is b or (_is_nothing(a) and _is_nothing(b)):
        return True
    if type(a) is not type(b):
        return False
    if hasattr(a, "get_params"):
        first, second = a.get_params(deep=False), b.get_params(deep=False)
        return first.keys() == second.keys() and all(_same(first[k], second[k]) for k in first if k != skip)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return _same_value(a, b)


def _same_value(a, b):
    if hasattr(a, "__code__"):
        return a.__code__ == b.__code__
    if isinstance(a, float):
        return a == b or bool(np.isnan([a, b]).all())
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else bool(a == b)
