"""Which coefficients vary: lme4's random intercept, columns by name, pooled slopes, and what auto makes of each truth."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from variations import varied

from skmeta import EmpiricalBayes, GaussianPrior, SufficientStatistics, WarmStartClassifier, WarmStartRegressor
from skmeta._inference import in_columns, in_rows
from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.gaussian_em import fit_gaussian
from skmeta._inference.moments import Rows, collect_moments
from skmeta._inference.structure import Structure


def collection(n_tasks=40, n=10, d=3, spread=0.0, seed=0):
    """Tasks with a level each, whose slopes vary by ``spread`` (one number, or one a column); and their coefficients."""
    rng = np.random.default_rng(seed)
    coef = rng.normal(size=d) + spread * rng.normal(size=(n_tasks, d))
    level, task = rng.normal(size=n_tasks), np.repeat(np.arange(n_tasks), n)
    X = rng.normal(size=(n_tasks * n, d))
    y = np.einsum("nd,nd->n", X, coef[task]) + level[task] + rng.normal(size=len(X))
    return np.c_[X, task], y, np.c_[coef, level]


def learn(X, y, estimator=None, prior=None, **options):
    model = (WarmStartClassifier if isinstance(estimator, LogisticRegression) else WarmStartRegressor)(
        estimator or Ridge(), task=-1 if isinstance(X, np.ndarray) else "task", learner=EmpiricalBayes(**options)
    )
    return model.set_params(prior=prior).fit(X, y)


def sd(prior):
    return np.sqrt(np.diag(prior.dense_covariance()))


@pytest.mark.parametrize("word", ["auto", "diagonal", "full"])
def test_slopes_are_those_of_all_tasks(word):
    """Generalised least squares, written down: rows of a task share their level and nothing else."""
    X, y, _ = collection(d=2)
    prior = learn(X, y, covariance=word, varying="intercept", noise="shared", max_iter=3000, tol=1e-12).prior_
    assert_array_equal(prior.dense_covariance()[:2, :], 0.0)
    Z = np.c_[X[:, :2], np.ones(len(X))]
    same = X[:, -1:] == X[:, -1]
    V = prior.dense_covariance()[-1, -1] * same + prior.noise * np.eye(len(X))
    information = Z.T @ np.linalg.solve(V, Z)
    assert_allclose(prior.mean, np.linalg.solve(information, Z.T @ np.linalg.solve(V, y)), rtol=1e-5)
    assert_allclose(prior.mean_covariance[:2, :2], np.linalg.inv(information)[:2, :2], rtol=1e-4, atol=1e-8)


def test_the_columns_that_vary_are_those_that_are_named():
    X, y, _ = collection(spread=np.array([1.0, 0.0, 0.0]), n_tasks=60)
    frame = pd.DataFrame(X, columns=["a", "b", "c", "task"])
    named = learn(frame, y, covariance="full", varying=["a"]).prior_
    placed = learn(X, y, covariance="full", varying=np.array([0])).prior_
    assert_array_equal(sd(named) > 0, [True, False, False, True])
    assert_array_equal(named.covariance, placed.covariance)
    assert_allclose(sd(named)[0], 1.0, rtol=0.25)
    turned = learn(frame[["c", "a", "task", "b"]], y, covariance="full", varying=["a"]).prior_
    assert_allclose(turned.aligned(named.feature_names).covariance, named.covariance, rtol=1e-6, atol=1e-9)
    everything = learn(frame, y, covariance="full", varying=["a", "b", "c"]).prior_
    assert_array_equal(everything.covariance, learn(frame, y, covariance="full").prior_.covariance)


@pytest.mark.quick
def test_a_past_of_which_nothing_varies_is_learned_on_from():
    X, y, _ = collection(n_tasks=1)
    past = GaussianPrior(np.ones(4), np.zeros(4), noise=1.0, n_tasks=5, n_rows=50)
    found = learn(X, y, prior=past).prior_
    assert found.n_tasks == 6
    assert_array_equal(sd(found.components[0]), 0.0)  # warned of a division by zero


@varied(("n_tasks", "d"), [(30, 8), (80, 3)])
def test_auto_takes_a_random_intercept_where_it_is_the_truth(n_tasks, d):
    chosen, off = [], {"auto": [], "intercept": [], "all": []}
    for seed in range(4):
        X, y, truth = collection(n_tasks + 40, d=d, seed=seed)
        past, new = X[:, -1] < n_tasks, (X[:, -1] >= n_tasks) & (np.arange(len(X)) % 10 < 5)
        for name, options in (
            ("auto", {}),
            ("intercept", {"varying": "intercept"}),
            ("all", {"covariance": "diagonal"}),
        ):
            model = learn(X[past], y[past], **options)
            found = model.adapt(X[new], y[new])
            own = np.array([np.r_[found[k].coef_, found[k].intercept_] for k in range(n_tasks, n_tasks + 40)])
            off[name].append(np.sum((own - truth[n_tasks:]) ** 2))
            chosen += [model.learner_.structure_] if name == "auto" else []
    assert sum(one == "random intercept" for one in chosen) > 2, chosen
    assert np.mean(off["intercept"]) < np.mean(off["all"])
    assert np.mean(off["auto"]) < np.mean(off["intercept"]) + 0.5 * (np.mean(off["all"]) - np.mean(off["intercept"]))


@varied("spread", [0.5, np.array([1.0, 0.0, 0.0])], ids=["all", "one"])
def test_auto_lets_slopes_vary_that_do(spread):
    for seed in range(4):
        X, y, _ = collection(spread=spread, seed=seed)
        assert learn(X, y).learner_.structure_ != "random intercept"


def test_two_tasks_do_not_tell_that_slopes_are_the_same():
    for seed in range(4):
        X, y, _ = collection(n_tasks=2, seed=seed)
        assert np.all(sd(learn(X, y).prior_) > 0)


@pytest.mark.parametrize("varying", ["intercept", [0]])
def test_it_is_the_same_from_sums(varying):
    X, y, _ = collection(spread=np.array([1.0, 0.0, 0.0]))
    learner, rows = EmpiricalBayes(varying=varying), learn(X, y, varying=varying).prior_
    sums = learner.learn_statistics(SufficientStatistics.from_table(X, y, task=-1))
    for name in ("mean", "covariance", "mean_covariance", "noise", "weights"):
        assert_allclose(getattr(sums, name), getattr(rows, name), rtol=1e-8, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("varying", [(3,), (1, 3)], ids=["intercept", "one column"])
def test_it_is_the_same_in_columns_and_in_rows(varying):
    X, y, _ = collection(n_tasks=12, n=6)
    rows = Rows(X[:, :3], y[:, None], np.arange(72), 6 * np.arange(13), np.zeros(3), np.ones(3))
    start = CoefficientLaw(np.zeros(4), np.eye(4), np.float64(1.0))
    both = [in_columns.each_output(collect_moments(rows))[0], in_rows.read_in_rows(rows)[0]]
    one, two = (fit_gaussian(t, Structure("full", None, varying=varying), n_iter=9, start=start) for t in both)
    for name in ("mean", "covariance", "mean_covariance", "noise"):
        size = np.abs(getattr(one, name)).max()
        assert_allclose(getattr(two, name), getattr(one, name), rtol=1e-9, atol=1e-9 * size, err_msg=name)


@pytest.mark.parametrize("varying", ["intercept", [2]])
@varied("estimator", [Ridge(), LogisticRegression(), PoissonRegressor()], ids=lambda e: type(e).__name__)
def test_learning_on_keeps_it(estimator, varying):
    X, y, _ = collection(n_tasks=60)
    y = y if isinstance(estimator, Ridge) else (y > 0).astype(int)
    first = X[:, -1] < 50
    past = learn(X[first], y[first], estimator, varying=varying).prior_
    later = learn(X[~first], y[~first], estimator, prior=past, varying=varying).prior_
    fixed = np.arange(3) != (2 if varying == [2] else -1)
    assert_array_equal(later.dense_covariance()[:3][fixed], 0.0)
    assert later.n_tasks == 60
    both = learn(X, y, estimator, varying=varying).prior_
    assert_allclose(later.mean, both.mean, atol=0.1)
    assert np.abs(later.mean - both.mean)[:3].max() < np.abs(past.mean - both.mean)[:3].max() + 0.02


def test_slopes_that_did_not_vary_may_do_so_later():
    """A variance of zero is no start for EM, which never leaves it."""
    X, y, _ = collection(n_tasks=10)
    past = learn(X, y, varying="intercept").prior_
    X, y, _ = collection(n_tasks=150, spread=1.0, seed=1)
    assert np.all(sd(learn(X, y, prior=past).prior_)[:3] > 0.7)


@pytest.mark.parametrize(
    ("varying", "message"),
    [
        ("slopes", "'all', 'intercept' or a list.*'slopes'"),
        ("a", "list of one"),
        (1.5, "found 1.5"),
        ([0.5], r"found \[0.5\]"),
        (["z"], "found 'z' and columns 'a', 'b', 'c'"),
        ([3], "positions from 0 to 2.*found 3"),
        ([-1], "positions from 0 to 2.*found -1"),
    ],
)
def test_what_does_not_say_which_vary_is_named(varying, message):
    X, y, _ = collection(n_tasks=5)
    frame = pd.DataFrame(X, columns=["a", "b", "c", "task"])
    with pytest.raises(ValueError, match=message):
        learn(frame, y, varying=varying)


def test_names_are_wanted_where_there_are_names():
    X, y, _ = collection(n_tasks=5)
    with pytest.raises(ValueError, match=r"found 'a' and columns without names; give positions from 0 to \d+\.$"):
        learn(X, y, varying=["a"])


@pytest.mark.parametrize(
    "learner", ["auto", EmpiricalBayes(varying="intercept"), EmpiricalBayes("diagonal"), EmpiricalBayes("factor")]
)
@varied("n_new", [1, 2])
def test_a_past_of_slopes_that_do_not_vary_is_learned_on_from(learner, n_new):
    rng = np.random.default_rng(0)
    X, task = rng.normal(size=(600, 3)), np.repeat(np.arange(20), 30)
    y = X[:, 0] + rng.normal(size=20)[task] + rng.normal(size=600)
    past = WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes(varying="intercept")).fit(np.c_[X, task], y)
    new = task < n_new
    table = np.c_[X[new], task[new] + 100]
    model = WarmStartRegressor(Ridge(), task=-1, prior=past.prior_, learner=learner).fit(table, y[new])
    assert model.prior_.n_tasks == 20 + n_new
    assert np.all(np.isfinite(model.predict(table)))


def test_levels_that_alone_are_shared_are_learned_where_asked_for():
    """By itself a past whose features explain nothing is set aside: it may be mere noise."""
    rng = np.random.default_rng(0)
    X, task = rng.normal(size=(1200, 4)), np.repeat(np.arange(60), 20)
    y = rng.normal(size=60)[task] + 3.0 * rng.normal(size=1200)
    asked, auto = (
        WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(np.c_[X, task], y).prior_
        for learner in (EmpiricalBayes(varying="intercept"), "auto")
    )
    assert asked.named_weights["learned"] > 0.5
    assert auto.named_weights["learned"] < 0.01
    assert auto.named_weights["slope outlier"] > 0.5


def test_who_asks_for_slopes_in_common_gets_them_where_they_vary():
    """Slopes of a task's own have the weight of what may be met though it never was: three in all tasks looked at."""
    X, y, _ = collection(spread=2.0)
    weights = learn(X, y, varying="intercept").prior_.named_weights
    looked_at = 40 // 3
    assert weights["slope outlier"] + weights["vague"] <= 3.0 / looked_at < 0.5 < weights["learned"]
