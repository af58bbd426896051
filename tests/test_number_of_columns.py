"""New rows with a column too few or too many, in every family: the error speaks of the prior, and of nothing inside."""

import re

import numpy as np
import pytest
from common import COLUMNS
from families import ROOMS
from variations import variation

from skmeta import SharedModel

CASES = [cases[0] for cases in ROOMS.values()] + [*map(variation, ROOMS["naive_bayes"][1:] + ROOMS["cluster"][2:3])]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: type(case.estimator).__name__)
def learned(request):
    """A model of a room, of arrays without names, learned in no time; and how a task is given to it."""
    case = request.param
    shop = np.unique(case.table["shop"], return_inverse=True)[1]
    more = {"learner": SharedModel(None, max_rounds=1, cv=2)} if case in ROOMS["fallback"] + ROOMS["ensemble"] else {}
    model = case.model(task=-1, **more).fit(
        np.column_stack([case.table[COLUMNS], shop])[case.past], *of(case, case.past)
    )
    return case, model


def of(case, rows):
    return [] if case.target is None else [case.target[rows]]


@pytest.mark.parametrize("n_columns", [len(COLUMNS) - 1, len(COLUMNS) + 2])
def test_a_wrong_number_of_columns_is_told_in_terms_of_the_prior(learned, n_columns):
    case, model = learned
    X, y = np.ones((4, n_columns)), of(case, np.arange(4))
    words = f"X has {n_columns} features, but .* is expecting {len(COLUMNS)} features"
    ways = [
        lambda: model.adapt(X, *y),
        lambda: model.prior_.adapt(case.estimator, X, *y),
        lambda: case.model(prior=model.prior_).fit(X, *y),
    ]
    for way in ways:
        with pytest.raises(ValueError, match=words) as found:
            way()
        assert not re.search("ColumnTransformer|FunctionTransformer|Scaler|Imputer", str(found.value))
