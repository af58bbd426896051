"""Names of columns as they stand beside an axis: without those of pipeline steps, and not too long."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

LONGEST = 32  # characters of a label


def shortened(names: Sequence[str]) -> list[str]:
    """Return names without the steps that made them, where they still differ, and long ones without a part.

    Those that differ in their middle alone are left without their ends.

    Parameters
    ----------
    names : sequence of str
        As `get_feature_names_out` gives them.

    Returns
    -------
    list of str
        One a name; all differ if the names do.

    Examples
    --------
    >>> from skmeta.inspection._short_names import shortened
    >>> shortened(["standardscaler__price", "onehotencoder__region_north", "a__x", "b__x"])
    ['price', 'region_north', 'a__x', 'b__x']
    >>> shortened([f"average_number_of_orders_of_kind_{k}_in_the_last_12_months" for k in (1, 2)])
    ['…rders_of_kind_1_in_the_last_12…', '…rders_of_kind_2_in_the_last_12…']
    """
    bare = _where_they_differ([name.rpartition("__")[2] or name for name in names], names)
    cut = [_without_middle(name) for name in bare]
    groups = {one: [name for name, other in zip(bare, cut, strict=True) if other == one] for one in cut}
    apart = {name: short for group in groups.values() for name, short in _told_apart(group).items()}
    return _where_they_differ([apart[name] for name in bare], bare)


def _where_they_differ(short: Sequence[str], names: Sequence[str]) -> list[str]:
    """The short names, but the long ones of those that are alike."""
    counts = {name: short.count(name) for name in short}
    return [one if counts[one] == 1 else name for one, name in zip(short, names, strict=True)]


def _without_middle(name: str) -> str:
    half = (LONGEST - 1) // 2
    return name if len(name) <= LONGEST else f"{name[:half]}…{name[-half:]}"


def _told_apart(names: Sequence[str]) -> dict[str, str]:
    """Short names of some that are alike without their middle: where they differ and as much around it as there is room for."""
    if len(set(names)) == 1:
        return {names[0]: _without_middle(names[0])}
    start = _n_common(names)
    end = _n_common([name[start:][::-1] for name in names])
    room = LONGEST - 2 - max(len(name) - start - end for name in names)
    if room < 0:
        return {name: name for name in names}
    before = min(start, max(room // 2, room - end))
    after = min(end, room - before)
    cut = {name: name[start - before : len(name) - end + after] for name in names}
    return {name: f"{'…' * (before < start)}{short}{'…' * (after < end)}" for name, short in cut.items()}


def _n_common(names: Sequence[str]) -> int:
    """How many characters all names begin with alike."""
    return sum(1 for _ in takewhile(lambda here: len(set(here)) == 1, zip(*names, strict=False)))
