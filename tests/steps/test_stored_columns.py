"""Priors of raw tables as dictionaries: what tells tasks apart and describes them is stored with the prior."""

import io
from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from variations import varied

from skmeta import WarmStartRegressor
from skmeta.steps import FrozenSteps, PriorWithSteps

pytestmark = pytest.mark.quick


def shops(n_shops=24, n=8, seed=0):
    rng, shop = np.random.default_rng(seed), np.repeat(np.arange(n_shops), n)
    size = rng.normal(size=n_shops)
    X = pd.DataFrame(rng.normal(size=(len(shop), 2)), columns=["price", "promo"])
    slope = 1.0 + size + 0.3 * rng.normal(size=n_shops)
    y = slope[shop] * X["price"] + 0.2 * rng.normal(size=len(shop))
    city = np.array(list("xyz"))[np.arange(n_shops) % 3]
    return X.assign(region=shop % 4, shop=shop, size=size[shop], city=city[shop]), y.to_numpy()


X, y = shops()
CASES = {
    "nested": (Ridge(), {"task": ["region", "shop"]}, X[["region", "shop", "price", "promo"]]),
    "described": (Ridge(), {"task": "shop", "context": ["size", "city"]}, X.drop(columns="region")),
    "a step that does nothing": (
        make_pipeline("passthrough", Ridge()),
        {"task": "shop", "context": ["size"]},
        X[["shop", "size", "price", "promo"]],
    ),
    "an array": (Ridge(), {"task": [0, 1]}, X[["region", "shop", "price", "promo"]].to_numpy()),
}


@cache
def learned(case):
    """The prior of a case, and a model that has gone on from it: none may change them."""
    estimator, parameters, table = CASES[case]
    prior = WarmStartRegressor(estimator, **parameters).fit(table, y).prior_
    return prior, WarmStartRegressor(Ridge(), **parameters, prior=prior).fit(table, y)


def through_arrays(state):
    file = io.BytesIO()
    np.savez(file, **state)
    file.seek(0)
    return dict(np.load(file))


@varied("way", [through_arrays, dict], ids=["arrays", "dict"])
@pytest.mark.parametrize("case", CASES)
def test_a_prior_of_raw_tables_is_read_back(case, way):
    (_, parameters, table), (prior, model) = CASES[case], learned(case)
    back = PriorWithSteps.from_dict(way(prior.to_dict()))
    assert repr(back) == repr(prior) and back.context_names == prior.context_names
    assert back.steps.columns == prior.steps.columns and back.feature_names == prior.feature_names
    one = table[:8] if isinstance(table, np.ndarray) else table[:8].drop(columns="shop")
    ours, theirs = (each.adapt(Ridge(), one, y[:8]) for each in (back, prior))
    new = X[["price", "promo"]].to_numpy() if isinstance(table, np.ndarray) else X[["price", "promo"]]
    assert_array_equal(ours.predict(new), theirs.predict(new))
    again = WarmStartRegressor(Ridge(), **parameters, prior=back).fit(table, y)
    assert_allclose(again.predict(table), model.predict(table), rtol=1e-10)


def test_fitted_steps_are_stored_otherwise_and_the_way_out_works():
    steps = make_column_transformer(("passthrough", ["price"]), (StandardScaler(), ["promo"]))
    model = WarmStartRegressor(make_pipeline(steps, Ridge()), task=["region", "shop"])
    prior = model.fit(X[["region", "shop", "price", "promo"]], y).prior_
    says = r"carries fitted steps \(columntransformer\); store it with joblib.dump or .*prior alone: prior.prior.to_dict\(\)"
    with pytest.raises(ValueError, match=says):
        prior.to_dict()
    inside = type(prior.prior).from_dict(through_arrays(prior.prior.to_dict()))
    back = PriorWithSteps(prior.steps, inside)
    rows = X[["region", "price", "promo"]][:5]
    assert_array_equal(back.adapt(Ridge(), rows, y[:5])[-1].coef_, prior.adapt(Ridge(), rows, y[:5])[-1].coef_)


def test_what_is_no_such_dictionary_raises():
    with pytest.raises(TypeError, match="from_dict: wanted a mapping such as to_dict gives, found list"):
        PriorWithSteps.from_dict([])
    with pytest.raises(ValueError, match=r"found no 'prior\.class'"):
        PriorWithSteps.from_dict({})
    prior = WarmStartRegressor(Ridge(), task=["region", "shop"]).fit(X[["region", "shop", "price"]], y).prior_
    with pytest.raises(ValueError, match=r"found unknown \['columns.tsk'\]"):
        PriorWithSteps.from_dict(prior.to_dict() | {"columns.tsk": ("shop",)})
    assert FrozenSteps(columns=prior.steps.columns).columns.task == ("region", "shop")
