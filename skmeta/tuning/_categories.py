"""Values of one parameter told apart: what is a number, and which of the others each is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tuning._trial import Described, plain_value, value_key
from skmeta.tuning._written_values import written_value

ABSENT = Described("(absent)")  # stands for the value of a parameter that a candidate does not have
_LARGEST = 1e300  # the difference of two numbers is one


def is_number(plain: Any) -> bool:
    """Whether a plain value has a place on an axis: neither a bool, nor nan or infinite."""
    return isinstance(plain, int | float) and not isinstance(plain, bool) and abs(plain) <= _LARGEST


def meant(plain: Any) -> Any:
    """What a text was written from, as tables of trials are read; all else as it is."""
    return plain_value(written_value(plain)) if isinstance(plain, str) else plain


def distinct(values: Iterable[Any], key: Callable[[Any], Hashable] = value_key) -> dict[Hashable, Any]:
    """The first of each kind of value by its key, in the order met."""
    values = list(values)
    found: dict = {}
    if key is value_key and set(map(type, values)) <= {int, str}:  # each its own key; a list may be long
        return dict(zip(values, values, strict=True))
    if key is value_key and set(map(type, values)) == {float} and not any(map(isnan, values)):
        return dict(zip(values, values, strict=True))
    for value in values:
        found.setdefault(key(value), value)
    return found


def split_values(plains: Collection[Any]) -> tuple[NDArray[np.float64], tuple[Any, ...]]:
    """Split plain values into those that make an axis and those that are told apart only.

    Parameters
    ----------
    plains : sequence
        Plain values, none twice.

    Returns
    -------
    numbers : ndarray of float
        Sorted: two or more, or none, as one number makes no axis.
    others : tuple
        The rest.
    """
    numbers = np.unique([float(plain) for plain in plains if is_number(plain)])
    if len(numbers) < 2:
        return np.empty(0), tuple(plains)
    return numbers, tuple(plain for plain in plains if not is_number(plain))


class Categories:
    """The values of a parameter that are told apart, and how to find them.

    Parameters
    ----------
    others : sequence
        Plain values; the first has the code 0, and so on.
    owned : sequence
        Objects that are read again and again: recognised by identity, as the description of an estimator is slow.
    """

    def __init__(self, others: Sequence[Any], owned: Sequence[Any] = ()) -> None:
        self.n_codes = len(others)
        self._codes = {value_key(plain): code for code, plain in enumerate(others)}
        for code, plain in enumerate(others):  # a table of trials has True for "True"
            self._codes.setdefault(value_key(meant(plain)), code)
        self._owned = tuple(owned)  # an id means something only as long as its object is there
        self._known = {id(value): self._read(value) for value in (*self._owned, ABSENT)}

    def read(self, values: list[Any]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """What is a number, and which of the others each is.

        Parameters
        ----------
        values : list
            Values, raw or plain.

        Returns
        -------
        numbers : ndarray of float, of shape (len(values),)
            nan for what is no number.
        codes : ndarray of int, of shape (len(values),)
            -1 for what is none of the others.
        """
        if not self._codes and set(map(type, values)) == {float}:
            numbers = np.array(values)
            return np.where(np.abs(numbers) <= _LARGEST, numbers, np.nan), np.full(len(values), -1)
        known = self._known.copy()
        for value in values:
            if id(value) not in known:
                known[id(value)] = self._read(value)
        pairs = np.array([known[id(value)] for value in values], dtype=float).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1].astype(np.intp)

    def _read(self, value: Any) -> tuple[float, int]:
        plain = plain_value(value)
        code = self._codes.get(value_key(plain), -1)
        if code < 0:
            plain = meant(plain)
            code = self._codes.get(value_key(plain), -1)
        return float(plain) if is_number(plain) else np.nan, code


def one_hot(codes: NDArray[np.intp], n_codes: int) -> NDArray[np.float64]:
    """A column for each code: 1 where it is the value; nothing where the code is -1."""
    return (codes[:, None] == np.arange(n_codes)).astype(float)
