"""Values that lie in parts elsewhere: a function is mapped over them, and what it gives is added up or kept there.

Whatever runs functions beside data can be the engine: it maps, keeps and gathers (`Engine`). A part is a handle of the
engine's own, such as a future; functions are of modules or `functools.partial` of such, change nothing that they are
given and give the same whenever they are asked, so that an engine that has lost a part computes it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np


class Engine(Protocol):
    """What runs functions where the parts of a collection are."""

    def map(self, function: Callable[..., Any], *parts: Sequence[Any]) -> list[Any]:
        """Handles of ``function(*each)`` for the parts in step, which may be handles or plain values."""

    def keep(self, parts: Sequence[Any]) -> list[Any]:
        """The same handles, of values that are computed once and stay where they were made."""

    def gather(self, parts: Sequence[Any]) -> list[Any]:
        """The values, here."""


class InProcess:
    """The engine of parts that are here: a handle is the value."""

    def map(self, function: Callable[..., Any], *parts: Sequence[Any]) -> list[Any]:
        """The values of the function, one after the other."""
        return [function(*each) for each in zip(*parts, strict=True)]

    def keep(self, parts: Sequence[Any]) -> list[Any]:
        """The parts: they are here."""
        return list(parts)

    def gather(self, parts: Sequence[Any]) -> list[Any]:
        """The parts."""
        return list(parts)


def total(engine: Engine, function: Callable[..., Any], *parts: Sequence[Any]) -> Any:
    """What a function gives of all parts, added up in their order: arrays, or tuples of arrays and None."""
    return added(engine.gather(engine.map(function, *parts)))


def added(values: Sequence[Any]) -> Any:
    """The sum of arrays, or entry by entry of tuples; None stays None."""
    first = values[0]
    if isinstance(first, tuple):
        return tuple(added(each) for each in zip(*values, strict=True))
    return None if first is None else np.asarray(sum(values[1:], first))
