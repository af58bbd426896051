"""What a reader should know of how columns were read, one sentence each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from skmeta.report._columns import Column
from skmeta.report._features import MAX_CATEGORIES
from skmeta.tasks._words import shown


def about_columns(columns: Mapping[str, Column], useless: Mapping[str, list[str]]) -> list[str]:
    """Return notes on the columns of a table, of which some are left out for a reason."""
    left_out = {why: [_with_example(name, columns[name]) for name in names] for why, names in useless.items()}
    used = {name: each for name, each in columns.items() if not any(name in names for names in useless.values())}
    categories = {name: each.values for name, each in used.items() if each.kind == "category"}
    many = [f"{name} ({v.nunique()})" for name, v in categories.items() if v.nunique(dropna=False) > MAX_CATEGORIES]
    sets = left_out | {
        "Dates, counted in days since 1970-01-01: ": [name for name, each in used.items() if each.kind == "date"],
        f"Of more than {MAX_CATEGORIES} categories the rarer ones count as one: ": many,
    }
    return [
        *(f"{what}{', '.join(names)}." for what, names in sets.items() if names),
        *about_styles(used),
        *(about_slips(name, each.slips, "are gaps") for name, each in used.items() if each.slips),
        *(_about_words(name, each, each.most.kind) for name, each in columns.items() if each.most),
        *(note for name, v in categories.items() for note in about_alike(name, v.dropna().unique(), "categories")),
    ]


def _with_example(name: str, column: Column) -> str:
    """A column that is left out, and one of its cells if these are different texts: a reader knows what it means."""
    cells = column.values.dropna().unique()
    return f"{name} ({shown(cells[0])})" if len(cells) > 1 and isinstance(cells[0], str) else name


def about_styles(columns: Mapping[str, Column]) -> list[str]:
    """Return a note on columns of numbers that are not written as 12.5 is."""
    examples = {name: each.example for name, each in columns.items() if each.kind == "number"}
    styled = [f"{name} ({shown(each[0])} is {each[1]:.12g})" for name, each in examples.items() if each is not None]
    return [f"Numbers that are written in a way of their own: {', '.join(styled)}."] if styled else []


def _about_words(name: str, column: Column, kind: str) -> str:
    """Return a note on a column of categories of which many are numbers or dates."""
    return (
        f"{name}: {len(column.words)} of {column.values.notna().sum()} cells are no {kind}s, such as {shown(column.words[0])}, "
        "too many to be slips, so that all are categories; empty those that hold no value."
    )


def about_slips(name: str, slips: tuple[str, ...], what: str) -> str:
    """Return a note on cells that hold no value."""
    return f"{name}: {len(slips)} cells hold no value, such as {shown(slips[0])}, and {what}."


def about_alike(name: str, values: Iterable[Any], what: str) -> list[str]:
    """Return a note on values that are nearly the same, if there are any.

    Parameters
    ----------
    name : str
        The column.
    values : iterable
        What stands in it, each once.
    what : str
        What they are.

    Returns
    -------
    list of str
        One note, or none.

    Examples
    --------
    >>> from skmeta.report._notes import about_alike
    >>> about_alike("shop", ["Oslo", "Rome", "oslo "], "tasks")
    ["shop: 1 values differ from others in capitals, blanks or .0 alone, such as 'oslo ' from 'Oslo', and are tasks of ...
    """
    first: dict[str, str] = {}
    pairs = []
    for value in values:
        if isinstance(value, str):
            other = first.setdefault(_plain(value), value)
            pairs += [(other, value)] if other != value else []
    if not pairs:
        return []
    one, other = map(shown, pairs[0])
    return [
        f"{name}: {len(pairs)} values differ from others in capitals, blanks or .0 alone, such as {other} from {one}, and are "
        f"{what} of their own."
    ]


def _plain(text: str) -> str:
    return re.sub(r"(?<=\d)\.0+$", "", re.sub(r"\s+", "", text).casefold())
