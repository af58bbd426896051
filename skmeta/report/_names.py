"""From a name on the command line to an estimator: a short name, a class of scikit-learn, or somebody's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from sklearn.base import ClassifierMixin, MetaEstimatorMixin, RegressorMixin, is_classifier, is_regressor
from sklearn.linear_model import SGDClassifier, SGDRegressor, TweedieRegressor
from sklearn.utils import all_estimators

from skmeta.base._registry import registered_estimators


def _both(module: str, stem: str) -> tuple[str, str]:
    return f"{module}:{stem}Regressor", f"{module}:{stem}Classifier"


# What has a short name that is not its class's: a class for numbers and one for labels.
_SHORT: dict[str, tuple[str, ...]] = {
    "catboost": _both("catboost", "CatBoost"),
    "extra-trees": _both("sklearn.ensemble", "ExtraTrees"),
    "forest": _both("sklearn.ensemble", "RandomForest"),
    "gp": _both("sklearn.gaussian_process", "GaussianProcess"),
    "gradient-boosting": _both("sklearn.ensemble", "GradientBoosting"),
    "hgb": _both("sklearn.ensemble", "HistGradientBoosting"),
    "kernel-ridge": ("sklearn.kernel_ridge:KernelRidge",),
    "knn": _both("sklearn.neighbors", "KNeighbors"),
    "lightgbm": _both("lightgbm", "LGBM"),
    "mlp": _both("sklearn.neural_network", "MLP"),
    "naive-bayes": ("sklearn.naive_bayes:GaussianNB",),
    "random-forest": _both("sklearn.ensemble", "RandomForest"),
    "svm": ("sklearn.svm:SVR", "sklearn.svm:SVC"),
    "tree": _both("sklearn.tree", "DecisionTree"),
    "xgboost": _both("xgboost", "XGB"),
}
_EXTRAS = {
    "lightgbm": "skmeta[boosting]",
    "xgboost": "skmeta[boosting]",
}  # what pip calls the package, if not by its name
_SETTINGS: dict[type, dict[str, Any]] = {
    TweedieRegressor: {"power": 1.5},  # its default is ridge's loss
    SGDRegressor: {"random_state": 0},
    SGDClassifier: {"loss": "log_loss", "random_state": 0},  # its default gives no probabilities
}
_QUIET: dict[str, dict[str, Any]] = {
    "lightgbm": {"verbosity": -1},
    "catboost": {"verbose": False, "allow_writing_files": False},
}
OWN = "package.module:Class"


def short_name(cls: type) -> str:
    """Return the name of a class on the command line: HuberRegressor is huber."""
    return _plain(re.sub("(Regressor|Regression|Classifier)$", "", cls.__name__))


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def names() -> list[str]:
    """Return the short names, sorted: those above, and of all classes with a registered learner that have no name there."""
    named = {spec.partition(":")[2] for specs in _SHORT.values() for spec in specs}
    return sorted({*_SHORT, *(short_name(cls) for cls in _registered() if cls.__name__ not in named)})


def _registered() -> list[type]:
    """The classes that have a learner, of models of targets that need no others inside; those of installed packages too."""
    return [
        cls
        for cls in registered_estimators()
        if issubclass(cls, RegressorMixin | ClassifierMixin) and not issubclass(cls, MetaEstimatorMixin)
    ]


def estimator_named(name: str, classes: bool) -> Any:
    """Return an estimator by its name.

    Parameters
    ----------
    name : str
        A short name such as lasso or hgb, the name of a class of scikit-learn, or ``package.module:Class``, where the class,
        or a function that returns an estimator, is somebody's own.
    classes : bool
        Whether the target holds classes: of a regressor and a classifier by one name it decides.

    Returns
    -------
    estimator
        At its defaults, but for a seed and what else `_SETTINGS` says; one's own as it is. Not fitted.

    Raises
    ------
    ImportError
        If the package is not installed.
    TypeError
        If it is no estimator, is neither a regressor nor a classifier, or needs arguments.
    ValueError
        If there is no such name.
    """
    if ":" in name:
        return _checked(_made(_imported(name), name), name)
    short = {_plain(each): specs for each, specs in _SHORT.items()}.get(_plain(name))
    found = [_imported(spec) for spec in short] if short else _classes_named(name)
    if not found:
        _check_is_of_no_other_kind(name)
        close = get_close_matches(name.lower(), names())
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise ValueError(
            f"--estimator: wanted one of {', '.join(names())}, a class of scikit-learn, or {OWN} for your own, found "
            f"{name}.{hint}"
        )
    models = [_with_settings(_made(cls, name)) for cls in found]
    return min(models, key=lambda model: is_classifier(model) != classes)


def _classes_named(name: str) -> list[type]:
    """The registered classes of a name, short or full; if there are none, those of scikit-learn."""
    return _matching(_registered(), name) or _matching(
        [cls for _, cls in all_estimators(type_filter=["classifier", "regressor"])], name
    )


def _check_is_of_no_other_kind(name: str) -> None:
    """Raise for a class of scikit-learn that is neither a regressor nor a classifier."""
    for cls in _matching([cls for _, cls in all_estimators()], name):
        raise TypeError(
            f"--estimator: wanted a regressor or a classifier, found {cls.__name__}, which is none; clusters are for "
            "WarmStartClusterer, and transformers for a Pipeline of your own."
        )


def _matching(classes: Iterable[type], name: str) -> list[type]:
    return [cls for cls in classes if _plain(name) in (short_name(cls), _plain(cls.__name__))]


def _imported(spec: str) -> Any:
    """What ``module:name`` says, or an error that says what is missing and how to get it."""
    module, _, attribute = spec.partition(":")
    package = module.partition(".")[0]
    if not package or find_spec(package) is None:
        raise ImportError(
            f"--estimator: wanted the package {package} for {spec}, found it not installed; pip install "
            f"'{_EXTRAS.get(package, package)}', or start where your own file is."
        )
    try:
        found = getattr(import_module(module), attribute, None)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"--estimator: wanted to import {module}, found no module {error.name}; correct the name, or install it."
        ) from error
    if found is None:
        close = get_close_matches(attribute, dir(import_module(module)))
        hint = f"; did you mean {' or '.join(close)}?" if close else "; correct the name."
        raise ValueError(f"--estimator: wanted {OWN}, found no {attribute or 'name'} in {module}{hint}")
    return found


def _made(found: Callable[[], Any], name: str) -> Any:
    """The estimator that a class or a function makes without arguments; an estimator is one already."""
    if hasattr(found, "fit") and not isinstance(found, type):
        return found
    try:
        return found()
    except TypeError as error:
        raise TypeError(
            f"--estimator: wanted a class or function that makes an estimator without arguments, found {name} ({error}); "
            f"write a function that does, and name it as {OWN.replace('Class', 'function')}."
        ) from error


def _checked(model: Any, name: str) -> Any:
    """A regressor or classifier."""
    methods = ("get_params", "fit", "predict", "__sklearn_tags__")
    if not all(hasattr(model, method) for method in methods):
        raise TypeError(
            f"--estimator: wanted an estimator with get_params, fit and predict, found {name} to be {type(model).__name__}; "
            "subclass BaseEstimator of sklearn.base."
        )
    if not (is_regressor(model) or is_classifier(model)):
        raise TypeError(
            f"--estimator: wanted a regressor or a classifier, found {type(model).__name__}; what is one subclasses "
            "RegressorMixin or ClassifierMixin of sklearn.base, and clusters are for WarmStartClusterer."
        )
    return model


def _with_settings(model: Any) -> Any:
    """The model with a seed, so that the answer is the same twice; linear models draw nothing unless told so."""
    settings = _SETTINGS.get(type(model))
    if settings is None:
        draws = "random_state" in model.get_params() and not type(model).__module__.startswith("sklearn.linear_model")
        settings = {"random_state": 0} if draws else {}
    return model.set_params(**settings, **_QUIET.get(type(model).__module__.partition(".")[0], {}))
