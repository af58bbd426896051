"""Names of columns as they stand beside an axis: without those of pipeline steps, and not too long."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 32  # characters of a label


def shortened(names: Sequence[str]) -> list[str]:
    """Return names without the steps that made them, where they still differ, and long ones without their middle.

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
    """
    bare = _where_they_differ([name.rpartition("__")[2] or name for name in names], names)
    return _where_they_differ([_without_middle(name) for name in bare], bare)


def _where_they_differ(short: Sequence[str], names: Sequence[str]) -> list[str]:
    """The short names, but the long ones of those that are alike."""
    counts = {name: short.count(name) for name in short}
    return [one if counts[one] == 1 else name for one, name in zip(short, names, strict=True)]


def _without_middle(name: str) -> str:
    half = (LONGEST - 1) // 2
    return name if len(name) <= LONGEST else f"{name[:half]}…{name[-half:]}"
