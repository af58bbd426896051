"""The learner: it finds the truth and its shape, goes on from what it knew, and a refit adds nothing."""

import pickle
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import BayesianRidge, ElasticNet, Lasso, LogisticRegression, PoissonRegressor, Ridge
from variations import varied

from skmeta import EmpiricalBayes, GaussianPrior, StateSpace, WarmStartClassifier, WarmStartRegressor
from skmeta._inference import moments as moments_room
from skmeta._inference import sums as sums_room
from skmeta._inference.sums import read_sums
from skmeta.base import Prior
from skmeta.compose import MixturePrior
from skmeta.datasets import make_related_classification, make_related_regression
from skmeta.tasks import Tasks
from skmeta.tasks._read import read_tasks

UNEVEN = np.diag(np.r_[4.0, 2.0, np.full(4, 0.05), 1.0])


def learn(X, y, learner="auto", prior=None, estimator=None, **fit):
    shell = WarmStartClassifier if isinstance(estimator, LogisticRegression) else WarmStartRegressor
    return shell(estimator or Ridge(), task=-1, learner=learner, prior=prior).fit(X, y, **fit)


def collection(covariance="factor", n_tasks=150, n=15, d=6, seed=0, **more):
    return make_related_regression(n_tasks, n, d, covariance=covariance, rank=2, random_state=seed, **more)


def assert_same_prior(one, two, **tolerance):
    for name in ("mean", "covariance", "mean_covariance", "noise", "noise_dof", "weights", "n_tasks", "n_rows"):
        assert_allclose(getattr(two, name), getattr(one, name), err_msg=name, **tolerance)


def distance(covariance, truth, n=10, n_designs=40):
    """Nats lost a task of ``n`` rows by assuming one covariance where the other is true, at noise one."""
    Z = np.random.default_rng(0).normal(size=(n_designs, n, len(truth)))
    Z[..., -1] = 1.0
    assumed, real = (Z @ c @ np.swapaxes(Z, 1, 2) + np.eye(n) for c in (covariance, truth))
    ratio = np.linalg.solve(assumed, real)
    return np.mean(0.5 * (np.trace(ratio, axis1=1, axis2=2) - n - np.linalg.slogdet(ratio)[1]))


# The truth --------------------------------------------------------------------------------------------


@varied("truth", ["spherical", "factor", "full", "power", UNEVEN], ids=str)
def test_the_truth_is_found_by_many_tasks(truth):
    X, y, law = collection(truth, n_tasks=1500)
    prior = learn(X, y).prior_
    assert_allclose(prior.mean, law.mean, atol=0.12)
    assert_allclose(prior.noise, 1.0, rtol=0.05)
    assert distance(prior.dense_covariance(), law.covariance) < 0.05
    assert prior.named_weights["vague"] < 0.01
    assert prior.n_tasks == 1500 and prior.n_rows == len(y)


@varied(
    ("truth", "shapes"),
    [
        ("spherical", ("spherical", "diagonal")),
        ("factor", ("factor",)),
        (UNEVEN, ("diagonal", "factor", "full")),
    ],
    ids=["spherical", "factor", "diagonal"],
)
def test_the_shape_is_chosen_by_the_tasks(truth, shapes):
    chosen = []
    for seed in range(5):
        X, y, _ = collection(truth, seed=seed)
        learner = learn(X, y).learner_
        assert learner.structure_ in learner.scores_
        chosen.append(learner.structure_)
    # Six columns are few: now and then a full matrix says as much as two directions do.
    assert sum(name.startswith(shapes) for name in chosen) > 2, chosen


@varied("truth", ["spherical", "factor", UNEVEN], ids=["spherical", "factor", "diagonal"])
def test_auto_is_never_far_from_the_best_shape(truth):
    X, y, law = collection(truth, n_tasks=100)
    lost = {word: distance(learn(X, y, EmpiricalBayes(word)).prior_.dense_covariance(), law.covariance)
            for word in ("auto", "spherical", "diagonal", "factor", "full")}  # fmt: skip
    best = min(value for word, value in lost.items() if word != "auto")
    assert lost["auto"] < best + 0.05, lost
    assert max(lost.values()) > 2 * lost["auto"], "no fixed shape is safe"


@pytest.mark.parametrize("word", ["spherical", "diagonal"])
def test_the_shape_asked_for_is_the_shape_given(word):
    X, y, _ = collection("full")
    prior = learn(X, y, EmpiricalBayes(word)).prior_
    engine = prior.units.of_output(0).covariance_to_engine(prior.covariance)
    off = engine - np.diag(np.diag(engine))
    assert np.abs(off).max() < 1e-10 * np.abs(engine).max()
    assert word == "diagonal" or np.ptp(np.diag(engine)[:-1]) < 1e-10


def test_rank_is_that_of_the_factor():
    X, y, _ = collection("full")
    learner = learn(X, y, EmpiricalBayes("factor", rank=2)).learner_
    assert "rank 2" in learner.structure_


@varied("n_tasks", [2, 3, 5])
def test_few_tasks_learn_something_proper(n_tasks):
    for seed in range(3):
        X, y, _ = collection(n_tasks=n_tasks, seed=seed)
        prior = learn(X, y).prior_
        assert np.all(np.linalg.eigvalsh(prior.dense_covariance()) > 0)
        assert 0 < prior.named_weights["vague"] < 1


def test_unrelated_tasks_are_told_from_related_ones():
    X, y, _ = collection()
    rng, d = np.random.default_rng(0), X.shape[1] - 1
    alone = X[:, -1] % 3 == 0
    wild = np.einsum("nd,nd->n", X[:, :-1], 30.0 * rng.normal(size=(150, d))[X[:, -1].astype(int)])
    mixed, related = (
        learn(X, target, EmpiricalBayes("diagonal")).prior_.named_weights
        for target in (np.where(alone, wild + rng.normal(size=len(y)), y), y)
    )
    slopes_of_their_own = ("vague", "slope outlier")
    assert sum(mixed[name] for name in slopes_of_their_own) > 3 * sum(related[name] for name in slopes_of_their_own)


@pytest.mark.statistics
def test_labels_and_counts_have_laws_too():
    off = []
    for seed in range(8):
        Xc, yc, law = make_related_classification(200, 25, 3, covariance="diagonal", random_state=seed)
        prior = learn(Xc, yc, estimator=LogisticRegression()).prior_
        off.append(prior.mean - law.mean)
        assert distance(prior.dense_covariance(), law.covariance) < 0.5
    # A mean of 200 tasks is known to about a tenth, and nothing draws it to one side.
    assert np.all(np.abs(np.mean(off, axis=0)) < 3.0 * np.std(off, axis=0, ddof=1) / np.sqrt(8))
    X, eta, law = collection(0.1 * np.eye(4), n_tasks=150, d=3, noise=0.0)
    y = np.random.default_rng(0).poisson(np.exp(0.3 * eta))
    prior = learn(X, y, estimator=PoissonRegressor()).prior_
    assert_allclose(prior.mean, 0.3 * law.mean, atol=0.1)


# Going on ---------------------------------------------------------------------------------------------


@varied(("word", "truth"), [("diagonal", UNEVEN), ("full", "factor")], ids=["diagonal", "full"])
def test_learning_on_is_roughly_learning_from_both_at_once(word, truth):
    X, y, _ = collection(truth, n_tasks=200)
    first, learner = X[:, -1] < 100, EmpiricalBayes(word)
    one = learn(X[first], y[first], learner).prior_
    two = learn(X[~first], y[~first], learner, prior=one).prior_
    both = learn(X, y, learner).prior_
    assert (two.n_tasks, two.n_rows) == (both.n_tasks, both.n_rows)
    assert_allclose(two.mean, both.mean, atol=0.05)
    assert_allclose(two.noise, both.noise, rtol=0.05)
    apart = distance(two.dense_covariance(), both.dense_covariance())
    assert apart < 0.7 * distance(one.dense_covariance(), both.dense_covariance()), "what was learned later counts"
    assert apart < 0.02


def test_learning_on_does_not_change_what_was_known():
    X, y, _ = collection(n_tasks=40)
    prior = learn(X, y).prior_
    before = pickle.dumps(prior)
    later = learn(X, y + 1.0, prior=prior).prior_
    assert pickle.dumps(prior) == before
    assert later.n_tasks == 80


def test_a_long_memory_barely_moves():
    X, y, _ = collection(n_tasks=400)
    many = learn(X, y).prior_
    few = X[:, -1] < 2
    moved = learn(X[few], y[few] + 3.0, prior=many).prior_
    assert np.abs(moved.mean - many.mean).max() < 0.1


# Nothing is added, nothing is kept --------------------------------------------------------------------


@pytest.mark.parametrize("estimator", [Ridge(), LogisticRegression()], ids=["ridge", "logistic"])
def test_fitting_twice_is_fitting_once(estimator):
    if isinstance(estimator, Ridge):
        X, y, _ = collection(n_tasks=30)
    else:
        X, y, _ = make_related_classification(30, 12, 3, random_state=0)
    model = learn(X, y, EmpiricalBayes(), estimator=estimator)
    one = model.prior_
    assert_same_prior(one, model.fit(X, y).prior_, rtol=0, atol=0)
    assert_same_prior(one, clone(model).fit(X, y).prior_, rtol=0, atol=0)


def test_the_learner_given_is_not_touched():
    X, y, _ = collection(n_tasks=20)
    learner = EmpiricalBayes("factor")
    model = learn(X, y, learner)
    assert model.learner is learner
    assert set(vars(learner)) == set(learner.get_params())
    assert model.learner_.structure_


def test_several_outputs_are_learned_each_for_itself():
    X, y, _ = collection(n_tasks=30)
    other = X[:, 0] - y**2
    both = learn(X, np.c_[y, other]).prior_
    for k, target in enumerate((y, other)):
        alone = learn(X, target).prior_
        for name in ("mean", "covariance", "noise"):
            assert_allclose(getattr(both, name)[k], getattr(alone, name), rtol=1e-9, atol=1e-11)


def test_noise_can_be_shared_or_of_each_task():
    X, y, law = collection(n_tasks=200)
    rng = np.random.default_rng(0)
    quiet = np.where(X[:, -1] % 2 == 0, 0.1, 3.0) * rng.normal(size=len(y))
    signal = np.einsum("nd,nd->n", X[:, :-1], law.coef[X[:, -1].astype(int), :-1])
    by_task, shared = (learn(X, signal + quiet, EmpiricalBayes("factor", noise=n)).prior_ for n in ("task", "shared"))
    assert np.isinf(shared.noise_dof) and by_task.noise_dof < 10
    assert_allclose(shared.noise, (0.1**2 + 3.0**2) / 2, rtol=0.1)


def test_stopping_early_is_what_max_iter_and_tol_do():
    X, y, _ = collection(n_tasks=30)
    one, many, loose = (
        learn(X, y, EmpiricalBayes("full", **options)).prior_
        for options in ({"max_iter": 1}, {"max_iter": 300, "tol": 1e-10}, {"max_iter": 300, "tol": 1e9})
    )
    assert_array_equal(one.covariance, loose.covariance)
    assert np.abs(one.covariance - many.covariance).max() > 1e-3


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"covariance": "fulll"}, ValueError, "covariance.*wanted one of.*'fulll'"),
        ({"noise": "auto"}, ValueError, "noise.*wanted 'task' or 'shared'.*'auto'"),
        ({"rank": 0}, ValueError, "rank"),
        ({"rank": 1.5}, TypeError, "rank"),
        ({"pseudo_tasks": -1}, ValueError, "pseudo_tasks"),
        ({"max_iter": 0}, ValueError, "max_iter"),
        ({"tol": -1e-3}, ValueError, "tol"),
    ],
)
def test_what_is_no_parameter_is_named(params, error, message):
    X, y, _ = collection(n_tasks=3)
    with pytest.raises(error, match=message):
        learn(X, y, EmpiricalBayes(**params))


# The contract -----------------------------------------------------------------------------------------


def tasks_of(X, y, task_weight=None):
    return replace(read_tasks(X, y, task=-1), task_weight=task_weight)


def two_kinds(n=12, d=3, seed=0):
    """Thirty tasks of one kind and as many of another; their targets are no labels."""
    parts = [collection(n_tasks=30, n=n, d=d, seed=seed + k)[:2] for k in range(2)]
    X = np.concatenate([parts[0][0], parts[1][0] + 30.0 * np.eye(d + 1)[-1]])
    return X, np.concatenate([parts[0][1], 5.0 - 3.0 * parts[1][1]])


@pytest.mark.parametrize(("n", "d"), [(12, 3), (4, 12)], ids=["in columns", "in rows"])
@pytest.mark.parametrize("estimator", [Ridge(), PoissonRegressor()], ids=["ridge", "poisson"])
def test_tasks_count_as_often_as_they_weigh(estimator, n, d):
    X, y = two_kinds(n, d)
    y = y if isinstance(estimator, Ridge) else np.round(np.exp(np.clip(y / np.abs(y).max(), -1, 1) + 1.0))
    weight = np.r_[np.ones(30), np.full(30, 1e-12)]
    found = EmpiricalBayes("spherical").learn(estimator, tasks_of(X, y, weight))
    wanted = EmpiricalBayes("spherical").learn(estimator, tasks_of(X[X[:, -1] < 30], y[X[:, -1] < 30]))
    assert_allclose([found.n_tasks, found.n_rows], [30, 30 * n])
    assert (found.contextual_effects is None) == (wanted.contextual_effects is None)
    for name in ("mean", "covariance", "noise"):
        size = np.abs(getattr(wanted, name)).max()
        assert_allclose(getattr(found, name), getattr(wanted, name), rtol=1e-5, atol=1e-5 * size, err_msg=name)


@pytest.mark.parametrize("estimator", [Ridge(), LogisticRegression()], ids=["ridge", "logistic"])
def test_progress_is_told_to_the_end(estimator):
    X, y, _ = collection(n_tasks=10)
    Y = np.c_[y, -y] if isinstance(estimator, Ridge) else y > 0
    told = []
    EmpiricalBayes().learn(estimator, tasks_of(X, Y), progress=lambda *step: told.append(step))
    done, total = zip(*told, strict=True)
    assert len(set(total)) == 1 and list(done) == sorted(set(done)) and done[-1] == total[0]
    assert len(done) > 10  # sweeps


@dataclass(frozen=True, eq=False, repr=False)
class OtherPrior(Prior):
    """A prior that is no Gaussian one."""


def test_a_prior_of_another_family_is_named():
    X, y, _ = collection(n_tasks=5)
    with pytest.raises(TypeError, match=r"prior: wanted a GaussianPrior.*for Ridge, found OtherPrior; "):
        EmpiricalBayes().learn(Ridge(), tasks_of(X, y), OtherPrior())
    with pytest.raises(TypeError, match=r"found MixturePrior of OtherPrior"):
        EmpiricalBayes().learn(Ridge(), tasks_of(X, y), MixturePrior([OtherPrior()]))


def test_a_prior_for_other_targets_is_named():
    X, y, _ = collection(n_tasks=10)
    prior = EmpiricalBayes().learn(Ridge(), tasks_of(X, y))
    with pytest.raises(ValueError, match=r"prior: wanted coefficients for 2 output\(s\), found 1; give the targets"):
        EmpiricalBayes().learn(Ridge(), tasks_of(X, np.c_[y, y]), prior)
    with pytest.raises(ValueError, match=r"prior: wanted one learned for poisson targets.*gaussian"):
        EmpiricalBayes().learn(PoissonRegressor(), tasks_of(X, np.abs(y)), prior)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_rows_are_read_once(weighted, monkeypatch):
    """By learning; adapting to the same tasks has their sums."""
    X, y, _ = collection(n_tasks=20)
    read = []
    monkeypatch.setattr(sums_room, "read_sums", lambda *table: read.append(1) or read_sums(*table))
    monkeypatch.setattr(moments_room.Rows, "batch", lambda *_: pytest.fail("rows are read again"))
    weight = np.linspace(0.5, 2.0, len(y)) if weighted else None
    model = WarmStartRegressor(Ridge(), task=-1).fit(X, y, sample_weight=weight)
    assert len(read) == 1
    assert len(model.borrowing_) == 20


def test_a_dense_past_of_many_columns_is_learned_on_from():
    """What was known of ten tasks with more columns than rows is not forgotten when four more come."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=104)

    def some(n_tasks, n, first):
        task = np.repeat(first + np.arange(n_tasks), n)
        X = rng.normal(size=(len(task), 104))
        coef = truth + 0.1 * rng.normal(size=(first + n_tasks, 104))
        return np.c_[X, task], np.einsum("nd,nd->n", X, coef[task]) + 0.1 * rng.normal(size=len(task))

    prior = learn(*some(10, 108, 0)).prior_
    assert prior.is_dense
    later = learn(*some(4, 20, 10), prior=prior).prior_
    assert later.n_tasks == 14
    assert np.corrcoef(later.mean[:-1], truth)[0, 1] > 0.99


def many_columns(n_tasks=20, n=15, d=110, seed=0):
    """More columns than any task has rows, a third of them without effect."""
    rng = np.random.default_rng(seed)
    X, task = rng.normal(size=(n_tasks * n, d)), np.repeat(np.arange(n_tasks), n)
    coef = np.r_[np.zeros(d // 3), rng.normal(size=d - d // 3)] + 0.1 * rng.normal(size=(n_tasks, d))
    return np.c_[X, task], np.einsum("nd,nd->n", X, coef[task]) + 0.5 * rng.normal(size=len(task))


@varied("estimator", [BayesianRidge(), Lasso(), ElasticNet()], ids=lambda e: type(e).__name__)
def test_solvers_that_take_no_sparse_rows_learn_from_many_columns(estimator):
    """They were handed sparse designs of dense rows, which BayesianRidge refuses."""
    X, y = many_columns()
    prior = learn(X, y, estimator=estimator).prior_
    assert not prior.is_dense
    model = prior.adapt(estimator, X[:15, :-1], y[:15])
    assert type(model) is type(estimator)
    assert np.mean((model.predict(X[:15, :-1]) - y[:15]) ** 2) < 0.5 * np.var(y)


def test_a_dense_covariance_of_many_columns_is_learned_where_it_is_asked_for():
    X, y = many_columns()
    prior = learn(X, y, EmpiricalBayes("full")).prior_
    assert prior.covariance.shape == (111, 111)
    off = prior.covariance - np.diag(np.diag(prior.covariance))
    assert np.abs(off).max() > 0.0
    assert np.corrcoef(prior.mean[:-1], learn(X, y).prior_.mean[:-1])[0, 1] > 0.9


@varied("estimator", [Ridge(), LogisticRegression()], ids=["ridge", "logistic"])
@pytest.mark.parametrize("word", ["spherical", "diagonal", "factor", "auto"])
def test_the_shape_asked_for_of_many_columns_is_the_shape_given(word, estimator):
    make = make_related_classification if isinstance(estimator, LogisticRegression) else make_related_regression
    X, y, _ = make(21, 8, 120, covariance="power", random_state=0)
    model = learn(X, y, EmpiricalBayes(word), estimator=clone(estimator))
    scale, prior = model.prior_.units.scale, model.prior_
    even = np.ptp(np.log(prior.covariance[:-1] * scale**2)) < 1e-9
    learned = "factor" if prior.factor is not None else "spherical" if even else "diagonal"
    assert model.learner_.structure_.startswith(learned)
    assert any(shape == model.learner_.structure_ for shape in model.learner_.scores_)
    assert word in (learned, "auto")
    assert all(np.isfinite(score) for score in model.learner_.scores_.values())


@pytest.mark.parametrize("word", ["spherical", "diagonal"])
def test_learning_on_from_factors_of_many_columns_gives_the_shape_asked_for(word):
    X, y, _ = make_related_regression(20, 8, 120, random_state=0)
    past = learn(X, y, EmpiricalBayes("factor")).prior_
    assert past.factor is not None
    model = learn(X, 2.0 * y, EmpiricalBayes(word), prior=past)
    assert model.learner_.structure_ == word and model.prior_.factor is None


def test_an_uncertain_mean_may_be_written_as_a_diagonal():
    X, y, _ = collection(n_tasks=20)
    known = [GaussianPrior(np.zeros(7), 1.0, mean_covariance=own, n_tasks=5, n_rows=50)
             for own in (np.full(7, 0.3), 0.3 * np.eye(7))]  # fmt: skip
    one, two = (learn(X, y, prior=prior).prior_ for prior in known)
    assert_same_prior(one, two, rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "way_out"),
    [
        ({"covariance": "round"}, "found 'round'; 'auto' tries several"),
        ({"noise": "none"}, "found 'none'; 'task' where you do not know"),
        ({"pseudo_tasks": "many"}, "found 'many'; None is by shape"),
    ],
)
def test_a_parameter_that_is_none_has_a_way_out(options, way_out):
    tasks = Tasks(np.ones((2, 1)), np.ones(2), np.arange(2), np.arange(2))
    with pytest.raises(ValueError, match=way_out):
        EmpiricalBayes(**options).learn(Ridge(), tasks)


@pytest.mark.parametrize("learner", [EmpiricalBayes, StateSpace])
@pytest.mark.parametrize("name", ["half_life", "pseudo_tasks", "tol"])
def test_nan_is_no_parameter(learner, name):
    X, y, _ = make_related_regression(n_tasks=4, n_features=2, random_state=0)
    with pytest.raises(ValueError, match=rf"^{learner.__name__}\({name}=...\): wanted a number, found nan"):
        WarmStartRegressor(Ridge(), task=-1, learner=learner(**{name: np.nan})).fit(X, y)
