"""Nested tasks whose intercepts depend on their columns' means keep these effects, wherever a task starts from."""

from functools import cache

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge
from variations import varied

from skmeta import StateSpace, WarmStartRegressor
from skmeta.linear_model._structured._drifting_prior import DriftingPrior
from skmeta.tasks import TaskColumns, Tasks

SLOPE, BETWEEN = -1.0, 3.0  # within a task, and of its mean


def paradox(n_regions=10, n_tasks=6, n=8, seed=0):
    """Within a store one more x is one less y; stores with more x have more y; regions differ in level."""
    rng = np.random.default_rng(seed)
    store, region = np.repeat(np.arange(n_regions * n_tasks), n), np.repeat(np.arange(n_regions), n_tasks * n)
    centre, level = rng.normal(size=n_regions * n_tasks), 2.0 * rng.normal(size=n_regions)
    x = centre[store] + 0.5 * rng.normal(size=len(store))
    y = SLOPE * x + BETWEEN * centre[store] + level[region] + 0.3 * rng.normal(size=len(store))
    return pd.DataFrame({"x": x, "region": region, "store": store}), y, level


@cache
def of_regions(make):
    """A model of what `paradox` or `placed` makes, learned once: none may change it."""
    X, y, _ = make()
    return WarmStartRegressor(Ridge(), task=["region", "store"]).fit(X, y)


def test_effects_are_kept_and_regions_differ_beside_them():
    X, y, level = paradox()
    prior = of_regions(paradox).prior_
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
    model = of_regions(paradox)
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


def placed(n_regions=12, n_tasks=6, n=8, seed=0):
    """Stores of a region have columns' means near each other: a new one is expected to have them too."""
    rng = np.random.default_rng(seed)
    region, of_region = np.repeat(np.arange(n_regions), n_tasks), rng.normal(size=n_regions)
    centre = of_region[region] + 0.3 * rng.normal(size=len(region))
    x = centre[:, None] + rng.normal(size=(len(region), n))
    y = SLOPE * x + BETWEEN * centre[:, None] + 0.1 * rng.normal(size=x.shape)
    code = np.repeat(np.arange(len(region)), n)
    return pd.DataFrame({"x": x.ravel(), "region": region[code], "store": code}), y.ravel(), of_region


def test_a_region_says_what_columns_its_stores_have():
    """A store without rows is predicted more nearly as Bayes does who knows the region than as one who does not."""
    of_region, model = placed()[2], of_regions(placed)
    rng, off = np.random.default_rng(1), []
    for region in np.repeat(np.arange(12), 4):
        centre = of_region[region] + 0.3 * rng.normal()
        x = centre + rng.normal(size=20)
        found = model.predict(pd.DataFrame({"x": x, "region": region, "store": -1}))
        expected = [found]
        for at, variance in ((of_region[region], 0.3**2), (0.0, 0.3**2 + 1.0)):
            trust = variance / (variance + 1.0)  # that the row to predict deserves
            expected.append(SLOPE * x + BETWEEN * (trust * x + (1.0 - trust) * at))
        off.append([np.mean((each - SLOPE * x - BETWEEN * centre) ** 2) for each in expected])
    ours, bayes, without_region = np.sqrt(np.mean(off, axis=0))
    assert ours / bayes < without_region / ours


@varied("order", [[1, 0], [0, 1]])
def test_stores_of_several_regions_at_once_are_each_as_alone(order):
    X, y, _ = placed()
    X = X.assign(z=np.random.default_rng(2).normal(size=len(X)))[["x", "z", "region", "store"]]
    prior = WarmStartRegressor(Ridge(), task=["region", "store"]).fit(X, y).prior_
    names = [["x", "z"][k] for k in order]
    turned, new = prior.aligned(names), X.groupby("region").head(3)
    paths = np.empty(12, dtype=object)
    paths[:] = [(region, -1) for region in range(12)]
    levels = {"region": np.arange(12), "store": np.full(12, -1)}
    target = y[new.index]
    tasks = Tasks(new[names], target, new["region"].to_numpy(), paths, levels=levels, feature_names=names)
    together = turned.adapt_tasks(Ridge(), tasks)
    for region in range(12):
        own = (new["region"] == region).to_numpy()
        alone = prior.given(region=region).adapt(Ridge(), new.loc[own, ["x", "z"]], target[own])
        assert_allclose(together.estimator(region).coef_, alone.coef_[order], rtol=1e-6)
        assert_allclose(together.estimator(region).intercept_, alone.intercept_, rtol=1e-6)


def test_columns_in_another_order_say_the_same_of_a_region():
    X, y, of_region = placed()
    X = X.assign(z=np.random.default_rng(2).normal(size=len(X)))[["x", "z", "region", "store"]]
    learned, region = WarmStartRegressor(Ridge(), task=["region", "store"]).fit(X, y).prior_.learned, of_region.argmax()
    turned, own = learned.reorder([1, 0]).given(region=region), learned.given(region=region)
    assert_allclose(turned.mean, own.mean[[1, 0, 2]])
    for name in ("centre", "variance_ratio"):
        found, expected = getattr(turned.contextual_effects, name), getattr(own.contextual_effects, name)
        assert_allclose(found, expected[[1, 0]])
        assert np.abs(expected - getattr(learned.contextual_effects, name)).max() > 0.5
    again = type(learned).from_dict(learned.to_dict()).given(region=region)
    assert_allclose(again.contextual_effects.centre, own.contextual_effects.centre)


def test_learning_on_keeps_what_columns_regions_have():
    X, y, _ = placed()
    past, new = X["region"] < 6, X["region"] >= 5
    model = WarmStartRegressor(Ridge(), task=["region", "store"]).fit(X[past], y[past])
    further = WarmStartRegressor(Ridge(), task=["region", "store"], prior=model.prior_)
    found, before = further.fit(X[new], y[new]).prior_.learned.nodes[0], model.prior_.learned.nodes[0]
    assert_allclose(found.centre[:6], before.centre, atol=1e-12)
    assert_allclose(found.variance_ratio[:6], before.variance_ratio)
    assert found.ids.tolist() == list(range(12)) and len(found.centre) == 12


def test_known_stores_are_adapted_with_them():
    X, y, _ = paradox()
    model = of_regions(paradox)
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


@cache
def of_seasons():
    """A model of what `in_order` makes, likewise."""
    X, y, _ = in_order()
    return WarmStartRegressor(Ridge(), task=["player", "season"], learner=StateSpace()).fit(X, y)


def test_drift_is_judged_with_the_effects_on_both_sides_and_keeps_them():
    (X, y, level), model = in_order(), of_seasons()
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
    for (X, y, _), task, model in (
        (paradox(), ["region", "store"], of_regions(paradox)),
        (in_order(), ["player", "season"], of_seasons()),
    ):
        tasks = model._read(X, y, None, Ridge(), TaskColumns.of_table(X, task)).take(np.arange(0, 60, 7))
        prior = model.prior_.split()[1]
        each = [prior.adapt_tasks(Ridge(), tasks.take([k])).estimator(0).coef_ for k in range(len(tasks))]
        assert_allclose(prior.adapt_tasks(Ridge(), tasks).coef_, each, atol=1e-6)
