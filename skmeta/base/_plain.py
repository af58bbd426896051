"""Frozen values as dictionaries of plain arrays, numbers and texts, and back: for a store of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import partial
from typing import Any

import numpy as np

from skmeta.base._frozen_value import FrozenValue

Reader = Callable[[dict[str, Any]], Any]

_KEEP_IT = "store it with joblib.dump or skops.io.dump"


def to_plain(value: Any) -> dict[str, Any]:
    """The fields of a frozen value, those that are None left out; a value in a field as entries ``field_name``.

    Values and arrays in a tuple are entries ``field0_name`` and ``field0``, and so on.
    """
    state: dict[str, Any] = {}
    for field in fields(value):
        part = getattr(value, field.name)
        if isinstance(part, tuple) and all(isinstance(each, FrozenValue | np.ndarray) for each in part):
            for k, each in enumerate(part):
                state |= _entries(each, f"{field.name}{k}")
        elif part is not None:
            state |= _entries(part, field.name)
    return state


def _entries(part: Any, name: str) -> dict[str, Any]:
    if isinstance(part, FrozenValue):
        return {f"{name}_{own}": each for own, each in to_plain(part).items()}
    return {name: _plain(part, name)}


def _plain(value: Any, name: str) -> Any:
    """The value, if `numpy.savez` writes it as it is; text in arrays of objects as an array of text."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "O" and all(isinstance(each, str) for each in value.flat):
        return value.astype(str)
    if np.asarray(value).dtype.kind not in "biufUmM":
        raise ValueError(
            f"to_dict: wanted plain arrays, numbers and texts, found {name} of {type(value).__name__}; {_KEEP_IT}."
        )
    return value


def from_plain(cls: Any, state: Mapping[str, Any], nested: Mapping[str, Reader]) -> Any:
    """The value of a class from what `to_plain` gave; ``nested`` reads the values in its fields, by field."""
    check_mapping(state)
    plain = {name: unpacked(value) for name, value in state.items()}
    for name, read in nested.items():
        if own := _taken(plain, f"{name}_"):
            plain[name] = read(own)
    for field in fields(cls):
        if isinstance(field.default, tuple):
            plain[field.name] = _tuple(plain, field.name, nested.get(field.name))
    needed = [each.name for each in fields(cls) if each.default is MISSING and each.default_factory is MISSING]
    missing, unknown = (
        [name for name in needed if name not in plain],
        sorted(set(plain) - {each.name for each in fields(cls)}),
    )
    if missing:
        wanted, none = " and ".join(needed), " and no ".join(missing)
        raise ValueError(
            f"from_dict: wanted at least {wanted}, found no {none}; {cls.__name__}.to_dict gives them, and "
            "what another class wrote that class reads: type(prior).from_dict."
        )
    if unknown:
        raise ValueError(
            f"from_dict: unknown names {unknown} of {cls.__name__}; the class that wrote them reads them, "
            "type(prior).from_dict, if it is none of a newer skmeta."
        )
    return cls(**plain)


def reader(cls: Any) -> Reader:
    """What reads a value of a class that has no values in fields of its own."""
    return partial(from_plain, cls, nested={})


def _tuple(plain: dict[str, Any], name: str, read: Any) -> tuple[Any, ...]:
    """The tuple in a field of that name, taken out of the entries: texts and numbers, arrays, or values that are ``read``."""
    if name in plain:
        return tuple(np.asarray(plain.pop(name)).tolist())
    found: list[Any] = []
    while True:
        place = f"{name}{len(found)}"
        if place in plain:
            found.append(plain.pop(place))
        elif own := _taken(plain, f"{place}_"):
            found.append(read(own))
        else:
            return tuple(found)


def _taken(plain: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The entries of that prefix, taken out of the others, by what follows it."""
    return {name.removeprefix(prefix): plain.pop(name) for name in list(plain) if name.startswith(prefix)}


def check_mapping(state: Any) -> None:
    """Raise unless it is a mapping."""
    if not isinstance(state, Mapping):
        raise TypeError(f"from_dict: wanted a mapping such as to_dict gives, found {type(state).__name__}.")


def subclass_named(cls: type, name: str) -> Any:
    """The class of that name among a class and those made of it; ValueError unless there is one."""
    found, left = [], [cls]
    while left:
        each = left.pop()
        left += each.__subclasses__()
        found += [each] if each.__name__ == name and each not in found else []
    if len(found) != 1:
        raise ValueError(
            f"from_dict: wanted one subclass of {cls.__name__} named {name!r}, found {len(found)}; import the module that "
            "defines it, and no other of the same name."
        )
    return found[0]


def unpacked(value: Any) -> Any:
    """A scalar that was stored as an array without dimensions, an array that was written as a list, as JSON does."""
    if isinstance(value, list):
        return np.array(value)
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
