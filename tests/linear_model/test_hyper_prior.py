"""The weight of the hyper-prior chosen: by held-out tasks, by a bound, where there is something to choose."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from variations import varied

from skmeta import EmpiricalBayes, SufficientStatistics, WarmStartClassifier, WarmStartRegressor

pytestmark = pytest.mark.quick

WORDS = ["held-out", "pac-bayes"]


def collection(together, n_tasks=16, n=12, seed=0, kind=None):
    """Tasks of four columns whose slopes vary ``together`` (all by the same) or each by itself."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(n_tasks, 1)) * np.ones(4) if together else rng.normal(size=(n_tasks, 4))
    task, X = np.repeat(np.arange(n_tasks), n), rng.normal(size=(n_tasks * n, 4))
    score = np.sum(X * (0.5 + own + 0.1 * rng.normal(size=own.shape))[task], axis=1) + rng.normal(size=n_tasks)[task]
    y = {
        None: lambda: score + rng.normal(size=len(X)),
        "classes": lambda: (score + rng.logistic(size=len(X)) > 0).astype(int),
        "counts": lambda: rng.poisson(np.exp(np.clip(0.4 * score, None, 4.0))).astype(float),
    }[kind]()
    return np.c_[X, task], y


def learn(X, y, word, estimator=None, prior=None, covariance="full"):
    shell = WarmStartClassifier if isinstance(estimator, LogisticRegression) else WarmStartRegressor
    learner = EmpiricalBayes(covariance, pseudo_tasks=word)
    return shell(estimator or Ridge(), task=-1, learner=learner, prior=prior).fit(X, y)


def weight(model):
    return int(re.search(r"with (\d+) (even )?pseudo-tasks", model.learner_.structure_).group(1))


def test_held_out_tasks_draw_correlations_less_that_are_there():
    pairs = [[weight(learn(*collection(there, seed=k), "held-out")) for there in (True, False)] for k in range(4)]
    there, not_there = np.mean(np.log(pairs), axis=0)
    assert there < not_there


@pytest.mark.parametrize("wanted", [1.25, 20.0])
def test_the_weight_of_the_least_bound_is_taken(monkeypatch, wanted):
    def bound_of(tasks, structure, law, evidence):
        assert law.n_tasks == 16, "learned from all tasks"
        return abs(np.log(structure.strength / wanted))

    monkeypatch.setattr("skmeta._inference.selection.bound_of", bound_of)
    assert weight(learn(*collection(True), "pac-bayes")) == round(wanted)


@varied("word", WORDS)
@varied(("estimator", "kind"), [(LogisticRegression(), "classes"), (PoissonRegressor(), "counts")])
def test_other_likelihoods_choose_too(word, estimator, kind):
    model = learn(*collection(True, kind=kind), word, estimator, covariance="auto")
    assert np.all(np.isfinite(model.prior_.components[0].dense_covariance()))


@varied("word", WORDS)
def test_it_is_the_same_from_sums_and_in_any_order(word):
    X, y = collection(True, n_tasks=10)
    rows = learn(X, y, word, covariance="auto").prior_
    sums = EmpiricalBayes(pseudo_tasks=word).learn_statistics(SufficientStatistics.from_table(X, y, task=-1))
    order = np.random.default_rng(0).permutation(len(y))
    for other in (sums, learn(X[order], y[order], word, covariance="auto").prior_):
        assert_allclose(other.covariance, rows.covariance, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("word", WORDS)
def test_nothing_is_chosen_where_there_is_nothing_to_choose(word):
    X, y = collection(False)
    one, two = (learn(X, y, each, covariance="spherical").prior_.covariance for each in (word, None))
    assert_array_equal(one, two)
    past = learn(X, y, None).prior_
    X, y = collection(False, n_tasks=6, seed=1)
    one, two = (learn(X, y, each, prior=past).prior_.covariance for each in (word, None))
    assert_array_equal(one, two, "a past holds more than a hyper-prior does")
    two = X[:, -1] < 2
    assert np.all(np.isfinite(learn(X[two], y[two], word).prior_.covariance))


@pytest.mark.parametrize("word", WORDS)
def test_blocks_are_held_too(word):
    X, y = collection(True)
    learner = EmpiricalBayes("blocks", blocks={"first": [0, 1], "second": [2, 3]}, pseudo_tasks=word)
    covariance = WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(X, y).prior_.components[0]
    covariance = covariance.with_mean_known().dense_covariance()
    assert covariance[0, 1] > 0.2 and abs(covariance[0, 2]) < 1e-9


@pytest.mark.parametrize("value", ["always", -1.0, "auto"])
def test_what_is_no_weight_raises(value):
    with pytest.raises(ValueError, match="pseudo_tasks"):
        learn(*collection(True), value)
