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
    """What runs functions where the parts of a collection are: any object with these three methods.

    Functions are of modules or `functools.partial` of such, change nothing that they are given, and give the same whenever they
    are asked: an engine that has lost a value may compute it again.
    """

    def map(self, function: Callable[..., Any], *parts: Sequence[Any]) -> list[Any]:
        """Run a function beside the parts.

        Parameters
        ----------
        function : callable
            Called as ``function(*each)``.
        *parts : sequences
            In step; each entry is a handle or a plain value.

        Returns
        -------
        list
            Handles of what the function gives.
        """

    def keep(self, parts: Sequence[Any]) -> list[Any]:
        """Have values computed once, so that they stay where they were made.

        Parameters
        ----------
        parts : sequence
            Handles.

        Returns
        -------
        list
            Handles of the same values.
        """

    def gather(self, parts: Sequence[Any]) -> list[Any]:
        """Bring values here.

        Parameters
        ----------
        parts : sequence
            Handles.

        Returns
        -------
        list
            The values.
        """


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
