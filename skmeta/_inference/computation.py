r"""How one model is computed: the choice between columns and rows is one of cost, never of meaning.

Of ``T`` tasks with ``n_t`` rows, ``N`` in all, and ``p`` columns, one sweep of the EM costs about

===========  ==================================================  =====================================
computation  floating point operations                           numbers in memory beside the data
===========  ==================================================  =====================================
columns      :math:`10\,T p^3`, in products of small matrices    :math:`T p^2`
rows         :math:`8\,N p^2 + 4\,p \sum_t n_t^2`, in large ones  :math:`p^2`, and a batch of rows
cells        :math:`2 \sum_t n_t^2 c_t` for the ``c_t`` columns   a few times the data's nonzero values
             with values in a task
===========  ==================================================  =====================================

Columns and rows give the same answer to rounding: a dense covariance, `in_columns` from sufficient statistics and
`in_rows` from the rows. In cells (`wide_em`) no matrix of columns by columns is made at all, so the covariance is a
diagonal and a few factors. What that costs and gains for tasks of fewer rows than columns, `benchmarks/rows_or_cells.py`
measures: the excess error in rows less that in cells, in per cent, with its standard error over four collections.

==============  ===============  ===============  ===============  ===============
tasks x rows    60 columns       100              140              200
==============  ===============  ===============  ===============  ===============
200 x 20        +1.00 +- 0.40    +0.54 +- 0.18    +2.97 +- 0.80    +8.27 +- 1.34
50 x 50         -0.84 +- 0.26    -2.19 +- 0.60    +0.28 +- 0.89    +4.10 +- 1.56
==============  ===============  ===============  ===============  ===============

So a few long tasks are learned better in rows up to about 100 columns, and what is wider is learned at least as well in
cells; rows took 2 to 14 times as long.

The classes of a multinomial need a dense covariance each in rows, and a softmax among few rows is easily too sure. On
texts (4 or 8 tasks, 20 or 40 classes, 40 to 100 words) the log loss on further rows was 1.16 to 1.77 in rows and 0.87
to 1.29 in cells, accuracies 0.00 to 0.03 lower in cells, rows taking 3 to 8 times as long; on drawn tasks of 3 and 8
classes and 55 to 100 columns it was 0.06 to 0.11 and 0.02 to 0.15 lower in cells, of 20 classes 0.04 higher to 0.04
lower.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.glm import linearise, working_responses
from skmeta._inference.in_columns import InColumns, each_output
from skmeta._inference.in_rows import read_in_rows, working_rows
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.moments import Rows, collect_moments

Array = NDArray[Any]

CELLS_FROM = 100  # columns beyond which cells learn at least as well as rows: see the figures above
CLASSES_IN_CELLS_FROM = 50  # the same where classes share a likelihood
_ROUNDING = 1e-6  # guard: of a sum of weights that is the number of columns


def in_cells(n_rows: Array, n_features: int, *, coupled: bool = False, dense: bool = False) -> bool:
    """Whether tasks whose rows weigh ``n_rows (n_tasks,)`` are computed in cells; not where the covariance is ``dense``.

    Outputs that are ``coupled``, the classes of a multinomial, cost a dense covariance each.

    Weights count as repeated rows, here too: rows and sums of them, which know nothing else, take the same computation.
    """
    first = CLASSES_IN_CELLS_FROM if coupled else CELLS_FROM
    return not dense and n_features > first and bool(np.max(n_rows, initial=0) < n_features - _ROUNDING)


def cheaper_in_rows(counts: Array, width: int) -> bool:
    """Whether tasks of ``counts (n_tasks,)`` rows and ``width`` columns are computed in rows (see the table)."""
    counts = np.asarray(counts, dtype=float)
    columns = 10.0 * len(counts) * width**3
    return bool(8.0 * counts.sum() * width**2 + 4.0 * width * (counts**2).sum() < columns)


def read_tasks(rows: Rows, task_weight: Array | None = None) -> list[Any]:
    """The collection for the EM, one `InColumns` or `InRows` an output."""
    if cheaper_in_rows(np.diff(rows.starts), rows.width):
        return read_in_rows(rows, task_weight)
    return each_output(collect_moments(rows), task_weight)


def working_tasks(rows: Rows, coef: Array, likelihood: Likelihood, task_weight: Array | None = None) -> list[Any]:
    """The same with each task's likelihood expanded around ``coef (n_tasks, K, p)``: its working responses."""
    if not cheaper_in_rows(np.diff(rows.starts), rows.width):
        return [InColumns(part, task_weight) for part in linearise(rows, coef, likelihood)]
    targets, weights = working_responses(rows, coef, likelihood)
    return working_rows(rows, targets, weights, task_weight)
