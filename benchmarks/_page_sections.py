"""What a section of the benchmark page is: a question, made-up data, peers, and cells that are measured one by one."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

OURS, SECONDS = "skmeta", "CPU s"


class Setting(NamedTuple):
    """How large a run is."""

    seeds: int
    quick: bool


class Cell(NamedTuple):
    """Methods side by side on one draw: ``run()`` gives ``{method: found}``, which `side_by_side` makes."""

    case: str
    draw: str
    run: Callable


class Section(NamedTuple):
    """A question of the page; ``packages`` are those of its peers, ``cells(setting)`` what is measured."""

    name: str
    title: str
    question: str
    data: str
    error: str
    packages: tuple
    cells: Callable
    bounds: tuple = ()
    notes: tuple = ()


def side_by_side(methods):
    """``{method: {"errors": {column: error}, "seconds": CPU seconds}}``; a peer that fails has its reason, "failed".

    A method is a function without parameters that gives its errors by column, and may give ``(errors, also)``, where
    ``also`` is shown but not divided.
    """
    found = {}
    for name, method in methods.items():
        start = time.process_time()
        try:
            errors = method()
        except Exception as reason:
            if name == OURS:
                raise
            found[name] = {"failed": first_line(reason)}
            continue
        errors, also = errors if isinstance(errors, tuple) else (errors, {})
        found[name] = {"errors": errors, "also": also, "seconds": time.process_time() - start}
    return found


def first_line(reason):
    return f"{type(reason).__name__}: {(str(reason).strip().splitlines() or [''])[0][:100]}"


def mean_and_error(values):
    """``(mean, standard error)``; of one value the error is NaN."""
    values = np.asarray(values, dtype=float)
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan


def ratio_of_means(values, others):
    """``(ratio, standard error)`` of two means over the same draws, the error by linearisation.

    ``r = mean(a) / mean(b)``, and ``se(r)`` is that of the mean of ``(a - r b) / mean(b)``. W. G. Cochran (1977), Sampling
    techniques, section 2.11.
    """
    values, others = np.asarray(values, dtype=float), np.asarray(others, dtype=float)
    if not others.mean():
        return np.nan, np.nan
    ratio = values.mean() / others.mean()
    return ratio, mean_and_error((values - ratio * others) / others.mean())[1]


class Row(NamedTuple):
    """One method in one case: ratios to ours, means and what is only shown, each by column; or why it failed."""

    case: str
    method: str
    ratios: dict[str, tuple]
    errors: dict[str, tuple]
    also: dict[str, Any]
    failed: str = ""


def summarised(results):
    """Rows of ``[(cell, {method: found})]``, one a case and method; ratios are over the same draws."""
    rows = []
    for case in dict.fromkeys(cell.case for cell, _ in results):
        draws = [found for cell, found in results if cell.case == case]
        for method in dict.fromkeys(method for found in draws for method in found):
            rows.append(row_of(case, method, [(found[method], found[OURS]) for found in draws if method in found]))
    return rows


def row_of(case, method, pairs):
    failed = next((theirs["failed"] for theirs, _ in pairs if "failed" in theirs), "")
    if failed:
        return Row(case, method, {}, {}, {}, failed)
    columns = {
        column: [(t["errors"][column], o["errors"][column]) for t, o in pairs] for column in pairs[0][0]["errors"]
    }
    columns[SECONDS] = [(theirs["seconds"], ours["seconds"]) for theirs, ours in pairs]
    also = {key: mean_and_error([theirs["also"][key] for theirs, _ in pairs])[0] for key in pairs[0][0]["also"]}
    ratios = {column: ratio_of_means(*zip(*values, strict=True)) for column, values in columns.items()}
    errors = {column: mean_and_error([value for value, _ in values]) for column, values in columns.items()}
    return Row(case, method, ratios, errors, also)
