"""All baselines of one model, each at several strengths of its penalty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from skmeta.base import learner_for
from skmeta.model_selection._baselines import OwnModel, PooledModel, ResidualModel
from skmeta.model_selection._boosted import BoostedModel
from skmeta.model_selection._steps_once import steps_and_model

STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # of the penalty


def make_baselines(estimator: Any, *, task: str | int | Sequence[str | int]) -> dict[str, list[Any]]:
    """Return what a warm start is to be compared with, as ``python -m skmeta`` does.

    Linear models with a penalty come at the strengths 0.01, 0.1, 1 and 10 (``alpha``; ``C`` is the inverse), as nobody knows
    which is right for them, while a warm start has learned it; `shot_curve` shows the best of them at each number of rows, in
    hindsight, which favours them. Squared errors are in units of the target's deviation, as the right strength depends on
    the unit. Steps of a Pipeline before its model are fitted once, on all rows, and so is the transformation of the target of a
    TransformedTargetRegressor, wherever it stands: it is around the baselines.

    Parameters
    ----------
    estimator : estimator object
        What solves one task: a regressor or classifier, which may be a Pipeline.
    task : str, int or list of them
        The column of the table that names the task of every row; or the columns of nested tasks, outermost first.

    Returns
    -------
    dict of str to list of estimator
        "own", "pooled" and "residual" of `OwnModel`, `PooledModel` and `ResidualModel`, and "boosted", a `BoostedModel`, of
        whatever kind the estimator is. A model for targets that have a sign leaves no residuals to fit and has none. Pictures
        and ``python -m skmeta`` call them "own model only", "one pooled model", "pooled + own residual" and "boosting, id as
        category".

    See Also
    --------
    shot_curve : Compares them.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skmeta.model_selection import make_baselines
    >>> models = make_baselines(Ridge(), task="store")
    >>> {name: len(each) for name, each in models.items()}
    {'own': 4, 'pooled': 4, 'residual': 4, 'boosted': 1}
    >>> models["own"][0].regressor
    OwnModel(estimator=Ridge(alpha=0.01), task='store')
    """
    estimator, target = without_target(estimator)
    kinds = {"own": OwnModel, "pooled": PooledModel, "residual": ResidualModel}
    if get_tags(estimator).target_tags.positive_only:
        del kinds["residual"]
    baselines = {name: [kind(each, task=task) for each in with_strengths(estimator)] for name, kind in kinds.items()}
    if takes_any_number(estimator):
        baselines = {name: [_in_deviations(each) for each in models] for name, models in baselines.items()}
    steps, model = steps_and_model(estimator)
    boosting = booster(model) if steps is None else make_pipeline(*(step for _, step in steps.steps), booster(model))
    baselines |= {"boosted": [BoostedModel(boosting, task=task)]}
    if target is None:
        return baselines
    return {name: [clone(target).set_params(regressor=each) for each in models] for name, models in baselines.items()}


def without_target(estimator: Any) -> tuple[Any, TransformedTargetRegressor | None]:
    """Return an estimator without the transformation of its target, and the TransformedTargetRegressor that has it."""
    if isinstance(estimator, TransformedTargetRegressor):
        return LinearRegression() if estimator.regressor is None else estimator.regressor, estimator
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        inner, target = without_target(last)
        if target is not None:
            return Pipeline([*estimator.steps[:-1], (name, inner)], memory=estimator.memory), target
    return estimator, None


def with_strengths(estimator: Any) -> list[Any]:
    """Return the model at each of the strengths of its penalty, or as it is if it finds its own or has none."""
    name = strength_of(estimator)
    if name is None:
        return [estimator]
    values = [1.0 / strength for strength in STRENGTHS] if name.endswith("C") else STRENGTHS
    return [clone(estimator).set_params(**{name: value}) for value in values]


def strength_of(estimator: Any) -> str | None:
    """Return the name of the parameter that says how far the prior of a model is trusted; None if there is none."""
    path, model = _path_to_model(estimator)
    known = getattr(learner_for(model), "strengths", ())
    return next((path + name for name in ("alpha", "C") if name in known and name in model.get_params(False)), None)


def _path_to_model(estimator: Any) -> tuple[str, Any]:
    """The beginning of the names of the parameters of the model at the end of an unfitted estimator, and that model."""
    if isinstance(estimator, Pipeline):
        name, inner = estimator.steps[-1]
    elif isinstance(estimator, TransformedTargetRegressor) and estimator.regressor is not None:
        name, inner = "regressor", estimator.regressor
    else:
        return "", estimator
    path, model = _path_to_model(inner)
    return f"{name}__{path}", model


def booster(model: Any) -> Any:
    """Return the boosting that any model is compared with."""
    boosting = HistGradientBoostingClassifier if is_classifier(model) else HistGradientBoostingRegressor
    return boosting(random_state=0)


def takes_any_number(estimator: Any) -> bool:
    """Whether targets may be any numbers, so that their unit is of no matter: no labels, and none that have a sign."""
    return is_regressor(estimator) and not get_tags(estimator).target_tags.positive_only


def _in_deviations(model: Any) -> Any:
    return TransformedTargetRegressor(model, transformer=StandardScaler())
