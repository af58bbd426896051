"""Mixtures as dictionaries of plain arrays, numbers and texts: each component's entries after its position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from skmeta.base import Prior
from skmeta.base._plain import check_mapping, subclass_named, unpacked


def stored(own: Mapping[str, Any], components: Sequence[Prior]) -> dict[str, Any]:
    """A mixture's ``own`` entries, and "0.class", "0.mean" and so on of its components."""
    state = {name: value for name, value in own.items() if value is not None}
    for c, component in enumerate(components):
        entries = {"class": type(component).__name__} | component.to_dict()
        state |= {f"{c}.{name}": value for name, value in entries.items()}
    return state


def read_back(state: Mapping[str, Any], needed: Sequence[str], optional: Sequence[str]) -> dict[str, Any]:
    """The own entries and the ``components`` of what `stored` gave; ValueError for other names."""
    check_mapping(state)
    parts: dict[str, dict[str, Any]] = {"": {}}
    for name, value in state.items():
        position, dot, rest = name.partition(".")
        parts.setdefault(position if dot else "", {})[rest if dot else name] = value
    own = {name: unpacked(value) for name, value in parts.pop("").items()}
    missing = sorted(set(needed) - set(own))
    n_components = 0 if missing else len(own["names"])
    components = [_component(parts.pop(str(c), {}), c) for c in range(n_components)]
    unknown = sorted(parts) + sorted(set(own) - {*needed, *optional})
    if missing or unknown:
        found = f"no {' and no '.join(missing)}" if missing else f"unknown {unknown}"
        raise ValueError(
            f"from_dict: wanted {', '.join(needed)} and entries such as 0.mean of each component, found {found}; "
            "MixturePrior.to_dict makes them, and what a subclass wrote that reads: type(prior).from_dict."
        )
    return own | {"components": components}


def _component(state: dict[str, Any], position: int) -> Prior:
    if "class" not in state:
        raise ValueError(
            f"from_dict: wanted the class of component {position}, found no '{position}.class'; MixturePrior.to_dict makes it."
        )
    found: Prior = subclass_named(Prior, str(state.pop("class"))).from_dict(state)
    return found
