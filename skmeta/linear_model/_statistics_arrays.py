"""What the arrays of sufficient statistics have to be: of one shape for all ids, columns and targets, and finite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from skmeta.tasks._words import listed, shown

Statistics = Any  # SufficientStatistics, which asks here

NAMES = "names"  # the entry that says which others there are


def check_arrays(found: Statistics) -> None:
    """Raise unless all arrays have the shapes that ids, columns and targets ask for."""
    n_tasks, d = len(found.ids), found.mean.shape[-1] if found.mean.ndim else 0
    outputs = found.target_mean.shape[1:]
    shapes = {"n": (), "count": (), "mean": (d,), "scatter": (d, d), "cross": (d, *outputs), "square": outputs}
    shapes |= {name: () for name in ("log_likelihood", "noise_variance") if getattr(found, name) is not None}
    for name, shape in shapes.items():
        array = getattr(found, name)
        if array.shape != (n_tasks, *shape):
            _wrong(name, f"shape {(n_tasks, *shape)} for {n_tasks} ids", f"shape {array.shape}")
    if found.target_mean.shape[:1] != (n_tasks,) or len(outputs) > 1:
        _wrong("target_mean", f"shape ({n_tasks},) or ({n_tasks}, n_outputs)", f"shape {found.target_mean.shape}")
    _check_noise(found, d)
    if found.feature_names is not None and len(set(found.feature_names)) != d:
        _wrong("feature_names", f"{d} different names, one a column", f"{listed(found.feature_names)}")
    for name in ("n", "count", "target_mean", "scatter", "cross", "square"):
        if not np.isfinite(getattr(found, name).sum()):
            _wrong(name, "finite numbers", "some that are NaN or infinite")
    for name in ("n", "count"):
        if (getattr(found, name) < 0).any():
            _wrong(name, "numbers that are not negative", shown(getattr(found, name).min()))
    if n_tasks > 1 and not (found.ids[:-1] < found.ids[1:]).all():
        _wrong("ids", "each id once, in sorted order", f"{listed(found.ids)}")


def _check_noise(found: Statistics, d: int) -> None:
    """Raise unless bounds are of all columns and targets, and noise has bounds to be measured by."""
    if found.bounds is not None and found.bounds.shape != (d + found.n_outputs, 2):
        _wrong("bounds", f"shape {(d + found.n_outputs, 2)}", f"shape {found.bounds.shape}")
    if found.data_norm is not None and found.bounds is None:
        _wrong("data_norm", "bounds, in whose units it is, beside it", "none")
    if found.noise_variance is None:
        return
    if found.bounds is None:
        _wrong("noise_variance", "bounds, in whose units it is, beside it", "none")
    if not (found.noise_variance >= 0).all():
        _wrong("noise_variance", "numbers that are not negative", shown(found.noise_variance.min()))


def of_tasks(found: Statistics, tasks: Any) -> dict[str, Any]:
    """The fields that have a value a task, of some tasks."""
    names = [each.name for each in fields(found) if each.name not in ("feature_names", "bounds", "data_norm")]
    return {name: getattr(found, name)[tasks] for name in names if getattr(found, name) is not None}


def zeros_before(found: Statistics) -> dict[str, Any]:
    """The fields that a column of zeros before the others changes; names are gone."""
    zeros = ((0, 0), (1, 0))
    return {
        "mean": np.pad(found.mean, zeros),
        "scatter": np.pad(found.scatter, (*zeros, (1, 0))),
        "cross": np.pad(found.cross, (*zeros, *[(0, 0)] * (found.cross.ndim - 2))),
        "feature_names": None,
        "bounds": None if found.bounds is None else np.r_[np.zeros((1, 2)), found.bounds],
    }


def _wrong(name: str, wanted: str, found: str) -> None:
    raise ValueError(f"SufficientStatistics({name}=...): wanted {wanted}, found {found}.")


def plain_state(found: Statistics) -> dict[str, Any]:
    """The fields that are there as plain arrays, and their names."""
    state = found.__getstate__() | ({"ids": found.ids.astype(str)} if found.ids.dtype.kind == "O" else {})
    arrays = {name: np.array(value) for name, value in state.items() if value is not None}
    return arrays | {NAMES: np.array(list(arrays))}


def names_in(state: Any, known: Sequence[str]) -> list[str]:
    """Names of a mapping's entries; raise unless they are those that it says there are, all of them ``known``."""
    if not isinstance(state, Mapping):
        raise TypeError(f"from_dict: wanted a mapping such as to_dict gives, found {type(state).__name__}.")
    if NAMES not in state:
        raise ValueError(
            f"from_dict: wanted all that to_dict gives, found no {NAMES!r}, which says what there is; store the whole dict, or "
            "make SufficientStatistics(...) of arrays of your own."
        )
    told: list[str] = np.asarray(state[NAMES]).tolist()
    missing, unknown = sorted({*told} - {*state}), sorted({*state} - {*known, NAMES} | {*state} - {*told, NAMES})
    if missing or unknown:
        found = [f"{what} {names}" for what, names in (("missing", missing), ("unknown", unknown)) if names]
        raise ValueError(f"from_dict: wanted the names that to_dict gives, found {', '.join(found)}.")
    return told


def check_one_column(task: Any) -> None:
    """Raise for tasks that lie in others: sums are added up by one id a task."""
    if isinstance(task, list | tuple) and len(task) > 1:
        raise ValueError(
            f"task: wanted one column, as sums know no levels, found {list(task)}; learn from the rows, or join the ids into "
            "one column, whose tasks then lie in no others."
        )
