"""What one parameter may be, in one branch of a space: the values of a list, or draws of a distribution."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from inspect import isclass, signature
from itertools import repeat
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from skmeta.base import FrozenValue
from skmeta.tuning._categories import ABSENT, Categories, distinct, is_number, meant, value_key
from skmeta.tuning._trial import plain_value

_N_DRAWS = 1000  # of a distribution without cdf, to know its values by
_N_FOR_KIND = 10  # of one with a cdf, to know what kind of number they are
_MAX_OTHERS = 50  # drawn values that are no numbers: more are not told apart


def strict_key(value: Any) -> Hashable:
    """What equal values share; 1 and 1.0 differ, as for many a parameter one is a number of rows, one a share."""
    plain = plain_value(value)
    return type(plain), value_key(plain)


def read_choices(name: str, choices: Any) -> ListedValues | DrawnValues:
    """Read what a user gave for one parameter.

    Parameters
    ----------
    name : str
        The parameter.
    choices : sequence, or object with ``rvs``
        The values it may have.

    Returns
    -------
    ListedValues or DrawnValues
        The choices.

    Raises
    ------
    TypeError
        If the name is no string, or the choices are neither.
    ValueError
        If there are none.
    """
    if not isinstance(name, str):
        raise TypeError(f"param_distributions: wanted names of parameters, found {name!r:.40}; write them as strings.")
    if hasattr(choices, "rvs"):
        _check_law(name, choices)
        return ListedValues((_draw_of(choices),)) if _has_no_width(choices) else DrawnValues(choices)
    if not _is_sequence(choices):
        raise TypeError(
            f"param_distributions[{name!r}]: wanted a list of values or a distribution with rvs, found "
            f"{' '.join(repr(choices).split()):.60}; if that is the one value wanted, wrap it in a list."
        )
    if not len(choices):
        raise ValueError(f"param_distributions[{name!r}]: wanted at least one value, found none; leave {name!r} out.")
    return ListedValues(tuple(choices))


def _check_law(name: str, distribution: Any) -> None:
    """Raise for a law of scipy whose arguments make none; without a word on the parameter, scipy does so at every draw."""
    if not hasattr(distribution, "dist"):
        _check_has_arguments(name, distribution)
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            drawn = distribution.rvs(random_state=0)
    except ValueError:
        drawn = np.nan
    if not np.all(np.isfinite(drawn)):
        arguments = ", ".join([*map(repr, distribution.args), *(f"{n}={v!r}" for n, v in distribution.kwds.items())])
        raise ValueError(
            f"param_distributions[{name!r}]: wanted a distribution that can be drawn from, found "
            f"{distribution.dist.name}({arguments}), whose arguments make none; pass a list, if single values were meant."
        )


def _check_has_arguments(name: str, distribution: Any) -> None:
    """Raise for a law of scipy that was not called with the arguments that it needs."""
    if getattr(distribution, "numargs", 0) and hasattr(distribution, "freeze"):
        wanted = f"{distribution.name}({distribution.shapes})"
        raise ValueError(
            f"param_distributions[{name!r}]: wanted a distribution with its arguments, found {distribution.name} without; "
            f"call it: {wanted}."
        )


def _has_no_width(distribution: Any) -> bool:
    """Whether a law of scipy has a scale of zero: then it has no support either."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        ends = distribution.support() if hasattr(distribution, "support") else (0.0, 1.0)
    return bool(np.isnan(ends).all())


def _draw_of(distribution: Any) -> Any:
    value = distribution.rvs(random_state=0)
    return value.item() if isinstance(value, np.generic) else value


def _is_sequence(choices: Any) -> bool:
    # Pipelines and ensembles have a length and items too; a set has no order to draw by.
    if isinstance(choices, str | bytes | Mapping | BaseEstimator) or isclass(choices):
        return False
    if isinstance(choices, np.ndarray):
        return choices.ndim > 0
    return hasattr(choices, "__len__") and hasattr(choices, "__getitem__")


@dataclass(frozen=True, eq=False, repr=False)
class ListedValues(FrozenValue):
    """The values of a list, each as likely as any, or with probabilities; one that is there twice, twice as likely."""

    values: tuple
    weights: tuple[float, ...] | None = None

    is_finite = True
    function = None

    @cached_property
    def distinct(self) -> dict[Hashable, Any]:
        """The values by their `strict_key`, the first of equal ones."""
        kinds = set(map(type, self.plain))
        if kinds in ({int}, {str}) or (kinds == {float} and not any(map(isnan, self.plain))):
            keys = zip(repeat(*kinds), self.plain, strict=False)  # as `strict_key`, at once: a list may be long
            return dict(zip(keys, self.values, strict=True))
        found: dict[Hashable, Any] = {}
        for plain, value in zip(self.plain, self.values, strict=True):
            found.setdefault((type(plain), value_key(plain)), value)
        return found

    @cached_property
    def plain(self) -> tuple[Any, ...]:
        """The values as plain data."""
        kinds = set(map(type, self.values))
        if kinds <= {int, float, str}:
            return self.values
        if len(kinds) == 1 and issubclass(next(iter(kinds)), np.int64 | np.float64):  # of an array, which may be long
            return tuple(np.array(self.values).tolist())
        return tuple(map(plain_value, self.values))

    def draw(self, n: int, state: np.random.RandomState) -> list[Any]:
        """Values at random."""
        if self.weights is not None:
            return [self.values[i] for i in state.choice(len(self.values), size=n, p=self.weights)]
        return [self.values[i] for i in state.randint(len(self.values), size=n)]

    def moved(self, values: list[Any], state: np.random.RandomState) -> list[Any]:
        """Other values in place of some: a list has no near ones."""
        return self.draw(len(values), state)

    def adopt(self, plains: list[Any]) -> list[Any]:
        """The values that plain ones stand for, `ABSENT` if there is none; 3.0 may stand for 3, and True for "True"."""
        return [self._meant(plain) for plain in plains]

    def _meant(self, plain: Any) -> Any:
        for known, key in ((self.distinct, strict_key(plain)), (self._by_number, value_key(plain))):
            if key in known:
                return known[key]
        return self._by_meaning.get(value_key(plain), ABSENT)

    @cached_property
    def _by_number(self) -> dict[Any, Any]:
        return {plain: value for plain, value in zip(self.plain, self.values, strict=True) if is_number(plain)}

    @cached_property
    def _by_meaning(self) -> dict[Any, Any]:
        """The values by what tables of trials have for them."""
        return {value_key(meant(plain)): value for plain, value in zip(self.plain, self.values, strict=True)}

    def holds(self, numbers: NDArray[np.float64], codes: NDArray[np.intp], categories: Categories) -> NDArray[np.bool_]:
        """Whether values, as `Categories.read` gives them, are among these."""
        own_numbers, own_codes = categories.read(list(self.values))
        return np.isin(numbers, own_numbers) | np.isin(codes, own_codes[own_codes >= 0])


@dataclass(frozen=True, eq=False, repr=False)
class DrawnValues(FrozenValue):
    """Draws of a distribution, known by its ``cdf`` or else by a thousand draws."""

    distribution: Any

    is_finite = False

    @cached_property
    def function(self) -> Callable[[NDArray[np.float64]], NDArray[np.float64]] | None:
        r"""The distribution function, :math:`(F(v) + F(v-)) / 2`; None where fewer than two numbers are drawn."""
        if hasattr(self.distribution, "cdf"):
            return self._middle_of_jump
        numbers = np.sort([float(plain) for plain in self.plain if is_number(plain)])
        return partial(_share_below, numbers) if len(np.unique(numbers)) > 1 else None

    @cached_property
    def plain(self) -> tuple[Any, ...]:
        """A thousand draws as plain data; none if there is a ``cdf``, as that says all."""
        if hasattr(self.distribution, "cdf"):
            return ()
        others = distinct(plain for plain in self._drawn if not is_number(plain))
        return tuple(plain for plain in self._drawn if is_number(plain) or len(others) <= _MAX_OTHERS)

    def draw(self, n: int, state: np.random.RandomState) -> list[Any]:
        """Values at random: as ``rvs`` gives them one by one, but NumPy's scalars as Python's."""
        rvs = self.distribution.rvs
        if self._draws_many:
            drawn = rvs(size=n, random_state=state)
            if isinstance(drawn, np.ndarray) and drawn.shape == (n,):
                return drawn.tolist()
        return [v.item() if isinstance(v, np.generic) else v for v in (rvs(random_state=state) for _ in range(n))]

    def moved(self, values: list[Any], state: np.random.RandomState) -> list[Any]:
        """Values near others, a few hundredths of all draws away; any, where the distribution has no ``ppf``."""
        if not (hasattr(self.distribution, "ppf") and hasattr(self.distribution, "cdf")):
            return self.draw(len(values), state)
        steps = 0.01 * 20 ** state.uniform(size=len(values)) * state.standard_normal(len(values))
        probabilities = self._middle_of_jump(np.array(values, dtype=float)) + steps
        near = np.asarray(self.distribution.ppf(np.clip(probabilities, 1e-9, 1 - 1e-9)))
        return near.astype(int if self._draws_whole_numbers else float).tolist()

    def adopt(self, plains: list[Any]) -> list[Any]:
        """The numbers of the kind that is drawn, if they may be drawn, else `ABSENT`; others are not adopted."""
        kind = int if self._draws_whole_numbers else float
        numbers = np.array([plain if is_number(plain) else np.nan for plain in plains], dtype=np.float64)
        fits = self._may_be_drawn(numbers) & ((kind is float) | (numbers == np.floor(numbers)))
        return [kind(plain) if fit else ABSENT for plain, fit in zip(plains, fits, strict=True)]

    def holds(self, numbers: NDArray[np.float64], codes: NDArray[np.intp], categories: Categories) -> NDArray[np.bool_]:
        """Whether values, as `Categories.read` gives them, may be drawn, as far as is known."""
        low, high = self._range
        held = (low <= numbers) & (numbers <= high)
        return held | np.isnan(numbers) if self._draws_others else held

    def _may_be_drawn(self, numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
        if hasattr(self.distribution, "pmf"):
            return np.asarray(self.distribution.pmf(numbers) > 0)
        if len(self._few) > 0:
            return np.isin(numbers, list(self._few))
        low, high = self._range
        return (low <= numbers) & (numbers <= high)

    @cached_property
    def _few(self) -> frozenset[Any]:
        """The numbers that are drawn again and again by what has no cdf to tell them; none if there are many."""
        numbers = {plain for plain in self._drawn if is_number(plain)}
        many = hasattr(self.distribution, "cdf") or 10 * len(numbers) > len(self._drawn)
        return frozenset() if many else frozenset(numbers)

    @cached_property
    def _drawn(self) -> tuple[Any, ...]:
        n_draws = _N_FOR_KIND if hasattr(self.distribution, "cdf") else _N_DRAWS
        return tuple(plain_value(value) for value in self.draw(n_draws, np.random.RandomState(0)))

    @cached_property
    def _draws_many(self) -> bool:
        return "size" in signature(self.distribution.rvs).parameters

    @cached_property
    def _draws_whole_numbers(self) -> bool:
        return any(is_number(plain) and isinstance(plain, int) for plain in self._drawn)

    @cached_property
    def _draws_others(self) -> bool:
        return not hasattr(self.distribution, "cdf") and not all(map(is_number, self._drawn))

    @cached_property
    def _range(self) -> tuple[float, float]:
        """The least and the largest number; of a law without an end, what one draw of a million lies beyond."""
        if hasattr(self.distribution, "support"):
            ends = zip(self.distribution.support(), (1e-6, 1 - 1e-6), strict=True)
            return tuple(end if np.isfinite(end) else self.distribution.ppf(tail) for end, tail in ends)
        numbers = [plain for plain in self._drawn if is_number(plain)]
        return min(numbers, default=np.inf), max(numbers, default=-np.inf)

    def _middle_of_jump(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        below = np.asarray(self.distribution.cdf(numbers))
        return below - np.asarray(self.distribution.pmf(numbers)) / 2 if hasattr(self.distribution, "pmf") else below


def _share_below(drawn: NDArray[np.float64], numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    return (np.searchsorted(drawn, numbers, "left") + np.searchsorted(drawn, numbers, "right")) / (2 * len(drawn))
