"""Ids and categories that were in no task learned from: a call names all of them in one warning."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import listed

_Told = dict[tuple[str, str, str], dict[str, Any]]

_found: ContextVar[_Told | None] = ContextVar("values that were never seen", default=None)


@contextmanager
def telling_once() -> Iterator[None]:
    """Collect what `warn_of_never_seen` is told, and warn at the end, once a column."""
    if _found.get() is not None:
        yield
        return
    told: _Told = {}
    token = _found.set(told)
    try:
        yield
    finally:
        _found.reset(token)
    for (role, name, taken), values in told.items():
        _warn(role, name, taken, list(values.values()))


def warn_of_never_seen(role: str, name: str, values: Collection[Any], taken: str) -> None:
    """Warn of values of a column that were in no task learned from.

    Parameters
    ----------
    role : str
        The parameter that named the column, with which the message begins.
    name : str
        The column.
    values : collection
        What stands in it; nothing is said of no values.
    taken : str
        What its tasks are taken for.
    """
    told = _found.get()
    if told is not None and values:
        told.setdefault((role, name, taken), {}).update({repr(value): value for value in values})
    elif values:
        _warn(role, name, taken, list(values))


def _warn(role: str, name: str, taken: str, values: list[Any]) -> None:
    was, it_is, it = ("was", "it is", "it") if len(values) == 1 else ("were", "they are", "them")
    warn_caller(
        f"{role}: {name}={listed(values)} {was} in no task that was learned from; {it_is} taken to be {taken}. Learn again "
        f"with tasks that have {it}."
    )
