"""Nested tasks whose intercepts depend on their columns' means keep these effects, wherever a task starts from."""

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge

from skmeta import StateSpace, WarmStartRegressor
from skmeta.linear_model._structured._drifting_prior import DriftingPrior
from skmeta.tasks import TaskColumns

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


def in_order(n_players=12, n_seasons=12, n=8, seed=0, drift=0.5):
    """The same of players whose level walks from season to season, or does not."""
    rng = np.random.default_rng(seed)
    player, season = (np.repeat(each.ravel(), n) for each in np.indices((n_players, n_seasons)))
    code = player * n_seasons + season
    centre = rng.normal(size=n_players * n_seasons)
    level = np.cumsum(drift * rng.normal(size=(n_players, n_seasons)), axis=1) + 2.0 * rng.normal(size=(n_players, 1))
    x = centre[code] + 0.5 * rng.normal(size=len(code))
    y = SLOPE * x + BETWEEN * centre[code] + level[player, season] + 0.3 * rng.normal(size=len(code))
    return pd.DataFrame({"x": x, "player": player, "season": season}), y, level


def test_drift_is_judged_with_the_effects_on_both_sides_and_keeps_them():
    X, y, level = in_order()
    model = WarmStartRegressor(Ridge(), task=["player", "season"], learner=StateSpace()).fit(X, y)
    prior = model.prior_.learned
    assert isinstance(prior, DriftingPrior)
    assert_allclose(prior.contextual_effects.coef, [BETWEEN], rtol=0.2)
    assert np.sqrt(np.mean((model.predict(X) - y) ** 2)) < 0.35
    # Without rows the columns' means are not known: a line through a player's seasons, at the level of the last one.
    slope = np.polyfit(X["x"], y - level[X["player"], X["season"]], 1)[0]
    ahead = [prior.given(player=p, season=12).zero_shot(Ridge()) for p in range(12)]
    assert_allclose([each.coef_[0] for each in ahead], slope, atol=0.3)
    expected = level[:, -1]
    assert np.mean((np.array([each.intercept_ for each in ahead]) - expected) ** 2) < 0.5 * expected.var()


def test_new_tasks_of_several_places_are_adapted_as_each_alone():
    for X, y, task, learner in (
        (*paradox()[:2], ["region", "store"], "auto"),
        (*in_order()[:2], ["player", "season"], StateSpace()),
    ):
        model = WarmStartRegressor(Ridge(), task=task, learner=learner).fit(X, y)
        tasks = model._read(X, y, None, Ridge(), TaskColumns.of_table(X, task)).take(np.arange(0, 60, 7))
        prior = model.prior_.split()[1]
        each = [prior.adapt_tasks(Ridge(), tasks.take([k])).estimator(0).coef_ for k in range(len(tasks))]
        assert_allclose(prior.adapt_tasks(Ridge(), tasks).coef_, each, atol=1e-6)
