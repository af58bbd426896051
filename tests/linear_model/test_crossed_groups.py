"""Crossed groups: what lme4 publishes, one dense Gaussian, and how unseen pairs are predicted from what is known of both."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from published_tables import pastes, penicillin
from sklearn.base import clone
from sklearn.linear_model import HuberRegressor, LogisticRegression, PoissonRegressor, Ridge
from variations import varied

from skmeta import EmpiricalBayes, GaussianPrior, SufficientStatistics, WarmStartClassifier, WarmStartRegressor
from skmeta.linear_model import CrossedPrior

REML = {"pseudo_tasks": 0, "noise": "shared", "tol": 1e-9, "crossed": True}


def learn(X, y, task, estimator=None, **options):
    model = (WarmStartClassifier if isinstance(estimator, LogisticRegression) else WarmStartRegressor)(
        estimator or Ridge(), task=task, learner=EmpiricalBayes(**({"crossed": True} | options))
    )
    return model.fit(X, y)


def ratings(n_left=8, n_right=6, d=2, n_rows=400, seed=0, spread=1.0):
    """Rows of random pairs; slopes and level of both sides, ``y = x'(mu + u_left + v_right) + e``, and these coefficients."""
    rng = np.random.default_rng(seed)
    left, right = rng.integers(n_left, size=n_rows), rng.integers(n_right, size=n_rows)
    mu, u, v = (
        rng.normal(size=d + 1),
        spread * rng.normal(size=(n_left, d + 1)),
        0.5 * rng.normal(size=(n_right, d + 1)),
    )
    X = rng.normal(size=(n_rows, d))
    y = (np.c_[X, np.ones(n_rows)] * (mu + u[left] + v[right])).sum(axis=1) + 0.3 * rng.normal(size=n_rows)
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(d)])
    return frame.assign(left=[f"l{i}" for i in left], right=[f"r{i}" for i in right]), y, (mu, u, v)


def dense(prior, frame, y, skipped=()):
    """Posterior mean and covariance of coefficients at levels, by one Gaussian of all rows, as a function of the levels."""
    Z = np.c_[frame[list(prior.feature_names)].to_numpy(), np.ones(len(frame))]
    K = float(prior.noise) * np.eye(len(y))
    for name, covariance in prior.covariances.items():
        ids = frame[name].to_numpy()
        K += (Z @ covariance @ Z.T) * (ids[:, None] == ids)
    information = Z.T @ np.linalg.solve(K, Z)
    mean = np.linalg.solve(information, Z.T @ np.linalg.solve(K, y))

    def at(**levels):
        cross = sum((frame[n].to_numpy() == i)[:, None] * (Z @ prior.covariances[n]) for n, i in levels.items())
        own = sum(prior.covariances[name] for name in levels)
        gain = np.linalg.solve(K, cross).T
        left = np.eye(len(mean)) - gain @ Z
        return mean + gain @ (y - Z @ mean), own - gain @ cross + left @ np.linalg.inv(information) @ left.T

    return at


def test_lme4_publishes_the_same_of_penicillin():
    """Bates, Maechler, Bolker and Walker (2015), Journal of Statistical Software 67(1); figures of lme4's vignette."""
    X, y = penicillin()
    model = learn(X, y, ["plate", "sample"], **REML)
    prior = model.prior_
    assert -2.0 * model.learner_.evidence_ == pytest.approx(330.8606, abs=1e-4)
    sds = {name: np.sqrt(covariance[-1, -1]) for name, covariance in prior.covariances.items()}
    assert sds["plate"] == pytest.approx(0.8467, abs=1e-4) and sds["sample"] == pytest.approx(1.9316, abs=1e-4)
    assert np.sqrt(prior.noise) == pytest.approx(0.5499, abs=1e-4) and prior.mean[-1] == pytest.approx(
        22.9722, abs=1e-4
    )


def test_casks_of_their_own_names_are_nested_tasks():
    X, y = pastes()
    named = X.assign(cask=X["batch"] + X["cask"])
    crossed = learn(named, y, ["batch", "cask"], **REML)
    nested = learn(named, y, ["batch", "cask"], **(REML | {"crossed": False}))
    assert crossed.learner_.evidence_ == pytest.approx(nested.learner_.evidence_, abs=1e-6)
    assert -2.0 * nested.learner_.evidence_ == pytest.approx(246.9907, abs=1e-4)
    ours, theirs = crossed.prior_.split()[1].learned, nested.prior_.split()[1].learned
    for name, variance in (("batch", 1.6573), ("cask", 8.4337)):
        assert ours.covariances[name][-1, -1] == pytest.approx(variance, abs=1e-4)
        assert_allclose(ours.covariances[name][-1, -1], theirs.covariances[name][-1, -1], rtol=1e-6)
    assert_allclose([ours.noise, theirs.noise], 0.6780, atol=1e-4)
    for batch in "AEJ":
        found, wanted = ours.given(batch=batch), theirs.given(batch=batch)
        assert_allclose(found.mean[-1], wanted.mean[-1], rtol=1e-6)
        for name in ("covariance", "mean_covariance"):
            assert_allclose(getattr(found, name)[-1, -1], getattr(wanted, name)[-1, -1], rtol=1e-6)


@pytest.mark.parametrize("varying", ["all", "intercept", ["x1"]])
def test_given_is_what_one_dense_gaussian_says(varying):
    X, y, _ = ratings(n_rows=120)
    task = ["left", "right"]
    kept = ~((X["left"] == "l0") & (X["right"] == "r1"))
    model = learn(X[kept], y[kept], task, covariance="full", varying=varying, **REML)
    prior = model.prior_.learned
    at = dense(prior, X[kept], y[kept])
    for levels in ({"left": "l0", "right": "r1"}, {"left": "l3"}, {"right": "r2"}):
        found, (mean, covariance) = prior.given(**levels), at(**levels)
        assert_allclose(found.mean, mean, rtol=1e-4, atol=1e-5)
        assert_allclose(found.mean_covariance, covariance, rtol=1e-4, atol=1e-6)
        rest = sum(c for name, c in prior.covariances.items() if name not in levels)
        assert_allclose(found.covariance, rest + np.zeros((3, 3)), rtol=1e-9)
    with_new = prior.given(left="l0", right="nobody")
    assert_array_equal(with_new.mean, prior.given(left="l0").mean)
    assert_array_equal(prior.given(left="x", right="y").mean, prior.mean)
    assert_allclose(model.predict(X[~kept]), _by(model.prior_.given(left="l0", right="r1"), X[~kept]), rtol=1e-12)
    assert_allclose(
        model.predict(X[:3].assign(right="new", left="l0")), _by(model.prior_.given(left="l0"), X[:3]), rtol=1e-12
    )


def _by(prior, X):
    return prior.zero_shot(Ridge()).predict(X[["x0", "x1"]])


def test_unseen_pairs_gain_from_both():
    X, y, (mu, u, v) = ratings(n_rows=600, seed=3)
    model = learn(X, y, ["left", "right"], covariance="diagonal")
    off = []
    for i in range(8):
        for j in range(6):
            found = model.prior_.given(left=f"l{i}", right=f"r{j}")
            off.append(found.components[0].mean - (mu + u[i] + v[j]))
    assert np.sqrt(np.mean(np.square(off))) < 0.1
    one = model.prior_.given(left="l0").components[0]
    assert np.trace(one.covariance) > 0.5 * np.trace(model.prior_.learned.covariances["right"])


@pytest.mark.parametrize("n_factors", [2, 3])
def test_the_search_ends_where_nothing_is_more_probable(n_factors):
    """The restricted likelihood, written down, with correlated slopes in every factor."""
    X, y, _ = ratings(n_rows=90, d=1, seed=5)
    X = X if n_factors == 2 else X.assign(third=np.arange(90) % 5)
    task = ["left", "right", "third"][:n_factors]
    model = learn(X, y, task, covariance="full", **REML)
    prior, rng = model.prior_.learned, np.random.default_rng(0)
    best = _restricted(X, y, prior.covariances, float(prior.noise))
    assert model.learner_.evidence_ == pytest.approx(best, rel=1e-6)
    for _ in range(30):
        turned = {n: (t := np.eye(2) + 0.05 * rng.normal(size=(2, 2))) @ c @ t.T for n, c in prior.covariances.items()}
        assert _restricted(X, y, turned, float(prior.noise) * np.exp(0.05 * rng.normal())) < best + 1e-6


def _restricted(frame, y, covariances, noise):
    Z = np.c_[frame[["x0"]].to_numpy(), np.ones(len(frame))]
    K = noise * np.eye(len(y))
    for name, covariance in covariances.items():
        ids = frame[name].to_numpy()
        K += (Z @ covariance @ Z.T) * (ids[:, None] == ids)
    solved = np.linalg.solve(K, np.c_[Z, y])
    information, pull = Z.T @ solved[:, :-1], Z.T @ solved[:, -1]
    square = y @ solved[:, -1] - pull @ np.linalg.solve(information, pull)
    logs = np.linalg.slogdet(K)[1] + np.linalg.slogdet(information)[1]
    return -0.5 * (square + logs + (len(y) - 2) * np.log(2.0 * np.pi))


def test_the_order_of_columns_rows_and_factors_changes_nothing():
    X, y, _ = ratings()
    model = learn(X, y, ["left", "right"], covariance="diagonal")
    order = np.random.default_rng(0).permutation(len(X))
    turned = X.iloc[order][["right", "x1", "left", "x0"]]
    other = learn(turned, y[order], ["right", "left"], covariance="diagonal")
    new = X[:5].assign(left="l1", right=["r0", "r1", "r2", "none", "r4"])
    assert_allclose(other.predict(new[turned.columns]), model.predict(new), rtol=1e-6)


def test_a_known_pair_is_adapted_from_what_the_others_say():
    """Its rows do not count twice: the model equals that of the prior without them, adapted to them."""
    X, y, _ = ratings(n_rows=300)
    options = {"covariance": "diagonal", "varying": "all"}
    model = learn(X, y, ["left", "right"], **options)
    pair = ((X["left"] == "l2") & (X["right"] == "r3")).to_numpy()
    without = dense(model.prior_.learned, X[~pair], y[~pair])
    mean, covariance = without(left="l2", right="r3")
    noise = float(model.prior_.learned.noise)
    Z = np.c_[X.loc[pair, ["x0", "x1"]].to_numpy(), np.ones(pair.sum())]
    information = np.linalg.inv(covariance)
    wanted = np.linalg.solve(information + Z.T @ Z / noise, information @ mean + Z.T @ y[pair] / noise)
    found = model.estimators_["l2", "r3"]
    # The robust mixture moves it by what is left of its doubt.
    assert_allclose(np.r_[found.coef_, found.intercept_], wanted, atol=0.05)


def test_groups_that_never_meet_are_legal():
    X, y, _ = ratings()
    apart = X.assign(right=np.where(X["left"] < "l4", X["right"], X["right"] + "x"))
    model = learn(apart, y, ["left", "right"])
    assert np.isfinite(model.predict(apart.assign(left="l1", right="r2x"))).all()


@varied("estimator", [LogisticRegression(), PoissonRegressor(), HuberRegressor()])
def test_other_targets_are_crossed_too(estimator):
    X, y, _ = ratings(4, 3, n_rows=100, d=1, spread=0.5)
    labels = isinstance(estimator, LogisticRegression)
    target = np.where(y > y.mean(), "high", "low") if labels else np.exp(np.clip(y, -2, 2)).round()
    model = learn(X, target, ["left", "right"], estimator, covariance="diagonal")
    assert isinstance(model.prior_.learned, CrossedPrior)
    one, other = (model.prior_.given(left=name).components[0].mean for name in ("l0", "l1"))
    assert np.abs(one - other).max() > 1e-3
    both = model.prior_.given(left="l0", right="r0").components[0]
    assert_array_equal(both.covariance, 0.0)
    assert np.all(np.diagonal(both.mean_covariance) > 0.0)


def test_several_targets_have_covariances_of_their_own():
    X, y, _ = ratings(d=1)
    both = learn(X, np.c_[y, 2.0 * y[::-1]], ["left", "right"], covariance="diagonal")
    first = learn(X, y, ["left", "right"], covariance="diagonal")
    found = both.prior_.given(left="l0", right="r0").components[0]
    assert both.prior_.covariances["left"].shape == (2, 2, 2)
    assert_allclose(both.prior_.covariances["left"][0], first.prior_.covariances["left"], rtol=1e-4, atol=1e-7)
    assert_allclose(found.mean[0], first.prior_.given(left="l0", right="r0").components[0].mean, rtol=1e-4, atol=1e-5)


def test_the_prior_is_a_frozen_value():
    X, y, _ = ratings()
    prior = learn(X, y, ["left", "right"]).prior_.split()[1]
    learned = prior.learned
    assert prior.context_names == ("left", "right") and clone(prior) is prior
    assert repr(prior).startswith("CrossedPrior(left: 8, right: 6, tasks: 48; left explains ")
    found = [int(n) for n in re.findall(r"\d+", prior.in_words[0])]
    variance = [np.trace(prior.covariances[name]) for name in ("left", "right")]  # of columns of variance one, nearly
    assert_allclose(found, 100 * np.array(variance) / sum(variance), atol=3)
    again = pickle.loads(pickle.dumps(prior)).learned
    for other in (again, CrossedPrior.from_dict(learned.to_dict())):
        assert_array_equal(other.given(left="l1", right="r1").mean, learned.given(left="l1", right="r1").mean)
        with pytest.raises(ValueError, match="read-only"):
            other.known[0].means[0] = 1.0
    turned = learned.aligned(["x1", "x0"])
    for name in ("mean", "mean_covariance"):
        found, wanted = (getattr(p.given(left="l1", right="r1"), name) for p in (turned, learned))
        full = [1, 0, 2]
        assert_allclose(found, wanted[full] if wanted.ndim == 1 else wanted[np.ix_(full, full)], rtol=1e-12)
    plain = learned.given(left="l1")
    assert type(plain) is GaussianPrior


def test_errors_say_what_was_wanted(monkeypatch):
    X, y, _ = ratings(n_rows=100)
    with pytest.raises(ValueError, match=r"crossed=True\): wanted two task columns or more.*found \['left'\]"):
        learn(X.drop(columns="right"), y, "left")
    with pytest.raises(ValueError, match=r"wanted two ids or more in each of crossed columns, found 1 in 'right'"):
        learn(X.assign(right="one"), y, ["left", "right"])
    with pytest.raises(TypeError, match="crossed must be an instance of bool"):
        learn(X, y, ["left", "right"], crossed="yes")
    model = learn(X, y, ["left", "right"])
    with pytest.raises(ValueError, match=r"prior: wanted None with EmpiricalBayes\(crossed=True\)"):
        clone(model).set_params(prior=model.prior_).fit(X, y)
    with pytest.raises(TypeError, match=r"given: wanted names among \['left', 'right'\], found \['middle'\]"):
        model.prior_.given(middle=3)
    sums = SufficientStatistics.from_table(X[["x0", "x1", "left"]], y, task="left")
    with pytest.raises(ValueError, match=r"found statistics, which know a task by one id"):
        EmpiricalBayes(crossed=True).learn_statistics(sums)
    monkeypatch.setattr("skmeta.linear_model._structured._crossed_learning._LARGEST", 10)
    with pytest.raises(ValueError, match=r"beside the largest, 'left', found 18; let fewer columns vary"):
        learn(X, y, ["left", "right"])


def test_more_columns_than_rows_are_refused():
    rng = np.random.default_rng(0)
    X = np.c_[rng.normal(size=(40, 120)), np.arange(40) % 5, np.arange(40) % 4]
    with pytest.raises(
        ValueError, match=r"wanted at most 100 columns, .* found 120 columns and fewer rows in every task"
    ):
        learn(X, rng.normal(size=40), [120, 121])


def test_targets_without_noise_are_explained():
    X, _, (mu, u, v) = ratings(n_rows=200)
    left, right = (X[name].str[1:].astype(int).to_numpy() for name in ("left", "right"))
    y = (np.c_[X[["x0", "x1"]], np.ones(200)] * (mu + u[left] + v[right])).sum(axis=1)
    prior = learn(X, y, ["left", "right"], covariance="diagonal").prior_
    assert_allclose(prior.given(left="l1", right="r1").components[0].mean, mu + u[1] + v[1], atol=1e-2)


def test_ids_are_its_own_and_locked():
    ids = np.array(["a", "b"])
    prior = CrossedPrior([1.0, 0.0], [1.0, 1.0], factors=("left",), ids=(ids,))
    for each in (prior, pickle.loads(pickle.dumps(prior))):
        with pytest.raises(ValueError, match="read-only"):
            each.ids[0][0] = "c"
    ids[0] = "c"
    assert prior.ids[0].tolist() == ["a", "b"]
