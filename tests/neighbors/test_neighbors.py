"""Nearest neighbours from a prior: what is learned, what is legal, what is handed out, what it costs where it misleads."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from families import NearInOneRound
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.stats import special_ortho_group
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from skmeta import NeighborsLearner, WarmStartClassifier, WarmStartRegressor
from skmeta.compose import OwnModelPrior
from skmeta.neighbors import NeighborsPrior
from skmeta.neighbors._choice import _own_scores
from skmeta.neighbors._metrics import AS_GIVEN
from skmeta.neighbors._neighbors_learner import _prior_of
from skmeta.tasks import Tasks, read_tasks
from skmeta.tasks._class_rates import drawn_by_class


def turned(seed, n_tasks, n_rows=40):
    """One ``make_classification`` dealt to tasks that turn its informative plane, and all beside it, in ways of their own."""
    rng = np.random.default_rng(seed)
    X, y = make_classification(1000, 20, n_informative=2, n_redundant=10, shuffle=False, random_state=seed)
    plane = np.zeros((20, 2))
    plane[:12] = np.linalg.svd(X[:, :12], full_matrices=False)[2][:2].T
    basis = np.linalg.qr(np.column_stack([plane, rng.normal(size=(20, 18))]))[0]
    tasks = []
    for rows in rng.permutation(1000)[: n_tasks * n_rows].reshape(n_tasks, n_rows):
        turn = np.zeros((20, 20))
        turn[:2, :2] = special_ortho_group.rvs(2, random_state=rng)
        turn[2:, 2:] = special_ortho_group.rvs(18, random_state=rng)
        tasks.append((X[rows] @ basis @ turn @ basis.T, y[rows]))
    return tasks


def stacked(tasks):
    X = np.vstack([A for A, _ in tasks])
    return np.column_stack([X, np.repeat(np.arange(len(tasks)), [len(b) for _, b in tasks])]), np.concatenate(
        [b for _, b in tasks]
    )


@pytest.mark.statistics
def test_ten_rows_of_a_task_that_turns_the_informative_plane():
    """Mean over ten new tasks of each of five collections; the cold ones are fitted to the same rows."""
    gains = []
    for seed in range(5):
        tasks = turned(seed, n_tasks=16)
        model = WarmStartClassifier(KNeighborsClassifier(), task=-1).fit(*stacked(tasks[:6]))
        for A, b in tasks[6:]:
            cold = KNeighborsClassifier().fit(A[:10], b[:10])
            gains.append(model.adapt(A[:10], b[:10]).score(A[10:], b[10:]) - cold.score(A[10:], b[10:]))
    assert np.mean(gains) >= 0.05


def own_labels(seed, n_tasks=30, n_rows=20, n_labels=3, n_noise=12):
    """Tasks of labels that no other has: points around centres in three columns, beside columns of noise."""
    rng, tasks = np.random.default_rng(seed), []
    for t in range(n_tasks):
        label, centres = np.resize(np.arange(n_labels), n_rows), 2.0 * rng.normal(size=(n_labels, 3))
        X = np.column_stack([centres[label] + rng.normal(size=(n_rows, 3)), 3.0 * rng.normal(size=(n_rows, n_noise))])
        tasks.append((X, np.array([f"{t}-{k}" for k in label])))
    return tasks


def test_new_labels_are_told_apart_under_the_learned_metric():
    tasks = own_labels(0, n_tasks=20, n_rows=18)
    past, new = tasks[:10], tasks[10:]
    model = WarmStartClassifier(KNeighborsClassifier(1), task=-1, learner=NeighborsLearner())
    X, y = stacked(past)
    model.fit(X, y)
    cold, warm = [], []
    for A, b in new:
        plain = model.adapt(A[:9], b[:9])
        assert_array_equal(plain.classes_, np.unique(b))
        warm.append(plain.score(A[9:], b[9:]))
        cold.append(KNeighborsClassifier(1).fit(A[:9], b[:9]).score(A[9:], b[9:]))
    assert np.mean(warm) > np.mean(cold) + 0.15
    learned = model.prior_.components[0]
    assert np.abs(learned.matrix[3:]).max() < np.abs(learned.matrix[:3]).max() / 3
    with pytest.raises(ValueError, match="X: wanted rows of the task, as past tasks had labels of their own"):
        model.prior_.zero_shot(KNeighborsClassifier(1))


def by_hand(classes=None, typical=(1.5,), matrix=None):
    return NeighborsPrior(
        matrix, "as given" if matrix is None else "by hand", None, np.array(typical), 2.0, classes=classes, n_features=3
    )


@pytest.mark.quick
def test_more_neighbours_than_rows_are_all_rows():
    rng = np.random.default_rng(0)
    X, y, matrix = rng.normal(size=(4, 3)), rng.normal(size=4), rng.normal(size=(3, 2))
    plain = by_hand(matrix=matrix).adapt(KNeighborsRegressor(7), X, y)
    assert plain[-1].n_neighbors == 4
    assert_allclose(plain.predict(X), np.full(4, y.mean()))
    near = by_hand(matrix=matrix).adapt(KNeighborsRegressor(2, weights="distance"), X, y)
    wanted = KNeighborsRegressor(2, weights="distance").fit(X @ matrix, y)
    assert_allclose(near.predict(2.0 * X), wanted.predict(2.0 * X @ matrix))


@pytest.mark.variations
def test_a_past_of_two_small_tasks_is_legal():
    X, y = stacked(sloped(0, n_tasks=2, n_rows=3))
    for shell, estimator, target in (
        (WarmStartRegressor, KNeighborsRegressor(), y),
        (WarmStartClassifier, KNeighborsClassifier(), np.array([0, 1, 1, 0, 0, 1])),
    ):
        model = shell(estimator, task=-1).fit(X, target)
        assert model.adapt(X[:1, :-1], target[:1]).predict(X[:, :-1]).shape == (6,)


@pytest.mark.quick
def test_no_rows_are_the_typical_target_or_share():
    X = np.ones((2, 3))
    assert_allclose(by_hand(matrix=np.eye(3)).zero_shot(KNeighborsRegressor()).predict(X), [1.5, 1.5])
    assert_allclose(by_hand(typical=(1.0, 2.0)).zero_shot(KNeighborsRegressor()).predict(X), [[1.0, 2.0]] * 2)
    shares = by_hand(np.array(["a", "b", "c"]), (0.2, 0.5, 0.3)).zero_shot(KNeighborsClassifier())
    assert_allclose(shares.predict_proba(X), [[0.2, 0.5, 0.3]] * 2)
    model = WarmStartRegressor(KNeighborsRegressor(), prior=by_hand()).fit(X[:1], [3.0])
    assert_allclose(model.predict(X, return_std=True)[1], [2.0, 2.0])  # one row tells nothing of the spread


def clouds(seed, n_tasks=7, n_rows=24):
    """Three classes around centres of the task's own, in six columns."""
    rng, tasks = np.random.default_rng(seed), []
    for _ in range(n_tasks):
        label, centres = rng.integers(0, 3, n_rows), 1.5 * rng.normal(size=(3, 6))
        tasks.append((centres[label] + rng.normal(size=(n_rows, 6)), label))
    return tasks


@pytest.mark.parametrize("seed", range(3))
def test_neither_the_order_of_columns_nor_that_of_rows_matters_to_what_held_out_rows_say(seed):
    X, y = stacked(clouds(seed))
    rng = np.random.default_rng(seed)
    found = []
    for columns, rows in (
        (slice(6), slice(None)),
        (rng.permutation(6), slice(None)),
        (slice(6), rng.permutation(len(X))),
    ):
        tasks = read_tasks(X[rows], y[rows], task=-1, labels=True)
        tasks = tasks.with_rows(np.asarray(tasks.X)[:, columns], tasks.y)
        scores = _own_scores(KNeighborsClassifier(), tasks.X, tasks, None)
        found.append([scores, OwnModelPrior().log_evidence(KNeighborsClassifier(), tasks)])
    assert_allclose(found[1:], [found[0]] * 2)


def sloped(seed, n_tasks=10, n_rows=16):
    rng = np.random.default_rng(seed)
    tasks = []
    for slope in 3.0 + rng.normal(size=n_tasks):
        X = rng.normal(size=(n_rows, 3))
        tasks.append((X, slope * X[:, 0] + rng.normal() + 0.3 * rng.normal(size=n_rows)))
    return tasks


PAST = sloped(0, n_tasks=6, n_rows=12)


@pytest.fixture(scope="module")
def learned():
    return WarmStartRegressor(KNeighborsRegressor(), task=-1, learner=NearInOneRound()).fit(*stacked(PAST))


def test_learning_on_adds_statistics_up(learned):
    new = sloped(1, n_tasks=2, n_rows=12)
    on = WarmStartRegressor(KNeighborsRegressor(), task=-1, prior=learned.prior_).fit(*stacked(new)).prior_
    whole = (
        WarmStartRegressor(KNeighborsRegressor(), task=-1, learner=NearInOneRound()).fit(*stacked(PAST + new)).prior_
    )
    assert on.n_tasks == whole.n_tasks == 8
    for name in ("within", "between"):
        assert_allclose(getattr(on.components[0].scatter, name), getattr(whole.components[0].scatter, name))
    assert_allclose(on.components[0].typical, whole.components[0].typical)
    assert_allclose(on.components[0].spread, whole.components[0].spread)
    assert on.components[0].description == learned.prior_.components[0].description
    with pytest.raises(TypeError, match="prior: wanted a NeighborsPrior, found"):
        other = WarmStartRegressor(KNeighborsRegressor(), task=-1, learner="auto")
        other.set_params(prior=on.components[-1]).fit(*stacked(new))


def test_rows_are_kept_by_shared_neighbours_alone_and_they_say_so(learned):
    shared, own = learned.prior_.components[:2]
    assert "which it keeps" in repr(shared)
    assert "rows of the task" in repr(own) and len(pickle.dumps(own)) < 4000  # of 6 x 12 rows of 3 columns


def test_own_rows_are_asked_where_a_task_is_unlike_the_past(learned):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 3))
    y = np.where(np.abs(X[:, 0]) > 0.7, 20.0, -20.0)
    plain, cold = learned.adapt(X, y), KNeighborsRegressor().fit(X, y)
    asked = rng.normal(size=(200, 3))
    truth = np.where(np.abs(asked[:, 0]) > 0.7, 20.0, -20.0)
    assert np.mean((plain.predict(asked) - truth) ** 2) < np.mean((cold.predict(asked) - truth) ** 2)


@pytest.mark.statistics
def test_a_past_that_misleads_costs_little_from_two_rows_a_column_on():
    tasks = sloped(5, n_tasks=30, n_rows=60)
    X, y = stacked(tasks)
    for misleads in (np.random.default_rng(0).permutation(y), -y):
        model = WarmStartRegressor(KNeighborsRegressor(), task=-1).fit(X[: 20 * 60], misleads[: 20 * 60])
        ratio = []
        for A, b in tasks[20:]:
            own, warm = KNeighborsRegressor().fit(A[:20], b[:20]), model.adapt(A[:20], b[:20])
            ratio.append([np.mean((each.predict(A[20:]) - b[20:]) ** 2) for each in (warm, own)])
        warm, own = np.sqrt(np.mean(ratio, axis=0))
        assert warm <= 1.02 * own


def test_rows_without_a_target_are_left_out():
    X, y = stacked(sloped(2, n_tasks=3, n_rows=10))
    some = np.arange(len(y)) % 5 == 0
    model = WarmStartRegressor(KNeighborsRegressor(), task=-1, learner=NearInOneRound())
    other = clone(model).fit(X[~some], y[~some])
    model.fit(X, np.where(some, np.nan, y))
    assert_allclose(model.predict(X), other.predict(X), rtol=1e-8)


@pytest.mark.quick
def test_distances_that_no_linear_map_suits_stay_as_they_are():
    X, y = stacked(sloped(2, n_tasks=5, n_rows=10))
    for estimator, table in ((KNeighborsRegressor(metric="cosine"), X), (KNeighborsRegressor(), sparse.csr_matrix(X))):
        model = WarmStartRegressor(estimator, task=-1, learner=NearInOneRound()).fit(table, y)
        assert model.learner_.maps_ == {"own": AS_GIVEN, "shared": AS_GIVEN}
        assert np.isfinite(model.predict(table)).all()
    with pytest.raises(ValueError, match="estimator: wanted a metric of rows, found metric='precomputed'"):
        WarmStartRegressor(KNeighborsRegressor(metric="precomputed"), task=-1).fit(X, y)


def test_several_targets_and_missing_labels_are_legal():
    X, y = stacked(sloped(4, n_tasks=3, n_rows=6))
    learner = NearInOneRound()
    both = WarmStartRegressor(KNeighborsRegressor(), task=-1, learner=learner).fit(X, np.column_stack([y, -y]))
    assert both.adapt(X[:3, :-1], np.column_stack([y, -y])[:3]).predict(X[:, :-1]).shape == (len(y), 2)
    labels = np.where(y > 0.0, "high", "low")
    model = WarmStartClassifier(KNeighborsClassifier(), task=-1, learner=learner).fit(X, labels)
    one = np.flatnonzero(labels == "low")[:3]
    assert_array_equal(model.adapt(X[one, :-1], labels[one]).classes_, ["high", "low"])


@pytest.mark.quick
def test_several_targets_are_as_uncertain_as_each_alone():
    rng = np.random.default_rng(0)
    X, Y, spread = rng.normal(size=(5, 3)), rng.normal(size=(5, 2)) * [1.0, 10.0], np.array([2.0, 30.0])
    both = replace(by_hand(typical=(1.0, 2.0)), spread=spread)
    for n in (0, 1, 5):
        std = both.adapt_tasks(KNeighborsRegressor(2), tasks_of(X[:n], Y[:n])).std(X, np.zeros(5, dtype=np.intp))
        for k in (0, 1):
            one = replace(by_hand(typical=(1.0,)), spread=spread[k])
            alone = one.adapt_tasks(KNeighborsRegressor(2), tasks_of(X[:n], Y[:n, k]))
            assert_allclose(std[:, k], alone.std(X, np.zeros(5, dtype=np.intp)))
    assert_allclose(
        both.adapt_tasks(KNeighborsRegressor(2), Tasks.none(n_features=3)).std(X, np.full(5, -1)), [spread] * 5
    )


@pytest.mark.quick
def test_the_spread_of_past_targets_is_that_of_each():
    X, y = stacked(sloped(0, n_tasks=4, n_rows=12))
    one, both = (
        _prior_of(read_tasks(X, Y, task=-1), None, AS_GIVEN, None, True) for Y in (y, np.column_stack([y, 10.0 * y]))
    )
    assert_allclose(both.spread, one.spread * [1.0, 10.0])


def tasks_of(X, y):
    return Tasks(X, y, np.zeros(len(X), dtype=np.intp), np.arange(1))


def test_neighbours_among_own_rows_are_not_asked_where_these_were_drawn_by_their_class():
    """They take no weights that would make the rows stand for all; the shared ones are corrected by the shares of the past."""
    X, y = stacked(sloped(4, n_tasks=6, n_rows=12))
    labels = np.where(y > 1.0, "high", "low")
    model = WarmStartClassifier(KNeighborsClassifier(), task=-1, learner=NearInOneRound()).fit(X, labels)
    assert model.prior_.class_prior is not None
    own = by_hand(np.array(["high", "low"]), (0.5, 0.5))
    tasks = read_tasks(X[:, :-1], labels, labels=True)
    drawn = drawn_by_class(tasks, own.classes, np.array([0.9, 0.1]))
    assert np.isfinite(own.log_evidence(KNeighborsClassifier(), tasks)).all()
    assert_array_equal(own.log_evidence(KNeighborsClassifier(), drawn), -np.inf)
    on = WarmStartClassifier(KNeighborsClassifier(), task=-1, prior=model.prior_).fit(X[:24], labels[:24]).prior_
    assert not np.allclose(on.class_prior, model.prior_.class_prior)
    shell = WarmStartClassifier(KNeighborsClassifier(), task=-1, prior=model.prior_, class_prior="past")
    assert_allclose(shell.fit(X[:24], labels[:24]).prior_.class_prior, model.prior_.class_prior)


@pytest.mark.quick
def test_every_limit_of_the_learner_is_kept_or_refused():
    X, y = stacked(sloped(2, n_tasks=4, n_rows=6))
    shell = WarmStartRegressor(KNeighborsRegressor(), task=-1)

    def fit(**options):
        return clone(shell).set_params(learner=NearInOneRound(**options)).fit(X, y)

    assert fit(max_columns=2).learner_.maps_ == {"own": AS_GIVEN, "shared": AS_GIVEN}
    assert fit(max_tasks=3).learner_.maps_ == {"own": AS_GIVEN, "shared": AS_GIVEN}  # too few for halves
    assert fit(max_task_rows=4).prior_.components[0].scatter.n_near == 4 * 4 * 3
    for name in ("max_tasks", "max_rows", "max_task_rows", "max_columns"):
        with pytest.raises(ValueError, match=name):
            fit(**{name: 0})
    labels = np.where(np.arange(24) % 2, "high", "low")
    labels[:6] = "low"
    learner = NeighborsLearner(labels="own")
    own = WarmStartClassifier(KNeighborsClassifier(), task=-1, learner=learner).fit(X, labels)
    assert "shared" not in own.learner_.maps_ and own.prior_.components[0].classes is None
    with pytest.raises(ValueError, match=r"labels: wanted 'auto', as .* labels of their own each, found 'shared'"):
        WarmStartClassifier(
            KNeighborsClassifier(), task=-1, prior=own.prior_, learner=NeighborsLearner(labels="shared")
        ).fit(X, labels)
