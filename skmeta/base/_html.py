"""A small table in HTML, as notebooks show a prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from skmeta.base._html_of_coefficients import html_of_coefficients
from skmeta.base._words_of_components import words_of_component

SHOWN = 12  # names of columns or classes


def html_table(title: str, rows: Mapping[str, str]) -> str:
    """Return a table of two columns under a title; what is empty is left out.

    Parameters
    ----------
    title : str
        What is described.
    rows : mapping of str to str
        What is said of it.

    Returns
    -------
    str
        HTML, in which all texts are escaped.

    Examples
    --------
    >>> from skmeta.base._html import html_table
    >>> html_table("Prior", {"columns": "a < b", "classes": ""})
    '<table><caption>Prior</caption><tr><th>columns</th><td>a &lt; b</td></tr></table>'
    """
    said = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows.items() if text)
    return f"<table><caption>{escape(title)}</caption>{said}</table>"


def html_of(prior: Any) -> str:
    """Return what is said of a prior, and of its coefficients if it is about some.

    Parameters
    ----------
    prior : Prior
        The prior.

    Returns
    -------
    str
        HTML.
    """
    # Priors of coefficients offer their moments; others have no such attribute.
    moments = getattr(prior, "coefficient_moments", None)
    said = html_table(type(prior.split()[1]).__name__, rows_of(prior))
    return said if moments is None else said + html_of_coefficients(moments)


def rows_of(prior: Any) -> dict[str, str]:
    """Return what is said of a prior: what it was learned from, its columns, classes and weights, and how tasks belong.

    Parameters
    ----------
    prior : Prior
        The prior.

    Returns
    -------
    dict of str to str
        In the order of the table.
    """
    steps, model = prior.split()
    weights = getattr(model, "named_weights", {})
    names = prior.feature_names or getattr(steps, "input_names", None) or ()
    return {
        "learned from": f"{prior.n_tasks:.0f} tasks, {prior.n_rows:.0f} rows" if prior.n_tasks else "written by hand",
        "steps": ", ".join(type(step).__name__ for _, step in getattr(steps, "steps", ())),
        "columns": _first(names) or (f"{prior.n_features_in}" if prior.n_features_in is not None else ""),
        "classes": "" if prior.classes is None else _first(prior.classes.tolist()),
        "weights": "; ".join(_component(name, weight) for name, weight in weights.items()),
        "set aside": "what was learned of features is of no use for new tasks" if prior.set_aside else "",
        "tasks": "; ".join(prior.in_words),
    }


def _component(name: str, weight: float) -> str:
    """Name, weight and meaning of a component."""
    words = words_of_component(name)
    return f"{name} {weight:.2g}{f' ({words})' if words else ''}"


def _first(names: Sequence[Any]) -> str:
    more = f", ... ({len(names)} in all)" if len(names) > SHOWN else ""
    return ", ".join(map(str, names[:SHOWN])) + more
