"""Posteriors under mixtures: every evidence, mean and covariance against dense matrices of the rows; columns and rows agree."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, multivariate_t
from sklearn.linear_model import Ridge

from skmeta._inference import mixture as room
from skmeta._inference.components import (
    NOISE_DOF,
    Component,
    KnownNoise,
    intercept_outlier,
    noise_outlier,
    outlying_noise,
    vague_component,
)
from skmeta._inference.covariances import DenseCovariance, LowRankCovariance
from skmeta._inference.likelihoods import BINOMIAL, GAUSSIAN, MULTINOMIAL, Tweedie
from skmeta._inference.mixture import Mixture, learn_weights, log_evidence_of_moments, posterior, posterior_covariances
from skmeta._inference.moments import Rows, collect_moments
from skmeta._inference.new_rows import variance_of_own_rows, variance_of_rows
from skmeta._inference.noise import NoiseLaw

D = 3
ALL = (0.5, 0.2, 0.1, 0.2)  # learned, intercept outlier, noise outlier, vague
LEARNED, VAGUE = (1.0, 0.0, 0.0, 0.0), (0.95, 0.0, 0.0, 0.05)
LIKELIHOODS = {"binomial": BINOMIAL, "multinomial": MULTINOMIAL, "poisson": Tweedie(1.0)}
ONE = np.ones(1)


def dense(rng, d=D):
    return DenseCovariance(np.tril(0.4 * rng.normal(size=(d + 1, d + 1))) + 0.4 * np.eye(d + 1))


def low_rank(rng, d=D):
    return LowRankCovariance(rng.uniform(0.1, 0.6, d + 1), 0.4 * rng.normal(size=(d + 1, 2)))


def components_of(covariance=dense, dof=4.0, seed=0, effects=False, d=D, scale=None):
    """A learned component and what stands beside it."""
    rng = np.random.default_rng(seed)
    law = NoiseLaw(0.5, dof)
    contextual = (rng.normal(size=d), rng.uniform(0.3, 3.0, d), rng.normal(size=d)) if effects else None
    learned = Component(rng.normal(size=d + 1), covariance(rng, d), KnownNoise.of(law), effects=contextual)
    scale = np.ones(d) if scale is None else scale
    own = vague_component(scale, learned.noise.centre, 0.0, GAUSSIAN)
    return [learned, intercept_outlier(learned), noise_outlier(learned, law), own]


def mixture_of(weights=ALL, **more):
    kept = [(c, w) for c, w in zip(components_of(**more), weights, strict=True) if w]
    return Mixture([[c for c, _ in kept]], np.array([w for _, w in kept]), GAUSSIAN)


def tasks(counts=(6, 2, 1, 12), seed=0, coef=None, d=D, n_outputs=1, weighted=False):
    rng = np.random.default_rng(seed)
    starts = np.r_[0, np.cumsum(counts)]
    X = rng.normal(size=(starts[-1], d))
    w = rng.normal(size=(len(counts), d + 1)) if coef is None else np.broadcast_to(coef, (len(counts), d + 1))
    owner = np.repeat(np.arange(len(counts)), counts)
    y = (X * w[owner, :-1]).sum(axis=1) + w[owner, -1] + 0.7 * rng.normal(size=len(X))
    Y = np.column_stack([np.roll(y, k) for k in range(n_outputs)])
    weight = rng.integers(1, 4, len(X)).astype(float) if weighted else None
    return Rows(X, Y, np.arange(len(X)), starts, np.zeros(d), np.ones(d), weight)


def designs(rows):
    for a, b in zip(rows.starts[:-1], rows.starts[1:], strict=True):
        yield np.c_[rows.X[a:b], np.ones(b - a)], rows.Y[a:b, 0]


def matrix(component):
    found = component.covariance.root @ component.covariance.root.T
    found[-1, -1] += component.extra
    return found


def brute_force(Z, y, mixture):
    """Log-evidence of each component, means, covariances and noises of all nodes with their weights."""
    evidence, nodes, eye = [], [], np.eye(len(y))
    for component, prior_weight in zip(mixture.components[0], mixture.weights, strict=True):
        S, mean, logs = matrix(component), component.mean, []
        for level, log_share in zip(component.noise.levels, component.noise.log_probability, strict=True):
            V = Z @ S @ Z.T + level * eye
            gain = S @ Z.T @ np.linalg.inv(V)
            w, cov = mean + gain @ (y - Z @ mean), S - gain @ Z @ S
            if component.free_intercept:  # Student's t for the rows, an inverse gamma for the noise
                log = multivariate_t.logpdf(y, Z @ mean, component.noise.level * V, df=NOISE_DOF)
                b = 0.5 * (NOISE_DOF * component.noise.level + (y - Z @ mean) @ np.linalg.solve(V, y - Z @ mean))
                level = b / max(0.5 * (NOISE_DOF + len(y)) - 1.0, 0.5)
                log, cov = log + 0.5 * np.log(component.freer), level * cov
            else:
                log = multivariate_normal.logpdf(y, Z @ mean, V)
            logs.append(log + log_share)
            nodes.append((np.log(prior_weight) + logs[-1], w, cov, level))
        evidence.append(logsumexp(logs))
    logs, means, covariances, noises = (np.array(part) for part in zip(*nodes, strict=True))
    return np.array(evidence), np.exp(logs - logsumexp(logs)), means, covariances, noises


@pytest.fixture(params=["columns", "rows"])
def side(request, monkeypatch):
    """Both computations of one model, whichever would be cheaper."""
    monkeypatch.setattr(room, "work_by_rows", lambda rows, mixture: request.param == "rows")
    return request.param


# Brute force ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [LEARNED, VAGUE, ALL], ids=["learned", "or vague", "all"])
@pytest.mark.parametrize("dof", [np.inf, 4.0], ids=["shared noise", "by task"])
@pytest.mark.parametrize("covariance", [dense, low_rank])
def test_it_is_the_brute_force_posterior(weights, dof, covariance, side):
    mixture, rows = mixture_of(weights, dof=dof, covariance=covariance), tasks()
    found = posterior(rows, mixture, ONE)
    moments = collect_moments(rows).output(0)
    V = list(posterior_covariances(moments, mixture.stacks[0], 1.0, found.weights, np.arange(4)))
    at_rows = {}
    for batch, variance in variance_of_own_rows(rows, mixture, ONE, found):
        at_rows |= dict(zip(batch.tasks.tolist(), variance[..., 0], strict=True))
    for t, (Z, y) in enumerate(designs(rows)):
        evidence, shares, means, covariances, noises = brute_force(Z, y, mixture)
        mean = shares @ means
        logs = evidence + np.log(mixture.weights)
        assert_allclose(found.log_evidence[t], evidence, rtol=1e-9)
        assert_allclose(found.weights[t], np.exp(logs - logsumexp(logs)), rtol=1e-7, atol=1e-12)
        assert_allclose(found.coef[t, 0], mean, rtol=1e-6, atol=1e-8)
        assert_allclose(found.expected_noise[t, 0], np.exp(shares @ np.log(noises)), rtol=1e-7)
        off = means - mean
        expected = np.einsum("c,cpq->pq", shares, covariances) + (shares * off.T) @ off
        assert_allclose(V[t], expected, rtol=1e-5, atol=1e-7)
        assert_allclose(at_rows[t][: len(y)], np.einsum("np,pq,nq->n", Z, expected, Z), rtol=1e-5, atol=1e-7)


@settings(max_examples=30, deadline=None)
@given(
    counts=st.lists(st.integers(0, 7), min_size=1, max_size=5).filter(any),
    d=st.integers(1, 8),
    strength=st.sampled_from([0.1, 1.0, 7.0]),
    covariance=st.sampled_from([dense, low_rank]),
    effects=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_columns_and_rows_agree(counts, d, strength, covariance, effects, seed):
    """The choice is of cost, never of meaning: outliers, contextual effects, weights, strengths, sparse rows."""
    rows = tasks(counts, seed, d=d, weighted=True)
    mixture = mixture_of(covariance=covariance, effects=effects, seed=seed, d=d)
    thin = replace(rows, X=sparse.csr_array(rows.X * (np.abs(rows.X) > 0.5)))
    for each in (rows, thin):
        found = {}
        for by_rows in (False, True):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(room, "work_by_rows", lambda *_, by_rows=by_rows: by_rows)
                found[by_rows] = posterior(each, mixture, strength * ONE)
        for name in ("coef", "weights", "noise", "log_evidence"):
            one, two = (getattr(found[key], name) for key in (False, True))
            assert_allclose(two, one, rtol=1e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("effects", [False, True], ids=["", "contextual"])
@pytest.mark.parametrize("store", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
def test_variances_at_new_rows_are_those_of_the_columns(side, effects, store):
    rows, mixture, new = tasks(), mixture_of(effects=effects), tasks((3, 5, 70, 1), seed=5)
    Z, owner = np.c_[new.X, np.ones(len(new.X))], np.repeat(np.arange(4), np.diff(new.starts))
    rows, new = replace(rows, X=store(rows.X)), replace(new, X=store(new.X))
    found = posterior(rows, mixture, 2.0 * ONE)
    moments = collect_moments(rows).output(0)
    V = list(posterior_covariances(moments, mixture.stacks[0], 2.0, found.weights, np.arange(4)))
    variance = variance_of_rows(rows, mixture, 2.0 * ONE, found, new)[:, 0]
    assert_allclose(variance, [z @ V[t] @ z for z, t in zip(Z, owner, strict=True)], rtol=1e-6)


def test_an_intercept_of_which_nothing_is_known_is_integrated_out(side):
    """As by centring, to ten digits, however wide it is taken to be."""
    rng = np.random.default_rng(0)
    law = Component(np.zeros(D + 1), dense(rng), KnownNoise.of(NoiseLaw(0.5)), extra=1e12)
    rows = tasks((2, 9))
    found = posterior(rows, Mixture([[law]], ONE, GAUSSIAN), ONE)
    S = matrix(replace(law, extra=0.0))
    for t, (Z, y) in enumerate(designs(rows)):
        A = Z[:, :-1] - Z[:, :-1].mean(axis=0)
        gain = S[:-1, :-1] @ A.T @ np.linalg.inv(A @ S[:-1, :-1] @ A.T + 0.5 * np.eye(len(y)))
        w = gain @ (y - y.mean())
        assert_allclose(found.coef[t, 0], np.r_[w, (y - Z[:, :-1] @ w).mean()], rtol=1e-7, atol=1e-9)


# Likelihoods without a closed form --------------------------------------------------------------------


def laplace_case(name):
    likelihood, rng = LIKELIHOODS[name], np.random.default_rng(3)
    K = 3 if name == "multinomial" else 1
    rows = tasks((6, 3, 1), n_outputs=K, weighted=True)
    n = len(rows.X)
    Y = {"binomial": rng.integers(0, 2, (n, 1)), "multinomial": np.eye(3)[rng.integers(0, 3, n)]}
    rows = replace(rows, Y=np.asarray(Y.get(name, rng.poisson(2.0, (n, 1))), dtype=float))
    noise = KnownNoise(np.array([1.5 if likelihood.dispersed else 1.0]), np.zeros(1))
    outputs = []
    for _ in range(K):
        law = Component(0.5 * rng.normal(size=D + 1), dense(rng), noise)
        outputs.append([law, vague_component(np.ones(D), noise.centre, 0.3, likelihood)])
    return rows, Mixture(outputs, np.array([0.7, 0.3]), likelihood)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_modes_are_those_of_a_direct_minimiser(name, side):
    rows, mixture = laplace_case(name)
    mixture = replace(mixture, components=[[output[0]] for output in mixture.components], weights=ONE)
    found, noise = posterior(rows, mixture, 2.0 * ONE).coef, mixture.components[0][0].noise.centre
    means = np.array([output[0].mean for output in mixture.components])
    precisions = [np.linalg.inv(matrix(output[0])) for output in mixture.components]
    for t, (a, b) in enumerate(zip(rows.starts[:-1], rows.starts[1:], strict=True)):
        Z, Y, w = np.c_[rows.X[a:b], np.ones(b - a)], rows.Y[a:b], rows.weight[a:b]

        def objective(flat, Z=Z, Y=Y, w=w):
            off = flat.reshape(means.shape) - means
            penalty = sum(v @ P @ v for v, P in zip(off, precisions, strict=True))
            return w @ mixture.likelihood.value(Z @ flat.reshape(means.shape).T, Y) / noise + penalty

        direct = minimize(objective, means.ravel(), method="BFGS", options={"gtol": 1e-9})
        assert direct.fun - 1e-6 < objective(found[t].ravel()) <= direct.fun + 1e-10, "it is convex"


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_laplace_by_columns_and_by_rows_agree(name):
    rows, mixture = laplace_case(name)
    found = []
    for by_rows in (False, True):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(room, "work_by_rows", lambda *_, by_rows=by_rows: by_rows)
            found.append(posterior(rows, mixture, 3.0 * np.ones(len(mixture.components))))
    for part in ("coef", "weights", "noise", "log_evidence"):
        assert_allclose(*(getattr(each, part) for each in found), rtol=1e-6, atol=1e-7, err_msg=part)


# What it promises -------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.001, 0.999), st.floats(1e-6, 1e6))
def test_weights_are_probabilities_whatever_the_data(seed, odds, size):
    rows, mixture = tasks(seed=seed), mixture_of((1.0 - odds, 0.3 * odds, 0.3 * odds, 0.4 * odds), seed=seed)
    rows = replace(rows, Y=size * rows.Y)
    found = posterior(rows, mixture, ONE)
    assert_allclose(found.weights.sum(axis=1), 1.0, rtol=1e-12)
    assert np.all(found.weights >= 0) and np.all(np.isfinite(found.coef)) and np.all(found.noise > 0)
    parts = collect_moments(rows).output(0), mixture.stacks[0], 1.0, found.weights, np.arange(4)
    for V in posterior_covariances(*parts):
        assert np.all(np.linalg.eigvalsh(V) > -1e-9 * np.abs(V).max())


def test_the_vague_component_is_found_and_a_task_of_the_past_is_kept(side):
    mixture = mixture_of(VAGUE)
    mean = mixture.components[0][0].mean
    kept = posterior(tasks((15,), coef=mean), mixture, ONE)
    rows = tasks((15,), coef=mean + 10.0)
    other = posterior(rows, mixture, ONE)
    assert kept.weights[0, 0] > 0.95 and other.weights[0, 0] < 1e-6
    ((Z, y),) = designs(rows)
    plain = Ridge(alpha=1.0).fit(Z[:, :-1], y)
    assert_allclose(other.coef[0, 0], np.r_[plain.coef_, plain.intercept_], atol=2e-3)


def test_doubt_grows_with_the_contradiction():
    mixture = mixture_of(VAGUE)
    mean = mixture.components[0][0].mean
    weights = [posterior(tasks((8,), coef=mean + c), mixture, ONE).weights[0, 0] for c in (0.0, 2.0, 4.0, 8.0)]
    assert np.all(np.diff(weights) < 0)


def test_without_rows_it_is_what_the_mixture_says_then(side):
    rows, mixture = tasks((0, 3)), mixture_of()
    means = np.array([c.mean for c in mixture.components[0]])
    for unseen in (None, np.eye(1, 4)[0], np.array([0.5, 0.0, 0.0, 0.5])):
        found = posterior(rows, replace(mixture, without_rows=unseen), ONE)
        wanted = mixture.weights if unseen is None else unseen
        assert_allclose(found.weights[0], wanted)
        assert_allclose(found.coef[0, 0], wanted @ means, rtol=1e-12)


def test_many_rows_outweigh_every_prior():
    rows = tasks((20_000,), coef=np.arange(4.0))
    ((Z, y),) = designs(rows)
    assert_allclose(posterior(rows, mixture_of(), ONE).coef[0, 0], np.linalg.lstsq(Z, y, rcond=None)[0], atol=2e-3)


@pytest.mark.parametrize("strength", [0.01, 10.0])
def test_strength_divides_the_covariance_and_leaves_the_judgement(strength, side):
    rows, mixture = tasks(), mixture_of(LEARNED, dof=np.inf)
    (law,) = mixture.components[0]
    weaker = replace(law, covariance=DenseCovariance(law.covariance.root / np.sqrt(strength)))
    one = posterior(rows, mixture, strength * ONE)
    two = posterior(rows, Mixture([[weaker]], ONE, GAUSSIAN), ONE)
    assert_allclose(one.coef, two.coef, rtol=1e-8)
    assert_array_equal(*(posterior(rows, mixture_of(), s * ONE).weights for s in (1.0, strength)))


def test_strength_towards_zero_is_the_unpenalised_fit(side):
    rows = tasks((9, 12, 30) if side == "columns" else (1, 2, 3))
    found = posterior(rows, mixture_of(), 1e-13 * ONE)
    for t, (Z, y) in enumerate(designs(rows)):
        assert_allclose(Z @ found.coef[t, 0], Z @ np.linalg.lstsq(Z, y, rcond=None)[0], rtol=1e-7, atol=1e-7)


def test_rows_that_repeat_each_other_are_legal_at_any_strength(side):
    rows = tasks((6,))
    twice = replace(rows, X=np.repeat(rows.X[:2], 3, axis=0))
    for strength in (1.0, 1e-13):
        assert np.all(np.isfinite(posterior(twice, mixture_of(), strength * ONE).coef))


def test_an_estimators_own_prior_is_its_penalty():
    """Ridge(alpha=1) in the units of the data, its intercept free."""
    scale = np.array([0.5, 2.0, 30.0])
    own = vague_component(scale, 0.5, 0.0, GAUSSIAN)
    assert_allclose(own.covariance.variance[:-1], scale**2)
    assert own.covariance.variance[-1] >= 10.0


def test_a_free_intercept_is_judged_as_a_bounded_one():
    """Occam's factor: without it, an intercept that may be anywhere would count against the component."""
    rng, own = np.random.default_rng(0), vague_component(np.ones(D), 0.5, 0.0, GAUSSIAN)
    y, ones = rng.normal(size=30) + 1.0, np.ones((30, 30))
    variance = own.covariance.variance[-1]
    free, bounded = (multivariate_normal.logpdf(y, cov=np.eye(30) + v * ones) for v in (variance, variance / own.freer))
    assert own.freer > 100
    assert_allclose(free + 0.5 * np.log(own.freer), bounded, atol=0.05)


def test_an_intercept_outlier_leaves_the_slopes_what_they_are(side):
    """One row far off: its intercept is, and what is known of slopes stays known; a vague component's would be lost."""
    mixture = mixture_of((0.98, 0.02, 0.0, 0.0), dof=np.inf)
    law = mixture.components[0][0]
    far = law.mean + np.r_[np.zeros(D), 30.0]
    found = posterior(tasks((1, 3), coef=far), mixture, ONE).coef[:, 0]
    deviation = np.sqrt(np.diag(matrix(law)))[:-1]
    assert np.all(np.abs(found[:, :-1] - law.mean[:-1]) < 3 * deviation)
    assert_allclose(found[:, -1], far[-1], atol=3.0)
    alone = posterior(tasks((1, 3), coef=far), mixture_of(LEARNED, dof=np.inf), ONE).coef[:, 0]
    assert np.all(np.abs(alone[:, -1] - far[-1]) > np.abs(found[:, -1] - far[-1]))


def test_noise_outliers_are_noisier_and_of_tasks_that_do_not_differ_there_are_none():
    law = NoiseLaw(0.5, 6.0)
    nodes, noisier = law.nodes()[0], outlying_noise(law).nodes()[0]
    spread = np.log(1.0 / np.random.default_rng(0).chisquare(6.0, 200_000)).std()
    assert_allclose(np.log(noisier / nodes), 2.5 * spread, rtol=0.01)
    assert outlying_noise(NoiseLaw(0.5)).level == 0.5


# How often ---------------------------------------------------------------------------------------------


def test_evidence_of_statistics_is_that_of_rows():
    rows, components = tasks(), components_of()
    found = log_evidence_of_moments(collect_moments(rows).output(0), components)
    assert_allclose(found, posterior(rows, Mixture([components], np.array(ALL), GAUSSIAN), ONE).log_evidence, rtol=1e-8)


def test_weights_are_how_often_components_were_met():
    likely, unlikely = np.full(98, 50.0), np.full(98, -50.0)
    assert_allclose(learn_weights(np.c_[likely, unlikely])[1], 3 / 102, rtol=1e-3)
    assert_allclose(learn_weights(np.c_[unlikely, likely])[1], 101 / 102, rtol=1e-3)
    mixed = np.where(np.arange(98) < 30, -50.0, 50.0)
    assert_allclose(learn_weights(np.c_[mixed, np.zeros(98)])[1], 33 / 102, rtol=1e-3)
    assert_allclose(learn_weights(np.empty((0, 4))), np.array([1, 1, 1, 3]) / 6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 200), st.integers(2, 4))
def test_weights_are_a_fixed_point_inside_their_bounds(seed, n_tasks, n_components):
    evidence = np.random.default_rng(seed).normal(scale=3.0, size=(n_tasks, n_components))
    weights = learn_weights(evidence, n_iter=3000)
    belongs = weights * np.exp(evidence)
    belongs /= belongs.sum(axis=1, keepdims=True)
    assumed = np.r_[np.ones(n_components - 1), 3.0]
    assert_allclose(weights, (belongs.sum(axis=0) + assumed) / (n_tasks + assumed.sum()), rtol=1e-4)
    assert_allclose(weights.sum(), 1.0)
    assert np.all(weights >= assumed / (n_tasks + assumed.sum()))
