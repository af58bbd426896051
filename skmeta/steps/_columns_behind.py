"""What the columns behind steps are called: as the user called what they were made of, for errors about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from skmeta.steps._parts import is_nothing
from skmeta.tasks._numbers import column_names
from skmeta.tasks._told_columns import tell_columns

Labels = Sequence[Any]


def labels_behind(steps: Sequence[tuple[str, Any]], labels: Labels, Z: Any) -> list[Any]:
    """What the columns behind fitted steps are called.

    Columns that a step passes on, or has one of for each of its own, have the user's label, others those of
    ``get_feature_names_out``. What a step without that method makes is numbered behind its name, as scikit-learn does it.

    Parameters
    ----------
    steps : sequence of (str, fitted transformer)
        What rows pass.
    labels : sequence
        What the user calls the columns before them: names, or positions of an array.
    Z : table of shape (n_rows, n_columns)
        What the last step made.

    Returns
    -------
    list
        A label for each column.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.compose import make_column_transformer
    >>> from sklearn.preprocessing import PolynomialFeatures
    >>> from skmeta.steps._columns_behind import labels_behind
    >>> step = make_column_transformer((PolynomialFeatures(2, include_bias=False), [0]), remainder="passthrough")
    >>> Z = step.fit_transform(np.eye(2))
    >>> labels_behind([("step", step)], ["price", "size"], Z)
    ['price', 'polynomialfeatures__price^2', 'size']
    """
    return _labels_of(_names_behind(steps, labels, column_names(Z), Z.shape[1]), labels)


def _labels_of(names: Sequence[str], labels: Labels) -> list[Any]:
    """The user's labels of columns that steps call ``names``; the name where it has none of its own."""
    written = _written(labels)
    own = [_label_in(name, written) for name in names]
    times = Counter(own)
    return [label if times[label] == 1 else name for name, label in zip(names, own, strict=True)]


def positions_behind(
    steps: Sequence[tuple[str, Any]], labels: Labels, Z: Any
) -> Callable[[], Mapping[str, int]] | None:
    """What gives the positions of the columns behind fitted steps, by all that they are called there.

    Parameters
    ----------
    steps, labels, Z
        As in `labels_behind`; nothing of the rows is kept.

    Returns
    -------
    callable or None
        Gives positions by the name of ``get_feature_names_out``, and by the label that errors have; what several are called is
        none. None where there are no steps, or no table behind them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.compose import make_column_transformer
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skmeta.steps._columns_behind import positions_behind
    >>> step = make_column_transformer((StandardScaler(), [0]), remainder="passthrough")
    >>> Z = step.fit_transform(np.eye(2))
    >>> positions_behind([("step", step)], ["price", "size"], Z)()
    {'standardscaler__price': 0, 'remainder__size': 1, 'price': 0, 'size': 1}
    """
    if not steps or getattr(Z, "ndim", 0) != 2:
        return None
    return partial(_positions, steps, labels, column_names(Z), Z.shape[1])


def _positions(
    steps: Sequence[tuple[str, Any]], labels: Labels, made: Sequence[str] | None, n_columns: int
) -> dict[str, int]:
    """Positions of ``n_columns`` by name and label; ``made`` are the names that a frame has."""
    names = _names_behind(steps, labels, made, n_columns)
    found: dict[str, int] = {}
    for called in (names, _labels_of(names, labels)):
        times = Counter(called)
        own = {name: k for k, name in enumerate(called) if isinstance(name, str) and times[name] == 1}
        found = found | {name: k for name, k in own.items() if name not in found}
    return found


def _written(labels: Labels) -> dict[str, Any]:
    """The user's labels by what steps call them."""
    return {label if isinstance(label, str) else f"x{label}": label for label in labels}


def _names_behind(
    steps: Sequence[tuple[str, Any]], labels: Labels, made: Sequence[str] | None, n_columns: int
) -> Sequence[str]:
    """Names of ``n_columns`` behind steps: those that a frame has, ``made``, else what steps call them."""
    if made:
        return made
    names, doing = list(_written(labels)), list(_one_by_one(steps))
    for step, after in zip(doing, [*doing, None][1:], strict=True):
        names = _names_out(step, names, getattr(after, "n_features_in_", n_columns))
    return names


def _one_by_one(steps: Sequence[tuple[str, Any]]) -> Iterator[Any]:
    """The steps that do something, those of Pipelines in their place."""
    for _, step in steps:
        if isinstance(step, Pipeline):
            yield from _one_by_one(step.steps)
        elif not is_nothing(step):
            yield step


def _label_in(name: str, written: dict[str, Any]) -> Any:
    """The user's label in a name that steps have put others in front of."""
    endings = [name.split("__", k)[-1] for k in range(name.count("__") + 1)]
    return next((written[ending] for ending in endings if ending in written), name)


def _names_out(step: Any, names: list[str], n_columns: int) -> list[str]:
    try:
        return [str(name) for name in step.get_feature_names_out(names)]
    except (AttributeError, TypeError, ValueError):
        parts = getattr(step, "output_indices_", None)
        return _numbered(step, n_columns) if parts is None else _names_of_parts(step, parts, names)


def _numbered(step: Any, n_columns: int) -> list[str]:
    return [f"{type(step).__name__.lower()}{k}" for k in range(n_columns)]


def _names_of_parts(step: Any, parts: dict[str, slice], names: list[str]) -> list[str]:
    """Names of what a ColumnTransformer makes of which a part has no names: that part's columns say what they are made of."""
    found: list[str] = []
    for part, transformer, columns in sorted(step.transformers_, key=lambda each: parts[each[0]].start):
        n_made = parts[part].stop - parts[part].start
        if n_made:
            read = [name if isinstance(name, str) else names[name] for name in _listed(columns, names)]
            made = read if is_nothing(transformer) else _names_out(transformer, read, n_made)
            prefixed = [f"{part}__{name}" for name in made]
            found += prefixed if made != _numbered(transformer, n_made) else [f"{part} of {', '.join(read)}"] * n_made
    return found


def _listed(columns: Any, names: list[str]) -> list[Any]:
    """The columns that a part of a ColumnTransformer reads, one by one: names or positions."""
    if isinstance(columns, str | int):
        return [columns]
    if not isinstance(columns, slice):
        chosen = list(columns)
        return np.flatnonzero(chosen).tolist() if chosen and isinstance(chosen[0], bool | np.bool_) else chosen
    start, stop = (names.index(end) if isinstance(end, str) else end for end in (columns.start, columns.stop))
    return names[start : stop + 1 if isinstance(columns.stop, str) else stop : columns.step]


@contextmanager
def telling_columns_of_step(
    steps: Sequence[tuple[str, Any]], X: Any, names: Labels | None, n_features: int
) -> Iterator[None]:
    """Let errors of a step say which columns they may be about.

    Parameters
    ----------
    steps : sequence of (str, fitted transformer)
        Those before it.
    X : table of shape (n_rows, n_columns)
        What it reads.
    names : sequence of str or None
        Of the user's features.
    n_features : int
        How many there are.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        if getattr(X, "ndim", 2) == 2:
            which = "X" if names else "X, counted without the task column,"
            tell_columns(error, X, labels_behind(steps, names or range(n_features), X), which, of_step=True)
        raise


@contextmanager
def telling_columns_behind(steps: Any, X: Any, labels: Callable[[], Labels]) -> Iterator[None]:
    """Let errors of a model behind frozen steps say what the user calls the columns that they are about.

    Parameters
    ----------
    steps : FrozenSteps
        What rows pass before they meet the model.
    X : table of shape (n_rows, n_columns)
        The features of the user.
    labels : callable
        Gives what the user calls them, if they have no names.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        Z = None
        with suppress(TypeError, ValueError):  # raised by the steps, which have told the columns
            Z = steps.transform(X)
        if Z is not None:
            tell_columns(error, Z, labels_behind(steps.steps, steps.input_names or labels(), Z))
        raise
