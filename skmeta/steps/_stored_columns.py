"""A prior behind steps that do nothing as a dictionary of plain arrays, numbers and texts, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from skmeta.base import Prior
from skmeta.base._plain import check_mapping, subclass_named
from skmeta.steps._frozen_steps import FrozenSteps
from skmeta.steps._parts import is_nothing
from skmeta.tasks import TaskColumns


def stored(steps: FrozenSteps, prior: Prior) -> dict[str, Any]:
    """What raw tables are like ("columns.task" ...) and the prior ("prior.class", "prior.mean" ...); fitted steps raise."""
    fitted = [name for name, step in steps.steps if not is_nothing(step)] + ["target"] * (steps.target is not None)
    if fitted:
        raise ValueError(
            f"to_dict: wanted a prior of plain arrays, found one that carries fitted steps ({' -> '.join(fitted)}); store it "
            "with joblib.dump or skops.io.dump, or its prior alone: prior.prior.to_dict()."
        )
    columns = {field.name: (getattr(steps.columns, field.name), field.default) for field in fields(TaskColumns)}
    state: dict[str, Any] = {f"columns.{name}": own for name, (own, default) in columns.items() if own != default}
    named = {
        "input_names": steps.input_names,
        "steps": tuple(name for name, _ in steps.steps),
        "learned_with_prior": steps.learned_with_prior,
    }
    inner = {"class": type(prior).__name__} | prior.to_dict()
    return {name: own for name, own in named.items() if own} | state | {f"prior.{k}": own for k, own in inner.items()}


def read_back(state: Any) -> tuple[FrozenSteps, Prior]:
    """The steps and the prior of what `stored` gave; ValueError for other names."""
    check_mapping(state)
    inner, columns, own = _under("prior.", state), _under("columns.", state), _under("", state)
    known = {"input_names", "steps", "learned_with_prior", *(f"columns.{field.name}" for field in fields(TaskColumns))}
    unknown = [name for name in own if not name.startswith("prior.") and name not in known]
    if "class" not in inner or unknown:
        found = f"unknown {unknown}" if unknown else "no 'prior.class'"
        raise ValueError(f"from_dict: wanted what PriorWithSteps.to_dict gives, found {found}.")
    prior = subclass_named(Prior, str(inner.pop("class"))).from_dict(inner)
    read = {name: _plain(value) for name, value in columns.items()}
    steps = tuple((name, "passthrough") for name in _plain(own.get("steps", ())))
    names = own.get("input_names")
    together = bool(_plain(own.get("learned_with_prior", False)))
    frozen = FrozenSteps(
        steps, None, None if names is None else _plain(names), TaskColumns(**read), learned_with_prior=together
    )
    return frozen, prior


def _under(prefix: str, state: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _plain(value: Any) -> Any:
    """A tuple, a number or a truth value, of what may have become an array."""
    found = np.asarray(value).tolist()
    return tuple(found) if isinstance(found, list) else found
