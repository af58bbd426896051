"""Clusters under a prior: the most probable ones, exactly; what is learned of them."""

import numpy as np
import pytest
from clusters import draw_kinds, draw_table, draw_task
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.cluster import DBSCAN, Birch, KMeans
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from skmeta import WarmStartClassifier, WarmStartClusterer, WarmStartRegressor
from skmeta.cluster import GaussianMixtureLearner, KMeansLearner, KMeansPrior
from skmeta.cluster._adapt_clusters import ExpectedClusters
from skmeta.cluster._alignment import alignment, mean_of_aligned
from skmeta.cluster._expected_centers import ExpectedCenters, log_marginal, posterior
from skmeta.cluster._initial_priors import initial_priors
from skmeta.cluster._lloyd import lloyd, rows_of
from skmeta.cluster._mixture_em import SHAPES, ExpectedMixture, map_em, updated_centers
from skmeta.cluster._plain_mixture import relabel
from skmeta.cluster._tasks_of_rows import arrays_of
from skmeta.tasks import read_tasks

pytestmark = pytest.mark.quick


def draw_prior(rng, K=4, p=3):
    return ExpectedCenters(4.0 * rng.normal(size=(K, p)), rng.gamma(2.0), rng.gamma(2.0, size=K))


def stacked(prior, counts, sums):
    """The model of one coordinate as a joint Gaussian of shift and deviations, given the means of clusters with rows."""
    K, there = len(counts), np.flatnonzero(counts)
    variance = np.diag(np.r_[prior.shift_variance, prior.center_variance])
    design = np.hstack([np.ones((K, 1)), np.eye(K)])[there]
    noise = np.diag(1.0 / counts[there])
    observed = sums[there] / counts[there, None] - prior.mean[there]
    covariance = design @ variance @ design.T + noise
    gain = variance @ design.T @ np.linalg.inv(covariance)
    return gain @ observed, variance - gain @ design @ variance, covariance, observed


@pytest.mark.parametrize("seed", range(5))
def test_the_posterior_of_centres_is_that_of_the_joint_gaussian(seed):
    rng = np.random.default_rng(seed)
    prior, counts = draw_prior(rng), rng.integers(0, 4, size=4).astype(float)
    counts[seed % 4] = 2.0
    sums = counts[:, None] * rng.normal(size=(4, 3))
    mean, covariance, marginal, observed = stacked(prior, counts, sums)
    found = posterior(prior, counts, sums)
    assert_allclose(np.vstack([found.shift, found.deviation]), mean, atol=1e-12)
    assert_allclose(np.r_[found.shift_variance, found.deviation_variance], np.diag(covariance), atol=1e-12)
    of_centers = np.hstack([np.ones((4, 1)), np.eye(4)])
    assert_allclose(found.center_variance(prior, counts), np.diag(of_centers @ covariance @ of_centers.T), atol=1e-12)
    determinant, quadratic = log_marginal(prior, counts, sums)
    assert_allclose(determinant, np.linalg.slogdet(marginal)[1] + np.log(counts[counts > 0]).sum(), atol=1e-10)
    assert_allclose(quadratic, (observed * np.linalg.solve(marginal, observed)).sum(), atol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_given_the_shift_it_is_k_means_with_a_weighted_row_in_each_cluster(seed):
    rng = np.random.default_rng(seed)
    prior = draw_prior(rng)._replace(mean=8.0 * rng.normal(size=(4, 3)))
    X, _ = draw_task(rng, prior.mean, 12)
    found = lloyd(rows_of(X), prior, prior.mean, max_iter=100, tol=0.0)
    rows, weight = np.vstack([prior.mean + found.shift, X]), np.r_[1.0 / prior.center_variance, np.ones(12)]
    plain = KMeans(4, init=found.centers, n_init=1, tol=0.0).fit(rows, sample_weight=weight)
    assert_array_equal(plain.labels_[:4], range(4))
    assert_allclose(plain.cluster_centers_, found.centers, atol=1e-10)
    assert_array_equal(plain.labels_[4:], found.labels)
    assert_allclose(plain.inertia_ + np.square(found.shift).sum() / prior.shift_variance, found.objective)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_every_step_lowers_the_sum_of_squares(seed):
    rng = np.random.default_rng(seed)
    prior, rows = draw_prior(rng), rows_of(3.0 * rng.normal(size=(20, 3)), rng.gamma(1.0, size=20))
    steps = [lloyd(rows, prior, prior.mean, max_iter=n, tol=0.0).objective for n in range(1, 6)]
    assert np.all(np.diff(steps) <= 1e-9 * steps[0])


def test_a_free_law_is_plain_k_means_and_a_certain_one_moves_nothing():
    rng = np.random.default_rng(0)
    prior, X = draw_prior(rng), 6.0 * rng.normal(size=(50, 3))
    free = lloyd(
        rows_of(X), prior._replace(center_variance=np.full(4, 1e12), shift_variance=0.0), X[:4], max_iter=300, tol=0.0
    )
    plain = KMeans(4, init=X[:4], n_init=1, tol=0.0).fit(X)
    assert_allclose(free.centers, plain.cluster_centers_, rtol=1e-8)
    assert free.n_iter == plain.n_iter_
    assert_array_equal(
        lloyd(
            rows_of(X), prior._replace(center_variance=np.zeros(4), shift_variance=0.0), X[:4], max_iter=9, tol=0.0
        ).centers,
        prior.mean,
    )


def test_labels_are_aligned_whatever_their_order_and_the_shift():
    rng = np.random.default_rng(0)
    kinds = draw_kinds(rng)
    tasks = np.stack(
        [(kinds + 9.0 * rng.normal(size=3) + 0.1 * rng.normal(size=kinds.shape))[rng.permutation(4)] for _ in range(9)]
    )
    mean = mean_of_aligned(tasks)
    aligned = np.stack([each[alignment(each, mean)] for each in tasks])
    contrasts = aligned - aligned.mean(axis=1, keepdims=True)
    assert contrasts.std(axis=0).max() < 0.2
    order = alignment(kinds, mean)
    assert_allclose(kinds[order] - kinds.mean(axis=0), mean - mean.mean(axis=0), atol=0.2)


@pytest.mark.parametrize("kind", SHAPES)
def test_the_mixture_is_at_a_maximum_of_its_posterior(kind):
    rng = np.random.default_rng(0)
    centers = ExpectedCenters(3.0 * rng.normal(size=(3, 2)), 0.5, np.array([0.2, 0.5, 1.0]))
    prior = ExpectedMixture(
        ExpectedClusters(centers, 1.0, np.full(3, 1 / 3)), np.tile(np.eye(2), (3, 1, 1)), 5.0, np.full(3, 2.0)
    )
    X, _ = draw_task(rng, centers.mean, 30)
    run = lambda n: map_em(X, prior, centers.mean, SHAPES[kind], np.zeros((2, 2)), max_iter=n, tol=-np.inf)  # noqa: E731
    assert np.all(np.diff([run(n).objective for n in range(1, 12)]) > -1e-9)
    found, again = run(300), run(301)
    assert_allclose(found.centers, again.centers, atol=1e-6)
    assert_allclose(found.covariances, again.covariances, atol=1e-6)


def test_means_of_a_mixture_with_equal_spheres_are_those_of_k_means():
    rng = np.random.default_rng(0)
    prior, counts = draw_prior(rng), rng.gamma(2.0, size=4)
    sums = counts[:, None] * rng.normal(size=(4, 3))
    at = posterior(prior, counts, sums)
    centers, shift = updated_centers(prior, counts, sums, np.tile(np.eye(3), (4, 1, 1)))
    assert_allclose(centers, at.centers(prior), atol=1e-12)
    assert_allclose(shift, at.shift, atol=1e-12)


def test_the_centres_that_tasks_were_drawn_around_are_learned():
    rng = np.random.default_rng(0)
    kinds = draw_kinds(rng, spread=8.0)
    table, _ = draw_table(rng, kinds, n_tasks=8, n_rows=20)
    tasks = read_tasks(table, None, task="shop", targets=False)
    prior = KMeansLearner().learn(KMeans(4, random_state=0), tasks).components[0]
    order = alignment(prior.centers, kinds)
    assert_allclose(prior.centers[order], kinds, atol=5.0 * np.sqrt((1.0 + 0.25 + 4 / 20) / 8))


def test_a_weight_of_two_is_a_row_twice_and_the_unit_of_weights_is_of_no_matter():
    rng = np.random.default_rng(0)
    table, _ = draw_table(rng, draw_kinds(rng, spread=8.0), n_tasks=4, n_rows=12)
    shell = WarmStartClusterer(KMeans(4, random_state=0), task="shop")
    weight = rng.integers(1, 3, size=len(table)).astype(float)
    one, ten = (shell.fit(table, sample_weight=unit * weight).prior_.components[0] for unit in (1.0, 10.0))
    assert_allclose(ten.centers, one.centers, atol=1e-8)
    prior = KMeansPrior(one.centers, one.shift_variance, one.center_variance, one.variance, one.shares)
    X, twice = rng.normal(size=(9, 3)), np.r_[2.0, np.ones(8)]
    weighted = prior.adapt(shell.estimator, X, sample_weight=twice)
    assert_allclose(weighted.cluster_centers_, prior.adapt(shell.estimator, X[[0, *range(9)]]).cluster_centers_)


def test_sparse_rows_are_clustered_as_dense_ones():
    rng = np.random.default_rng(0)
    table, _ = draw_table(rng, draw_kinds(rng, spread=8.0), n_tasks=3, n_rows=20)
    dense = np.c_[table[["height", "width", "age"]], np.repeat(np.arange(3.0), 20)]
    one, two = (WarmStartClusterer(KMeans(4, random_state=0), task=-1).fit(X) for X in (dense, sparse.csr_array(dense)))
    assert_array_equal(one.labels_, two.labels_)
    assert_allclose(one.prior_.centers, two.prior_.centers)


def test_errors_name_the_shell_that_is_meant():
    for shell, estimator, way_out in (
        (WarmStartRegressor, KMeans(), "WarmStartClusterer"),
        (WarmStartClassifier, GaussianMixture(), "WarmStartClusterer"),
        (WarmStartClusterer, Ridge(), "WarmStartRegressor"),
        (WarmStartClusterer, LogisticRegression(), "WarmStartClassifier"),
    ):
        with pytest.raises(TypeError, match=f"{shell.__name__} wanted a .*; use {way_out}"):
            shell(estimator).fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(TypeError, match=r"estimator: wanted an estimator such as KMeans\(\), found"):
        WarmStartClusterer(KMeans, task=-1).fit([[0.0]])
    with pytest.raises(TypeError, match="such as KMeans or GaussianMixture, found Birch"):
        WarmStartClusterer(Birch(), task=-1).fit([[0.0, 0.0], [1.0, 1.0]])
    with pytest.raises(TypeError, match="DBSCAN"):
        WarmStartClusterer(DBSCAN(), task=-1).fit([[0.0, 0.0], [1.0, 1.0]])
    table = np.c_[np.arange(12.0), np.repeat([0.0, 1.0], 6)]
    mixture = WarmStartClusterer(GaussianMixture(2, random_state=0), task=-1).fit(table).prior_
    with pytest.raises(ValueError, match=r"wanted covariance_type='full'.* found 'diag'"):
        mixture.adapt(GaussianMixture(2, covariance_type="diag"), table[:, :1])
    with pytest.raises(TypeError, match="prior: wanted one for KMeans, found a GaussianMixturePrior"):
        WarmStartClusterer(KMeans(2), task=-1, prior=mixture).fit(table)
    with pytest.raises(TypeError, match="prior"):
        WarmStartClusterer(KMeans(2), prior=mixture).fit(table[:, :1])


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("cls", [GaussianMixture, BayesianGaussianMixture])
def test_a_relabelled_mixture_says_the_same_under_other_labels(cls, kind):
    rng = np.random.default_rng(0)
    X, _ = draw_task(rng, draw_kinds(rng, spread=8.0), 200)
    fitted = cls(n_components=4, covariance_type=kind, random_state=0).fit(X)
    before, density, order = fitted.predict_proba(X), fitted.score_samples(X), np.array([2, 0, 3, 1])
    relabel(fitted, order)
    assert_allclose(fitted.predict_proba(X), before[:, order], atol=1e-3)
    if cls is GaussianMixture:  # a stick that is broken in another order has other expected logarithms
        assert_allclose(fitted.score_samples(X), density)


def test_rows_of_single_precision_are_read_as_scikit_learn_does():
    rng = np.random.default_rng(0)
    table, _ = draw_table(rng, draw_kinds(rng, spread=8.0), n_tasks=3, n_rows=20)
    rows = np.c_[table[["height", "width", "age"]], np.repeat(np.arange(3.0), 20)].astype(np.float32)
    model = WarmStartClusterer(KMeans(4, random_state=0), task=-1).fit(rows)
    plain = model.adapt(rows[:5, :3])
    assert plain.cluster_centers_.dtype == np.float32
    assert_array_equal(
        plain.predict(rows[:, :3]), model.prior_.adapt(model.estimator, rows[:5, :3]).predict(rows[:, :3])
    )
    assert_array_equal(model.predict(rows.astype(float)), model.labels_)
    rows[:, 3] = 9.0  # a task never seen
    assert model.predict(rows).shape == (60,)


def test_tasks_that_are_clustered_alone_are_as_many_as_asked_for():
    rng = np.random.default_rng(0)
    table, _ = draw_table(rng, draw_kinds(rng, spread=8.0), n_tasks=6, n_rows=20)
    tasks = arrays_of(read_tasks(table, None, task="shop", targets=False))
    rows = [rows_of(X) for X, _, _ in tasks]
    estimator = KMeans(4, random_state=0)
    assert [len(initial_priors(estimator, tasks, rows, n, None)) for n in (1, 2)] == [1, 2]
    for learner in (KMeansLearner(max_tasks=0), GaussianMixtureLearner(max_tasks=0)):
        with pytest.raises(ValueError, match="max_tasks"):
            learner.learn(estimator, tasks)
