"""What a parameter of a ConfigurationSpace may be, and parts of it: listed values, or numbers between two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, log, nextafter
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import loguniform, randint, rv_discrete, uniform

from skmeta.tuning._choices import DrawnValues, ListedValues, read_choices

Region = tuple[Any, ...]  # values of a list, or (low, high) of intervals in order, ends included


class Atom(NamedTuple):
    """A comparison of one parameter: it holds where its value is in a region."""

    name: str
    region: Region
    if_absent: bool


@dataclass(frozen=True, eq=False)
class ListedDomain:
    """Values of a list with their probabilities."""

    name: str
    values: tuple[Any, ...]
    weights: tuple[float, ...]

    @property
    def share(self) -> float:
        """How much of all values it holds."""
        return sum(self.weights)

    @cached_property
    def choices(self) -> ListedValues | DrawnValues:
        """As a space has them."""
        if len(set(self.weights)) == 1:
            return read_choices(self.name, list(self.values))
        return ListedValues(self.values, tuple(weight / self.share for weight in self.weights))

    def within(self, region: Region) -> bool | None:
        """Whether all values are in a region, or none; None if some are."""
        inside = {value in region for value in self.values}
        return inside.pop() if len(inside) == 1 else None

    def split(self, region: Region) -> list[ListedDomain]:
        """The parts inside and outside."""
        pairs = list(zip(self.values, self.weights, strict=True))
        parts = [[pair for pair in pairs if (pair[0] in region) == inside] for inside in (True, False)]
        return [
            replace(self, values=values, weights=weights) for values, weights in (zip(*p, strict=True) for p in parts)
        ]


@dataclass(frozen=True, eq=False)
class NumberDomain:
    """Numbers from `low` to `high`, both included, uniform on their own axis or a logarithmic one."""

    name: str
    low: float
    high: float
    is_log: bool
    is_whole: bool
    of: tuple[float, float]  # the whole domain that this is a part of

    @property
    def share(self) -> float:
        """How much of all values it holds."""
        return self._length(self.low, self.high) / self._length(*self.of)

    @cached_property
    def choices(self) -> ListedValues | DrawnValues:
        """As a space has them."""
        if self.is_whole and self.low == self.high:
            return read_choices(self.name, [self.low])
        if self.is_whole:
            law = log_integers(self.low, self.high) if self.is_log else randint(self.low, self.high + 1)
        else:
            law = loguniform(self.low, self.high) if self.is_log else uniform(self.low, self.high - self.low)
        return read_choices(self.name, law)

    def within(self, region: Region) -> bool | None:
        """Whether all values are in a region, or none; None if some are."""
        parts = self._parts(region)
        return parts[0][1] if len(parts) == 1 else None

    def split(self, region: Region) -> list[NumberDomain]:
        """The parts inside and outside."""
        return [part for part, _ in self._parts(region)]

    def _parts(self, region: Region) -> list[tuple[NumberDomain, bool]]:
        """The parts in order, and whether each is inside."""
        parts, low = [], self.low
        for start, end in region:
            first, last = max(start, low), min(end, self.high)
            if first <= last:
                parts += [(low, _before(first, self.is_whole), False), (first, last, True)]
                low = _after(last, self.is_whole)
        parts.append((low, self.high, False))
        return [(replace(self, low=a, high=b), inside) for a, b, inside in parts if a <= b]

    def _length(self, low: float, high: float) -> float:
        high += self.is_whole
        return log(high / low) if self.is_log else high - low


@dataclass(frozen=True, eq=False)
class DrawnDomain:
    """Draws of a law that is known by its ``rvs`` alone, and cannot be divided."""

    name: str
    law: Any

    share = 1.0

    @cached_property
    def choices(self) -> ListedValues | DrawnValues:
        """As a space has them."""
        return read_choices(self.name, self.law)

    def within(self, region: Region) -> bool | None:
        """Raise: nothing is known of its values."""
        raise TypeError(
            f"param_distributions: wanted listed or uniform values of {self.name!r}, which a condition or a forbidden clause "
            f"compares, found {self.law}; make it uniform, or leave the clause out."
        )

    def split(self, region: Region) -> list[DrawnDomain]:
        """Raise, likewise."""
        self.within(region)
        return []


Domain = ListedDomain | NumberDomain | DrawnDomain


def domain_of(name: str, parameter: Any) -> Domain:
    """Read a parameter of a ConfigurationSpace by what it has: choices, a sequence, one value, bounds or ``rvs``.

    Choices of weight 0 are left out: no configuration that is drawn has them.
    """
    values = _listed(parameter)
    if values is not None:
        weights = getattr(parameter, "probabilities", None)
        weights = np.full(len(values), 1 / len(values)) if weights is None else np.asarray(weights)
        drawn = [pair for pair in zip(values, weights.tolist(), strict=True) if pair[1] > 0.0]
        return ListedDomain(name, *zip(*drawn, strict=True))
    if _is_uniform(parameter):
        is_whole = isinstance(parameter.lower, int | np.integer)
        kind = int if is_whole else float
        low, high = kind(parameter.lower), kind(parameter.upper)
        return NumberDomain(name, low, high, bool(parameter.log), is_whole, (low, high))
    return DrawnDomain(name, parameter)


def region_of(parameter: Any, comparison: str, values: tuple[Any, ...]) -> Region:
    """Return where a comparison of a parameter holds.

    Parameters
    ----------
    parameter : hyperparameter of ConfigSpace
        What is compared; an ordinal one by the order of its sequence.
    comparison : {"==", "!=", "in", "<", "<=", ">", ">="}
        How.
    values : tuple
        With what: one, or several for "in".

    Returns
    -------
    tuple
        Values that are listed, or intervals.
    """
    listed = _listed(parameter)
    if listed is None:
        return _intervals(comparison, values, isinstance(parameter.lower, int | np.integer))
    places = [listed.index(value) for value in values]
    inside = _intervals(comparison, tuple(places), True)
    return tuple(value for at, value in enumerate(listed) if any(low <= at <= high for low, high in inside))


def _intervals(comparison: str, values: tuple[Any, ...], is_whole: bool) -> Region:
    (first, *_), last = values, values[-1]
    before, after = _before(first, is_whole), _after(last, is_whole)
    regions = {
        "!=": ((-inf, before), (after, inf)),
        "<": ((-inf, before),),
        "<=": ((-inf, first),),
        ">": ((after, inf),),
        ">=": ((last, inf),),
    }
    return regions.get(comparison, tuple((value, value) for value in sorted(values)))


def _before(value: Any, is_whole: bool) -> Any:
    return value - 1 if is_whole else nextafter(value, -inf)


def _after(value: Any, is_whole: bool) -> Any:
    return value + 1 if is_whole else nextafter(value, inf)


def _listed(parameter: Any) -> tuple[Any, ...] | None:
    for attribute in ("choices", "sequence"):
        if hasattr(parameter, attribute):
            return tuple(getattr(parameter, attribute))
    return (parameter.value,) if hasattr(parameter, "value") else None


def _is_uniform(parameter: Any) -> bool:
    return hasattr(parameter, "lower") and not any(hasattr(parameter, shape) for shape in ("mu", "alpha"))


class _LogIntegers(rv_discrete):
    r"""Whole numbers, uniform on a logarithmic axis: :math:`P(k) = \log((k + 1) / k) / \log((high + 1) / low)`."""

    def _argcheck(self, low: Any, high: Any) -> Any:
        return (low > 0) & (high >= low)

    def _get_support(self, low: Any, high: Any) -> Any:
        return low, high

    def _pmf(self, k: Any, low: Any, high: Any) -> Any:
        return np.log((k + 1) / k) / np.log((high + 1) / low)

    def _cdf(self, k: Any, low: Any, high: Any) -> Any:
        return np.log((np.floor(k) + 1) / low) / np.log((high + 1) / low)

    def _ppf(self, q: Any, low: Any, high: Any) -> Any:
        return np.clip(np.ceil(low * ((high + 1) / low) ** q - 1 - 1e-9), low, high)


log_integers = _LogIntegers(name="log_integers")
