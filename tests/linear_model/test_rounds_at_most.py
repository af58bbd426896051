"""``max_iter`` bounds the rounds in which tasks with a structure are learned from, whatever the structure is."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

from skmeta import EmpiricalBayes, StateSpace, WarmStartClassifier, WarmStartRegressor
from skmeta._inference import levels
from skmeta.linear_model._structured._nested_learning import NestedTasks

STRUCTURES = {
    "drift": (StateSpace, {"task": "day"}),
    "drift within shops": (StateSpace, {"task": ["shop", "day"]}),
    "nested": (EmpiricalBayes, {"task": ["region", "shop"]}),
    "crossed": (lambda **how: EmpiricalBayes(crossed=True, **how), {"task": ["region", "kind"]}),
    "described": (EmpiricalBayes, {"task": "shop", "context": ["size"]}),
    "described by a regressor": (
        lambda **how: EmpiricalBayes(context_model=LinearRegression(), **how),
        {"task": "shop", "context": ["size"]},
    ),
    "nested and described": (EmpiricalBayes, {"task": ["region", "shop"], "context": ["size"]}),
}


def table(n_shops=12, n_days=5, n_rows=4):
    """Rows of shops, three a region, by day; each region, kind, day and size moves coefficients."""
    rng = np.random.default_rng(0)
    shop, day = (each.ravel() for each in np.meshgrid(np.arange(n_shops), np.arange(n_days), indexing="ij"))
    shop, day = np.repeat(shop, n_rows), np.repeat(day, n_rows)
    of_shop, of_day = rng.normal(size=(n_shops, 2)), np.cumsum(rng.normal(size=(n_days, 2)), axis=0)
    of_region, of_kind = rng.normal(size=(2, n_shops, 2))
    size, x = rng.normal(size=n_shops)[shop], rng.normal(size=len(shop))
    region, kind = shop // 3, shop % 3
    W = of_shop[shop] + of_region[region] + of_kind[kind] + of_day[day] + size[:, None]
    y = W[:, 0] * x + W[:, 1] + 0.5 * rng.normal(size=len(shop))
    names = {"region": region, "kind": kind, "shop": [f"shop {k}" for k in shop], "day": day.astype(float)}
    return pd.DataFrame({"x": x, "size": size} | names), y


def columns(where):
    """The feature and what tells tasks apart."""
    task = where["task"]
    return ["x", *([task] if isinstance(task, str) else task), *where.get("context", [])]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_max_iter_bounds_the_rounds_of_every_structured_learner(structure, monkeypatch):
    learner, where = STRUCTURES[structure]
    searched, search = [], levels._searched
    monkeypatch.setattr(levels, "_searched", lambda *args: (searched.append(1), search(*args))[1])
    X, y = table()
    if where["task"] == "day":
        X, y = X[X["shop"] == "shop 0"], y[X["shop"] == "shop 0"]

    def learned(max_iter):
        searched.clear()
        # The smallest gain is worth another round, so that nothing but max_iter ends them before the last digits.
        own = learner(max_iter=max_iter, tol=1e-15, covariance="spherical")
        WarmStartRegressor(Ridge(), learner=own, **where).fit(X[columns(where)], y)
        return len(searched)

    one, two = learned(1), learned(2)
    assert 0 < one < two <= 2 * one


@pytest.mark.parametrize("max_iter", [1, 2])
def test_max_iter_bounds_the_expansions_of_a_likelihood(max_iter, monkeypatch):
    expanded, output = [], NestedTasks.output
    monkeypatch.setattr(NestedTasks, "output", lambda *a, **how: (expanded.append(1), output(*a, **how))[1])
    X, y = table(n_days=2)
    where = STRUCTURES["nested"][1]
    model = WarmStartClassifier(LogisticRegression(), learner=EmpiricalBayes(max_iter=max_iter), **where)
    model.fit(X[columns(where)], np.where(y > 0, "yes", "no"))
    assert len(expanded) == max_iter
