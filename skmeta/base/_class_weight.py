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


def with_class_weight(prior: Any, class_weight: ClassWeight) -> Any:
    """A learned prior that knows by what weights of classes it was learned; of a mixture its first component does."""
    if class_weight is prior.class_weight:
        return prior
    if not hasattr(prior, "components"):
        return replace(prior, class_weight=class_weight)
    first, *others = prior.components
    return replace(prior, components=(with_class_weight(first, class_weight), *others))


def check_class_weight(prior: Any, estimator: Any) -> None:
    """Raise for an estimator that weighs classes otherwise than the one that the prior was learned with.

    Parameters
    ----------
    prior : Prior
        What is known.
    estimator : estimator
        The model of a new task; one without ``class_weight`` is of another kind, and is let be.

    Raises
    ------
    ValueError
        If it does, as intercepts of balanced rows are no intercepts of rows as they are.
    """
    past = prior.class_weight
    if past is None or not hasattr(estimator, "class_weight"):
        return
    own: Any = class_weight_of(estimator, prior.classes)
    if np.array_equal(past, own):
        return
    wanted = past if isinstance(past, str) else dict(zip(prior.classes.tolist(), map(float, past), strict=True))
    raise ValueError(
        f"class_weight: wanted {wanted!r}, as the prior was learned with, found {estimator.class_weight!r}, to which classes "
        "are as frequent as they are; give the estimator the same class_weight, or learn the prior without."
    )
