"""Nested tasks whose intercepts depend on their columns' means keep these effects, wherever a task starts from."""

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge

from skmeta import WarmStartRegressor

SLOPE, BETWEEN = -1.0, 3.0  # within a task, and of its mean


def paradox(n_regions=10, n_tasks=6, n=8, seed=0):
    """Within a store one more x is one less y; stores with more x have more y; regions differ in level."""
    rng = np.random.default_rng(seed)
    store, region = np.repeat(np.arange(n_regions * n_tasks), n), np.repeat(np.arange(n_regions), n_tasks * n)
    centre, level = rng.normal(size=n_regions * n_tasks), 2.0 * rng.normal(size=n_regions)
    x = centre[store] + 0.5 * rng.normal(size=len(store))
    y = SLOPE * x + BETWEEN * centre[store] + level[region] + 0.3 * rng.normal(size=len(store))
    return pd.DataFrame({"x": x, "region": region, "store": store}), y, level


def test_effects_are_kept_and_regions_differ_beside_them():
    X, y, level = paradox()
    prior = WarmStartRegressor(Ridge(), task=["region", "store"]).fit(X, y).prior_
    learned = prior.components[0]
    assert_allclose(learned.contextual_effects.coef, [BETWEEN], rtol=0.2)
    assert_allclose(np.sqrt(learned.covariances["region"][-1, -1]), level.std(), rtol=0.4)
    # Without rows the columns' means are not known: a line through what stores of the region have is expected.
    for region in (0, 4, 9):
        own, at = X["region"] == region, X["x"].mean()
        expected = prior.given(region=region).zero_shot(Ridge()).predict(pd.DataFrame({"x": [at]}))
        line = np.polyfit(X.loc[own, "x"], y[own], 1)
        assert_allclose(expected, np.polyval(line, at), atol=0.8)


def test_a_new_store_is_where_its_columns_and_its_region_say_it_is():
    X, y, level = paradox()
    model = WarmStartRegressor(Ridge(), task=["region", "store"]).fit(X, y)
    flat = WarmStartRegressor(Ridge(), task="store").fit(X.drop(columns="region"), y)
    rng, off = np.random.default_rng(1), []
    for region in range(10):
        x = pd.DataFrame({"x": 2.0 + 0.5 * rng.normal(size=9)})  # a mean that few stores have
        truth = SLOPE * x["x"] + BETWEEN * 2.0 + level[region]
        seen = truth[:1] + 0.3 * rng.normal(size=1)
        found = model.adapt(x[:1].assign(region=region, store=999), seen), flat.adapt(x[:1], seen)
        off.append([np.mean((each.predict(x) - truth) ** 2) for each in found])
    nested, alone = np.sqrt(np.mean(off, axis=0))
    assert nested < alone


def test_known_stores_are_adapted_with_them():
    X, y, _ = paradox()
    model = WarmStartRegressor(Ridge(), task=["region", "store"]).fit(X, y)
    assert np.sqrt(np.mean((model.predict(X) - y) ** 2)) < 0.35
