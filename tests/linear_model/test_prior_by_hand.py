"""The prior written by hand: the closed form, matched by name, told where its arrays are none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from priors import FEATURES, MODELS, NAMES, PLAIN, PRIORS, QUICK, X, assert_same_prior, own, plain_table, written, y
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge

from skmeta import GaussianPrior, WarmStartRegressor
from skmeta.linear_model import ContextualEffects, Units

pytestmark = pytest.mark.quick


# Written by hand ----------------------------------------------------------------------------------------


def closed_form(Z, target, mean, covariance, noise=1.0, strength=1.0, weight=None):
    """Posterior mean of ``N(mean, covariance / strength)`` after rows ``Z`` with noise variance ``noise``."""
    weight = np.ones(len(Z)) if weight is None else weight
    S = covariance / strength
    gram, score = (Z.T * weight) @ Z / noise, (Z.T * weight) @ (target - Z @ mean) / noise
    return mean + np.linalg.solve(np.eye(len(mean)) + S @ gram, S @ score)


designs = st.integers(0, 10**6).map(np.random.default_rng)


@settings(deadline=None, max_examples=60)
@given(
    rng=designs,
    d=st.integers(1, 6),
    n=st.integers(1, 20),
    noise=st.floats(0.1, 10),
    strength=st.floats(0.1, 10),
)
def test_a_prior_with_an_intercept_is_the_closed_form(rng, d, n, noise, strength):
    given_ = written(rng, d)
    A, target, weight = rng.normal(size=(n, d)), rng.normal(size=n), rng.integers(1, 4, n)
    prior = GaussianPrior(**given_, noise=noise, feature_names=[f"x{j}" for j in range(d)])
    table = pd.DataFrame(A, columns=prior.feature_names)
    plain = prior.adapt(Ridge(alpha=strength), table, target, sample_weight=weight)
    wanted = closed_form(np.c_[A, np.ones(n)], target, **given_, noise=noise, strength=strength, weight=weight)
    assert_allclose(np.r_[plain.coef_, plain.intercept_], wanted, rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=60)
@given(rng=designs, d=st.integers(1, 6), n=st.integers(1, 20), noise=st.floats(0.1, 10))
def test_without_an_intercept_entry_the_intercept_is_free(rng, d, n, noise):
    given_ = written(rng, d, intercept=False)
    A, target = rng.normal(size=(n, d)), rng.normal(size=n)
    plain = GaussianPrior(**given_, noise=noise).adapt(Ridge(), A, target)
    # A free intercept is integrated out by centring.
    wanted = closed_form(A - A.mean(axis=0), target - target.mean(), **given_, noise=noise)
    assert_allclose(plain.coef_, wanted, rtol=1e-10, atol=1e-10)
    assert_allclose(plain.intercept_, (target - A @ wanted).mean(), rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=30)
@given(rng=designs, d=st.integers(1, 5), n=st.integers(1, 12), K=st.integers(2, 3))
def test_outputs_have_priors_of_their_own(rng, d, n, K):
    given_ = written(rng, d, K)
    noise = rng.uniform(0.1, 2.0, K)
    A, target = rng.normal(size=(n, d)), rng.normal(size=(n, K))
    prior = GaussianPrior(**given_, noise=noise, feature_names=[f"x{j}" for j in range(d)])
    plain = prior.adapt(Ridge(), pd.DataFrame(A, columns=prior.feature_names), target)
    for k in range(K):
        wanted = closed_form(np.c_[A, np.ones(n)], target[:, k], given_["mean"][k], given_["covariance"][k], noise[k])
        assert_allclose(np.r_[plain.coef_[k], plain.intercept_[k]], wanted, rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=30)
@given(rng=designs, shift=st.floats(-50, 50), scale=st.floats(0.01, 100))
def test_the_units_of_the_engine_change_nothing(rng, shift, scale):
    given_ = written(rng)
    plain = GaussianPrior(**given_, feature_names=NAMES).adapt(Ridge(), table(rng), y[own])
    units = {"centre": shift * rng.normal(size=3), "scale": scale * rng.uniform(0.1, 1.0, 3)}
    turned = GaussianPrior(**given_, feature_names=NAMES, units=Units(**units, target_centre=shift, target_scale=scale))
    again = turned.adapt(Ridge(), table(rng), y[own])
    tolerance = 1e-8 * (1.0 + abs(shift))
    assert_allclose(again.coef_, plain.coef_, rtol=tolerance, atol=tolerance)
    assert_allclose(again.intercept_, plain.intercept_, rtol=tolerance, atol=tolerance)


def table(rng, names=NAMES):
    return pd.DataFrame(FEATURES[own], columns=NAMES)[list(names)]


@settings(deadline=None, max_examples=30)
@given(rng=designs, order=st.permutations(range(3)))
def test_columns_in_any_order_give_the_same_answer(rng, order):
    prior = GaussianPrior(**written(rng), feature_names=NAMES, units=Units([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]))
    names = [NAMES[j] for j in order]
    straight = prior.adapt(Ridge(), table(rng), y[own])
    permuted = prior.adapt(Ridge(), table(rng, names), y[own])
    assert list(permuted.feature_names_in_) == names
    assert_allclose(permuted.coef_, straight.coef_[order], rtol=1e-9, atol=1e-12)
    turned = prior.reorder(order)
    assert turned.feature_names == tuple(names)
    assert_same_prior(turned.reorder(np.argsort(order)), prior)
    assert_array_equal(turned.mean, prior.mean[[*order, 3]])


@pytest.mark.parametrize("name", PLAIN)
def test_every_prior_can_be_reordered(name):
    prior = PLAIN[name]
    turned = prior.reorder([2, 0, 1])
    estimator = LogisticRegression() if name == "logistic" else Ridge()
    target = {"several outputs": np.c_[y, -y], "logistic": np.resize(["a", "b", "c"], len(y))}.get(name, y)
    straight = prior.reorder([0, 1, 2]).adapt(estimator, plain_table(prior, [0, 1, 2]), target)
    permuted = turned.adapt(estimator, plain_table(turned, [2, 0, 1]), target)
    assert_allclose(permuted.coef_, straight.coef_[..., [2, 0, 1]], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("prior", [PRIORS["by hand"], PRIORS["ridge"].components[-1]], ids=["learned", "vague"])
def test_columns_of_other_names_are_named(prior):
    prior = prior if prior.feature_names else replace(prior, feature_names=NAMES)
    with pytest.raises(ValueError, match=r"X: .* the prior was learned from: found missing \[.*\], unexpected \['z'\]"):
        prior.aligned([*NAMES[:2], "z"])


@pytest.mark.parametrize("order", [[0, 1], [0, 0, 1], [1, 2, 3], [0.0, 1.5, 2.0]])
def test_an_order_must_be_a_permutation(order):
    with pytest.raises(ValueError, match=r"order: wanted each of 0 to 2 once, found \["):
        PRIORS["ridge"].reorder(order)


def test_ways_to_write_the_same_covariance():
    names = {"feature_names": NAMES}
    same = [
        GaussianPrior(np.ones(4), 2.0, **names),
        GaussianPrior(np.ones(4), [2.0] * 4, **names),
        GaussianPrior(np.ones(4), 2.0 * np.eye(4), **names),
        GaussianPrior(np.ones(4), np.zeros(4), factor=np.sqrt(2.0) * np.eye(4), **names),
        GaussianPrior(np.ones(4), [0.5] * 4, mean_covariance=1.5 * np.eye(4), **names),
        GaussianPrior(np.ones(4), 2.0, units=Units(np.zeros(3))),
    ]
    frame = pd.DataFrame(FEATURES, columns=NAMES)
    first = same[0].adapt(Ridge(), frame, y)
    for prior in same[1:]:
        again = prior.adapt(Ridge(), frame if prior.feature_names else FEATURES, y)
        assert_allclose(again.coef_, first.coef_, rtol=1e-9)


def test_an_unknown_intercept_is_an_infinite_variance():
    part, whole = np.diag([1.0, 2.0, 3.0]), np.diag([1.0, 2.0, 3.0, np.inf])
    short = GaussianPrior(np.ones(3), part)
    full = GaussianPrior([1.0, 1.0, 1.0, 0.0], whole, feature_names=NAMES)
    assert not short.knows_intercept and short.n_features == full.n_features == 3
    frame = pd.DataFrame(FEATURES, columns=NAMES)
    assert_allclose(short.adapt(Ridge(), FEATURES, y).coef_, full.adapt(Ridge(), frame, y).coef_, rtol=1e-12)


def test_an_unknown_intercept_keeps_the_uncertainty_of_the_mean():
    extra = GaussianPrior(np.ones(3), np.eye(3), mean_covariance=np.diag([1.0, 2.0, 3.0]))
    summed = GaussianPrior(np.ones(3), np.diag([2.0, 3.0, 4.0]))
    assert_allclose(extra.adapt(Ridge(), FEATURES, y).coef_, summed.adapt(Ridge(), FEATURES, y).coef_, rtol=1e-9)


def test_without_names_a_last_entry_more_than_columns_is_the_intercepts():
    given_ = written(mean_covariance=0.2 * np.eye(4), factor=np.ones((4, 1)))
    nameless = GaussianPrior(**given_).adapt(Ridge(), FEATURES[own], y[own])
    named = GaussianPrior(**given_, feature_names=NAMES).adapt(Ridge(), table(None), y[own])
    assert_allclose(nameless.coef_, named.coef_, rtol=1e-10)
    assert_allclose(nameless.intercept_, named.intercept_, rtol=1e-10)


def test_an_intercept_unknown_for_one_output_is_known_for_the_other():
    covariance = np.array([[1.0, 1.0, 1.0, np.inf], [1.0, 1.0, 1.0, 1e-9]])
    prior = GaussianPrior([[0.0] * 4, [0.0] * 3 + [5.0]], covariance, feature_names=NAMES)
    plain = prior.adapt(Ridge(), pd.DataFrame(FEATURES, columns=NAMES), np.c_[y, y])
    assert_allclose(plain.intercept_[1], 5.0, atol=1e-5)
    assert_allclose(plain.intercept_[0], y.mean() - FEATURES.mean(axis=0) @ plain.coef_[0], rtol=1e-8)


def test_no_variance_holds_a_coefficient_fast():
    prior = GaussianPrior([2.0, -1.0, 0.0], [0.0, 1.0, 1e6])
    plain = prior.adapt(Ridge(), FEATURES, y)
    assert_allclose(plain.coef_[0], 2.0, atol=1e-6)
    rest = GaussianPrior([-1.0, 0.0], [1.0, 1e6]).adapt(Ridge(), FEATURES[:, 1:], y - 2.0 * FEATURES[:, 0])
    assert_allclose(plain.coef_[1:], rest.coef_, rtol=1e-6)


def test_towards_previous_coefficients():
    old = Ridge().fit(FEATURES, y)
    strengths = [0.0, 1e-2, 1.0, 1e2, 1e12]
    prior = GaussianPrior(old.coef_, np.eye(3))
    gaps = [np.linalg.norm(prior.adapt(Ridge(alpha=s), FEATURES[own], y[own]).coef_ - old.coef_) for s in strengths]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 1e-9


# Models for tasks without rows --------------------------------------------------------------------------


@pytest.mark.parametrize("empty", [FEATURES[:0], pd.DataFrame(FEATURES[:0], columns=NAMES)], ids=["array", "frame"])
def test_no_rows_give_the_priors_mean(empty):
    prior = PRIORS["by hand"]
    plain = prior.adapt(Ridge(), empty, y[:0])
    assert_array_equal(np.r_[plain.coef_, plain.intercept_], prior.mean)
    assert_array_equal(plain.coef_, prior.zero_shot(Ridge()).coef_)
    assert list(plain.feature_names_in_) == list(NAMES)


def test_zero_shot_of_every_kind_of_target():
    prior = GaussianPrior(written()["mean"], 1.0, feature_names=NAMES)
    frame = pd.DataFrame(FEATURES, columns=NAMES)
    eta = FEATURES @ prior.mean[:3] + prior.mean[3]
    assert_allclose(prior.zero_shot(Ridge()).predict(frame), eta)
    assert_allclose(prior.zero_shot(PoissonRegressor()).predict(frame), np.exp(eta))
    labels = GaussianPrior(prior.mean, 1.0, feature_names=NAMES, classes=["no", "yes"])
    assert_array_equal(labels.zero_shot(LogisticRegression()).predict(frame), np.where(eta > 0, "yes", "no"))
    three = GaussianPrior(**written(outputs=3), feature_names=NAMES, classes=["a", "b", "c"])
    scores = three.zero_shot(LogisticRegression()).decision_function(frame)
    assert_allclose(scores, FEATURES @ three.mean[:, :3].T + three.mean[:, 3])


def test_zero_shot_through_frozen_steps():
    for name in ("pipeline", "target"):
        plain = PRIORS[name].zero_shot(Ridge())
        assert_allclose(plain.predict(FEATURES), MODELS[name].predict(np.c_[FEATURES, np.full(len(X), 99)]), rtol=1e-10)


# Arrays that are no prior -------------------------------------------------------------------------------

MEAN, EYE = np.zeros(3), np.eye(3)
BAD_ARRAYS = {
    "mean of text": ({"mean": ["a", "b"]}, ["mean", "numbers"]),
    "mean with NaN": ({"mean": [0.0, np.nan, 1.0]}, ["mean", "finite", "1 that"]),
    "mean of a number": ({"mean": 3.0}, ["mean", "1 or 2 dimensions", "shape ()"]),
    "mean of nothing": ({"mean": []}, ["mean", "shape (0,)"]),
    "mean of three dimensions": ({"mean": np.zeros((2, 2, 2))}, ["mean", "shape (2, 2, 2)"]),
    "covariance of other shape": ({"covariance": np.eye(4)}, ["covariance", "(3, 3)", "(4, 4)"]),
    "covariance of other length": ({"covariance": np.ones(5)}, ["covariance", "(3,) for a diagonal", "(5,)"]),
    "covariance of text": ({"covariance": "wide"}, ["covariance", "numbers"]),
    "covariance that is not symmetric": (
        {"covariance": EYE + np.triu(np.ones((3, 3)), 1)},
        ["covariance", "symmetric", "differ by up to 1"],
    ),
    "covariance that is not positive": (
        {"covariance": EYE - 0.9 * np.ones((3, 3))},
        ["covariance", "positive definite", "-1"],
    ),
    "correlation above one": (
        {"covariance": [[1e-8, 2e-4, 0.0], [2e-4, 1.0, 0.0], [0.0, 0.0, 1.0]]},
        ["covariance", "positive definite"],
    ),
    "negative variance": ({"covariance": [1.0, -2.0, 1.0]}, ["covariance", "not negative", "-2"]),
    "negative covariance": ({"covariance": -1.0}, ["covariance", "not negative", "-1"]),
    "infinite slope variance": ({"covariance": [np.inf, 1.0, 1.0]}, ["covariance", "finite"]),
    "covariance with NaN": ({"covariance": np.where(EYE > 0, np.nan, 0.0)}, ["covariance", "finite"]),
    "factor of other width": ({"factor": np.ones((4, 2))}, ["factor", "(3, 'rank')", "(4, 2)"]),
    "mean_covariance of other shape": (
        {"mean_covariance": np.eye(2)},
        ["mean_covariance", "(3, 3)", "(2, 2)"],
    ),
    "too few names": ({"feature_names": ["a"]}, ["feature_names", "2 or 3", "1 names"]),
    "names twice": ({"feature_names": ["a", "b", "a"]}, ["feature_names", "different"]),
    "noise of zero": ({"noise": 0.0}, ["noise", "positive"]),
    "noise of two": ({"noise": [1.0, 2.0]}, ["noise", "(2,)"]),
    "noise with NaN": ({"noise": np.nan}, ["noise", "positive"]),
    "noise of labels": ({"noise": 0.5, "classes": ["a", "b"]}, ["noise", "1 for class labels", "0.5"]),
    "degrees of freedom": ({"noise_dof": -1.0}, ["noise_dof", "positive"]),
    "units of other columns": ({"units": Units(np.zeros(5))}, ["units", "2 columns", "5"]),
    "units of other targets": ({"units": Units(np.zeros(3), target_scale=[1.0, 2.0])}, ["units", "()", "(2,)"]),
    "contextual effects of other columns": (
        {"contextual_effects": ContextualEffects(np.ones(2), np.ones(2))},
        ["contextual_effects", "(3,)", "(2,)"],
    ),
    "contextual effects of labels": (
        {"contextual_effects": ContextualEffects(np.ones(3), np.ones(3)), "likelihood": "binomial"},
        ["contextual_effects", "squared errors", "binomial"],
    ),
    "likelihood": ({"likelihood": "normal"}, ["likelihood", "'gaussian'", "'normal'"]),
    "one class": ({"classes": ["a"]}, ["classes", "2 different labels"]),
    "classes twice": ({"classes": ["a", "a"]}, ["classes", "2 different labels"]),
    "classes without order": ({"classes": ["b", "a"]}, ["classes", "sorted"]),
    "classes for three": ({"classes": ["a", "b", "c"]}, ["classes", "2 different labels", "(4,)"]),
    "experience below zero": ({"n_tasks": -1}, ["n_tasks", "not negative", "-1"]),
}


@pytest.mark.parametrize(("changes", "words"), BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_arrays_that_are_no_prior(changes, words):
    arguments = {"mean": MEAN, "covariance": EYE} | changes
    with pytest.raises(ValueError, match="GaussianPrior") as caught:
        GaussianPrior(**arguments)
    for word in words:
        assert word in str(caught.value)


def test_rounding_is_no_asymmetry():
    root = np.random.default_rng(0).normal(size=(30, 30))
    covariance = root @ root.T
    GaussianPrior(np.zeros(30), covariance * (1.0 + 1e-12 * root))
    low_rank = root[:, :3] @ root[:, :3].T
    assert np.linalg.eigvalsh(low_rank).min() < 0  # by rounding
    GaussianPrior(np.zeros(30), low_rank)


def test_a_prior_of_labels_says_so():
    assert GaussianPrior(MEAN, EYE, classes=[0, 1]).likelihood == "binomial"
    assert GaussianPrior(np.zeros((3, 2)), 1.0, classes=[0, 1, 2]).likelihood == "multinomial"
    assert GaussianPrior(MEAN, EYE).likelihood is None


def test_a_frame_tells_what_was_learned():
    frame = PRIORS["ridge"].to_frame()
    assert frame["feature"].tolist() == ["x0", "x1", "x2", "intercept"]
    assert PRIORS["by hand"].to_frame()["feature"].tolist() == [*NAMES, "intercept"]
    assert_allclose(frame["mean"], PRIORS["ridge"].mean)
    assert_allclose(frame["std"] ** 2, np.diag(PRIORS["ridge"].dense_covariance()))
    assert list(PRIORS["several outputs"].to_frame()) == ["feature", "mean_0", "std_0", "mean_1", "std_1"]
    assert_allclose(PRIORS["factor"].to_frame()["std"] ** 2, [2.0, 2.0, 1.0, 1.0])
    assert PRIORS["pipeline"].to_frame().equals(PRIORS["pipeline"].prior.to_frame())


def test_uncertainty_of_the_mean_may_be_a_diagonal():
    by_hand = GaussianPrior(np.zeros(4), 1.0, mean_covariance=0.1 * np.ones(4), n_tasks=5, feature_names=NAMES)
    dense = GaussianPrior(np.zeros(4), np.eye(4), mean_covariance=0.1 * np.eye(4), n_tasks=5, feature_names=NAMES)
    one, two = (WarmStartRegressor(Ridge(), task=-1, prior=p, learner=QUICK) for p in (by_hand, dense))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        found = [model.fit(X, y).prior_.mean for model in (one, two)]
    assert_allclose(*found, rtol=1e-8)


def test_a_frame_names_what_is_of_each_class_by_its_label():
    prior = GaussianPrior(np.zeros((3, 2)), np.ones((3, 2)), classes=["ash", "birch", "cedar"])
    wanted = ["mean_ash", "std_ash", "mean_birch", "std_birch", "mean_cedar", "std_cedar"]
    assert list(prior.to_frame()) == ["feature", *wanted]
    assert list(GaussianPrior(np.zeros(2), 1.0, classes=["ash", "birch"]).to_frame()) == ["feature", "mean", "std"]
