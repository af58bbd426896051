"""Empirical Bayes for linear tasks: lme4's answers, closed forms, direct maximisation, invariances."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.linear_model import Ridge
from variations import varied

from skmeta import EmpiricalBayes, WarmStartRegressor
from skmeta._inference import in_columns as room
from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.gaussian_em import fit_gaussian, noise_of_tasks
from skmeta._inference.in_columns import InColumns
from skmeta._inference.linalg import cholesky_root
from skmeta._inference.moments import Rows, collect_moments
from skmeta._inference.structure import Structure

REML = Structure("full", None, strength=0.0)
# Average reaction times (ms) of 18 subjects on days 0 to 9 of sleep deprivation: Belenky et al. (2003),
# Journal of Sleep Research 12; lme4's `sleepstudy`. First the subject's number.
SLEEP = """
308 249.5600 258.7047 250.8006 321.4398 356.8519 414.6901 382.2038 290.1486 430.5853 466.3535
309 222.7339 205.2658 202.9778 204.7070 207.7161 215.9618 213.6303 217.7272 224.2957 237.3142
310 199.0539 194.3322 234.3200 232.8416 229.3074 220.4579 235.4208 255.7511 261.0125 247.5153
330 321.5426 300.4002 283.8565 285.1330 285.7973 297.5855 280.2396 318.2613 305.3495 354.0487
331 287.6079 285.0000 301.8206 320.1153 316.2773 293.3187 290.0750 334.8177 293.7469 371.5811
332 234.8606 242.8118 272.9613 309.7688 317.4629 309.9976 454.1619 346.8311 330.3003 253.8644
333 283.8424 289.5550 276.7693 299.8097 297.1710 338.1665 332.0265 348.8399 333.3600 362.0428
334 265.4731 276.2012 243.3647 254.6723 279.0244 284.1912 305.5248 331.5229 335.7469 377.2990
335 241.6083 273.9472 254.4907 270.8021 251.4519 254.6362 245.4523 235.3110 235.7541 237.2466
337 312.3666 313.8058 291.6112 346.1222 365.7324 391.8385 404.2601 416.6923 455.8643 458.9167
349 236.1032 230.3167 238.9256 254.9220 250.7103 269.7744 281.5648 308.1020 336.2806 351.6451
350 256.2968 243.4543 256.2046 255.5271 268.9165 329.7247 379.4445 362.9184 394.4872 389.0527
351 250.5265 300.0576 269.8939 280.5891 271.8274 304.6336 287.7466 266.5955 321.5418 347.5655
352 221.6771 298.1939 326.8785 346.8555 348.7402 352.8287 354.4266 360.4326 375.6406 388.5417
369 271.9235 268.4369 257.2424 277.6566 314.8222 317.2135 298.1353 348.1229 340.2800 366.5131
370 225.2640 234.5235 238.9008 240.4730 267.5373 344.1937 281.1481 347.5855 365.1630 372.2288
371 269.8804 272.4428 277.8989 281.7895 279.1705 284.5120 259.2658 304.6306 350.7807 369.4692
372 269.4117 273.4740 297.5968 310.6316 287.1726 329.6076 334.4818 343.2199 369.1417 364.1236
"""


def sleepstudy():
    table = np.array([line.split() for line in SLEEP.strip().splitlines()], dtype=float)
    X = np.c_[np.tile(np.arange(10.0), 18), np.repeat(table[:, 0], 10)]
    return X, table[:, 1:].ravel()


def tasks(n_tasks=12, n=6, d=1, seed=0, noise=0.5, covariance=None, spread=0.0):
    """Designs ``(T, n, p)`` (intercept last), targets ``(T, n)``, and their moments."""
    rng = np.random.default_rng(seed)
    p = d + 1
    covariance = np.diag(np.linspace(0.5, 1.5, p)) if covariance is None else covariance
    Z = np.ones((n_tasks, n, p))
    Z[..., :-1] = rng.normal(size=(n_tasks, n, d)) + spread * rng.normal(size=(n_tasks, 1, d))
    w = rng.multivariate_normal(np.arange(1.0, p + 1), covariance, n_tasks)
    y = np.einsum("tnp,tp->tn", Z, w) + np.sqrt(noise) * rng.normal(size=(n_tasks, n))
    return Z, y, moments_of(Z, y)


def moments_of(Z, y):
    n_tasks, n, p = Z.shape
    rows, starts = np.arange(n_tasks * n), n * np.arange(n_tasks + 1)
    X = Z[..., :-1].reshape(n_tasks * n, p - 1)
    return InColumns(
        collect_moments(Rows(X, y.reshape(-1, 1), rows, starts, np.zeros(p - 1), np.ones(p - 1))).output(0)
    )


def start_for(p, noise=1.0):
    """Without effects between tasks and without shrinkage: the model of Laird and Ware, and nothing else."""
    return CoefficientLaw(np.zeros(p), np.eye(p), noise)


def reml(Z, y, covariance, noise):
    """Restricted log-likelihood, up to a constant, from dense matrices; and the mean's best value."""
    V = Z @ covariance @ np.swapaxes(Z, 1, 2) + noise * np.eye(Z.shape[1])
    inverse = np.linalg.inv(V)
    information = np.einsum("tnp,tnm,tmq->pq", Z, inverse, Z)
    mean = np.linalg.solve(information, np.einsum("tnp,tnm,tm->p", Z, inverse, y))
    left = y - Z @ mean
    value = (
        np.linalg.slogdet(V)[1].sum()
        + np.linalg.slogdet(information)[1]
        + np.einsum("tn,tnm,tm->", left, inverse, left)
    )
    return -0.5 * value, mean


# References -----------------------------------------------------------------------------------------


def test_lme4s_reml_answers_are_reproduced():
    """lmer(Reaction ~ Days + (Days | Subject), sleepstudy): Bates et al. (2015), JSS 67(1), section 5."""
    learner = EmpiricalBayes("full", noise="shared", pseudo_tasks=0, max_iter=5000, tol=1e-12)
    prior = WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(*sleepstudy()).prior_
    sd = np.sqrt(np.diag(prior.covariance))
    assert_allclose(prior.mean, [10.467, 251.405], atol=5e-4)
    assert_allclose(sd, [5.92, 24.74], atol=5e-3)
    assert_allclose(np.sqrt(prior.noise), 25.59, atol=5e-3)
    assert_allclose(prior.covariance[0, 1] / np.prod(sd), 0.066, atol=5e-4)
    assert_allclose(np.sqrt(np.diag(prior.mean_covariance)), [1.546, 6.825], rtol=2e-3)  # lme4's standard errors


def test_without_pseudo_tasks_the_mean_is_by_generalised_least_squares():
    """Of five effects too, whose mean is else drawn to zero: plain REML, as lme4 and mixedlm find it."""
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(30, 12, 4)), 1.0 + rng.normal(size=(30, 5)) * [0.5, 0.6, 0.7, 0.8, 1.0]
    X -= X.mean(axis=1, keepdims=True)  # columns' means say nothing of intercepts
    Z = np.concatenate([X, np.ones((30, 12, 1))], axis=2)
    y = np.einsum("tnp,tp->tn", Z, W) + rng.normal(size=(30, 12))
    learner = EmpiricalBayes("full", pseudo_tasks=0.0, noise="shared", max_iter=1000, tol=1e-9)
    table = np.c_[X.reshape(-1, 4), np.repeat(np.arange(30), 12)]
    prior = WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(table, y.ravel()).prior_.components[0]
    precision = np.linalg.inv(Z @ prior.covariance @ np.swapaxes(Z, 1, 2) + prior.noise * np.eye(12))
    information, pull = np.einsum("tnp,tnm,tmq->pq", Z, precision, Z), np.einsum("tnp,tnm,tm->p", Z, precision, y)
    assert_allclose(prior.mean, np.linalg.solve(information, pull), rtol=1e-6)


def test_lme4s_random_intercept_is_reproduced():
    """lmer(Reaction ~ Days + (1 | Subject), sleepstudy), by REML: what lme4 prints."""
    learner = EmpiricalBayes("full", varying="intercept", noise="shared", pseudo_tasks=0, max_iter=5000, tol=1e-12)
    prior = WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(*sleepstudy()).prior_
    assert_allclose(prior.mean, [10.467, 251.405], atol=5e-4)
    assert_allclose(np.sqrt(np.diag(prior.covariance)), [0.0, 37.12], atol=5e-3)
    assert_allclose(np.sqrt(prior.noise), 30.99, atol=5e-3)
    assert_allclose(np.sqrt(np.diag(prior.mean_covariance)), [0.804, 9.747], rtol=2e-3)


def test_the_default_noise_a_subject_moves_them_little():
    """Subjects differ in noise (332 has an outlier, 309 is steady), which lme4's model cannot say."""
    prior = WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes("full")).fit(*sleepstudy()).prior_
    assert_allclose(prior.mean, [10.467, 251.405], rtol=0.02)
    assert_allclose(np.sqrt(np.diag(prior.covariance)), [5.92, 24.74], rtol=0.12)
    assert np.isfinite(prior.noise_dof)


def test_without_columns_it_is_the_analysis_of_variance():
    """A balanced one-way layout has a closed form: the noise is the mean square within, and so on."""
    _, y, moments = tasks(n_tasks=30, n=5, d=0, seed=1)
    found = fit_gaussian(moments, REML, n_iter=5000, tol=1e-13, noise="shared", start=start_for(1))
    means = y.mean(axis=1)
    within, between = y.var(axis=1, ddof=1).mean(), means.var(ddof=1)
    assert_allclose(found.noise, within, rtol=1e-6)
    assert_allclose(found.covariance, [[between - within / 5]], rtol=1e-4)  # up to the hundredth of a task that holds
    assert_allclose(found.mean, [means.mean()], rtol=1e-9)
    assert_allclose(found.mean_covariance, [[between / 30]], rtol=1e-3)  # the mean


def test_it_ends_where_direct_maximisation_ends():
    Z, y, moments = tasks(n_tasks=15, n=5, seed=2)
    found = fit_gaussian(moments, REML, n_iter=5000, tol=1e-13, noise="shared", start=start_for(2))

    def lost(theta):
        root = np.array([[np.exp(theta[0]), 0.0], [theta[1], np.exp(theta[2])]])
        return -reml(Z, y, root @ root.T, np.exp(theta[3]))[0]

    best = minimize(lost, np.zeros(4), method="BFGS", options={"gtol": 1e-7})
    value, mean = reml(Z, y, found.covariance, found.noise)
    assert_allclose(value, -best.fun, atol=1e-5)
    assert_allclose(found.noise, np.exp(best.x[3]), rtol=1e-3)
    root = np.array([[np.exp(best.x[0]), 0.0], [best.x[1], np.exp(best.x[2])]])
    assert_allclose(found.covariance, root @ root.T, atol=2e-3)
    assert_allclose(found.mean, mean, rtol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_its_evidence_never_falls(seed):
    """With the noise known and no constraint, every sweep is a step of EM for the restricted likelihood."""
    Z, y, moments = tasks(n_tasks=20, n=4, d=2, seed=seed)
    state, evidence = start_for(3, noise=0.5), []
    for _ in range(40):
        state = fit_gaussian(moments, REML, n_iter=1, start=state, noise="known")
        evidence.append(reml(Z, y, state.covariance, 0.5)[0])
    # Where it ends it moves by the hundredth of a task that holds the mean: no likelihood would notice.
    assert np.all(np.diff(evidence) > -1e-6), np.diff(evidence).min()
    assert evidence[-1] > evidence[0]
    assert state.noise == 0.5


def test_the_evidence_is_the_density_of_the_rows():
    Z, y, moments = tasks(n_tasks=5, n=7, d=2)
    state = replace(start_for(3), covariance=np.cov(np.random.default_rng(0).normal(size=(3, 9))), mean=np.ones(3))
    found = -0.5 * moments.deviance(state, cholesky_root(state.covariance), np.array([0.3, 2.0])).sum(axis=-1)
    for j, noise in enumerate((0.3, 2.0)):
        for t in range(5):
            V = Z[t] @ state.covariance @ Z[t].T + noise * np.eye(7)
            assert_allclose(found[t, j], multivariate_normal.logpdf(y[t], Z[t] @ state.mean, V), rtol=1e-9)


def test_a_new_task_is_expected_with_the_means_uncertainty_too():
    _, _, moments = tasks(n_tasks=6)
    state = fit_gaussian(moments, REML, n_iter=5, start=start_for(2))
    assert_allclose(state.predictive().covariance, state.covariance + state.mean_covariance)
    assert start_for(2).predictive().covariance is not None


def test_the_truth_is_found_by_many_tasks():
    covariance = np.array([[1.0, 0.5, -0.2], [0.5, 0.8, 0.1], [-0.2, 0.1, 0.6]])
    _, _, moments = tasks(n_tasks=4000, n=8, d=2, covariance=covariance, noise=0.5)
    found = fit_gaussian(moments, REML, n_iter=30)
    assert_allclose(found.mean, [1, 2, 3], atol=0.05)
    assert_allclose(found.covariance, covariance, atol=0.06)
    assert_allclose(found.noise, 0.5, rtol=0.02)
    assert np.isinf(found.noise_dof), "the tasks' noises do not differ"


# Noise ----------------------------------------------------------------------------------------------


def test_noise_of_its_own_is_found_for_every_task():
    rng = np.random.default_rng(3)
    truth = 0.5 * 6.0 / rng.chisquare(6.0, 1500)
    Z, y, _ = tasks(n_tasks=1500, n=12, noise=0.0)
    moments = moments_of(Z, y + np.sqrt(truth)[:, None] * rng.normal(size=y.shape))
    state = fit_gaussian(moments, REML, n_iter=20)
    assert_allclose(state.noise, 0.5, rtol=0.1)
    assert_allclose(state.noise_dof, 6.0, rtol=0.25)
    own = np.log(noise_of_tasks(moments, state))
    assert np.corrcoef(own, np.log(truth))[0, 1] > 0.78  # 0.80 is what ten degrees of freedom allow
    assert np.mean((own - np.log(truth)) ** 2) < np.var(np.log(truth)) / 2
    assert_array_equal(noise_of_tasks(moments, replace(state, noise_dof=np.inf)), state.noise)


@pytest.mark.parametrize("d", [3, 12], ids=["more rows", "fewer rows than columns"])
def test_the_noise_takes_the_step_of_em(d):
    """``E |y - Z w|^2 / n`` under the posterior, written out; the mean known, so that nothing is restricted."""
    Z, y, moments = tasks(n_tasks=9, n=6, d=d)
    law = replace(start_for(d + 1, noise=np.float64(0.8)), covariance=0.3 * np.eye(d + 1))
    found = fit_gaussian(moments, REML, n_iter=1, start=law, noise="shared").noise
    V = np.linalg.inv(np.swapaxes(Z, 1, 2) @ Z / 0.8 + np.eye(d + 1) / 0.3)
    w = np.einsum("tpq,tnq,tn->tp", V, Z, y) / 0.8
    square = np.sum((y - np.einsum("tnp,tp->tn", Z, w)) ** 2) + np.einsum("tnp,tpq,tnq->", Z, V, Z)
    assert_allclose(found, square / y.size, rtol=1e-9)


def test_targets_without_noise_are_legal():
    Z, y, _ = tasks(n_tasks=10, n=6, noise=0.0)
    found = fit_gaussian(moments_of(Z, y), REML, n_iter=50, start=start_for(2))
    exact = np.stack([np.linalg.lstsq(a, b, rcond=None)[0] for a, b in zip(Z, y, strict=True)])
    assert_allclose(found.mean, exact.mean(axis=0), rtol=1e-3)
    assert_allclose(found.covariance, np.cov(exact.T), rtol=0.02)
    assert found.noise < 1e-5


# What must not matter -------------------------------------------------------------------------------


def learn(X, y, structure="full", **options):
    return WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes(structure, **options)).fit(X, y).prior_


def collection(n_tasks=25, n=6, d=3, seed=0):
    Z, y, _ = tasks(n_tasks, n, d, seed, spread=1.0)
    return np.c_[Z[..., :-1].reshape(-1, d), np.repeat(np.arange(n_tasks), n)], y.ravel()


@varied("structure", ["spherical", "diagonal", "factor", "full", "auto"], keep=2)
def test_units_and_origins_of_columns_and_target_do_not_matter(structure):
    X, y = collection()
    scale, shift = np.array([1e-3, 10.0, 250.0]), np.array([5.0, -3.0, 1e3])
    other = np.c_[X[:, :-1] * scale + shift, X[:, -1]]
    one, two = learn(X, y, structure), learn(other, 7.0 * y - 30.0, structure)
    model = [np.r_[row, 1.0] for row in np.random.default_rng(1).normal(size=(5, 3))]
    same = [np.r_[row[:-1] * scale + shift, 1.0] for row in model]
    for a, b in zip(model, same, strict=True):
        assert_allclose(7.0 * (a @ one.mean) - 30.0, b @ two.mean, rtol=1e-6)
        assert_allclose(49.0 * (a @ one.dense_covariance() @ a), b @ two.dense_covariance() @ b, rtol=1e-5)
    assert_allclose(49.0 * one.noise, two.noise, rtol=1e-6)
    # The plain estimator's own penalty knows the columns' units, but no origins and no units of the target.
    moved = learn(np.c_[X[:, :-1] + shift, X[:, -1]], 7.0 * y - 30.0, structure)
    assert_allclose(moved.weights, one.weights, rtol=1e-5)


def test_order_of_tasks_and_rows_does_not_matter():
    X, y = collection()
    order = np.random.default_rng(0).permutation(len(y))
    renamed = X[order].copy()
    renamed[:, -1] = 100.0 - renamed[:, -1]
    one, two = learn(X, y, "auto"), learn(renamed, y[order], "auto")
    for name in ("mean", "covariance", "noise", "weights"):
        assert_allclose(getattr(two, name), getattr(one, name), rtol=1e-9, atol=1e-11, err_msg=name)


def test_threads_do_not_matter(monkeypatch):
    monkeypatch.setattr(room, "_NUMBERS", 4 * 9)
    _, _, moments = tasks(n_tasks=22, d=2)
    one, two = (fit_gaussian(moments, REML, n_iter=5, n_jobs=jobs) for jobs in (1, 3))
    assert_array_equal(one.mean, two.mean)
    assert_array_equal(one.covariance, two.covariance)
    assert one.noise == two.noise


def test_a_task_without_rows_changes_nothing_but_the_count():
    _, _, moments = tasks(n_tasks=12, d=1)
    none, moments = moments.moments.take(slice(0, 1)), moments.moments
    none = replace(none, gram=0 * none.gram, cross=0 * none.cross, square=0 * none.square, n_rows=0 * none.n_rows)
    more = type(moments)(
        *(
            np.concatenate([getattr(moments, f), getattr(none, f)])
            for f in ("gram", "cross", "square", "n_rows", "context")
        )
    )
    options = {"n_iter": 3000, "tol": 1e-12, "noise": "shared", "start": start_for(2)}
    one, two = (fit_gaussian(InColumns(m), REML, **options) for m in (moments, more))
    assert_allclose(two.covariance, one.covariance, rtol=1e-5, atol=1e-6)
    assert_allclose(two.noise, one.noise, rtol=1e-6)
    assert two.n_tasks == one.n_tasks + 1


# Experience -----------------------------------------------------------------------------------------


def test_a_long_past_outweighs_a_few_new_tasks_and_a_short_one_does_not():
    _, _, moments = tasks(n_tasks=20, d=1)
    past = replace(start_for(2, noise=0.5), mean=np.array([9.0, 9.0]), n_tasks=1e6, n_rows=1e7)
    kept = fit_gaussian(moments, REML, n_iter=20, past=past)
    assert_allclose(kept.mean, past.mean, atol=1e-3)
    assert_allclose(kept.covariance, past.covariance, atol=1e-2)
    moved = fit_gaussian(moments, REML, n_iter=50, past=replace(past, n_tasks=0.1, n_rows=1.0))
    alone = fit_gaussian(moments, REML, n_iter=50, start=start_for(2))
    assert_allclose(moved.mean, alone.mean, atol=0.15)
    assert (moved.n_tasks, moved.n_rows) == (20.1, 121.0)
