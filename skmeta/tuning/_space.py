"""Today's search space: candidates drawn from it, and the numbers they are to a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import product
from math import inf, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base import FrozenValue
from skmeta.tuning._categories import ABSENT, Categories, distinct, is_number, one_hot, split_values
from skmeta.tuning._choices import read_choices, strict_key
from skmeta.tuning._configuration_space import branches_of_configurations, is_configuration_space
from skmeta.tuning._trial import Described, holds_described, plain_value

_MAX_OTHERS = 1000  # values that are no numbers, a column each: more are not told apart
_WANTED = "a dict of names with a list of values or a distribution each, or a list of such dicts"


@dataclass(frozen=True, eq=False, repr=False)
class Space(FrozenValue):
    """The candidates of a search: where they are drawn, and how a model sees them.

    A number is encoded by the distribution function of its parameter (in the middle of the jump, where it
    jumps), so that numbers drawn are uniform on [0, 1] whatever their units; a number of a list by its rank.
    Everything else has a column a value (one-hot). What a candidate's branch does not have is 0.5 as a number,
    and 0 in the columns of the others. Where branches share a name, the mean of their distribution functions is
    taken, and their lists are one. With several branches, each has a column too. Of more than a thousand values
    that are no numbers none has a column.

    Parameters
    ----------
    branches : tuple of dict
        For each branch, the choices by name; made by `Space.of`.
    weights : tuple of float, default=None
        How often each is drawn; None is equally often.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.stats import loguniform
    >>> from skmeta.tuning._space import Space
    >>> space = Space.of({"C": loguniform(0.01, 100), "kernel": ["rbf", "linear"], "degree": [2, 3, 5]})
    >>> space
    Space(n_parameters=3, n_branches=1, size=inf)
    >>> space.encode([{"C": 1.0, "kernel": "linear", "degree": 3}])
    array([[0.5, 0. , 1. , 0.5]])
    >>> space.groups
    array([0, 1, 1, 2])
    >>> sorted(space.sample(1, np.random.default_rng(0))[0])
    ['C', 'degree', 'kernel']
    """

    branches: tuple[dict[str, Any], ...]
    weights: tuple[float, ...] | None = None

    @classmethod
    def of(cls, param_distributions: Any) -> Space:
        """Read what RandomizedSearchCV takes, or a ConfigurationSpace.

        Parameters
        ----------
        param_distributions : dict, list of dict or ConfigurationSpace
            Names and, for each, a list of values or a distribution with ``rvs``; several dicts are branches. A
            distribution without ``cdf`` is known by a thousand draws. Of a space of ConfigSpace the conditions and
            the forbidden clauses make the branches.

        Returns
        -------
        Space
            The space.

        Raises
        ------
        TypeError
            If it is no dict or list of dicts, if a name is no string, or if there is no list or distribution.
        ValueError
            If there is no parameter at all, or a list is empty.
        """
        if is_configuration_space(param_distributions):
            return cls(*branches_of_configurations(param_distributions))
        if isinstance(param_distributions, list | tuple) and any(map(is_configuration_space, param_distributions)):
            parts = list(map(cls.of, param_distributions))
            weights = [weight / len(parts) for part in parts for weight in part.weights or (1.0,)]
            return cls(tuple(branch for part in parts for branch in part.branches), tuple(weights))
        branches = [param_distributions] if isinstance(param_distributions, Mapping) else param_distributions
        if not isinstance(branches, list | tuple) or not all(isinstance(branch, Mapping) for branch in branches):
            found = type(param_distributions).__name__
            if isinstance(branches, list | tuple):
                found = f"{found} with {next(b for b in branches if not isinstance(b, Mapping))!r:.40}"
            raise TypeError(f"param_distributions: wanted {_WANTED}, found a {found}.")
        if not any(branches):
            raise ValueError(
                f"param_distributions: wanted {_WANTED}, found no parameter in {param_distributions!r:.40}; "
                "name at least one."
            )
        return cls(
            tuple({name: read_choices(name, choices) for name, choices in branch.items()} for branch in branches)
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All parameters, in the order met."""
        return tuple(dict.fromkeys(name for branch in self.branches for name in branch))

    @cached_property
    def size(self) -> float:
        """Number of different candidates; infinite if there is a distribution."""
        if not all(choices.is_finite for branch in self.branches for choices in branch.values()):
            return inf
        return sum(
            _size_of_union([[frozenset(self.branches[b][name].distinct) for name in names] for b in places])
            for names, places in self._same_names.items()
        )

    @cached_property
    def groups(self) -> NDArray[np.intp]:
        """To which parameter each column belongs, counted from 0; columns for the branches are the last group."""
        _, groups = np.unique(self._places_of_columns, return_inverse=True)
        return groups

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """The parameter of each column; of a branch's, no name."""
        names = (*self.names, "")
        return tuple(names[place] for place in self._places_of_columns)

    @cached_property
    def is_level(self) -> NDArray[np.bool_]:
        """Which columns tell one value that is no number, or one branch, from all others ``(n_columns,)``."""
        of_names = np.concatenate([coding.is_level for coding in self._codings.values()])
        return np.append(of_names, self.is_branch[len(of_names) :])

    @cached_property
    def is_branch(self) -> NDArray[np.bool_]:
        """Which columns tell the branches ``(n_columns,)``."""
        return np.asarray(self._places_of_columns == len(self._codings))

    @cached_property
    def _places_of_columns(self) -> NDArray[np.intp]:
        widths = [len(coding.is_level) for coding in self._codings.values()]
        return np.repeat(np.arange(len(widths) + 1), [*widths, len(self.branches) if len(self.branches) > 1 else 0])

    def all(self) -> list[dict[str, Any]]:
        """Every candidate of a finite space, once.

        Returns
        -------
        list of dict
            ``size`` candidates, branch by branch.

        Raises
        ------
        ValueError
            If the space is infinite.
        """
        if self.size == inf:
            raise ValueError("all: wanted a space of lists, found a distribution in it; draw from it by sample.")
        candidates = [
            dict(zip(branch, values, strict=True))
            for branch in self.branches
            for values in product(*(choices.distinct.values() for choices in branch.values()))
        ]
        if len(self.branches) == 1:
            return candidates
        return list(distinct(candidates, self.key).values())

    def sample(self, n: int, rng: np.random.Generator) -> list[dict[str, Any]]:
        """Draw candidates, as scikit-learn does: a branch, and each of its parameters by itself.

        Parameters
        ----------
        n : int
            How many; some may be equal.
        rng : numpy.random.Generator
            All that is random comes from it.

        Returns
        -------
        list of dict
            Values as they were given, or as the distribution's ``rvs`` gives them.
        """
        state = np.random.RandomState(rng.integers(2**32, dtype=np.uint32))  # what an rvs may ask for
        if self.weights is None:
            branch_of = state.randint(len(self.branches), size=n)
        else:
            branch_of = state.choice(len(self.branches), size=n, p=self.weights)
        drawn = []
        for branch, count in zip(self.branches, np.bincount(branch_of, minlength=len(self.branches)), strict=True):
            # In the order of the names, as scikit-learn does: the order of a dict changes nothing.
            columns = {name: branch[name].draw(count, state) for name in sorted(branch)}
            drawn.append(iter([{name: columns[name][i] for name in branch} for i in range(count)]))
        return [next(drawn[b]) for b in branch_of]

    def moved(self, candidates: list[dict[str, Any]], rng: np.random.Generator) -> list[dict[str, Any]]:
        """Candidates near others: some of their values a little different.

        Parameters
        ----------
        candidates : list of dict
            Candidates of this space.
        rng : numpy.random.Generator
            All that is random comes from it.

        Returns
        -------
        list of dict
            One for each, of the same branch.
        """
        state = np.random.RandomState(rng.integers(2**32, dtype=np.uint32))
        read = {n: c.categories.read([each.get(n, ABSENT) for each in candidates]) for n, c in self._codings.items()}
        branch_of = self._branch_of(candidates, read)
        moved = [dict(each) for each in candidates]
        for b, branch in enumerate(self.branches):
            members = np.flatnonzero(branch_of == b)
            changes = state.uniform(size=(len(members), len(branch))) < 0.3
            if branch:
                changes[np.arange(len(members)), state.randint(len(branch), size=len(members))] = True
            for name, places in zip(sorted(branch), changes.T, strict=True):
                chosen = members[places]
                values = branch[name].moved([candidates[i][name] for i in chosen], state)
                for i, value in zip(chosen, values, strict=True):
                    moved[i][name] = value
        return moved

    def encode(self, candidates: list[dict[str, Any]]) -> NDArray[np.float64]:
        """The candidates as numbers.

        Parameters
        ----------
        candidates : list of dict
            Values, raw or plain. Names and values that the space does not have are left out.

        Returns
        -------
        ndarray of shape (len(candidates), n_columns)
            In [0, 1].
        """
        read = {
            name: coding.categories.read([candidate.get(name, ABSENT) for candidate in candidates])
            for name, coding in self._codings.items()
        }
        blocks = [coding.columns(*read[name]) for name, coding in self._codings.items()]
        if len(self.branches) > 1:
            blocks.append(one_hot(self._branch_of(candidates, read), len(self.branches)))
        return np.hstack(blocks)

    def key(self, candidate: dict[str, Any]) -> Hashable:
        """What equal candidates share, so that none is tried twice.

        Parameters
        ----------
        candidate : dict
            Values, raw or plain.

        Returns
        -------
        frozenset
            Equal for equal names and values. 1 and 1.0 are different: as many, or a share, for many a parameter.
        """
        known = self._known_keys
        return frozenset((name, known.get(id(value)) or strict_key(value)) for name, value in candidate.items())

    def plain(self, candidate: dict[str, Any]) -> dict[str, Any]:
        """The candidate as plain values."""
        known = self._known_plain
        return {n: known[id(v)] if id(v) in known else plain_value(v) for n, v in candidate.items()}

    def adopt(self, params: dict[str, Any]) -> dict[str, Any] | None:
        """A candidate of this space with the values of a past one, or None; see `adopt_all`."""
        return self.adopt_all([params])[0]

    def adopt_all(self, params: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
        """Candidates of this space with the values of past ones.

        Parameters
        ----------
        params : list of dict
            Plain values of all their parameters; those that the space does not have are left out.

        Returns
        -------
        list of dict or None
            The candidates, with values as the user wrote them; None where the space has none with these values.
        """
        found: list[dict[str, Any] | None] = [None] * len(params)
        for branch in sorted(self.branches, key=len, reverse=True):  # the one that says most of it
            members = [i for i, each in enumerate(params) if found[i] is None and branch.keys() <= each.keys()]
            columns = [choices.adopt([params[i][name] for i in members]) for name, choices in branch.items()]
            for i, *values in zip(members, *columns, strict=True):
                if not any(value is ABSENT for value in values):  # some values have an == of their own
                    found[i] = dict(zip(branch, values, strict=True))
        return found

    def __repr__(self) -> str:
        return f"Space(n_parameters={len(self.names)}, n_branches={len(self.branches)}, size={self.size})"

    @cached_property
    def _same_names(self) -> dict[frozenset[str], list[int]]:
        """The places of the branches by the names they have."""
        places: dict = {}
        for b, branch in enumerate(self.branches):
            places.setdefault(frozenset(branch), []).append(b)
        return places

    @cached_property
    def _codings(self) -> dict[str, _Coding]:
        return {
            name: _Coding(list({id(b[name]): b[name] for b in self.branches if name in b}.values()))
            for name in self.names
        }

    @cached_property
    def _known_keys(self) -> dict[int, Hashable]:
        lists = [c for branch in self.branches for c in branch.values() if c.is_finite]
        return {id(value): key for choices in lists for key, value in choices.distinct.items()}

    @cached_property
    def _known_plain(self) -> dict[int, Any]:
        lists = [c for branch in self.branches for c in branch.values() if c.is_finite]
        return {
            id(value): plain for choices in lists for value, plain in zip(choices.values, choices.plain, strict=True)
        }

    def _branch_of(
        self, candidates: list[dict[str, Any]], read: dict[str, tuple[NDArray[np.float64], NDArray[np.intp]]]
    ) -> NDArray[np.intp]:
        """The first branch with the names of each candidate and, if several have them, with its values; else -1."""
        places = [self._same_names.get(frozenset(candidate), [-1])[0] for candidate in candidates]
        found = np.array(places, dtype=np.intp)
        for same in self._same_names.values():
            mine = found == same[0]
            for b in reversed(same if len(same) > 1 else []):
                holds = [c.holds(*read[name], self._codings[name].categories) for name, c in self.branches[b].items()]
                found[mine & np.logical_and.reduce(holds)] = b
        return found


class _Coding:
    """One parameter over the branches that have it: a column for its numbers, and one for each other value."""

    def __init__(self, choices: list[Any]) -> None:
        plains = [p for c in choices for p in c.plain if c.function is None or not is_number(p)]
        numbers, others = split_values(distinct(plains).values())
        self._functions: list[Callable[..., Any]] = [c.function for c in choices if c.function is not None]
        if self._functions:
            others = tuple(plain for plain in others if not is_number(plain))
        if len(numbers):
            rank = partial(np.interp, xp=numbers, fp=np.linspace(0.0, 1.0, len(numbers)))
            self._functions += [rank for c in choices if c.function is None]
        says_something = bool(self._functions) or len(others) > 1
        self._n_others = len(others) if says_something and len(others) <= _MAX_OTHERS else 0
        self.is_level = np.arange(bool(self._functions) + self._n_others) >= bool(self._functions)
        listed = [pair for c in choices if c.is_finite for pair in zip(c.plain, c.values, strict=True)]
        owned = [value for plain, value in listed if isinstance(plain, Described) or holds_described(plain)]
        self.categories = Categories(others, owned)

    def columns(self, numbers: NDArray[np.float64], codes: NDArray[np.intp]) -> NDArray[np.float64]:
        """What `Categories.read` gives, as columns."""
        if not self._functions:
            return one_hot(codes, self._n_others)
        axis = np.full((len(numbers), 1), 0.5)
        there = ~np.isnan(numbers)
        if there.any():
            axis[there, 0] = np.mean([function(numbers[there]) for function in self._functions], axis=0)
        return np.hstack([axis, one_hot(codes, self._n_others)])


def _size_of_union(boxes: list[list[frozenset[Any]]]) -> int:
    """Number of points in any of some boxes; each is, for every axis, the set of its values."""

    @cache
    def count(owners: frozenset[int], axis: int) -> int:
        """In how many ways points that only these boxes may still hold go on from an axis."""
        if len(owners) == 1:
            return prod(len(values) for values in boxes[min(owners)][axis:])
        if axis == len(boxes[0]):
            return 1
        values = set().union(*(boxes[i][axis] for i in owners))
        shared = Counter(frozenset(i for i in owners if value in boxes[i][axis]) for value in values)
        return sum(times * count(some, axis + 1) for some, times in shared.items())

    return count(frozenset(range(len(boxes))), 0)
