"""Priors of every kind as JSON and back: lists are the arrays that they were written of."""

import json
from dataclasses import fields
from functools import cache

import numpy as np
import pandas as pd
import pytest
from families import ROOMS
from numpy.testing import assert_array_equal
from sklearn.linear_model import Ridge
from variations import varied

from skmeta import EmpiricalBayes, SharedModel, StateSpace, WarmStartRegressor
from skmeta.base import FrozenValue
from skmeta.compose import first_component
from skmeta.linear_model import DriftingPrior
from skmeta.linear_model._structured._prior import StructuredPrior
from skmeta.steps import PriorWithSteps

QUICK = EmpiricalBayes("diagonal", max_iter=3)


def shops(n_shops=32, n=6, seed=0):
    """Shops that a size describes; one opened a day, and slopes drift."""
    rng, shop = np.random.default_rng(seed), np.repeat(np.arange(n_shops), n)
    size, walk = rng.normal(size=n_shops), np.cumsum(rng.normal(size=n_shops))
    X = pd.DataFrame(rng.normal(size=(len(shop), 2)), columns=["price", "promo"])
    y = (size + walk)[shop] * X["price"] + walk[shop] * X["promo"] + 0.2 * rng.normal(size=len(shop))
    names = {"region": np.array(list("wxyz"))[shop % 4], "shop": shop, "size": size[shop], "day": shop.astype(float)}
    return X.assign(**names, city=np.array(list("xyz"))[shop % 3]), y.to_numpy()


TABLE, TARGET = shops()
KINDS = {
    "plain": ({"task": "shop"}, QUICK, {}),
    "nested": ({"task": ["region", "shop"]}, QUICK, {"region": "x"}),
    "described": ({"task": "shop", "context": ["size", "city"]}, QUICK, {"size": 0.5, "city": "y"}),
    "nested, described": (
        {"task": ["region", "shop"], "context": ["size"]},
        QUICK,
        {"region": "x", "size": 0.5},
    ),
    "drifting": ({"task": "day"}, StateSpace(max_iter=3), {"day": 20.0}),
    "drifting in regions": ({"task": ["region", "day"]}, StateSpace(max_iter=3), {"region": "x"}),
    "crossed": ({"task": ["region", "city"]}, EmpiricalBayes("diagonal", crossed=True, max_iter=3), {"region": "x"}),
    "kinds": ({"task": "shop"}, EmpiricalBayes("diagonal", n_components=2, max_iter=3), {}),
}
OTHERS = {
    f"{room} {k}": case
    for room in ("neighbors", "discriminant_analysis", "naive_bayes", "cluster", "fallback")
    for k, case in enumerate(ROOMS[room])
    if k < (1 if room == "fallback" else 9)
}
SHOWN = [*KINDS, *(name for name in OTHERS if name.endswith(" 0"))]  # one of each room


@cache
def learned(name):
    if name in OTHERS:
        more = {"learner": SharedModel(None, max_rounds=1, cv=2)} if name.startswith("fallback") else {}
        return OTHERS[name].learned(**more).prior_
    said, learner, _ = KINDS[name]
    kept = ["price", "promo", *np.atleast_1d(said["task"]), *said.get("context", ())]
    return WarmStartRegressor(Ridge(), learner=learner, **said).fit(TABLE[kept], TARGET).prior_


def through_json(prior):
    text = json.dumps({name: np.asarray(value).tolist() for name, value in prior.to_dict().items()})
    return type(prior).from_dict(json.loads(text))


def assert_same(one, two):
    assert isinstance(one, np.ndarray) == isinstance(two, np.ndarray)
    if isinstance(one, FrozenValue):
        assert type(one) is type(two)
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(two, field.name))
    elif isinstance(one, tuple) and any(isinstance(each, FrozenValue | np.ndarray) for each in one):
        assert len(one) == len(two)
        for ours, theirs in zip(one, two, strict=True):
            assert_same(ours, theirs)
    elif isinstance(one, np.ndarray):
        assert_array_equal(one, two)
        kinds = {one.dtype.kind, two.dtype.kind}
        assert len(kinds) == 1 or kinds == {"O", "U"} or not one.size  # text is text in both
    else:
        assert_array_equal(one, two)


@varied("name", [*SHOWN, *(name for name in OTHERS if name not in SHOWN)], keep=len(SHOWN))
def test_a_prior_comes_back_from_json(name):
    prior = learned(name)
    try:
        prior.to_dict()
    except ValueError as error:  # what holds fitted estimators says so
        assert name.startswith(("fallback", "neighbors")) and "joblib.dump" in str(error)
        return
    again = through_json(prior)
    assert_same(again, prior)
    if isinstance(prior, PriorWithSteps):
        assert_same(through_json(prior.prior), prior.prior)


@pytest.mark.parametrize("name", [name for name, (_, _, known) in KINDS.items() if known])
def test_it_still_knows_the_places_that_it_learned_of(name):
    prior = learned(name)
    assert_same(through_json(prior).given(**KINDS[name][2]), prior.given(**KINDS[name][2]))


def test_priors_of_every_structure_are_among_them():
    met = {type(first_component(learned(name).split()[1])) for name in KINDS}
    assert met >= set(StructuredPrior.__subclasses__()) | {DriftingPrior}
