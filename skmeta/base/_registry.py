"""Which learner is meant for which class of estimators: a family registers itself by one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any, TypeVar

from sklearn.utils import get_tags

from skmeta._sklearn import param_names
from skmeta.base._matching import reads_targets

_T = TypeVar("_T")
_LEARNERS: dict[type, type] = {}
_OF_OWN_LABELS: dict[type, type] = {}  # learners of classifiers whose tasks have labels of their own each
_LINEAR: dict[type, type] = {}
_NAMED: dict[str, type] = {}  # learners of classes of packages that may not be installed, by the classes' full names
_METHODS = ("fit", "predict", "predict_proba", "decision_function")
_FALLBACK: list[Any] = []  # the learner of whatever nobody registered
_OTHER_LEARNER = "leave learner out for that of the estimator's class, or give another one"
_GROUP = "skmeta.families"  # the entry point by which an installed package says that it has families


def register(*estimator_classes: type) -> Callable[[_T], _T]:
    """Register a learner for classes of estimators, as a decorator of its class.

    Parameters
    ----------
    *estimator_classes : type
        The classes that ``learner="auto"`` means it for, and those of their subclasses that keep the constructor's
        parameters and the shape of the output.

    Returns
    -------
    callable
        The decorator; it returns the learner's class.

    Raises
    ------
    TypeError
        If the learner has no ``learn``, or what is registered is no class.
    ValueError
        If a class has another learner already.
    """

    def decorator(learner: _T) -> _T:
        if not hasattr(learner, "learn"):
            raise TypeError(
                f"register: wanted a learner with a method learn, found {learner!r}; subclass skmeta.base.Learner."
            )
        for cls in estimator_classes:
            add(_LEARNERS, cls, learner)
        return learner

    return decorator


def register_by_name(*names: str) -> Callable[[_T], _T]:
    """Register a learner for classes of packages that are not imported before somebody uses them, as a decorator.

    Parameters
    ----------
    *names : str
        Full names of classes, ``package.module.Class``.

    Returns
    -------
    callable
        The decorator; it returns the learner's class.
    """

    def decorator(learner: Any) -> Any:
        _NAMED.update(dict.fromkeys(names, learner))
        return learner

    return decorator


def register_for_own_labels(*estimator_classes: type) -> Callable[[_T], _T]:
    """Register a learner for classes of classifiers where each task has labels of its own, as a decorator of its class.

    Parameters
    ----------
    *estimator_classes : type
        The classes that ``learner="auto"`` means it for there; elsewhere it is the one of `register`.

    Returns
    -------
    callable
        The decorator; it returns the learner's class.
    """

    def decorator(learner: Any) -> Any:
        for cls in estimator_classes:
            add(_OF_OWN_LABELS, cls, learner)
        return learner

    return decorator


def add(table: dict[type, Any], cls: type, entry: Any) -> None:
    """Write one line of a table of estimator classes; a class has one entry, though a module may be read twice."""
    if not isinstance(cls, type):
        raise TypeError(f"register: wanted classes of estimators, found {cls!r}; leave out its brackets.")
    known = table.get(cls)
    if known is not None and _full_name(known) != _full_name(entry):
        raise ValueError(
            f"register: wanted one learner for {cls.__name__}, found {_full_name(entry)} beside {_full_name(known)}; pass "
            "learner= where another one than the registered is meant."
        )
    table[cls] = entry


def _full_name(cls: Any) -> str:
    return f"{getattr(cls, '__module__', '')}.{getattr(cls, '__qualname__', cls)}"


def lookup(table: Mapping[type, Any], estimator: Any) -> Any:
    """The entry of an estimator's class, or of the nearest base whose constructor and output it keeps; None if none."""
    for cls in type(estimator).__mro__:
        if cls in table and (cls is type(estimator) or _is_a_kind_of(estimator, cls)):
            return table[cls]
    return None


def _is_a_kind_of(estimator: Any, base: type) -> bool:
    """Whether a subclass is the same thing as its base: MultiTaskLasso is no Lasso, LogisticRegressionCV another thing.

    It keeps the base's parameters, output, and methods: what it does otherwise in ``fit`` or ``predict`` nobody would ask.
    """
    if any(getattr(type(estimator), name, None) is not getattr(base, name, None) for name in _METHODS):
        return False
    names = param_names(base)
    params = estimator.get_params(deep=False)
    if not set(names) <= params.keys():
        return False
    plain = base(**{name: params[name] for name in names})
    return bool(get_tags(plain).target_tags == get_tags(estimator).target_tags)


def register_linear(cls: type) -> None:
    """Say of regressors that they predict ``X @ coef_ + intercept_``: their mean is that of their coefficients."""
    add(_LINEAR, cls, cls)


def is_linear(estimator: Any) -> bool:
    """Whether the family of an estimator says that it predicts ``X @ coef_ + intercept_``."""
    return lookup(_LINEAR, estimator) is not None


def learner_for(estimator: Any, learner: Any = "auto", *, own_labels: bool = False) -> Any:
    """The learner of an estimator: the one given, whatever it is, or for "auto" the one meant for its class.

    Of a class for which nobody registered one it is that of the room `skmeta.fallback`.

    Parameters
    ----------
    estimator : estimator
        The model of one task, no Pipeline.
    learner : "auto" or learner, default="auto"
        A learner is taken as it is.
    own_labels : bool, default=False
        Whether each task has labels of its own; then it is the one that is meant for the class there, if there is one.

    Returns
    -------
    learner
        An unfitted learner.

    Raises
    ------
    TypeError
        If ``learner`` is none, or says that ``estimator`` is not for it; or if that is no model.
    ValueError
        If ``learner`` is another text than "auto".

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from sklearn.linear_model import Ridge
    >>> from skmeta.base import learner_for
    >>> learner_for(Ridge()), learner_for(RandomForestRegressor())
    (EmpiricalBayes(), SharedModel())
    """
    if not isinstance(learner, str):
        if isinstance(learner, type) or not hasattr(learner, "learn"):
            raise TypeError(
                f"learner: wanted 'auto' or a learner such as EmpiricalBayes(), with a method learn, found {learner!r}; "
                "make an instance of one."
            )
        if hasattr(learner, "check_takes"):
            learner.check_takes(estimator)
        return learner
    if learner != "auto":
        raise ValueError(f"learner: wanted 'auto' or a learner such as EmpiricalBayes(), found {learner!r}.")
    of_own_labels = lookup(_OF_OWN_LABELS, estimator) if own_labels else None
    return (of_own_labels or registered_learner(estimator))()


def registered_learner(estimator: Any) -> Any:
    """The class of the learner that is meant for an estimator; TypeError for what is no model."""
    own = getattr(type(estimator), "__skmeta_learner__", None)
    if own is not None:
        return own
    for cls in type(estimator).__mro__:
        if _full_name(cls) in _NAMED and cls not in _LEARNERS:  # who registered the class itself is obeyed
            add(_LEARNERS, cls, _NAMED[_full_name(cls)])
    found = lookup(_LEARNERS, estimator)
    if found is None:
        load_entry_points()
        found = lookup(_LEARNERS, estimator)
    if found is None:
        _check_takes_a_learner(estimator)
        found = fallback_learner()
    return found


def check_registered(learner: Any, estimator: Any) -> None:
    """Raise unless a learner is registered for the class of an estimator, or for one of its bases."""
    own = getattr(type(estimator), "__skmeta_learner__", None)
    entries = [_LEARNERS.get(cls, _NAMED.get(_full_name(cls))) for cls in type(estimator).__mro__]
    if any(isinstance(each, type) and isinstance(learner, each) for each in [own, *entries]):
        return
    meant_for = [
        cls.__name__ for cls, entry in _LEARNERS.items() if isinstance(entry, type) and isinstance(learner, entry)
    ]
    raise TypeError(
        f"learner: wanted one for {type(estimator).__name__}, found {type(learner).__name__}, which learns priors of "
        f"{', '.join(meant_for)}; {_OTHER_LEARNER}."
    )


def check_has_targets(learner: Any, estimator: Any) -> None:
    """Raise for an estimator that is fitted to rows alone."""
    if not reads_targets(estimator):
        raise TypeError(
            f"learner: wanted one for {type(estimator).__name__}, found {type(learner).__name__}, which learns priors of "
            f"regressors and classifiers; {_OTHER_LEARNER}."
        )


def registered_by_hand(estimator: Any) -> tuple[type, Any] | None:
    """The class of an estimator and the learner registered for it, if that came from elsewhere than skmeta."""
    learner = lookup(_LEARNERS, estimator)
    if learner is None or learner.__module__.split(".")[0] == "skmeta":
        return None
    return type(estimator), learner


def registered_estimators() -> tuple[type, ...]:
    """The classes of estimators that have a learner, by name."""
    load_entry_points()
    return tuple(sorted(_LEARNERS, key=lambda cls: cls.__name__))


@cache
def load_entry_points() -> None:
    """Import the families of installed packages, once."""
    for entry in entry_points(group=_GROUP):
        entry.load()


def register_fallback(learner: _T) -> _T:
    """Register, as a decorator of its class, the learner of whatever estimator nobody registered."""
    _FALLBACK[:] = [learner]
    return learner


def fallback_learner() -> Any:
    """The class of that learner, for families that are to be no worse."""
    return _FALLBACK[0]


def _check_takes_a_learner(estimator: Any) -> None:
    """Raise for what is no estimator, and for a search, which has to stand around the model that learns."""
    name = type(estimator).__name__
    clusters = not reads_targets(estimator) if hasattr(estimator, "__sklearn_tags__") else False
    # Of its class, as a StackingRegressor has a predict only once it is fitted.
    if not clusters and not all(hasattr(type(estimator), method) for method in ("get_params", "fit", "predict")):
        raise TypeError(f"estimator: wanted an estimator with fit and predict, such as Ridge(), found {name}.")
    if clusters:
        raise TypeError(
            f"estimator: wanted a clusterer for which a learner is registered, such as KMeans or GaussianMixture, found "
            f"{name}; use one of these, or register a learner of your own for {name}."
        )
    if {"refit", "estimator"} <= estimator.get_params(deep=False).keys():
        raise TypeError(
            f"estimator: wanted the model alone, found {name}, which belongs around the warm-started model, not into it: "
            f"{name}(WarmStart...(...))."
        )
