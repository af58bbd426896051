"""What the design promises: each promise as a small, fast proof, its figures shown by ``pytest -s``."""

import cProfile
import sys
import tracemalloc
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from variations import varied

from skmeta import EmpiricalBayes, WarmStartClassifier, WarmStartRegressor
from skmeta._inference import moments as room
from skmeta.datasets import make_related_classification, make_related_regression

D, REST = 6, 60


def learn(X, y, estimator=None, **params):
    shell = WarmStartClassifier if isinstance(estimator, LogisticRegression) else WarmStartRegressor
    return shell(estimator or Ridge(), task=-1, **params).fit(X, y)


def related(n_tasks, n, seed=0, covariance="factor", **more):
    return make_related_regression(n_tasks, n, D, covariance=covariance, rank=2, random_state=seed, **more)


def past_and_new(n_past, seed, n_new=30, covariance="factor", shots=20):
    """A collection to learn from, and new tasks of the same law as ``(T, shots + REST, ...)``."""
    n = shots + REST
    counts = np.r_[np.full(n_past, 20), np.full(n_new, n)]
    X, y, _ = related(n_past + n_new, counts, seed, covariance)
    past = X[:, -1] < n_past
    return X[past], y[past], X[~past, :-1].reshape(n_new, n, D), y[~past].reshape(n_new, n)


class Keep(BaseEstimator):
    """A learner that has learned enough: new tasks are adapted to, all at once."""

    def learn(self, estimator, data, prior=None, n_jobs=None):
        return prior


def as_table(X):
    return np.c_[X.reshape(-1, D), np.repeat(np.arange(len(X)), X.shape[1])]


def adapted(prior, X, y, shots):
    """A model of new tasks that has seen the first ``shots`` rows of each."""
    return WarmStartRegressor(Ridge(), task=-1, prior=prior, learner=Keep()).fit(
        as_table(X[:, :shots]), y[:, :shots].ravel()
    )


def warm_error(prior, X, y, shots):
    """Mean over tasks of the RMSE on the last rows."""
    predicted = adapted(prior, X, y, shots).predict(as_table(X[:, -REST:]))
    return np.sqrt(np.mean((y[:, -REST:] - predicted.reshape(len(X), REST)) ** 2, axis=1)).mean()


def own_error(X, y, shots):
    left = [y[t, -REST:] - Ridge().fit(X[t, :shots], y[t, :shots]).predict(X[t, -REST:]) for t in range(len(X))]
    return np.sqrt(np.mean(np.square(left), axis=1)).mean()


SHOTS = (2, 5, 10, 20)


@cache
def scene(n_past, seed):
    """A past, new tasks, and the plain estimator's error at every number of shots."""
    X, y, new, target = past_and_new(n_past, seed)
    return X, y, new, target, np.array([own_error(new, target, s) for s in SHOTS])


def excess(learned, n_past, seed):
    """By how much the warm start is worse than the plain estimator alone, as a share of its error."""
    X, y, new, target, own = scene(n_past, seed)
    prior = learned(X, y)
    return np.array([warm_error(prior, new, target, s) for s in SHOTS]) / own - 1


def report(name, table):
    figures = ", ".join(
        f"{s} rows: mean {np.mean(c):+.1%}, worst {np.max(c):+.1%}"
        for s, c in zip(SHOTS, np.transpose(table), strict=True)
    )
    sys.stdout.write(f"\n{name}: error over the plain estimator's at {figures}")


# 1. Interpolates --------------------------------------------------------------------------------------


def test_strength_towards_zero_is_the_unpenalised_fit():
    X, y, _ = related(20, 12)
    prior = learn(X, y).prior_
    own, target, _ = related(1, 15, seed=1)
    plain = LinearRegression().fit(own[:, :-1], target)
    free = prior.adapt(Ridge(alpha=0.0), own[:, :-1], target)
    assert_allclose(free.coef_, plain.coef_, rtol=1e-8)
    assert_allclose(free.intercept_, plain.intercept_, rtol=1e-8)
    distance = [
        np.abs(prior.adapt(Ridge(alpha=a), own[:, :-1], target).coef_ - plain.coef_).max() for a in (1e-6, 1e-3, 1.0)
    ]
    assert np.all(np.diff(distance) > 0)


def test_strength_towards_infinity_is_the_priors_mean():
    X, y, _ = related(20, 12)
    prior = learn(X, y, learner=EmpiricalBayes("diagonal")).prior_
    prior = replace(prior.components[0], contextual_effects=None)
    strong = prior.adapt(Ridge(alpha=1e10), X[:12, :-1], y[:12])
    assert_allclose(np.r_[strong.coef_, strong.intercept_], prior.mean, rtol=1e-6)


def test_rows_towards_infinity_are_the_unpenalised_fit():
    """Weights are repeated rows: a thousand times as many rows are a thousand times as near."""
    X, y, _ = related(20, 12)
    prior = learn(X, y).prior_
    own, target, _ = related(1, 30, seed=1)
    plain = LinearRegression().fit(own[:, :-1], target).coef_
    away = [
        np.abs(prior.adapt(Ridge(), own[:, :-1], target, np.full(30, w)).coef_ - plain).max() for w in (1e1, 1e4, 1e7)
    ]
    assert away[1] < 2e-3 * away[0] and away[2] < 2e-3 * away[1]
    assert away[2] < 1e-7


@pytest.mark.parametrize("estimator", [Ridge(), LogisticRegression()], ids=["ridge", "logistic"])
def test_zero_rows_are_the_priors_mean(estimator):
    if isinstance(estimator, Ridge):
        X, y, _ = related(10, 12)
    else:
        X, y, _ = make_related_classification(10, 12, D, random_state=0)
    prior = learn(X, y, estimator).prior_
    none = prior.adapt(estimator, X[:0, :-1], y[:0])
    assert_array_equal(np.r_[none.coef_.ravel(), none.intercept_], prior.mean)


# 2. Bounded harm --------------------------------------------------------------------------------------


def flipped(X, y, rng):
    return X, -y


def permuted(X, y, rng):
    return np.c_[X[:, :-1][:, np.roll(np.arange(D), 1)], X[:, -1]], y


def unrelated(X, y, rng):
    w = 2.0 * rng.normal(size=(int(X[:, -1].max()) + 1, D))
    return X, np.einsum("nd,nd->n", X[:, :-1], w[X[:, -1].astype(int)]) + rng.normal(size=len(y))


def pure_noise(X, y, rng):
    return X, rng.permutation(y)


def noise_within(X, y, rng):
    """Targets permuted within tasks: their levels stay."""
    return X, np.concatenate([rng.permutation(y[X[:, -1] == task]) for task in np.unique(X[:, -1])])


# A tenth before two rows a column, a fiftieth from there on; two rows cannot say that all past signs are wrong.
HARM = {flipped: (0.30, 0.10, 0.10, 0.02), permuted: (0.15, 0.12, 0.10, 0.02), unrelated: (0.10, 0.10, 0.10, 0.02),
        pure_noise: (0.10, 0.10, 0.10, 0.02), noise_within: (0.10, 0.10, 0.10, 0.02)}  # fmt: skip


OTHERS = [pytest.param(mislead, marks=pytest.mark.statistics) for mislead in HARM if mislead is not flipped]


@pytest.mark.parametrize("mislead", [flipped, *OTHERS], ids=lambda f: f.__name__)
def test_harm_is_bounded_and_fades(mislead):
    def learned(X, y, seed):
        return learn(*mislead(X, y, np.random.default_rng(seed))).prior_

    table = [excess(lambda X, y, seed=seed: learned(X, y, seed), 40, seed) for seed in range(6)]
    report(mislead.__name__, table)
    mean, worst = np.mean(table, axis=0), np.max(table, axis=0)
    assert np.all(mean < HARM[mislead]) and np.all(worst < 2.5 * np.array(HARM[mislead]) + 0.1)
    assert mean[-1] < max(mean.max() / 2, 0.02)


def test_without_the_vague_component_harm_has_no_bound():
    """That the promise above is not empty: the same past, taken at its word."""

    def learned(X, y):
        return learn(X, -y).prior_

    doubted = excess(learned, 40, 0)
    alone = excess(lambda X, y: learned(X, y).components[0], 40, 0)
    assert np.all(alone[1:] > 4 * np.maximum(doubted[1:], 0.05))


def test_a_related_past_helps():
    table = [excess(lambda X, y: learn(X, y).prior_, 40, seed) for seed in range(6)]
    report("related", table)
    assert np.all(np.mean(table, axis=0) < [-0.35, -0.35, -0.15, -0.03])
    assert np.max(table) < 0.01


# 3. Few tasks are enough ------------------------------------------------------------------------------


@pytest.mark.parametrize("n_past", [2, *(pytest.param(n, marks=pytest.mark.statistics) for n in (3, 5))])
def test_few_tasks_do_no_harm(n_past):
    table = [excess(lambda X, y: learn(X, y).prior_, n_past, seed) for seed in range(6)]
    report(f"{n_past} tasks", table)
    assert np.all(np.mean(table, axis=0) < 0.02)


@varied(
    "estimator", [Ridge(), LogisticRegression(), Lasso(), PoissonRegressor()], keep=2, ids=lambda e: type(e).__name__
)
def test_whatever_is_legal_is_finite(estimator):
    """One row, one class, constant and collinear columns, more columns than rows: to learn from, to adapt to."""
    X, y, _ = make_related_classification(8, 7, 3, random_state=0)
    y = y.astype(float)
    y[X[:, -1] == 2] = 1.0
    odd = np.c_[
        X[:, :-1],
        np.full(len(X), 5.0),
        np.zeros(len(X)),
        X[:, 0],
        X[:, 0] + X[:, 1],
        np.tile(X[:, :3], 3),
        X[:, -1],
    ]
    model = learn(odd, y, estimator)
    features = odd[:, :-1]
    assert np.all(np.isfinite(model.prior_.dense_covariance())) and np.all(np.isfinite(model.coef_))
    assert np.all(np.isfinite(model.predict(odd)))
    for rows in (slice(0, 1), slice(0, 2), X[:, -1] == 2, slice(0, 7)):
        adapted = model.prior_.adapt(estimator, features[rows], y[rows])
        assert np.all(np.isfinite(adapted.coef_)) and np.all(np.isfinite(adapted.predict(features)))


AUTO_COUNTS_CONSTANT_COLUMNS = pytest.mark.xfail(
    reason="the ranks and pseudo-tasks that are tried depend on the number of columns, so another shape may be chosen"
)


@varied("word", ["diagonal", "spherical", "full", pytest.param("auto", marks=AUTO_COUNTS_CONSTANT_COLUMNS)])
def test_a_constant_column_changes_nothing(word):
    """It once kept a thousand times the others' variance, which then spoiled the shrinkage of all of them.

    Columns have the same mean in all tasks, so contextual effects, which are asked for or not, have nothing to say.
    """
    moved = []
    for seed in range(3):
        X, y, _ = related(60, 10, seed)
        X[:, :-1] -= np.stack([X[X[:, -1] == t, :-1].mean(axis=0) for t in X[:, -1]])
        wide = np.insert(X, 0, 7.0, axis=1)
        one, two = (learn(Z, y, learner=EmpiricalBayes(word)) for Z in (X, wide))
        moved.append(np.sqrt(np.mean((one.predict(X) - two.predict(wide)) ** 2)))
    assert max(moved) < 0.02  # of a noise of one
    assert_allclose(two.prior_.noise, one.prior_.noise, rtol=0.01)
    assert_allclose(two.prior_.named_weights["vague"], one.prior_.named_weights["vague"], rtol=0.2)


@varied("word", ["spherical", "diagonal", "full", "auto"])
def test_a_column_twice_is_a_column_once(word):
    X, y, _ = related(60, 10)
    twice = np.insert(X, 0, X[:, 0], axis=1)
    one, two = (learn(Z, y, learner=EmpiricalBayes(word)) for Z in (X, twice))
    assert np.sqrt(np.mean((one.predict(X) - two.predict(twice)) ** 2)) < 0.1
    assert_allclose(two.prior_.noise, one.prior_.noise, rtol=0.05)


def test_one_task_is_enough_to_adapt_to_and_to_go_on_from():
    X, y, _ = related(11, 10)
    past = X[:, -1] < 10
    prior = learn(X[past], y[past]).prior_
    on = learn(X[~past], y[~past], prior=prior)
    assert on.prior_.n_tasks == 11
    assert list(on.estimators_) == [10.0]


# 4. Calibrated ----------------------------------------------------------------------------------------


NOISES = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "Student's t": lambda rng, shape: rng.standard_t(3.0, shape),
    "by task": lambda rng, shape: np.exp(0.5 * rng.normal(size=(shape[0], 1))) * rng.normal(size=shape),
    "by row": lambda rng, shape: np.exp(0.5 * rng.normal(size=shape)) * rng.normal(size=shape),
}


@cache
def noisy(noise, seed, n_past=150, n_new=300):
    """A prior learned from 20 rows a task, and new tasks; standard deviations by task or row have logarithms of sd 1/2."""
    n, rng = 20 + REST, np.random.default_rng(seed)
    X, y, _ = related(n_past + n_new, n, seed, noise=0.0)
    X, y = X[:, :-1].reshape(-1, n, D), y.reshape(-1, n) + NOISES[noise](rng, (n_past + n_new, n))
    prior = learn(as_table(X[:n_past, :20]), y[:n_past, :20].ravel()).prior_
    return prior, X[n_past:], y[n_past:]


@pytest.mark.statistics
@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("shots", [2, 5, 20])
def test_ninety_percent_intervals_cover_ninety_percent_of_new_tasks(shots, noise):
    """Coverage over 2 collections x 300 new tasks x 60 rows: its standard error is about half a percent."""
    covered = []
    for prior, new, target in (noisy(noise, seed) for seed in range(2)):
        model = adapted(prior, new, target, shots)
        mean, std = (v.reshape(300, REST) for v in model.predict(as_table(new[:, -REST:]), return_std=True))
        covered.append(np.mean(np.abs(target[:, -REST:] - mean) < 1.6449 * std, axis=1))
    found, error = np.mean(covered), np.std(covered) / np.sqrt(600)
    sys.stdout.write(f"\ncoverage at {shots} rows, noise {noise}: {found:.1%} (standard error {error:.1%})")
    assert error < 0.0075
    assert 0.88 <= found <= 0.92


# 5. Same answer ---------------------------------------------------------------------------------------


@varied("estimator", [Ridge(), Lasso(), LogisticRegression()], ids=lambda e: type(e).__name__)
def test_n_jobs_changes_no_bit(estimator):
    X, y, _ = related(12, 8)
    y = y if not isinstance(estimator, LogisticRegression) else y > 0
    one, two = (learn(X, y, estimator, n_jobs=jobs) for jobs in (1, 2))
    assert_array_equal(one.coef_, two.coef_)
    assert_array_equal(one.prior_.covariance, two.prior_.covariance)
    assert_array_equal(one.predict(X), two.predict(X))


@pytest.mark.parametrize("estimator", [Ridge(), LogisticRegression()], ids=["ridge", "logistic"])
def test_order_of_tasks_and_rows_and_names_of_tasks_change_nothing(estimator):
    X, y, _ = related(25, 9)
    y = y if isinstance(estimator, Ridge) else y > np.median(y)
    order, names = (
        np.random.default_rng(0).permutation(len(y)),
        np.random.default_rng(1).permutation(25) * 7.0 - 30.0,
    )
    other = np.c_[X[order, :-1], names[X[order, -1].astype(int)]]
    one, two = learn(X, y, estimator), learn(other, y[order], estimator)
    size = np.abs(one.coef_).max()
    for t in range(25):
        mine, its = one.estimators_[float(t)], two.estimators_[names[t]]
        assert_allclose(its.coef_, mine.coef_, rtol=0, atol=1e-10 * size)
        assert_allclose(its.intercept_, mine.intercept_, rtol=0, atol=1e-10 * size)
    assert_allclose(
        two.prior_.covariance, one.prior_.covariance, rtol=0, atol=1e-10 * np.abs(one.prior_.covariance).max()
    )


def test_a_task_split_in_two_knows_less_and_leaves_the_others_alone():
    X, y, _ = related(40, 20)
    split = X.copy()
    half = np.flatnonzero(X[:, -1] == 3)[10:]
    split[half, -1] = 99.0
    # One shape for both: with "auto" the one task more may choose another, which moves all tasks.
    one, two = (learn(Z, y, learner=EmpiricalBayes("full")) for Z in (X, split))
    assert two.prior_.n_tasks == one.prior_.n_tasks + 1
    others = [t for t in one.estimators_ if t != 3.0]
    moved = [np.abs(one.estimators_[t].coef_ - two.estimators_[t].coef_).max() for t in others]
    own = np.abs(one.estimators_[3.0].coef_ - two.estimators_[3.0].coef_).max()
    assert np.median(moved) < 0.02 and own > 5 * np.median(moved)
    _, whole = one.predict(X[half], return_std=True)
    _, parts = two.predict(split[half], return_std=True)
    assert np.all(parts > whole), "ten rows know less than twenty"


# 9. Scale ---------------------------------------------------------------------------------------------


def peak(function):
    tracemalloc.start()
    function()
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return size


def test_memory_does_not_grow_with_the_rows(monkeypatch):
    monkeypatch.setattr(room, "_CELLS", 1 << 14)

    def collect(n):
        X, y, _ = related(300, n)
        starts = n * np.arange(301)
        rows = room.Rows(X[:, :-1], y[:, None], np.arange(len(y)), starts, np.zeros(D), np.ones(D))
        return peak(lambda: room.collect_moments(rows)), rows.X.nbytes

    (small, _), (large, table) = collect(20), collect(400)
    assert large < 1.3 * small
    assert large < table / 2


def test_learning_needs_less_memory_than_the_table_has():
    X, y, _ = make_related_regression(100, 150, 50, random_state=0)
    learner = EmpiricalBayes("diagonal", max_iter=3)
    statistics = 100 * 51 * 51 * 8
    assert peak(lambda: learn(X, y, learner=learner)) < 2.0 * X.nbytes + 8 * statistics


def test_eight_times_the_tasks_need_no_more_calls():
    """What is done for all tasks at once takes as many steps for few as for many: the time is that of the arrays."""
    learner, calls = EmpiricalBayes("diagonal", max_iter=5, tol=0), []
    for n_tasks in (500, 4000):
        X, y, _ = make_related_regression(n_tasks, 20, 10, random_state=0)
        profile = cProfile.Profile()
        profile.runcall(learn, X, y, learner=learner)
        calls.append(sum(entry.callcount for entry in profile.getstats()))
    assert calls[1] < 2 * calls[0]
