"""Known tasks: whether to adapt them with the shared model's own outputs for rows that it was fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base._held_out import gains, mean_of_tasks
from skmeta.fallback._link import Link, columns_from
from skmeta.fallback._rounds import Round
from skmeta.tasks import Tasks, take_rows

Array = NDArray[np.float64]

_PARTS = 5  # a fifth of each task's rows is held out, as in five folds


def rows_to_ask(tasks: Tasks) -> NDArray[np.bool_]:
    """A fifth of the rows of a task of median size, spread over its targets; as many of the others."""
    return tasks.are_shots(max(1, int(np.median(tasks.counts)) // _PARTS))


def seen_rows_are_fine(model: Any, asked: NDArray[np.bool_], tasks: Tasks, best: Round, link: Link) -> bool:
    """Whether rows of known tasks are predicted better by corrections that are learned from the model's own outputs.

    A model that fits rows that it saw as it fits others (a net of few epochs) is best corrected itself: models that had not
    seen a task differ from it. One that returns what it was fitted to (a forest) leaves nothing to correct.

    Parameters
    ----------
    model : estimator
        Fitted to all rows but some of each task.
    asked : ndarray of bool of shape (n_rows,)
        Those rows, which are predicted.
    tasks : Tasks
        The collection, of labelled rows.
    best : Round
        What was learned of it, with outputs of models that had not seen a row's task.
    link : Link
        How outputs become columns.

    Returns
    -------
    bool
        True where tasks gain from the model's own outputs by more than one standard error.
    """
    rows = take_rows(tasks.X, np.arange(tasks.n_rows))  # a copy, as a model may write into what it is asked
    outputs = columns_from(np.asarray(getattr(model, link.method)(rows), dtype=float), best.steps)
    read, known, prior = best.correction.candidate.reads, tasks.where(~asked), best.correction.prior
    query = tasks.where(asked)
    query = query.with_rows(read(query.X, outputs[asked]), query.y)

    def losses(of_known: Array) -> Array:
        adapted = prior.adapt_tasks(link.linear_model, known.with_rows(read(known.X, of_known), known.y))
        return mean_of_tasks(link.losses(adapted, query), query)

    return gains(losses(best.outputs[~asked]) - losses(outputs[~asked]))
