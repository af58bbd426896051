"""How past rows were weighed by their class, and whether those of a new task are weighed alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

ClassWeight = str | Sequence[float] | None


def class_weight_of(estimator: Any, classes: NDArray[Any] | None) -> ClassWeight:
    """The ``class_weight`` of an estimator: its name, or a weight for each of ``classes``; None where all weigh alike."""
    given = getattr(estimator, "class_weight", None)
    if given is None or classes is None:
        return None
    if not isinstance(given, Mapping):
        return str(given)
    found = tuple(float(given.get(label, 1.0)) for label in classes.tolist())
    return found if set(found) != {1.0} else None


def is_learned_of_classes(prior: Any) -> bool:
    """Whether a prior was learned from labels; one by hand, or of any labels, goes with all weights unless it has some."""
    return bool(prior.n_tasks) and prior.classes is not None


def common_class_weight(priors: Sequence[Any]) -> ClassWeight:
    """The ``class_weight`` that several priors were learned with; ValueError if they differ."""
    told = [each for each in priors if each.class_weight is not None or is_learned_of_classes(each)]
    if not told:
        return None
    first: ClassWeight = told[0].class_weight
    for each in told:
        if not np.array_equal(first, each.class_weight):  # type: ignore[arg-type]
            raise ValueError(
                "components: wanted priors that were learned with the same class_weight, found "
                f"{_in_words(told[0])!r} and {_in_words(each)!r}; learn them with one."
            )
    return first


def with_class_weight(prior: Any, class_weight: ClassWeight) -> Any:
    """A learned prior that knows by what weights of classes it was learned; of a mixture all learned components do."""
    if np.array_equal(class_weight, prior.class_weight):  # type: ignore[arg-type]
        return prior
    if hasattr(prior, "components"):
        return replace(prior, components=[with_class_weight(each, class_weight) for each in prior.components])
    return replace(prior, class_weight=class_weight) if is_learned_of_classes(prior) else prior


def check_class_weight(prior: Any, estimator: Any) -> None:
    """Raise for an estimator that weighs classes otherwise than the one that the prior was learned with.

    Parameters
    ----------
    prior : Prior
        What is known; one by hand without ``class_weight`` goes with any.
    estimator : estimator
        The model of a new task; one without ``class_weight`` is of another kind, and is let be.

    Raises
    ------
    ValueError
        If it does, as intercepts of balanced rows are no intercepts of rows as they are.
    """
    if hasattr(prior, "components"):
        for component in prior.components:
            check_class_weight(component, estimator)
        return
    past: Any = prior.class_weight
    if not hasattr(estimator, "class_weight") or (past is None and not is_learned_of_classes(prior)):
        return
    own: Any = class_weight_of(estimator, prior.classes)
    if np.array_equal(past, own):
        return
    raise ValueError(
        f"class_weight: wanted {_in_words(prior)!r}, as the prior was learned with, found {estimator.class_weight!r}, with "
        "which intercepts are others; give the estimator the same class_weight, or learn the prior with that of the estimator."
    )


def _in_words(prior: Any) -> Any:
    """Its ``class_weight`` as an estimator takes it."""
    past = prior.class_weight
    if past is None or isinstance(past, str):
        return past
    return dict(zip(prior.classes.tolist(), map(float, past), strict=True))
