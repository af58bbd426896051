"""What describes a task as numbers: standardised ones, and columns of zeros and ones for categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmeta.base import FrozenValue
from skmeta.base._never_seen import warn_of_never_seen
from skmeta.tasks._ids import missing_rows
from skmeta.tasks._words import is_missing, shown

Array = NDArray[np.float64]

_NUMBERS = "iufmM"  # kinds of arrays whose values lie in an order with distances
_CONSTANT = 1e-10  # guard: share of its size by which a number that varies at least does


@dataclass(frozen=True, eq=False, repr=False)
class Describer(FrozenValue):
    """How values of ``names`` become numbers ``z (q,)``: zero is the mean of the tasks that it was made of.

    A number is one column, in standard deviations. A category is a column a level, one for its tasks and zero for others,
    less the level's share. A descriptor that is the same in all tasks has no column. What is missing, or a level that was
    never seen, is zero: at the mean.

    Parameters
    ----------
    names : ndarray of str of shape (n_descriptors,)
        The descriptors.
    numeric : ndarray of bool of shape (n_descriptors,)
        Which of them are numbers.
    owner : ndarray of int of shape (q,)
        The descriptor of each column.
    level : ndarray of str of shape (q,)
        The category's level that a column stands for; empty for numbers.
    centre, scale : ndarray of shape (q,)
        What is taken off a column, and what it then is divided by.
    """

    names: NDArray[Any]
    numeric: NDArray[np.bool_]
    owner: NDArray[np.intp]
    level: NDArray[Any]
    centre: Array
    scale: Array

    @classmethod
    def of(cls, context: Mapping[str, NDArray[Any]], counts: Array) -> Self:
        """The one that some tasks tell, which count ``counts (n_tasks,)`` times each."""
        numeric, owner, level, centre, scale = [], [], [], [], []
        for k, (name, values) in enumerate(context.items()):
            numbers = _numbers(name, values) if _is_numeric(values) else None
            numeric.append(numbers is not None)
            found = _levels(values, counts) if numbers is None else _spread(numbers, counts)
            for own, at, by in found:
                owner.append(k)
                level.append(own)
                centre.append(at)
                scale.append(by)
        return cls(
            np.array(list(context), dtype=str),
            np.array(numeric, dtype=bool),
            np.array(owner, dtype=np.intp),
            np.array(level, dtype=str),
            np.array(centre, dtype=float),
            np.array(scale, dtype=float),
        )

    @property
    def n_columns(self) -> int:
        """Number of columns ``q``."""
        return len(self.owner)

    def encoded(self, context: Mapping[str, NDArray[Any]], n: int) -> tuple[Array, NDArray[np.bool_]]:
        """The columns ``(n, q)`` of ``n`` tasks, and which of them are known; those of names left out are not.

        Warns of levels that were never seen.
        """
        z, known = np.zeros((n, self.n_columns)), np.zeros((n, self.n_columns), dtype=bool)
        for k, name in enumerate(self.names.tolist()):
            own = np.flatnonzero(self.owner == k)
            if name in context and len(own):
                read = self._number if self.numeric[k] else self._category
                z[:, own], there = read(name, context[name], own)
                known[:, own] = there[:, None]
        return z, known

    def _number(self, name: str, values: NDArray[Any], own: NDArray[np.intp]) -> tuple[Array, NDArray[np.bool_]]:
        numbers = _numbers(name, values)
        there = np.isfinite(numbers)
        return np.where(there, (numbers - self.centre[own]) / self.scale[own], 0.0)[:, None], there

    def _category(self, name: str, values: NDArray[Any], own: NDArray[np.intp]) -> tuple[Array, NDArray[np.bool_]]:
        words = _words(values)
        is_level = words[:, None] == self.level[own].astype(object)
        there = is_level.any(axis=1)
        unseen = sorted(
            {word for word, seen in zip(words.tolist(), there, strict=True) if not seen and word is not None}
        )
        warn_of_never_seen("context", name, unseen, "at the mean of those seen")
        return np.where(there[:, None], is_level - self.centre[own], 0.0), there


def _kind(value: Any) -> str:
    """The kind of NumPy's type that a value has, dates of other packages among them."""
    return "M" if hasattr(value, "isoformat") else np.asarray(value).dtype.kind


def _is_numeric(values: NDArray[Any]) -> bool:
    """Whether values are numbers or times; those of an array of objects are if all that are there are."""
    if values.dtype.kind != "O":
        return values.dtype.kind in _NUMBERS
    there = {_kind(each) for each in values.tolist() if not is_missing(each)}
    return bool(there) and there <= set(_NUMBERS)


def _numbers(name: str, values: NDArray[Any]) -> Array:
    """Values as floats, NaN where they are missing; times in seconds."""
    found, missing = np.full(len(values), np.nan), set(missing_rows(values).tolist())
    if values.dtype.kind in "iuf":
        found = values.astype(float)
    else:
        for i in set(range(len(values))) - missing:
            found[i] = _number_of(name, values[i])
    if np.isinf(found).any():
        raise ValueError(
            f"{name}: wanted finite numbers, found an infinite one; leave it missing, or give its logarithm."
        )
    return found


def _number_of(name: str, value: Any) -> float:
    kind = _kind(value)
    if kind not in _NUMBERS:
        raise ValueError(
            f"{name}: wanted a number, as of the tasks learned from, found {shown(value)}; leave it out if it is not known."
        )
    if kind == "M":
        return float((np.datetime64(value, "ns") - np.datetime64(0, "ns")) / np.timedelta64(1, "s"))
    return float(np.timedelta64(value, "ns") / np.timedelta64(1, "s")) if kind == "m" else float(value)


def _words(values: NDArray[Any]) -> NDArray[Any]:
    """Values as text, None where they are missing."""
    return np.array([None if is_missing(each) else str(each) for each in values.tolist()], dtype=object)


def _spread(numbers: Array, counts: Array) -> list[tuple[str, float, float]]:
    """Centre and scale of a number; nothing where it does not vary."""
    there = np.isfinite(numbers) & (counts > 0)
    if not there.any():
        return []
    own, weight = numbers[there], counts[there]
    centre = float(np.average(own, weights=weight))
    scale = float(np.sqrt(np.average((own - centre) ** 2, weights=weight)))
    return [("", centre, scale)] if scale > _CONSTANT * max(abs(centre), np.abs(own).max()) else []


def _levels(values: NDArray[Any], counts: Array) -> list[tuple[str, float, float]]:
    """Every level of a category and its share; nothing where there is one."""
    words = _words(values)
    there = np.array([word is not None for word in words.tolist()]) & (counts > 0)
    levels, code = np.unique(words[there].astype(str), return_inverse=True)
    if len(levels) < 2:
        return []
    share = np.bincount(code, counts[there]) / counts[there].sum()
    return [(level, float(own), 1.0) for level, own in zip(levels.tolist(), share, strict=True)]
