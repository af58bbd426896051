"""The prior as a value: frozen, shared, stored and read back."""

import json
import pickle
import re
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from priors import (
    CONTEXTUAL,
    FEATURES,
    MODELS,
    NAMES,
    PLAIN,
    PRIORS,
    X,
    Xc,
    assert_frozen,
    assert_same_prior,
    learned,
    own,
    plain_table,
    y,
    yc,
)
from round_trips import WAYS
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from variations import varied

from skmeta import GaussianPrior, WarmStartRegressor
from skmeta.compose import MixturePrior
from skmeta.datasets import make_related_regression

pytestmark = pytest.mark.quick


# Frozen and shared --------------------------------------------------------------------------------------


@pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS)
def test_nothing_of_a_prior_can_be_changed(prior):
    assert_frozen(prior)
    with pytest.raises(ValueError, match="read-only"):
        prior.mean[0] = 1.0
    with pytest.raises(FrozenInstanceError):
        prior.mean = np.zeros(4)
    with pytest.raises(FrozenInstanceError):
        del prior.covariance
    assert not hasattr(prior, "get_params") and not hasattr(prior, "set_params")
    assert not hasattr(prior, "__len__") and not hasattr(prior, "__getitem__")  # numpy would take it for a sequence
    assert re.search(r"(GaussianPrior\(n_features=3, .*\)|MixturePrior\(learned 0.*\))", repr(prior))
    assert "\n" not in repr(prior)


def test_a_prior_copies_the_arrays_it_is_given():
    mean, covariance = np.ones(4), np.eye(4)
    prior = GaussianPrior(mean, covariance, feature_names=NAMES)
    mean[0] = covariance[0, 0] = 99.0
    assert prior.mean[0] == 1.0 and prior.covariance[0, 0] == 1.0
    assert mean.flags.writeable


def test_clone_shares_a_prior():
    prior = PRIORS["ridge"]
    model = WarmStartRegressor(Ridge(), prior=prior)
    assert clone(prior) is prior
    assert clone(make_pipeline(StandardScaler(), model))[-1].prior is prior
    assert GridSearchCV(model, {"prior": [prior]}, cv=2).fit(FEATURES, y).best_estimator_.prior is prior


def test_priors_are_told_apart_by_identity():
    one, two = (GaussianPrior(np.zeros(2), 1.0) for _ in range(2))
    assert one != two and one == one and len({one, two}) == 2  # noqa: PLR0124


def test_adapting_does_not_change_a_prior():
    for prior in (PRIORS["ridge"], PRIORS["pipeline"]):
        before = pickle.dumps(prior)
        prior.adapt(Ridge(), FEATURES[own], y[own])
        prior.zero_shot(Ridge())
        assert pickle.dumps(prior) == before


def test_a_prior_holds_no_rows():
    sizes = []
    for n_samples in (10, 200):
        table, target, _ = make_related_regression(n_tasks=9, n_samples=n_samples, n_features=3, random_state=0)
        sizes.append(len(pickle.dumps(learned(make_pipeline(StandardScaler(), Ridge()), table, target).prior_)))
    assert sizes[1] - sizes[0] < 9 * 190, "not even a byte for each of the rows that came"


# Stored and read back -----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", PRIORS)
def test_priors_come_back_the_same(name, way, tmp_path):
    prior = PRIORS[name]
    again = way(prior, tmp_path)
    assert_same_prior(again, prior)
    assert_frozen(again)
    assert clone(again) is again
    estimator = LogisticRegression() if name == "logistic" else Ridge()
    one, two = (value.zero_shot(estimator).predict(plain_table(prior, [0, 1, 2])) for value in (again, prior))
    assert_array_equal(one, two)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@varied("name", MODELS)
def test_models_come_back_the_same(name, way, tmp_path):
    model = MODELS[name]
    again = way(model, tmp_path)
    table = Xc if name == "logistic" else X
    assert_array_equal(again.predict(table), model.predict(table))
    assert_array_equal(again.estimators_[0].predict(table[:, :-1]), model.estimators_[0].predict(table[:, :-1]))
    assert_frozen(again.prior_)


@pytest.mark.parametrize("name", [*PLAIN, "contextual"])
def test_to_dict_and_back(name, tmp_path):
    prior = CONTEXTUAL if name == "contextual" else PLAIN[name]
    state = prior.to_dict()
    assert all(isinstance(value, (np.ndarray, float, str, tuple)) for value in state.values())
    assert_same_prior(GaussianPrior.from_dict(state), prior)
    np.savez(tmp_path / "prior.npz", **state)
    with np.load(tmp_path / "prior.npz") as stored:
        assert_same_prior(GaussianPrior.from_dict(stored), prior)


MIXED = ("ridge", "several outputs", "logistic")


@pytest.mark.parametrize("name", MIXED)
def test_what_is_learned_comes_back_from_plain_arrays(name, tmp_path):
    prior = PRIORS[name]
    np.savez(tmp_path / "prior.npz", **prior.to_dict())
    with np.load(tmp_path / "prior.npz", allow_pickle=False) as stored:
        again = MixturePrior.from_dict(stored)
    assert_same_prior(again, prior)
    assert_frozen(again)
    assert [type(each) for each in again.components] == [type(each) for each in prior.components]
    estimator, table, target = {
        "ridge": (Ridge(), X, y),
        "several outputs": (Ridge(), X, np.c_[y, -y]),
        "logistic": (LogisticRegression(), Xc, np.array(["a", "b", "c"])[yc.astype(int)]),
    }[name]
    one, two = (value.adapt(estimator, table[own, :-1], target[own]).predict(table[:, :-1]) for value in (again, prior))
    assert_array_equal(one, two)


def test_a_dictionary_goes_through_json():
    state = {name: np.asarray(value).tolist() for name, value in PRIORS["ridge"].to_dict().items()}
    assert_same_prior(MixturePrior.from_dict(json.loads(json.dumps(state))), PRIORS["ridge"])


def test_mixtures_of_mixtures_come_back():
    whole = MixturePrior([PRIORS["ridge"], PLAIN["by hand"].reorder([0, 1, 2])], [0.7, 0.3], ["learned", "by hand"])
    state = whole.to_dict()
    assert state["0.class"] == "MixturePrior" and state["0.0.class"] == "GaussianPrior"
    assert_same_prior(MixturePrior.from_dict(state), whole)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"0.class": "NoSuchPrior"}, "wanted one subclass of Prior named 'NoSuchPrior', found 0"),
        ({"0.class": None}, "wanted the class of component 0"),
        ({"weights": None}, "wanted weights, names and entries.*found no weights"),
        ({"9.mean": 1.0}, r"found unknown \['9'\]"),
        ({"colour": "red"}, r"found unknown \['colour'\]"),
        ({"0.colour": "red"}, r"unknown names \['colour'\]"),
        ({"0.mean": None}, "found no mean"),
    ],
)
def test_dictionaries_that_are_no_mixture_are_named(change, words):
    state = {name: value for name, value in (PRIORS["ridge"].to_dict() | change).items() if value is not None}
    with pytest.raises(ValueError, match=f"from_dict: .*{words}"):
        MixturePrior.from_dict(state)
    with pytest.raises(TypeError, match="wanted a mapping"):
        MixturePrior.from_dict([])


def test_to_dict_refuses_fitted_steps():
    for name, word in (("pipeline", "standardscaler"), ("target", "target")):
        with pytest.raises(ValueError, match=f"to_dict.*{word}.*joblib.dump or skops.io.dump"):
            PRIORS[name].to_dict()
    with pytest.raises(ValueError, match=r"unknown names \['colour'\]"):
        GaussianPrior.from_dict({"mean": [0.0], "covariance": [1.0], "colour": "red"})


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        ({}, ValueError, "found no mean and no covariance"),
        ({"mean": [0.0]}, ValueError, "wanted at least mean and covariance, found no covariance"),
        ([1.0], TypeError, "wanted a mapping such as to_dict gives, found list"),
    ],
)
def test_from_dict_says_what_is_missing(state, error, words):
    with pytest.raises(error, match=f"from_dict: .*{words}"):
        GaussianPrior.from_dict(state)
