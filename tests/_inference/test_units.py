"""Units: to the engine and back without loss, and models that predict the same in both."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skmeta._inference.units import Law, Units, same_units

pytestmark = pytest.mark.quick

seeds = st.integers(0, 2**32 - 1)


def some_units(seed, d=4):
    rng = np.random.default_rng(seed)
    return rng, Units(10 * rng.normal(size=d), 10.0 ** rng.uniform(-2, 2, d), 5 * rng.normal(), rng.uniform(0.1, 10))


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_a_model_predicts_the_same_in_both_units(seed):
    rng, units = some_units(seed)
    X, w = rng.normal(size=(6, 4)) * units.scale + units.centre, rng.normal(size=(3, 5))
    Z = (X - units.centre) / units.scale
    engine = units.to_engine(w)
    in_data = X @ w[:, :-1].T + w[:, -1]
    in_engine = Z @ engine[:, :-1].T + engine[:, -1]
    size = np.abs(X * np.abs(w[0, :-1])).sum() + np.abs(in_data).max()
    assert_allclose(in_engine * units.target_scale + units.target_centre, in_data, atol=1e-11 * size)
    assert_allclose(units.to_data(engine), w, rtol=1e-8, atol=1e-10 * size)


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_covariances_and_spreads_travel_like_the_coefficients_they_are_of(seed):
    rng, units = some_units(seed)
    deviations = rng.normal(size=(200, 5))
    moved = units.to_engine(deviations) - units.to_engine(np.zeros(5))
    covariance = deviations.T @ deviations
    scale = np.sqrt(np.outer(*2 * [np.diag(moved.T @ moved)]))
    assert_allclose(units.covariance_to_engine(covariance) / scale, moved.T @ moved / scale, atol=1e-10)
    assert_allclose(units.spread_to_engine(deviations.T).T, moved, rtol=1e-8, atol=1e-10)
    assert_allclose(units.covariance_to_data(units.covariance_to_engine(covariance)), covariance, rtol=1e-6, atol=1e-7)
    assert_allclose(units.spread_to_data(units.spread_to_engine(deviations.T)), deviations.T, rtol=1e-8, atol=1e-8)


@settings(max_examples=30, deadline=None)
@given(seeds, st.booleans())
def test_a_law_travels_whole(seed, plain):
    rng, units = some_units(seed)
    spread, coef, centre = rng.normal(size=(5, 5)), rng.normal(size=4), units.centre + units.scale * rng.normal(size=4)
    more = {"mean_covariance": np.eye(5), "factor": spread[:, :2], "effects": (coef, np.ones(4), centre)}
    law = Law(rng.normal(size=5), spread @ spread.T, 2.0, **({} if plain else more))
    there = units.law_to_engine(law)
    back = units.law_to_data(there)
    for name in ("mean", "covariance", "noise", *(() if plain else ("mean_covariance", "factor"))):
        assert_allclose(getattr(back, name), getattr(law, name), rtol=1e-6, atol=1e-7)
    if plain:
        assert there.mean_covariance is there.factor is there.effects is None
        return
    for one, other in zip(back.effects, law.effects, strict=True):
        assert_allclose(one, other, rtol=1e-8, atol=1e-8)
    means = rng.normal(size=(2, 4)) * units.scale + units.centre  # of the columns in two tasks, whose intercepts differ
    shifts = (means - units.centre) / units.scale @ there.effects[0] * units.target_scale
    assert_allclose(np.diff(shifts), np.diff(means @ coef), rtol=1e-8, atol=1e-8)


def test_units_are_the_same_if_those_of_all_outputs_are():
    units, other = some_units(0)[1], some_units(1)[1]
    assert same_units([units, other], [Units(**vars(units)), other])
    assert not same_units([units, other], [units, units])


def test_a_diagonal_stays_one_where_columns_are_not_centred():
    units = Units(np.zeros(3), np.array([0.1, 2.0, 30.0]), 0.0, 5.0)
    variance = np.array([1.0, 2.0, 3.0, 4.0])
    assert_allclose(np.diag(units.covariance_to_engine(variance)), units.covariance_to_engine(np.diag(variance)))
    assert_allclose(units.covariance_to_data(units.covariance_to_engine(variance)), variance)


def test_identity_changes_nothing():
    w = np.arange(5.0)
    assert_allclose(Units(np.zeros(4), np.ones(4)).to_engine(w), w)
    assert_allclose(Units(np.zeros(4), np.ones(4)).to_data(w), w)
