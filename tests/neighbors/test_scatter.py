"""Scatter within tasks and the maps that it suggests."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import subspace_angles
from sklearn.covariance import oas
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsRegressor

from skmeta._inference.scatter import shrunk
from skmeta.neighbors._choice import _shared_scores
from skmeta.neighbors._metrics import linear_maps
from skmeta.neighbors._scatter import scatter_of
from skmeta.tasks import Tasks
from skmeta.tasks._tasks import labels_of_tasks

pytestmark = pytest.mark.quick


def collection(y, codes, labels=False, n_features=4, seed=0):
    """Tasks with normal rows; ``y`` is a function of these, their tasks, and a generator."""
    rng, codes = np.random.default_rng(seed), np.asarray(codes)
    X = rng.normal(size=(len(codes), n_features)) + rng.normal(size=(codes.max() + 1, n_features))[codes]
    y = y(X, codes, rng)
    classes = labels_of_tasks(y, codes, codes.max() + 1, None) if labels else None
    return X, Tasks(X, y, codes, np.arange(codes.max() + 1), classes=classes)


def sloped(X, codes, rng, directions=2):
    return (X[:, :directions] * rng.normal(size=(codes.max() + 1, directions))[codes]).sum(axis=1)


def test_scatter_of_labels_is_that_of_linear_discriminant_analysis():
    X, tasks = collection(lambda X, codes, rng: rng.integers(0, 3, len(X)), np.zeros(60, int), labels=True)
    found = scatter_of(X, tasks, 3)
    reference = LinearDiscriminantAnalysis(solver="eigen", store_covariance=True).fit(X, tasks.y)
    assert_allclose(found.within / 60, reference.covariance_)
    assert_allclose((found.within + found.between) / 60, np.cov(X.T, bias=True))
    assert (found.within_dof, found.between_dof) == (57.0, 2.0)


def test_sums_over_tasks_add_up():
    codes = np.repeat(np.arange(6), 15)
    X, tasks = collection(sloped, codes)
    whole = scatter_of(X, tasks, 4)
    parts = [tasks.take(np.arange(6)[half]) for half in (slice(0, 2), slice(2, 6))]
    both = scatter_of(parts[0].X, parts[0], 4) + scatter_of(parts[1].X, parts[1], 4)
    for name in ("within", "between", "within_dof", "between_dof"):
        assert_allclose(getattr(both, name), getattr(whole, name), atol=1e-10)


def test_pairs_of_near_rows_are_summed_one_by_one():
    codes = np.repeat([0, 1], [8, 11])
    X, tasks = collection(sloped, codes)
    found = scatter_of(X, tasks, 3)
    units, near, weighted, total = found.spread, 0.0, 0.0, 0.0
    for t in (0, 1):
        rows, y = X[codes == t], tasks.y[codes == t]
        for i in range(len(rows)):
            others = np.argsort(np.square((rows - rows[i]) / units).sum(axis=1))[1:4]
            for j in others:
                d, w = rows[i] - rows[j], (y[i] - y[j]) ** 2 / (2.0 * y.var())
                near, weighted, total = near + np.outer(d, d), weighted + w * np.outer(d, d), total + w
    assert_allclose(found.near, near)
    assert_allclose(found.near_weighted, weighted)
    assert_allclose([found.n_near, found.weight_near], [3 * 19, total])


def test_neither_order_nor_levels_nor_ties_matter():
    codes = np.repeat(np.arange(5), 12)
    X, tasks = collection(lambda X, codes, rng: np.round(sloped(X, codes, rng)), codes)
    turned = np.random.default_rng(0).permutation(len(X))
    shift = np.random.default_rng(1).normal(size=(5, 4))[codes]
    other = Tasks(X[turned] + shift[turned], tasks.y[turned] + 7.0, codes[turned], tasks.ids)
    one, two = scatter_of(X, tasks, 3), scatter_of(other.X, other, 3)
    for name in ("within", "between", "near", "near_weighted"):
        assert_allclose(getattr(two, name), getattr(one, name), atol=1e-9)


def test_directions_in_which_targets_differ_are_found():
    X, tasks = collection(sloped, np.repeat(np.arange(40), 30), n_features=8)
    maps = linear_maps(scatter_of(X * 10.0 ** np.arange(-4, 4), tasks, 5))
    found = maps["means, rank 2"] * 10.0 ** np.arange(-4, 4)[:, None]
    assert np.rad2deg(subspace_angles(found, np.eye(8)[:, :2]).max()) < 10.0


def test_targets_that_mirror_need_pairs_of_rows():
    X, tasks = collection(lambda X, codes, rng: (X[:, 0] - _means(X, codes)[:, 0]) ** 2, np.repeat(np.arange(40), 30))
    maps = linear_maps(scatter_of(X, tasks, 5))
    angle = {name: np.rad2deg(subspace_angles(maps[name], np.eye(4)[:, :1]).max()) for name in maps if "rank 1" in name}
    assert angle["near pairs, rank 1"] < 10.0


def _means(X, codes):
    return np.array([X[codes == t].mean(axis=0) for t in range(codes.max() + 1)])[codes]


def test_distances_are_those_of_the_targets_of_past_tasks():
    """Under the weighted map, up to a factor; here the tasks' own slopes are known."""
    rng = np.random.default_rng(0)
    slopes = rng.normal(size=(200, 4)) * [3.0, 1.0, 0.3, 0.0]
    X, tasks = collection(lambda X, codes, _: (X * slopes[codes]).sum(axis=1), np.repeat(np.arange(200), 50))
    maps = linear_maps(scatter_of(X, tasks, 5))
    found, wanted = maps["means, weighted"], slopes / np.linalg.norm(slopes, axis=1, keepdims=True)
    metric, truth = found @ found.T, wanted.T @ wanted / 200
    share = np.diag(metric) / np.trace(metric)
    assert np.all(np.diff(share) < 0.0) and share[3] < 0.02 < np.diag(truth)[2]


@pytest.mark.parametrize("n", [4, 30, 500])
def test_covariances_are_shrunk_as_by_scikit_learn(n):
    rows = np.random.default_rng(n).normal(size=(n, 6)) * np.arange(1, 7)
    wanted, _ = oas(rows)
    assert_allclose(shrunk(np.cov(rows.T, bias=True), n), wanted, atol=1e-6)


def test_columns_that_repeat_or_never_change_do_no_harm():
    X, tasks = collection(sloped, np.repeat(np.arange(10), 12))
    wide = np.column_stack([X, X[:, 0], np.ones(len(X)), X[:, 1] * 1e6])
    for matrix in list(linear_maps(scatter_of(wide, tasks, 3)).values())[1:]:
        assert np.isfinite(matrix).all()


def large(labels):
    """Two tasks of more rows than are compared with each other, whose targets are few numbers: many rows of each."""
    rng, codes = np.random.default_rng(0), np.arange(1300) % 2
    X, y = rng.normal(size=(1300, 3)), rng.integers(0, 4, 1300)
    return X, Tasks(X, y if labels else 1.0 * y, codes, np.arange(2), classes=(np.arange(4),) * 2 if labels else None)


@pytest.mark.parametrize("labels", [True, False])
def test_rows_of_large_tasks_are_compared_whatever_order_they_came_in(labels):
    X, tasks = large(labels)
    turned = np.random.default_rng(1).permutation(len(X))
    other = Tasks(X[turned], tasks.y[turned], tasks.codes[turned], tasks.ids, classes=tasks.classes)
    one, two = scatter_of(X, tasks, 3), scatter_of(other.X, other, 3)
    for name in ("near", "near_weighted", "n_near"):
        assert_allclose(getattr(two, name), getattr(one, name), rtol=1e-9, atol=1e-9)


def test_neighbours_of_all_tasks_are_some_rows_whatever_order_they_came_in():
    rng = np.random.default_rng(0)
    X, y, codes = rng.normal(size=(4000, 2)), rng.normal(size=4000), np.arange(4000) % 4
    turned = rng.permutation(4000)
    teach, other = (Tasks(X[rows], y[rows], codes[rows], np.arange(4)) for rows in (np.arange(4000), turned))
    asked = teach.take(np.array([0]))
    found = [_shared_scores(KNeighborsRegressor(), each, asked, None, 3000) for each in (teach, other)]
    assert_allclose(found[1], found[0])
