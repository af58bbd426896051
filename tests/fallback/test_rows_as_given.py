"""Rows reach a shared model as the user gives them: with names or without, in any order of columns, untouched."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.cluster import DBSCAN
from sklearn.ensemble import StackingRegressor
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor

from skmeta import SharedModel, WarmStartClusterer, WarmStartRegressor
from skmeta.fallback._columns import column_candidates
from skmeta.tasks import read_tasks

TREE = DecisionTreeRegressor(max_depth=3, random_state=0)


@pytest.fixture(scope="module")
def shops():
    rng = np.random.default_rng(0)
    shop = np.repeat(np.arange(16), 12)
    X = pd.DataFrame(
        {"price": rng.uniform(1.0, 3.0, 192), "temp": rng.normal(size=192), "day": rng.integers(7, size=192)}
    )
    y = np.sin(3.0 * X["price"]) + rng.normal(size=16)[shop] * (1.0 + X["temp"]) + 0.1 * rng.normal(size=192)
    return X.assign(shop=shop), y.to_numpy()


@pytest.fixture(scope="module")
def warm(shops):
    model = WarmStartRegressor(TREE, task="shop", learner=SharedModel(max_rounds=1)).fit(*shops)
    assert model.prior_.components[0].columns is not None
    return model


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_a_prior_of_a_frame_takes_arrays(shops, warm):
    X, y = shops[0].drop(columns="shop"), shops[1]
    named, nameless = warm.adapt(X[:5], y[:5]), warm.adapt(X[:5].to_numpy(), y[:5])
    assert_array_equal(named.predict(X), nameless.predict(X.to_numpy()))


@pytest.mark.parametrize("order", [["day", "price", "temp"], ["temp", "day", "price"]])
def test_a_plain_result_takes_the_order_of_columns_that_it_was_adapted_with(shops, warm, order):
    X, y = shops[0].drop(columns="shop"), shops[1]
    turned = X[order]
    assert_array_equal(warm.adapt(turned[:5], y[:5]).predict(turned), warm.adapt(X[:5], y[:5]).predict(X))


def test_a_model_that_writes_into_what_it_is_asked_leaves_the_users_rows_alone(shops):
    class Writes(DecisionTreeRegressor):
        def predict(self, X, check_input=True):
            found = super().predict(X, check_input)
            X[:] = 0.0
            return found

    X, y = shops[0].to_numpy(dtype=float), shops[1].copy()
    kept, targets = X.copy(), y.copy()
    model = WarmStartRegressor(Writes(max_depth=2), task=-1, learner=SharedModel(max_rounds=1)).fit(X, y)
    model.adapt(X[:5, :-1], y[:5])
    assert_array_equal(X, kept)
    assert_array_equal(y, targets)


def test_tasks_tell_how_much_they_borrow(warm):
    assert all(rows > 0.0 for rows in warm.borrowing_.values())


def test_a_model_that_can_predict_only_once_it_is_fitted_is_an_estimator(shops):
    stack = StackingRegressor([("ridge", Ridge()), ("tree", TREE)], cv=2)
    few = (shops[0]["shop"] < 4).to_numpy()  # each has a dozen fits of its own
    model = WarmStartRegressor(stack, task="shop", learner=SharedModel(None, max_rounds=1))
    model.fit(shops[0][few], shops[1][few])
    assert model.predict(shops[0]).shape == shops[1].shape


@pytest.mark.quick
def test_a_clusterer_without_predict_is_refused_with_one_that_has_it(shops):
    with pytest.raises(TypeError, match=r"such as KMeans .*, found DBSCAN"):
        WarmStartClusterer(DBSCAN(), task="shop").fit(shops[0])


def test_squares_of_rows_that_lie_beyond_the_past_are_those_at_its_end():
    rng = np.random.default_rng(0)
    x, task = rng.uniform(-1.0, 1.0, 400), np.repeat(np.arange(20), 20)
    y = rng.normal(size=20)[task] * x**2 + 0.1 * rng.normal(size=400)
    columns = column_candidates(read_tasks(np.column_stack([x, task]), y, task=-1), "auto")[
        "output, columns, squares"
    ].columns
    end = x[[np.argmax(x)]]
    assert_allclose(columns.transform([[30.0]])[:, 1:], columns.transform(end[:, None])[:, 1:])
    assert columns.transform([[30.0]])[0, 0] > columns.transform(end[:, None])[0, 0]
