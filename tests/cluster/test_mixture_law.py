"""The law of a mixture's covariances and weights: the same in what is learned, in each step, and in what is maximised."""

import numpy as np
import pandas as pd
import pytest
from clusters import COLUMNS, draw_kinds, draw_table
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import multivariate_t
from sklearn.base import clone
from sklearn.mixture import GaussianMixture
from variations import varied

from skmeta import WarmStartClusterer
from skmeta.cluster import GaussianMixtureLearner, GaussianMixturePrior
from skmeta.cluster._adapt_clusters import ExpectedClusters
from skmeta.cluster._expected_centers import ExpectedCenters
from skmeta.cluster._gaussian_mixture import initial_prior
from skmeta.cluster._learn_mixture import log_marginal_of_counts, log_marginal_of_products
from skmeta.cluster._mixture_em import SHAPES, ExpectedMixture, _log_prior, map_em
from skmeta.tasks import read_tasks

pytestmark = pytest.mark.quick
K, P, WORTH = 2, 2, 3.5
# By how many rows each kind's covariances are known: one matrix of all components by those of all.
ROWS = {"full": WORTH, "diag": WORTH, "tied": K * WORTH, "spherical": WORTH}


def prior_of(kind, worth=WORTH, p=P):
    """Centres that are known for certain, and expected covariances of a kind."""
    products = np.einsum("kij,klj->kil", *[np.random.default_rng(3).normal(size=(K, p, 4))] * 2)
    centers = ExpectedCenters(9.0 * np.arange(K)[:, None] * np.ones(p), 0.0, np.zeros(K))
    return ExpectedMixture(
        ExpectedClusters(centers, 1.0, np.full(K, 1.0 / K)),
        SHAPES[kind](products, np.full(K, 4.0)),
        worth,
        np.array([2.0, 5.0]),
    )


def log_density(kind, expected, worth, x):
    """Of one row of the first component around its centre, as a Student t."""
    if kind in ("full", "tied"):
        dof = ROWS[kind] / WORTH * worth + 2.0
        return multivariate_t(shape=(dof - 2.0) * expected[0] / dof, df=dof).logpdf(x)
    if kind == "diag":
        dof = worth + 2.0
        return sum(
            multivariate_t(shape=worth * s / dof, df=dof).logpdf(z)
            for s, z in zip(np.diag(expected[0]), x, strict=True)
        )
    dof = worth * len(x) + 2.0
    return multivariate_t(shape=worth * len(x) * expected[0] / dof, df=dof).logpdf(x)


@pytest.mark.parametrize("kind", SHAPES)
def test_the_evidence_of_a_row_is_its_density_with_the_covariance_integrated(kind):
    expected = prior_of(kind).covariances
    x = np.array([0.7, -2.0])
    products, counts = np.zeros((1, K, P, P)), np.array([[1.0, 0.0]])
    products[0, 0] = np.outer(x, x)
    found = [
        log_marginal_of_products(worth, expected, products, counts, kind)[0] - log_density(kind, expected, worth, x)
        for worth in (1.0, 2.5, 40.0)
    ]
    assert_allclose(found, found[0], atol=1e-10)


@pytest.mark.parametrize("kind", SHAPES)
def test_the_evidence_is_the_integral_of_what_is_maximised(kind):
    """One column, over the precision of the first component or, where there is one alone, of all."""
    squares, n = np.array([3.0, 5.0]), np.array([4.0, 2.0])
    together, found, wanted = kind == "tied", [], []
    for worth in (1.0, 2.5, 40.0):
        prior = prior_of(kind, worth, 1)
        at = prior.covariances[:, 0, 0]

        def log_prior(precision, prior=prior, at=at):
            covariances = np.array([1.0 / precision, 1.0 / precision if together else at[1]])[:, None, None]
            return _log_prior(prior, np.full(K, 0.5), prior.clusters.centers.mean, np.zeros(1), covariances)

        def log_rows(precision):
            used = slice(None) if together else slice(1)
            return 0.5 * n[used].sum() * np.log(precision) - 0.5 * precision * squares[used].sum()

        def density(precision, share, log_prior=log_prior, expected=1.0 / at[0]):
            return np.exp(log_prior(precision) + share * log_rows(precision) - log_prior(expected))

        size, both = (quad(density, 0.0, np.inf, args=(share,), epsabs=0.0)[0] for share in (0.0, 1.0))
        wanted.append(np.log(both / size))
        counts = n if together else n * [1.0, 0.0]
        products = (squares * (counts > 0))[None, :, None, None]
        found.append(log_marginal_of_products(worth, prior.covariances, products, counts[None], kind)[0])
    assert_allclose(np.subtract(found, wanted), found[0] - wanted[0], atol=1e-6)


@pytest.mark.parametrize("kind", SHAPES)
def test_a_step_ends_where_the_density_is_highest(kind):
    rng = np.random.default_rng(0)
    prior = prior_of(kind)
    centers, X = (
        prior.clusters.centers.mean,
        rng.normal(size=(12, P)) * [1.0, 3.0] + 9.0 * (np.arange(12) % 3 > 0)[:, None],
    )
    found = map_em(X, prior, centers, SHAPES[kind], np.zeros((P, P)), max_iter=500, tol=-np.inf)

    def objective(weights, covariances):
        return map_em(
            X,
            prior._replace(covariances=covariances, concentration=weights),
            centers,
            SHAPES[kind],
            np.zeros((P, P)),
            max_iter=0,
            tol=0.0,
        ).log_likelihood + _log_prior(prior, weights, centers, np.zeros(P), covariances)

    best = objective(found.weights, found.covariances)
    for _ in range(30):
        factor = np.eye(P) + 1e-2 * rng.normal(size=(P, P))
        moved = SHAPES[kind](factor @ found.covariances @ factor.T, np.ones(K))
        log_odds = np.log(found.weights) + 1e-2 * rng.normal(size=K)
        assert objective(np.exp(log_odds) / np.exp(log_odds).sum(), found.covariances) <= best + 1e-9
        assert objective(found.weights, moved) <= best + 1e-9


def test_the_evidence_of_counts_is_the_integral_of_what_is_maximised():
    """Over the log odds of two weights."""
    counts, found, wanted = np.array([3.0, 1.0]), [], []
    for total in (1.0, 4.0, 30.0):
        prior = prior_of("full")._replace(concentration=total * np.array([0.3, 0.7]))

        def density(t, counts, prior=prior):
            weights = np.array([1.0, np.exp(-t)]) / (1.0 + np.exp(-t))
            mean = prior.clusters.centers.mean
            known = _log_prior(prior, weights, mean, np.zeros(P), prior.covariances)
            return np.exp(
                known - _log_prior(prior, np.ones(K), mean, np.zeros(P), prior.covariances) + counts @ np.log(weights)
            )

        parts = [
            quad(density, -60.0, 60.0, args=(each,), points=[0.0], epsabs=0.0)[0] for each in (counts, 0.0 * counts)
        ]
        wanted.append(np.log(parts[0] / parts[1]))
        found.append(log_marginal_of_counts(prior.concentration, counts[None])[0])
    assert_allclose(found, wanted, atol=1e-6)


# reg_covar ------------------------------------------------------------------------------------------


def two_clusters(scale):
    rng = np.random.default_rng(0)
    X = scale * (20.0 * (np.arange(60) % 2)[:, None] + rng.normal(size=(60, 2)) * [1.0, 2.0])
    return X, read_tasks(np.column_stack([X, np.repeat(np.arange(3.0), 20)]), None, task=-1, targets=False)


@pytest.mark.parametrize("kind", SHAPES)
@varied("scale", [100.0, 1.0])
def test_reg_covar_is_in_what_is_expected_once_in_the_units_of_the_columns(kind, scale):
    _, tasks = two_clusters(scale)
    found = []
    for reg_covar in (0.0, 3.0):
        mixture = GaussianMixture(2, covariance_type=kind, reg_covar=reg_covar, random_state=0)
        prior, root = initial_prior(mixture, tasks, 30, None)
        found.append([root @ root.T, *(root @ prior.covariances @ root.T)])
    added = np.subtract(*found[::-1])
    assert_allclose(added, np.broadcast_to(3.0 * np.eye(2), added.shape), rtol=1e-8, atol=1e-10 * scale**2)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_reg_covar_is_in_an_adapted_mixture_once_in_the_units_of_the_columns(kind, scale):
    X, _ = two_clusters(scale)
    found = []
    for reg_covar in (1e-6, 3.0):
        mixture = GaussianMixture(2, covariance_type=kind, reg_covar=reg_covar, random_state=0)
        law = {"n_tasks": 1.0, "n_rows": 1.0}
        covariance = scale**2 * np.eye(2) + reg_covar * np.eye(2)
        known = scale * np.array([[0.0, 0.0], [20.0, 20.0]]), 0.0, np.zeros(2)  # centres, known for certain
        prior = GaussianMixturePrior(*known, covariance, np.stack([covariance] * 2), 5.0, np.ones(2), kind, **law)
        adapted = prior.adapt_tasks(mixture, read_tasks(X, None, targets=False)).estimator(0).covariances_
        found.append(adapted if kind in ("full", "tied") else np.reshape(adapted, (2, -1)))
    added = np.subtract(*found[::-1])
    wanted = (3.0 - 1e-6) * (np.eye(2) if kind in ("full", "tied") else np.ones(added.shape[1]))
    assert_allclose(added, np.broadcast_to(wanted, added.shape), rtol=1e-6, atol=1e-8 * scale**2)


@varied(
    ("kind", "column"),
    [("full", np.arange(40) % 2), *((kind, np.full(40, 3.0)) for kind in ("full", "tied", "diag"))],
    ids=["names the clusters", "full", "tied", "diag"],
)
def test_without_reg_covar_a_column_that_is_constant_within_clusters_is_named(kind, column):
    X = np.column_stack([np.random.default_rng(0).normal(size=40) + 9.0 * (np.arange(40) % 2), column])
    table = np.column_stack([X, np.arange(40) // 10])
    mixture = GaussianMixture(2, covariance_type=kind, reg_covar=0.0, random_state=0)
    with pytest.raises(ValueError, match=r"reg_covar: wanted .* found 0.0; increase it"):
        WarmStartClusterer(mixture, task=-1).fit(table)
    assert WarmStartClusterer(clone(mixture).set_params(reg_covar=1e-6), task=-1).fit(table).labels_.shape == (40,)


# A task unlike the past -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def past():
    rng = np.random.default_rng(1)
    kinds, mixture = draw_kinds(rng, 3, 2, 6.0), GaussianMixture(3, random_state=0)
    table, _ = draw_table(rng, kinds, n_tasks=12, n_rows=30)
    return kinds, mixture, GaussianMixtureLearner().learn(mixture, read_tasks(table, None, task="shop", targets=False))


@varied(
    ("scale", "shares", "unlike"),
    [
        (1.0, np.ones(3) / 3.0, False),
        (0.3, np.ones(3) / 3.0, True),
        (1.0, np.array([0.96, 0.02, 0.02]), True),
        (3.0, np.ones(3) / 3.0, True),
    ],
    ids=["alike", "narrow", "other weights", "wide"],
    keep=3,
)
def test_a_task_at_past_centres_is_unlike_the_past_by_its_covariances_or_weights(past, scale, shares, unlike):
    kinds, mixture, prior = past
    rng = np.random.default_rng(2)
    X = kinds[rng.choice(3, size=60, p=shares)] + scale * rng.normal(size=(60, 2))
    tasks = read_tasks(pd.DataFrame(X, columns=COLUMNS[:2]), None, targets=False)
    assert (prior.adapt_tasks(mixture, tasks).adapted[0].unlike_past[0] > 0.5) == unlike
