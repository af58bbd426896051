"""New factors for wide tasks: directions along which the tasks' gradients agree more than independent columns would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.selection import SOME_TASKS
from skmeta._inference.threads import run
from skmeta._inference.wide_sweep import Output, State, expect, next_loadings

Array = NDArray[Any]


def add_factors(batches: Sequence[Any], state: State, loss: Likelihood, rank: int, *, n_jobs: int = 1) -> State:
    """A `State` with new factors.

    The agreements of the tasks' gradients are one small matrix of tasks by tasks, whose leading vectors are a first guess
    of the scores.
    """
    found = run(lambda i: expect(batches[i], i, state, loss), range(len(batches)), n_jobs)
    outputs = []
    for k, output in enumerate(state.outputs):
        duals, parts = [rows[0][..., k] for rows, _ in found], [both[1][k] for both in found]
        scores = _agreements(batches, duals, parts, output.variance, rank - output.rank)
        wider = _widened(output, scores[0].shape[1])
        parts = [_scored(*each) for each in zip(batches, duals, parts, scores, strict=True)]
        gradient, information = (sum(getattr(part, name) for part in parts) for name in ("gradient", "information"))
        outputs.append(replace(wider, loadings=next_loadings(batches, parts, wider, gradient, information)))
    return State(outputs, [rows for rows, _ in found])


def _agreements(batches: Sequence[Any], duals: Any, parts: Any, variance: Array, rank: int) -> list[Array]:
    """First scores ``(b, rank)`` of every batch's tasks; those of tasks that say little are zero."""
    root, tables, expected = np.sqrt(variance), [], []
    for batch, a, part in zip(batches, duals, parts, strict=True):
        counted = batch.spread_tasks(batch.counts)
        tables.append(batch.table(batch.cells(a) * batch.spread(root) * np.sqrt(counted)))
        expected.append(batch.table(part.share[0][0] * batch.spread(variance) * counted).sum(axis=1))
    table = (sparse.vstack if sparse.issparse(tables[0]) else np.concatenate)(tables)
    said = np.concatenate(expected)
    loud = np.sort(np.argsort(-said, kind="stable")[:SOME_TASKS])
    agreements = table[loud] @ table[loud].T
    agreements = agreements.toarray() if sparse.issparse(agreements) else agreements
    _, vectors = np.linalg.eigh(agreements - np.diag(said[loud]))
    scores = np.zeros((len(said), rank))
    scores[loud] = np.sqrt(len(loud)) * vectors[:, ::-1][:, :rank]
    return np.split(scores, np.cumsum([len(batch.tasks) for batch in batches])[:-1])


def _widened(output: Output, n_new: int) -> Output:
    nothing = np.zeros((len(output.variance), n_new))
    variance = np.repeat(output.variance[:, None] / n_new, n_new, axis=1)
    return replace(
        output,
        loadings=np.concatenate([output.loadings, nothing], axis=1),
        loading_variance=np.concatenate([output.loading_variance, variance], axis=1),
        centre=np.concatenate([output.centre, nothing], axis=1),
        information=np.concatenate([output.information, nothing], axis=1),
        by_task=None,
    )


def _scored(batch: Any, a: Array, part: Any, scores: Any) -> Any:
    """A batch's part in the loadings' step if the new scores were known."""
    known = np.concatenate([part.moments[:, 0], scores], axis=1)
    return replace(
        part,
        gradient=batch.collect(a[..., None] * known[:, None, :]),
        information=np.stack([batch.total(part.share[0][0] * batch.spread_tasks(s**2)) for s in known.T], axis=1),
        moments=known[:, :, None] * known[:, None, :],
    )
