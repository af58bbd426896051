"""Estimators around the model: the steps before it and the target's transformation, fitted once and frozen."""

from copy import copy, deepcopy
from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import Pipeline


@dataclass(frozen=True, eq=False)
class Composition:
    """An estimator taken apart: ``final`` is the model, ``steps`` what comes before, ``target`` what turns ``y``.

    ``target_outside`` says whether the TransformedTargetRegressor holds the Pipeline or is its last step.
    """

    final: object
    last_name: str = "model"
    steps: tuple = ()
    target: object = None
    target_outside: bool = True

    def fit_frozen(self, X, y):
        """Fit clones of the steps and of the target's transformation on a whole collection."""
        target = self.target if self.target is None else _fit_target(self.target, y)
        seen = transform_target(target, y) if self.target_outside else y
        fitted, Z = [], X
        for name, step in self.steps:
            if step in (None, "passthrough"):
                fitted.append((name, "passthrough"))
                continue
            step = clone(step)
            Z = step.fit_transform(Z, seen)
            fitted.append((name, step))
        return replace(self, steps=tuple(fitted), target=target), Z

    def transform(self, X):
        """Rows in the feature space of the model, through fitted steps."""
        for _, step in self.steps:
            if step != "passthrough":
                X = step.transform(X)
        return X

    def assemble(self, model):
        """A plain fitted estimator of the user's shape around a fitted model; nothing in it is shared with others."""
        frozen = deepcopy(replace(self, final=None))
        if frozen.target is not None and not frozen.target_outside:
            model = _with_regressor(frozen.target, model)
        if frozen.steps:
            model = Pipeline([*frozen.steps, (frozen.last_name, model)])
        if frozen.target is not None and frozen.target_outside:
            model = _with_regressor(frozen.target, model)
        return model


def take_apart(estimator):
    """The `Composition` of an estimator, nested at most as Pipeline and TransformedTargetRegressor, in any order."""
    if isinstance(estimator, TransformedTargetRegressor):
        inner = take_apart(estimator.regressor)
        if inner.target is not None:
            raise ValueError("estimator: wanted one TransformedTargetRegressor, found one inside another.")
        return replace(inner, target=estimator, target_outside=True)
    if isinstance(estimator, Pipeline):
        inner = take_apart(estimator.steps[-1][1])
        last = estimator.steps[-1][0]
        return replace(
            inner, steps=(*estimator.steps[:-1], *inner.steps), last_name=last, target_outside=inner.target is None
        )
    return Composition(estimator)


def transform_target(target, y):
    """``y`` as the model sees it."""
    if target is None:
        return y
    y = np.asarray(y, dtype=float)
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
        raise ValueError(
            "estimator: wanted the steps that the prior was learned behind "
            f"({_describe(prior.steps)}), or its last step alone, found {_describe(composition.steps)}; "
            "a prior lives in one feature space, so learn it anew with the steps you want."
        )
    if composition.target is not None and not _same(composition.target, prior.target_transformer, skip="regressor"):
        raise ValueError("estimator: wanted the TransformedTargetRegressor that the prior was learned behind, found another one.")
    outside = composition.target_outside if composition.target is not None else True
    return replace(composition, steps=prior.steps, target=prior.target_transformer, target_outside=outside)


def _fit_target(target, y):
    rows = np.zeros((len(y), 1))
    return clone(target).set_params(regressor=DummyRegressor()).fit(rows, np.asarray(y, dtype=float))


def _with_regressor(target, model):
    fitted = copy(target)
    fitted.regressor, fitted.regressor_ = model, model
    for name in ("n_features_in_", "feature_names_in_"):
        if hasattr(model, name):
            setattr(fitted, name, getattr(model, name))
    return fitted


def _describe(steps):
    return " -> ".join(step if isinstance(step, str) else type(step).__name__ for _, step in steps) or "no steps"


def _same_steps(ours, theirs):
    return len(ours) == len(theirs) and all(_same(a, b) for (_, a), (_, b) in zip(ours, theirs, strict=True))


def _same(a, b, skip=""):
    """Whether two transformers have one class and equal parameters, all the way down."""
    if a is b or (a in (None, "passthrough") and b in (None, "passthrough")):
        return True
    if type(a) is not type(b):
        return False
    if hasattr(a, "get_params"):
        first, second = a.get_params(deep=False), b.get_params(deep=False)
        return first.keys() == second.keys() and all(_same(v, second[k]) for k, v in first.items() if k != skip)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if callable(a):
        return getattr(a, "__qualname__", a) == getattr(b, "__qualname__", b)
    return bool(np.all(a == b)) or (a != a and b != b)
