"""The shared model is corrected by its own loss, on rows that have a target and a weight."""

import numpy as np
import pytest
from families import in_one_round
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    BaggingRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.metrics import mean_pinball_loss, mean_poisson_deviance, mean_tweedie_deviance
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from variations import varied

from skmeta import SharedModel, WarmStartClassifier, WarmStartRegressor
from skmeta.base._matching import one_task
from skmeta.compose._own_model import OwnModelPrior
from skmeta.fallback._correction import HeldOut, _none
from skmeta.fallback._link import link_of
from skmeta.fallback._losses import loss_of
from skmeta.fallback._semi_supervised import SharedSemiSupervised
from skmeta.tasks import read_tasks

TREE = DecisionTreeRegressor(max_depth=3, random_state=0)
BOOSTER = HistGradientBoostingRegressor(max_iter=5, random_state=0)


def shops(n_tasks=16, n_rows=24, noise=0.3, seed=0):
    """A shared step and levels of the tasks' own."""
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.uniform(-1.0, 1.0, (len(task), 2))
    return np.column_stack([X, task]), (X[:, 0] > 0) + rng.normal(size=n_tasks)[task] + noise * rng.normal(size=len(X))


@pytest.mark.statistics
@pytest.mark.parametrize("level", [0.1, 0.9])
def test_a_model_of_a_quantile_is_corrected_to_that_quantile(level):
    X, y = shops(n_tasks=50, n_rows=100)
    past = (X[:, -1] < 30) & (np.arange(len(X)) % 5 == 0)
    booster = BOOSTER.__class__(loss="quantile", quantile=level, max_iter=10, random_state=0)
    warm = WarmStartRegressor(booster, task=-1, learner=SharedModel(None, max_rounds=1)).fit(X[past], y[past])
    below = []
    for task in range(30, 50):
        rows = np.flatnonzero(X[:, -1] == task)
        plain = warm.adapt(X[rows[:40], :-1], y[rows[:40]])
        below.append(np.mean(y[rows[40:]] < plain.predict(X[rows[40:], :-1])))
    assert abs(np.mean(below) - level) < 3.0 * np.std(below, ddof=1) / np.sqrt(len(below))


def test_nothing_corrected_leaves_a_quantile_where_it_is():
    X, y = shops()
    tasks = read_tasks(X, y, task=-1)
    link = link_of(BOOSTER.__class__(loss="quantile", quantile=0.9))
    outputs = np.sin(X[:, :1])
    prior = _none(tasks, outputs, HeldOut.of(tasks), link).prior
    assert_allclose(prior.zero_shot(link.linear_model).predict(outputs), outputs[:, 0], atol=1e-10)


@pytest.mark.quick
def test_losses_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    y, found = rng.gamma(2.0, size=(2, 50))

    class Says(DummyRegressor):
        def __init__(self, objective="", alpha=None):
            self.objective, self.alpha = objective, alpha

    cases = {
        "reg:tweedie": lambda: mean_tweedie_deviance(y, found, power=1.5),
        "Tweedie:variance_power=1.2": lambda: mean_tweedie_deviance(y, found, power=1.2),
        "Tweedie:variance_power=1.0": lambda: mean_tweedie_deviance(y, found, power=1),
        "Tweedie:variance_power=2": lambda: mean_tweedie_deviance(y, found, power=2),
        "count:poisson": lambda: mean_poisson_deviance(y, found),
        "reg:gamma": lambda: mean_tweedie_deviance(y, found, power=2),
        "Quantile:alpha=0.8": lambda: mean_pinball_loss(y, found, alpha=0.8),
        "regression_l1": lambda: np.abs(y - found).mean(),
        "MAE": lambda: np.abs(y - found).mean(),
        "l1_of_my_own": lambda: np.mean((y - found) ** 2),  # what nobody knows is judged by squares
        "regression": lambda: np.mean((y - found) ** 2),
    }
    for name, expected in cases.items():
        assert_allclose(loss_of(Says(name)).of_rows(y, found).mean(), expected())
    assert loss_of(Says("quantile", 0.3)).linear_model.quantile == 0.3
    assert loss_of(Says("quantile")).linear_model.quantile == 0.9  # LightGBM's default
    for several in (Says("reg:quantileerror", [0.1, 0.9]), Says("MultiQuantile:alpha=0.1,0.9")):
        with pytest.raises(ValueError, match="estimator: wanted one level of a quantile"):
            loss_of(several)
    with pytest.raises(ValueError, match=r"estimator: wanted a power of a Tweedie deviance .*found 0\.5"):
        loss_of(Says("Tweedie:variance_power=0.5"))
    assert loss_of(GradientBoostingRegressor(loss="quantile", alpha=0.2)).linear_model.quantile == 0.2


POISSON, SQUARED = (DecisionTreeRegressor(criterion=name) for name in ("poisson", "squared_error"))


@pytest.mark.quick
@pytest.mark.parametrize(
    ("regressor", "is_poisson"),
    [
        (BaggingRegressor(POISSON), True),
        (BaggingRegressor(), False),
        (VotingRegressor([("a", POISSON), ("b", POISSON)]), True),
        (VotingRegressor([("a", POISSON), ("b", "drop")]), True),
        (VotingRegressor([("a", POISSON), ("b", SQUARED)]), False),
        (StackingRegressor([("a", POISSON)]), False),
        (StackingRegressor([("a", SQUARED)], POISSON), True),
        (MultiOutputRegressor(POISSON), True),
        (GridSearchCV(make_pipeline(StandardScaler(), BaggingRegressor(POISSON)), {}), True),
    ],
    ids=repr,
)
def test_a_regressor_that_is_made_of_others_has_their_loss(regressor, is_poisson):
    assert loss_of(regressor).is_log_linked == is_poisson


@varied("classifier", [DecisionTreeClassifier(random_state=0), KNeighborsClassifier(1)], ids=str)
def test_a_classifier_that_is_always_certain_keeps_what_it_says(classifier):
    X, _ = shops(n_tasks=10, n_rows=12)
    labels = (X[:, 0] > 0).astype(int)
    warm = WarmStartClassifier(classifier, task=-1, learner=SharedModel(max_rounds=1, cv=2)).fit(X, labels)
    assert warm.score(X, labels) > 0.95


@varied(
    "estimator",
    [TREE, BOOSTER, GaussianProcessRegressor(RBF(), alpha=0.1, optimizer=None)],
    ids=["tree", "boosting", "process"],
)
def test_rows_without_target_are_as_if_they_were_not_there(estimator):
    X, y = shops(n_tasks=5, n_rows=8)
    unlabelled = np.arange(len(y)) % 4 == 0
    gaps = np.where(unlabelled, np.nan, y)
    shell = WarmStartRegressor(estimator, task=-1, learner=in_one_round(estimator, correction="auto"))
    some, less = clone(shell).fit(X, gaps), shell.fit(X[~unlabelled], y[~unlabelled])
    assert_allclose(some.predict(X), less.predict(X), rtol=1e-10, atol=1e-12)
    new = [each.adapt(X[:20, :-1], gaps[:20]).predict(X[:, :-1]) for each in (some, less)]
    assert_allclose(*new, rtol=1e-10, atol=1e-12)


@varied("estimator", [TREE, BOOSTER], ids=["tree", "boosting"])
def test_rows_without_weight_are_as_if_they_were_not_there(estimator):
    X, y = shops(n_tasks=5, n_rows=10)
    wild = np.arange(len(y)) % 5 == 0
    shell = WarmStartRegressor(estimator, task=-1, learner=in_one_round(estimator, correction="auto"))
    all_rows = clone(shell).fit(X, np.where(wild, 1e3, y), sample_weight=(~wild).astype(float))
    less = shell.fit(X[~wild], y[~wild])
    assert_allclose(all_rows.predict(X), less.predict(X), rtol=1e-10)


@pytest.mark.variations
def test_rows_of_little_weight_decide_little():
    X, y = shops(n_tasks=12, n_rows=15)
    wild = np.arange(len(y)) % 5 == 0
    weight = np.where(wild, 1e-9, 1.0)
    shell = WarmStartRegressor(TREE, task=-1, learner=SharedModel(max_rounds=1, cv=2))
    light, less = (
        clone(shell).fit(X, np.where(wild, 1e2, y), sample_weight=weight),
        shell.fit(X[~wild], y[~wild]),
    )
    light_sets, less_sets = (set(m.prior_.components[0].description.split("; ")) for m in (light, less))
    assert light_sets & less_sets  # of sets that are as good as each other, one more or less may be in the mean
    assert_allclose(light.learner_.scores_[0], less.learner_.scores_[0], rtol=0.5)


SEMI_SUPERVISED = [SelfTrainingClassifier(DummyClassifier()), LabelSpreading(), LabelPropagation()]


@pytest.mark.parametrize("some_missing", [False, True])
@pytest.mark.parametrize("estimator", SEMI_SUPERVISED, ids=lambda each: type(each).__name__)
def test_a_mark_that_is_a_label_is_refused(estimator, some_missing):
    X, y = shops(n_tasks=4, n_rows=6)
    labels = np.where(y > 0, 1.0, 0.0)
    labels[1::3] = -1.0
    labels[::3] = np.nan if some_missing else labels[::3]
    with pytest.raises(ValueError, match=r"y: wanted other labels than -1, .* set unlabelled=-1, or give that class"):
        WarmStartClassifier(estimator, task=-1).fit(X, labels)


def test_new_rows_with_a_mark_are_told_how_to_say_so():
    X, y = shops(n_tasks=4, n_rows=6)
    learner = SharedModel(None, max_rounds=1, cv=2)
    model = WarmStartClassifier(DummyClassifier(), task=-1, learner=learner).fit(X, (y > 0).astype(int))
    for new, without in ((-1, False), (7, True)):
        with pytest.raises(
            ValueError, match=r"y: wanted the classes that the prior knows, .* found new .* learn the prior anew"
        ) as found:
            model.adapt(X[:3, :-1], [0, 1, new])
        assert ("unlabelled=-1" not in str(found.value)) == without


def test_a_learner_that_went_on_from_a_prior_has_forgotten_the_outputs_before():
    (X, y), (more, z) = (shops(n_tasks=8, n_rows=12, seed=seed) for seed in range(2))
    learner = SharedModel(None, max_rounds=1, cv=2)
    first = WarmStartRegressor(TREE, task=-1, learner=learner).fit(X, y)
    again = WarmStartRegressor(TREE, task=-1, learner=learner, prior=first.prior_).fit(more, z)
    fresh = WarmStartRegressor(TREE, task=-1, learner=clone(learner), prior=first.prior_).fit(more, z)
    assert_allclose(again.predict(more), fresh.predict(more))


@pytest.mark.variations
def test_several_targets_have_an_interval_each():
    X, y = shops(n_tasks=6, n_rows=8)
    Y = np.column_stack([y, 10.0 * y])
    learner = SharedModel(max_rounds=1, cv=2)
    warm = WarmStartRegressor(MultiOutputRegressor(TREE), task=-1, learner=learner).fit(X, Y)
    _, std = warm.predict(X, return_std=True)
    assert std.shape == Y.shape
    assert_allclose(std[:, 1], 10.0 * std[:, 0], rtol=0.2)


def test_an_own_model_tells_its_interval_whatever_tasks_stand_beside_it():
    X, y = shops(n_tasks=3)
    rows = np.r_[0:24, 24:25]
    tasks = read_tasks(X[rows], y[rows], task=-1, labels=False)
    beside = OwnModelPrior().adapt_tasks(TREE, tasks).std(X[:2, :-1], np.zeros(2, int))
    alone = OwnModelPrior().adapt_tasks(TREE, one_task(TREE, X[:24, :-1], y[:24])).std(X[:2, :-1], np.zeros(2, int))
    assert_allclose(beside, alone)


def test_a_semi_supervised_model_is_fitted_to_rows_without_label_too():
    X, y = shops()
    labels = (y > 0).astype(float)
    labels[::2] = np.nan
    base = SelfTrainingClassifier(DecisionTreeClassifier(max_depth=2, random_state=0))
    shared = (
        WarmStartClassifier(base, task=-1, learner=SharedSemiSupervised(None)).fit(X, labels).prior_.components[0].model
    )
    assert len(shared.labeled_iter_) == len(y) and np.count_nonzero(shared.labeled_iter_ == 0) == len(y) // 2
