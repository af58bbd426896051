"""Rows that were drawn by their class: what they say of linear models, and what they do not."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from variations import varied

from skmeta import EmpiricalBayes, GaussianPrior, WarmStartClassifier
from skmeta.compose import MixturePrior
from skmeta.linear_model import WorkingStatistics
from skmeta.tasks import Tasks
from skmeta.tasks._class_rates import drawn_by_class

pytestmark = pytest.mark.quick

D = 2
STEPS = SGDClassifier("log_loss", learning_rate="constant", eta0=0.01, random_state=0)


def whole(model):
    """Coefficients of the mode, the intercept last, before they are moderated."""
    return np.c_[model.coef_, model.intercept_] / getattr(model, "moderation_", 1.0)


def scores(X, coef):
    return X @ coef[:, :-1].T + coef[:, -1]


def chances(X, coef):
    eta = scores(X, coef)
    return np.c_[expit(-eta), expit(eta)] if eta.shape[1] == 1 else softmax(eta, axis=1)


def draw(X, coef, rng):
    return (rng.uniform(size=(len(X), 1)) > np.cumsum(chances(X, coef), axis=1)[:, :-1]).sum(axis=1)


def vague_prior(n_classes, class_prior=None, **options):
    K = 1 if n_classes == 2 else n_classes
    mean = np.zeros((K, D + 1)) if K > 1 else np.zeros(D + 1)
    return GaussianPrior(mean, 4.0, classes=np.arange(n_classes), class_prior=class_prior, **options)


# Infinitely many rows -----------------------------------------------------------------------------------

COEF = {
    2: np.array([[1.5, -0.7, -2.5]]),
    3: np.array([[1.0, -0.5, 1.5], [-1.0, 0.2, -2.0], [0.0, 0.3, -1.0]]),
}


def population(n_classes, intercept=True):
    """Every pair of a point and a class, and how often it is met: as many rows as one likes."""
    X = np.stack(np.meshgrid(*[np.linspace(-2.0, 2.0, 5)] * D), axis=-1).reshape(-1, D)
    coef = COEF[n_classes] * np.r_[np.ones(D), float(intercept)]
    P = chances(X, coef)
    pairs = np.repeat(X, n_classes, axis=0), np.tile(np.arange(n_classes), len(X))
    return *pairs, P.ravel() / len(X), coef


@pytest.mark.parametrize("intercept", [True, False], ids=["intercept", "no intercept"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_with_all_rows_the_model_is_that_of_rows_drawn_at_random(n_classes, intercept):
    """Case-control theorem: the same slopes either way, and the same intercept where the rates are known."""
    X, y, often, truth = population(n_classes, intercept)
    shares = np.bincount(y, often)
    even = often / shares[y] / n_classes  # the same number of rows of each class
    model = LogisticRegression(fit_intercept=intercept)
    prior = vague_prior(n_classes, shares)
    fits = {
        (name, weight is even): WarmStartClassifier(model, prior=prior, class_prior=name).fit(X, y, 1e9 * weight)
        for name in ("rows", "past")
        for weight in (often, even)
    }
    contrasts = np.eye(len(truth)) - (1.0 / len(truth) if n_classes > 2 else 0.0)
    at = {key: contrasts @ whole(fit.estimator_) for key, fit in fits.items()}
    for key in (("rows", False), ("past", False), ("past", True)):
        assert_allclose(at[key], contrasts @ truth, atol=1e-6)
    if intercept:
        assert_allclose(at["rows", True][:, :-1], at["past", True][:, :-1], atol=1e-6)
        shift = np.log(1.0 / n_classes / shares)
        shift = shift[1:] - shift[:1] if n_classes == 2 else shift
        assert_allclose(at["rows", True][:, -1] - at["past", True][:, -1], contrasts @ shift, atol=1e-6)


# A few rows ---------------------------------------------------------------------------------------------


def by_class(n_each, coef, rng):
    X = rng.normal(size=(2000, coef.shape[1] - 1))
    y = draw(X, coef, rng)
    rows = np.concatenate([np.flatnonzero(y == c)[:n] for c, n in enumerate(n_each)])
    return X[rows], y[rows]


def as_tasks(parts):
    X, y = (np.concatenate(each) for each in zip(*parts, strict=True))
    codes = np.repeat(np.arange(len(parts)), [len(each) for _, each in parts])
    return Tasks(X, y, codes, np.arange(len(parts)))


@pytest.mark.parametrize("n_each", [(4, 9), (1, 1)], ids=["columns", "rows"])
@pytest.mark.parametrize("strength", [1.0, 0.2])
def test_it_is_a_prior_whose_intercept_is_shifted_and_taken_back(n_each, strength):
    rng = np.random.default_rng(0)
    X, y = by_class(n_each, COEF[2], rng)
    model, shares = LogisticRegression(C=1.0 / strength), np.array([0.9, 0.1])
    mean, spread = np.array([1.0, -1.0, -2.0]), np.array([0.5, 0.3, 0.8])
    prior = GaussianPrior(mean, spread, classes=[0, 1], class_prior=shares)
    shift = np.log(n_each[1] / shares[1]) - np.log(n_each[0] / shares[0])
    shifted = GaussianPrior(mean + np.array([0.0, 0.0, shift]), spread, classes=[0, 1])
    drawn = drawn_by_class(as_tasks([(X, y)]), prior.classes, shares)
    found, wanted = whole(prior.adapt_tasks(model, drawn).estimator(0)), whole(shifted.adapt(model, X, y))
    assert_allclose(found, wanted - [[0.0, 0.0, shift]], atol=1e-8)
    evidence = prior.log_evidence(model, drawn)
    assert_allclose(evidence, shifted.log_evidence(model, as_tasks([(X, y)])), rtol=1e-9)


@pytest.mark.parametrize("d", [2, 12], ids=["columns", "rows"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_many_tasks_are_each_as_alone(n_classes, d):
    rng = np.random.default_rng(1)
    K = 1 if n_classes == 2 else n_classes
    coef = rng.normal(size=(K, d + 1))
    parts = [by_class(rng.permutation([2, 6, 3][:n_classes]), coef, rng) for _ in range(4)]
    mean = coef if K > 1 else coef[0]
    narrow = GaussianPrior(mean, 0.3, classes=np.arange(n_classes), class_prior=rng.dirichlet(np.ones(n_classes)))
    wide = GaussianPrior(0.0 * mean, 2.0, classes=np.arange(n_classes), class_prior=narrow.class_prior)
    prior, new = MixturePrior([narrow, wide]), rng.normal(size=(5, d))
    together = prior.adapt_tasks(
        LogisticRegression(), drawn_by_class(as_tasks(parts), prior.classes, prior.class_prior)
    )
    for t, (X, y) in enumerate(parts):
        alone = WarmStartClassifier(LogisticRegression(), prior=prior, class_prior="past").fit(X, y)
        assert_allclose(whole(together.estimator(t)), whole(alone.estimator_), atol=1e-7)
        assert_allclose(together.predict_proba(new, np.full(5, t)), alone.predict_proba(new), atol=1e-7)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("model", [LogisticRegression(), STEPS], ids=["logistic", "steps"])
def test_rows_that_have_the_shares_of_the_past_are_rows_drawn_at_random(model, n_classes):
    rng = np.random.default_rng(2)
    n_each = np.array([6, 2, 3])[:n_classes]
    X, y = by_class(n_each, COEF[n_classes], rng)
    prior = vague_prior(n_classes, n_each / n_each.sum())
    rows, past = (WarmStartClassifier(model, prior=prior, class_prior=name).fit(X, y) for name in ("rows", "past"))
    assert_allclose(past.coef_, rows.coef_, rtol=1e-10, atol=1e-10)
    assert_allclose(past.predict_proba(X), rows.predict_proba(X), atol=1e-10)


def test_probabilities_are_averages_over_what_the_rows_leave_open():
    """Against draws from the prior, weighted by how probable they make the rows as they were drawn."""
    rng = np.random.default_rng(3)
    X, y = by_class((3, 3), COEF[2], rng)
    mean, spread, shares = COEF[2][0], np.array([0.4, 0.4, 0.6]), np.array([0.85, 0.15])
    prior = GaussianPrior(mean, spread, classes=[0, 1], class_prior=shares)
    model = WarmStartClassifier(LogisticRegression(), prior=prior, class_prior="past").fit(X, y)
    w = mean + np.sqrt(spread) * rng.normal(size=(200_000, 3))
    eta = scores(X, w) + np.log(shares[0] / shares[1])
    probable = np.exp(np.log(np.where(y[:, None] == 1, expit(eta), expit(-eta))).sum(axis=0))
    new = rng.normal(size=(6, 2))
    wanted = expit(scores(new, w)) @ probable / probable.sum()
    assert_allclose(model.predict_proba(new)[:, 1], wanted, atol=0.02)


# Classes that were not drawn -----------------------------------------------------------------------------


@pytest.mark.parametrize("model", [LogisticRegression(), STEPS], ids=["logistic", "steps"])
@pytest.mark.parametrize("d", [2, 12], ids=["columns", "rows"])
def test_rows_of_one_class_say_nothing(model, d):
    prior = GaussianPrior(np.r_[np.ones(d), -2.0], 1.0, classes=["no", "yes"], class_prior=[0.8, 0.2])
    X = np.random.default_rng(4).normal(size=(5, d))
    plain = WarmStartClassifier(model, prior=prior, class_prior="past").fit(X, ["yes"] * 5).estimator_
    assert_allclose(whole(plain)[0], np.r_[np.ones(d), -2.0], atol=1e-8)


@pytest.mark.parametrize("model", [LogisticRegression(), STEPS], ids=["logistic", "steps"])
def test_of_a_class_that_was_not_drawn_rows_say_nothing(model):
    rng = np.random.default_rng(5)
    X, y = by_class((5, 4, 0), COEF[3], rng)
    prior = GaussianPrior(COEF[3], 0.5, classes=[0, 1, 2], class_prior=[0.5, 0.2, 0.3])
    three = whole(WarmStartClassifier(model, prior=prior, class_prior="past").fit(X, y).estimator_)
    assert_allclose(three[2], COEF[3][2], atol=1e-8)
    assert np.abs(three[:2] - COEF[3][:2]).min() > 1e-4


def test_the_classes_that_were_drawn_are_as_without_the_others():
    rng = np.random.default_rng(6)
    X, y = by_class((5, 4, 0), COEF[3], rng)
    three = GaussianPrior(COEF[3], 0.5, classes=[0, 1, 2], class_prior=[0.5, 0.2, 0.3])
    two = GaussianPrior(COEF[3][1] - COEF[3][0], 1.0, classes=[0, 1], class_prior=[5 / 7, 2 / 7])
    found, wanted = (
        whole(WarmStartClassifier(LogisticRegression(), prior=prior, class_prior="past").fit(X, y).estimator_)
        for prior in (three, two)
    )
    assert_allclose(found[1] - found[0], wanted[0], atol=1e-7)


# Other ways to weigh classes -----------------------------------------------------------------------------


def test_steps_of_ones_own_take_weights():
    rng = np.random.default_rng(7)
    X, y = by_class((3, 6), COEF[2], rng)
    own = rng.uniform(0.5, 2.0, len(y))
    shares, drawn = np.array([0.9, 0.1]), np.bincount(y, own) / own.sum()
    prior = vague_prior(2, shares)
    found = WarmStartClassifier(STEPS, prior=prior, class_prior="past").fit(X, y, own)
    stands_for = (shares / drawn)[y]
    wanted = WarmStartClassifier(STEPS, prior=prior).fit(X, y, own * stands_for / stands_for.mean())
    assert_allclose(found.estimator_.coef_, wanted.estimator_.coef_)


def test_balanced_rows_have_no_shares():
    rng = np.random.default_rng(8)
    X, y = by_class((3, 6), COEF[2], rng)
    model = LogisticRegression(class_weight="balanced")
    rows, past = (
        WarmStartClassifier(model, prior=vague_prior(2, [0.9, 0.1]), class_prior=name).fit(X, y)
        for name in ("rows", "past")
    )
    assert_array_equal(rows.coef_, past.coef_)


# What is learned -----------------------------------------------------------------------------------------


def collection(n_tasks, n_rows, rng, n_classes=2, spread=0.4, d=D, level=None):
    """Tasks around a common model, of which few rows are of the second class."""
    centre = np.zeros((1 if n_classes == 2 else n_classes, d + 1))
    centre[:, : D + 1] = COEF[n_classes]
    centre[:, -1] = centre[:, D]
    centre[:, D] = 0.0 if d > D else centre[:, D]
    parts = []
    for _ in range(n_tasks):
        coef = centre + np.r_[np.full(d, spread), spread if level is None else level] * rng.normal(size=centre.shape)
        X = rng.normal(size=(n_rows, d))
        parts.append((X, draw(X, coef, rng)))
    return parts


def table(parts):
    tasks = as_tasks(parts)
    return np.column_stack([tasks.X, tasks.codes]), tasks.y


def learned(parts, model=None, **options):
    return WarmStartClassifier(model or LogisticRegression(), task=-1, **options).fit(*table(parts))


@varied("n_classes", [2, 3])
def test_a_prior_knows_the_mean_of_tasks_own_shares(n_classes):
    rng = np.random.default_rng(9)
    parts = [(X[: 10 + 10 * t], y[: 10 + 10 * t]) for t, (X, y) in enumerate(collection(6, 60, rng, n_classes))]
    shares = np.stack([np.bincount(y, minlength=n_classes) / len(y) for _, y in parts])
    prior = learned(parts).prior_
    assert_allclose(prior.class_prior, shares.mean(axis=0))
    on = learned(parts[:2], prior=prior).prior_
    assert_allclose(on.class_prior, (6 * shares.mean(axis=0) + shares[:2].sum(axis=0)) / 8)
    assert_allclose(learned(parts[:2], prior=prior, class_prior="past").prior_.class_prior, prior.class_prior)
    again = GaussianPrior.from_dict(prior.components[0].to_dict())
    assert_array_equal(again.class_prior, prior.class_prior)


def test_parts_elsewhere_tell_the_same_shares():
    X, y = table(collection(6, 30, np.random.default_rng(10)))
    parts = [
        WorkingStatistics(X[own], y[own], task=-1, estimator=LogisticRegression(), classes=[0, 1])
        for own in (X[:, -1] < 3, X[:, -1] >= 3)
    ]
    found = EmpiricalBayes("diagonal").learn_statistics(parts, LogisticRegression())
    assert_allclose(found.class_prior, [np.mean(y == 0), np.mean(y == 1)])


@pytest.mark.parametrize(("d", "n_rows"), [(2, 100), (110, 60)], ids=["columns", "cells"])
def test_a_prior_that_goes_on_from_rows_drawn_by_class_is_not_led_astray(d, n_rows):
    """Twice as many tasks more, five rows of each class: what is expected of the next task hardly moves."""
    rng = np.random.default_rng(11)
    prior, new = learned(collection(20, n_rows, rng, d=d, spread=0.05)).prior_, []
    for X, y in collection(40, 200, rng, d=d, spread=0.05):
        rows = np.concatenate([np.flatnonzero(y == c)[:5] for c in (0, 1)])
        new.append((X[rows], y[rows]))
    X = rng.normal(size=(2000, d))

    def expected_share(prior):
        return prior.zero_shot(LogisticRegression()).predict_proba(X)[:, 1].mean()

    rows, past = (expected_share(learned(new, prior=prior, class_prior=name).prior_) for name in ("rows", "past"))
    known = expected_share(prior)
    assert rows > known and abs(past - known) < 0.5 * (rows - known)


def test_new_tasks_of_one_table_are_each_as_alone():
    rng = np.random.default_rng(17)
    prior = learned(collection(10, 40, rng)).prior_
    new = [by_class((5, 3), COEF[2], rng) for _ in range(3)]
    model = learned(new, prior=prior, class_prior="past")
    for t, (X, y) in enumerate(new):
        assert_allclose(whole(model.estimators_[t]), whole(model.adapt(X, y)), atol=1e-7)
        assert_allclose(
            whole(model.adapt(np.c_[X, np.full(len(X), 9.0)], y)), whole(model.estimators_[t]), atol=1e-7
        )  # with the task column


def test_the_tasks_of_a_first_prior_are_the_past():
    X, y = table(collection(6, 30, np.random.default_rng(18)))
    rows, past = (
        WarmStartClassifier(LogisticRegression(), task=-1, class_prior=name).fit(X, y) for name in ("rows", "past")
    )
    assert_array_equal(rows.coef_, past.coef_)


def test_steps_come_before():
    rng = np.random.default_rng(19)
    parts = [(X * [3.0, 0.2] + 5.0, y) for X, y in collection(10, 40, rng)]
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    prior, (X, y) = learned(parts, pipeline).prior_, parts[0]
    assert_array_equal(prior.class_prior, prior.prior.class_prior)
    shots = np.concatenate([np.flatnonzero(y == c)[:3] for c in (0, 1)])
    found = WarmStartClassifier(pipeline, prior=prior, class_prior="past").fit(X[shots], y[shots]).estimator_
    Z = found[0].transform(X[shots])
    inner = WarmStartClassifier(LogisticRegression(), prior=prior.prior, class_prior="past").fit(Z, y[shots])
    assert_allclose(whole(found[-1]), whole(inner.estimator_), atol=1e-9)


# What it is good for -------------------------------------------------------------------------------------


def losses(model, shots, query, names=("rows", "past")):
    """Mean log-loss and error ``(2, n_names)`` of plain estimators of new tasks."""
    found = np.zeros((len(shots), 2, len(names)))
    for t, ((X, y), (new, labels)) in enumerate(zip(shots, query, strict=True)):
        for i, name in enumerate(names):
            P = model.set_params(class_prior=name).adapt(X, y).predict_proba(new)
            found[t, 0, i] = -np.log(P[np.arange(len(labels)), labels]).mean()
            found[t, 1, i] = (P.argmax(axis=1) != labels).mean()
    return found


def beyond_chance(difference):
    """How many standard errors the mean difference of tasks is above zero."""
    return difference.mean() / (difference.std(ddof=1) / np.sqrt(len(difference)))


@varied(("n_classes", "n_new"), [(2, 40), (3, 8)])
def test_five_rows_of_each_class_need_the_past_for_how_frequent_classes_are(n_classes, n_new):
    rng = np.random.default_rng(12)
    model = learned(collection(40, 60, rng, n_classes, level=1.0))
    shots, query = [], []
    for X, y in collection(n_new, 1000, rng, n_classes, level=1.0):
        rows = np.concatenate([np.flatnonzero(y == c)[:5] for c in range(n_classes)])
        rest = np.setdiff1d(np.arange(len(y)), rows)
        shots.append((X[rows], y[rows]))
        query.append((X[rest], y[rest]))
    for loss in losses(model, shots, query).transpose(1, 0, 2):
        assert beyond_chance(loss[:, 0] - loss[:, 1]) > 2.0


def test_of_rows_drawn_at_random_what_they_say_of_frequencies_is_worth_having():
    rng = np.random.default_rng(13)
    model = learned(collection(40, 60, rng, spread=1.0))
    new = collection(40, 400, rng, spread=1.0)
    found = losses(model, [(X[:30], y[:30]) for X, y in new], [(X[30:], y[30:]) for X, y in new])
    assert beyond_chance(found[:, 0, 1] - found[:, 0, 0]) > 2.0


# What is refused -----------------------------------------------------------------------------------------


def test_a_past_that_does_not_know_is_refused_and_the_way_out_works():
    X, y = by_class((3, 3), COEF[2], np.random.default_rng(14))
    by_hand = vague_prior(2)
    for prior in (by_hand, MixturePrior([vague_prior(2, [0.9, 0.1]), by_hand])):
        model = WarmStartClassifier(LogisticRegression(), prior=prior, class_prior="past")
        with pytest.raises(
            ValueError, match=r"class_prior: wanted a prior that knows .*GaussianPrior\(\.\.\., class_prior"
        ):
            model.fit(X, y)
        clone(model).set_params(class_prior="rows").fit(X, y)
        clone(model).set_params(prior=vague_prior(2, [0.9, 0.1])).fit(X, y)


@pytest.mark.parametrize("shares", [[0.5], [0.5, -0.5], [1.0, 0.0], [0.5, np.nan], [0.2, 0.3, 0.5]], ids=str)
def test_shares_are_positive_and_one_a_class(shares):
    with pytest.raises(ValueError, match=r"class_prior: wanted a positive share for each of the prior's classes"):
        vague_prior(2, shares)


def test_it_is_one_of_two_words():
    with pytest.raises(ValueError, match=r"class_prior: wanted one of \('rows', 'past'\), found 'even'"):
        WarmStartClassifier(LogisticRegression(), class_prior="even").fit(
            *by_class((3, 3), COEF[2], np.random.default_rng(0))
        )


def test_without_any_past_it_has_no_effect():
    X, y = by_class((3, 6), COEF[2], np.random.default_rng(15))
    plain = LogisticRegression().fit(X, y)
    assert_array_equal(WarmStartClassifier(LogisticRegression(), class_prior="past").fit(X, y).coef_, plain.coef_)


def test_a_class_of_which_no_row_weighs_anything_is_rare():
    X, y = table(collection(6, 30, np.random.default_rng(16), 3))
    model = WarmStartClassifier(LogisticRegression(), task=-1).fit(X, y, np.where(y == 1, 0.0, 1.0))
    assert 0.0 < model.prior_.class_prior[1] < 1e-9
