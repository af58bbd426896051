"""New trees on top of a corrected shared model: what they are, when they are grown, and what they are worth."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from common import assert_plain
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.multioutput import MultiOutputRegressor

from skmeta import BoostingLearner, SharedModel, WarmStartRegressor
from skmeta.base._registry import register_by_name, registered_learner
from skmeta.ensemble import BoostingPrior
from skmeta.ensemble._boosters import boosters, grown, with_trees
from skmeta.ensemble._boosting_prior import BoostedModels
from skmeta.ensemble._held_out import _Trial
from skmeta.fallback import CorrectedModels
from skmeta.tasks import Tasks, read_tasks

QUICK, FALLBACK = BoostingLearner(max_rounds=1), SharedModel(max_rounds=1)
LEVEL = BoostingLearner(None, max_rounds=1, cv=2, n_trees=(10,))
BOOSTER = HistGradientBoostingRegressor(max_iter=20, random_state=0)


def shops(jump=3.0, n_tasks=24, n_rows=90, seed=0):
    """A shared wave and the shops' own levels; with ``jump`` each also has a threshold of its own in the second column."""
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.uniform(-1.0, 1.0, (len(task), 2))
    y = np.sin(3.0 * X[:, 0]) + rng.normal(size=n_tasks)[task] + 0.3 * rng.normal(size=len(task))
    y += jump * (X[:, 1] > rng.uniform(-0.6, 0.6, n_tasks)[task])
    return np.column_stack([X, task]), y


def learn(X, y, first_new, learner=QUICK, booster=BOOSTER):
    past = X[:, -1] < first_new
    return WarmStartRegressor(booster, task=-1, learner=learner).fit(X[past], y[past])


def errors_on_new(adapt, X, y, first_new, n_shots):
    found = []
    for task in range(first_new, int(X[:, -1].max()) + 1):
        A, b = X[X[:, -1] == task, :-1], y[X[:, -1] == task]
        found.append(np.mean((adapt(A[:n_shots], b[:n_shots]).predict(A[n_shots:]) - b[n_shots:]) ** 2))
    return np.array(found)


@pytest.fixture(scope="module")
def jumps():
    X, y = shops()
    return X, y, learn(X, y, 8, LEVEL)


# The plain result -----------------------------------------------------------------------------------


@pytest.mark.quick
def test_new_trees_are_those_that_start_from_the_corrected_score():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)).astype(np.float32).astype(float)  # what init= passes on is float32
    y = np.sin(3.0 * X[:, 0]) + X[:, 1]
    corrected = Ridge().fit(X, y)  # its residuals sum to zero
    booster = GradientBoostingRegressor(n_estimators=10, random_state=0)
    plain = with_trees(corrected, grown(booster, X, y - corrected.predict(X), None), 1.0, X, y)
    by_init = booster.set_params(init=FrozenEstimator(corrected)).fit(X, y)
    assert_allclose(plain.predict(X), by_init.predict(X), rtol=1e-6)
    assert_plain(plain)


@pytest.mark.quick
def test_rows_on_a_threshold_stay_on_their_side():
    X = np.array([[0.1], [np.nextafter(0.1, 1.0)]] * 10)  # one number in float32
    y = np.array([0.0, 1.0] * 10)
    shared = HistGradientBoostingRegressor(min_samples_leaf=1, learning_rate=1.0, max_iter=1).fit(X, y)
    booster = GradientBoostingRegressor(n_estimators=2)
    plain = with_trees(shared, grown(booster, X, y - shared.predict(X), None), 1.0, X, y)
    assert_allclose(plain.predict(X), y, atol=1e-12)
    by_init = booster.set_params(init=FrozenEstimator(shared)).fit(X, y)
    assert np.abs(by_init.predict(X) - y).max() > 0.4


def test_the_plain_result_adds_what_is_corrected_and_trees(jumps):
    X, y, model = jumps
    A, b = X[-90:, :-1], y[-90:]
    plain = model.adapt(A[:50], b[:50])
    assert_plain(plain)
    prior = model.prior_.components[0]
    corrected, trees = (each.estimator for each in plain.estimators_)
    assert_array_equal(plain.final_estimator_.coef_, [1.0, prior.strength[-1]])
    residual = b[:50] - corrected.predict(A[:50])
    again = prior.booster.fit(A[:50], residual - residual.mean())
    assert_allclose(trees.predict(A), again.predict(A))
    assert_allclose(plain.predict(A), corrected.predict(A) + prior.strength[-1] * again.predict(A))


def test_few_rows_get_no_trees(jumps):
    X, y, model = jumps
    n = int(model.prior_.components[0].n_shots[0])
    for n_rows, steps in ((n - 1, True), (n, False)):
        assert hasattr(model.adapt(X[-90:, :-1][:n_rows], y[-90:][:n_rows]), "named_steps") == steps


@pytest.mark.quick
def test_each_row_has_the_standard_deviation_of_a_task_of_its_size(monkeypatch):
    ratios = {3: 1.0, 4: 0.64, 9: 0.64, 10: 0.25, 400: 0.25, 0: 1.0}  # by rows of a task
    prior = SimpleNamespace(n_shots=np.array([4, 10]), error_ratio=np.array([0.64, 0.25]))
    models = BoostedModels(prior, BOOSTER, SimpleNamespace(counts=np.array(list(ratios)), classes=None), None)
    asked = []
    monkeypatch.setattr(np, "searchsorted", lambda *args, f=np.searchsorted, **kw: asked.append(1) or f(*args, **kw))
    monkeypatch.setattr(CorrectedModels, "std", lambda self, X, codes: 2.0 * np.ones(len(codes)), raising=False)
    codes = np.random.default_rng(0).integers(-1, len(ratios), size=10_000)
    found = models.std(np.zeros((len(codes), 1)), codes)
    wanted = np.array([*ratios.values(), 1.0])[codes]  # the last, -1, is a task without rows
    assert_allclose(found, 2.0 * np.sqrt(wanted))
    assert len(asked) == 1  # of all rows at once
    alone = BoostedModels(prior, BOOSTER, SimpleNamespace(counts=np.empty(0, int), classes=None), None)
    assert_allclose(alone.std(np.zeros((2, 1)), np.full(2, -1)), 2.0)


def test_weights_reach_the_trees():
    X, y = shops(n_tasks=1)
    weight = np.arange(len(y)) % 3
    once = grown(BOOSTER, X, y, weight.astype(float))
    again = clone(BOOSTER).fit(X, y - np.average(y, weights=weight), weight)
    assert_array_equal(once.predict(X), again.predict(X))
    assert not np.allclose(once.predict(X), grown(BOOSTER, X, y, None).predict(X))


# When trees are grown, and what they are worth ------------------------------------------------------


@pytest.mark.statistics
def test_the_error_falls_by_a_fifth_on_thresholds_of_a_tasks_own():
    ratios = []
    for seed in range(3):
        X, y = shops(seed=seed, n_tasks=36)
        with_, without = (learn(X, y, 20, learner) for learner in (QUICK, FALLBACK))
        errors = [errors_on_new(model.adapt, X, y, 20, 50).mean() for model in (with_, without)]
        ratios.append(np.sqrt(errors[0] / errors[1]))
    assert np.mean(ratios) + 2.0 * np.std(ratios, ddof=1) / np.sqrt(3) <= 0.8


def test_the_error_falls_by_a_fifth_beside_that_without_the_trees(jumps):
    """One small draw of the same: what was corrected is one of the two parts of the plain result."""
    X, y, model = jumps
    with_, without = (
        errors_on_new(adapt, X, y, 16, 50).mean()
        for adapt in (model.adapt, lambda A, b: model.adapt(A, b).estimators_[0].estimator)
    )
    assert np.sqrt(with_ / without) <= 0.8


@pytest.mark.statistics
@pytest.mark.parametrize("seed", range(3))
def test_an_additive_truth_chooses_no_trees(seed):
    X, y = shops(jump=0.0, seed=seed)
    # A shared model that leaves nothing of what tasks share: new trees would be of use for that, too.
    ready = clone(BOOSTER).set_params(learning_rate=0.3)
    found, fallback = (learn(X, y, 24, learner, ready) for learner in (BoostingLearner(None), SharedModel(None)))
    assert not isinstance(found.prior_.components[0], BoostingPrior)
    assert_array_equal(found.predict(X), fallback.predict(X))


def test_no_trees_are_the_fallback():
    X, y = shops(jump=0.0, n_tasks=8, n_rows=30)
    models = [
        learn(X, y, 8, learner(None, max_rounds=1), clone(BOOSTER).set_params(learning_rate=0.3))
        for learner in (BoostingLearner, SharedModel)
    ]
    assert not isinstance(models[0].prior_.components[0], BoostingPrior)
    assert_array_equal(*(model.predict(X) for model in models))


@pytest.mark.statistics
def test_intervals_hold_on_new_tasks_with_trees():
    X, y = shops(n_tasks=60)
    model, inside = learn(X, y, 20), []
    for task in range(20, 60):
        A, b = X[X[:, -1] == task, :-1], y[X[:, -1] == task]
        warm = WarmStartRegressor(BOOSTER, prior=model.prior_).fit(A[:40], b[:40])
        mean, std = warm.predict(A[40:], return_std=True)
        inside += (np.abs(b[40:] - mean) < 1.645 * std).tolist()
    assert 0.88 <= np.mean(inside) <= 0.93


def test_a_task_is_spared_by_the_strength_of_the_others():
    rng = np.random.default_rng(0)
    residual, trees = rng.normal(size=(2, 5, 30))  # five tasks
    trees += 0.5 * residual
    trial = _Trial(*(np.atleast_2d((part * trees).mean(axis=1)) for part in (residual, trees)), residual.var(axis=1))
    for task in range(5):
        others = np.delete(np.arange(5), task)
        strength = np.linalg.lstsq(trees[others].reshape(-1, 1), residual[others].ravel(), rcond=None)[0]
        spared = np.mean(residual[task] ** 2) - np.mean((residual[task] - strength * trees[task]) ** 2)
        assert_allclose(trial.gain[0, task], spared)


def test_rows_that_are_left_out_are_predicted_by_trees_without_them(jumps):
    X, y, model = jumps
    prior, rows = model.prior_.components[0], X[:, -1] >= 22
    tasks = Tasks(X[rows, :-1], y[rows], (X[rows, -1] - 22).astype(np.intp), np.arange(2))
    by_refits = prior.log_evidence(BOOSTER, tasks)
    assert_allclose(prior.adapt_tasks(BOOSTER, tasks).leave_one_out_scores(np.array([0, 1])), by_refits)


# Boosters by what they have, not by what they are ------------------------------------------------------


def test_names_and_categories_reach_the_trees():
    X, y = shops(jump=0.0, n_tasks=6, n_rows=60)
    city = np.random.default_rng(1).choice(["east", "north", "south", "west"], len(y))
    mine = np.random.default_rng(2).choice(["east", "north", "south", "west"], 24)[X[:, -1].astype(int)]
    table = pd.DataFrame({"x": X[:, 0], "city": pd.Categorical(city), "shop": X[:, 2]})
    booster = HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=10, random_state=0)
    model = WarmStartRegressor(booster, task="shop", learner=LEVEL).fit(table, y + 4.0 * (city == mine))
    plain = model.adapt(table[["city", "x"]][-60:], y[-60:])
    assert plain.estimators_[1].estimator.is_categorical_.tolist() == [True, False]


@pytest.mark.parametrize(
    ("estimator", "grows"),
    [
        (HistGradientBoostingRegressor(early_stopping=True), {"max_iter": 7, "early_stopping": False}),
        (GradientBoostingRegressor(n_iter_no_change=3, init=Ridge()), {"n_estimators": 7, "n_iter_no_change": None}),
    ],
    ids=str,
)
def test_new_trees_are_as_many_as_asked_for_and_start_from_zero(estimator, grows):
    own, few = boosters(estimator, [7])[0], boosters(estimator, [7])[-1]
    assert grows.items() <= own.get_params().items()
    assert own.min_samples_leaf == estimator.min_samples_leaf and few.min_samples_leaf == 5
    assert getattr(own, "init", "zero") == "zero"


def test_a_class_that_is_not_imported_is_known_by_its_name():
    own, other = (
        type("Booster", (RegressorMixin, BaseEstimator), {"__module__": module, "fit": None, "predict": None})
        for module in ("not_imported", "elsewhere")
    )
    register_by_name("not_imported.Booster")(BoostingLearner)
    assert registered_learner(own()) is BoostingLearner
    assert registered_learner(other()) is SharedModel


def test_several_targets_get_no_trees():
    X, y = shops(n_tasks=8, n_rows=40)
    tasks = read_tasks(X, np.column_stack([y, -y]), task=-1)
    prior = clone(LEVEL).learn(MultiOutputRegressor(BOOSTER), tasks)
    assert not isinstance(prior.components[0], BoostingPrior)


@pytest.mark.parametrize("wrong", [(), 10, "many", (0,), (2.5,)])
def test_what_is_no_number_of_trees_is_refused(wrong):
    X, y = shops(n_tasks=4, n_rows=10)
    with pytest.raises(ValueError, match=r"n_trees: wanted numbers of new trees"):
        learn(X, y, 4, BoostingLearner(None, max_rounds=1, cv=2, n_trees=wrong))
