"""Weights of new rows are in the unit of those that a prior was learned with: in every family that takes weights."""

import numpy as np
from common import COLUMNS
from families import ROOMS
from numpy.testing import assert_allclose
from sklearn.utils.validation import has_fit_parameter
from variations import varied

from skmeta import SharedModel

N_ROWS = 4  # so few that discriminants do not ask them whether the past misleads, or trust it all the same
WEIGHTED = ["linear_model", "fallback", "naive_bayes", "discriminant_analysis"]
CASES = [next((c for c in ROOMS[r] if has_fit_parameter(c.estimator, "sample_weight")), None) for r in WEIGHTED]


@varied("case", [c for c in CASES if c is not None], ids=lambda case: type(case.estimator).__name__, keep=2)
def test_a_row_that_weighs_as_past_rows_did_is_one_row(case):
    past, rows = case.past, np.flatnonzero(~case.past)[:N_ROWS]
    table, y = case.table[past], case.target[past]
    quick = {"learner": SharedModel(None, max_rounds=1, cv=2)} if case in ROOMS["fallback"] else {}
    new, z = case.table.iloc[rows][COLUMNS], case.target[rows]

    models = [
        case.model(task="shop", **quick).fit(table, y, sample_weight=weight)
        for weight in (None, np.full(len(y), 100.0))
    ]

    def adapted(model, weight):
        plain = model.adapt(new, z, None if weight is None else np.full(N_ROWS, weight))
        return getattr(plain, "predict_proba", plain.predict)(case.table[COLUMNS])

    one_each = adapted(models[0], None)
    assert_allclose(adapted(models[0], 1.0), one_each, rtol=1e-6, atol=1e-9)
    assert_allclose(adapted(models[1], 100.0), one_each, rtol=1e-6, atol=1e-9)
    assert not np.allclose(adapted(models[0], 100.0), one_each)
