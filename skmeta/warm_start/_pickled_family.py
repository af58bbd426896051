"""A family registered by hand travels with the model to worker processes, which would not know it."""

from __future__ import annotations

from typing import Any

from skmeta.base._registry import register, registered_by_hand
from skmeta.steps import unfitted_model

_KEY = "_family"


def registration_of(estimator: Any) -> dict[str, Any]:
    """What a pickle has to hold beside the model: its estimator's class, and the learner registered for that."""
    found = registered_by_hand(unfitted_model(estimator))
    return {} if found is None else {_KEY: found}


def register_again(state: dict[str, Any]) -> dict[str, Any]:
    """A model's state without what was put beside it; the family is known from now on."""
    if _KEY in state:
        cls, learner = state[_KEY]
        register(cls)(learner)
    return {name: value for name, value in state.items() if name != _KEY}
