"""Every family under a prior: the objective its class documents, and what its strength parameter means."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_expit, logsumexp
from scipy.stats import norm
from sklearn.base import clone, is_classifier
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    GammaRegressor,
    HuberRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    SGDClassifier,
    SGDRegressor,
    TweedieRegressor,
)
from variations import varied

from skmeta import EmpiricalBayes, GaussianPrior, WarmStartClassifier, WarmStartRegressor
from skmeta.datasets import make_related_classification, make_related_regression
from skmeta.linear_model import Units
from skmeta.linear_model._families import FAMILIES, family_of

D = 3
rng = np.random.default_rng(0)
_root = rng.normal(size=(D + 1, D + 1))
MEAN, COVARIANCE, NOISE = rng.normal(size=D + 1), 0.4 * (_root @ _root.T) + 0.1 * np.eye(D + 1), 0.7
STRENGTHS = [0.5, 1.0, 3.0]

# The solvers of scikit-learn at their most exact.
LINEAR = [
    Ridge(),
    LinearRegression(),
    Lasso(tol=1e-14, max_iter=10**6),
    ElasticNet(tol=1e-14, max_iter=10**6),
    HuberRegressor(tol=1e-8, max_iter=10**4),
    QuantileRegressor(alpha=1.0, quantile=0.3),
    BayesianRidge(tol=1e-12, max_iter=2000),
]
GENERALISED = [
    LogisticRegression(),
    PoissonRegressor(),
    GammaRegressor(),
    TweedieRegressor(power=1.5),
    TweedieRegressor(power=2.5),
]
STARTED = [SGDRegressor(random_state=0), SGDClassifier(random_state=0)]
ids = {"ids": lambda v: repr(v)[:40]}


def prior_for(estimator, *, outputs=None, mean=MEAN, covariance=COVARIANCE):
    """A prior by hand that knows the intercept; for classifiers it has labels."""
    if outputs is not None:
        mean = np.stack([np.roll(mean, k) for k in range(outputs)])
        covariance = np.stack([covariance * (k + 1) for k in range(outputs)])
    if is_classifier(estimator):
        labels = ["ash", "birch", "cedar"][: outputs or 2]
        return GaussianPrior(mean, covariance, units=Units(np.zeros(D)), classes=labels)
    return GaussianPrior(mean, covariance, noise=NOISE, units=Units(np.zeros(D)))


def task_for(estimator, n=40, seed=1, outputs=None):
    """Rows of one task of the kind that the estimator is for."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, D))
    eta = X @ (0.5 * MEAN[:-1]) + 0.3
    if isinstance(estimator, (LogisticRegression, SGDClassifier)):
        if outputs:
            return X, np.array(["ash", "birch", "cedar"])[rng.integers(0, 3, n)]
        return X, np.where(rng.uniform(size=n) < 1 / (1 + np.exp(-eta)), "birch", "ash")
    if isinstance(estimator, PoissonRegressor):
        return X, rng.poisson(np.exp(eta)).astype(float)
    if isinstance(estimator, (GammaRegressor, TweedieRegressor)):
        return X, rng.gamma(2.0, np.exp(eta) / 2.0)
    return X, eta + np.sqrt(NOISE) * rng.standard_t(4, size=n)


def whole(model):
    """``(K, d + 1)`` coefficients, the intercept last."""
    return np.c_[np.atleast_2d(model.coef_), np.reshape(model.intercept_, (-1, 1))]


def with_strength(estimator, strength):
    """The estimator with its own parameter at ``strength`` times what means "as learned"."""
    if isinstance(estimator, LogisticRegression):
        return clone(estimator).set_params(C=1.0 / strength if strength else np.inf)
    if isinstance(estimator, HuberRegressor):
        return clone(estimator).set_params(alpha=1e-4 * strength)
    return clone(estimator).set_params(alpha=strength)


# The documented objective -------------------------------------------------------------------------------


def test_every_family_has_its_proof():
    proved = {type(model) for model in [*LINEAR, *GENERALISED, *STARTED]}
    assert proved == set(FAMILIES)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_ridge_is_the_posterior_mean(strength):
    X, y = task_for(Ridge())
    Z = np.c_[X, np.ones(len(X))]
    precision = Z.T @ Z / NOISE + strength * np.linalg.inv(COVARIANCE)
    wanted = MEAN + np.linalg.solve(precision, Z.T @ (y - Z @ MEAN) / NOISE)
    found = prior_for(Ridge()).adapt(Ridge(alpha=strength), X, y)
    assert_allclose(whole(found)[0], wanted, rtol=1e-10)


@pytest.mark.parametrize("outputs", [None, 2])
def test_linear_regression_is_ridge_at_the_strength_that_was_learned(outputs):
    """One or several targets, one prior by hand and one learned: of its own class, and with nothing but coefficients."""
    X, y = task_for(Ridge())
    y = y if outputs is None else np.c_[y, y[::-1]]
    for prior in [prior_for(Ridge(), outputs=outputs), *([] if outputs else priors_for(Ridge()))]:
        found, wanted = (prior.adapt(estimator, X, y) for estimator in (LinearRegression(), Ridge()))
        assert_array_equal(whole(found), whole(wanted))
        assert_array_equal(found.predict(X), X @ found.coef_.T + found.intercept_)
        assert not hasattr(found, "rank_")


def negative_log_likelihood(estimator, eta, y):
    """Up to constants, of one row; ``y`` is 0 or 1, or one-hot, for classifiers."""
    if isinstance(estimator, LogisticRegression):
        if eta.shape[1] == 1:
            return -(y * log_expit(eta[:, 0]) + (1 - y) * log_expit(-eta[:, 0]))
        return logsumexp(eta, axis=1) - (y * eta).sum(axis=1)
    eta, power = eta[:, 0], {PoissonRegressor: 1, GammaRegressor: 2}.get(type(estimator)) or estimator.power
    if power == 1:
        return np.exp(eta) - y * eta
    if power == 2:
        return y * np.exp(-eta) + eta
    mu = np.exp(eta)
    return mu ** (2 - power) / (2 - power) - y * mu ** (1 - power) / (1 - power)


@varied("strength", STRENGTHS)
@pytest.mark.parametrize(
    ("estimator", "outputs"), [*((m, None) for m in GENERALISED), (LogisticRegression(), 3)], **ids
)
def test_a_generalised_model_is_the_posterior_mode(estimator, outputs, strength):
    X, y = task_for(estimator, outputs=outputs)
    prior = prior_for(estimator, outputs=outputs)
    K = outputs or 1
    mean, covariance = prior.mean.reshape(K, -1), prior.covariance.reshape(K, D + 1, D + 1)
    precision, Z = np.linalg.inv(covariance), np.c_[X, np.ones(len(X))]
    target = y if not is_classifier(estimator) else (y[:, None] == prior.classes).astype(float)
    target = target[:, 1] if target.ndim == 2 and K == 1 else target
    noise = 1.0 if is_classifier(estimator) else NOISE

    def objective(w):
        off = w.reshape(K, -1) - mean
        penalty = 0.5 * strength * np.einsum("kp,kpq,kq", off, precision, off)
        return negative_log_likelihood(estimator, Z @ w.reshape(K, -1).T, target).sum() / noise + penalty

    model = prior.adapt(with_strength(estimator, strength), X, y)
    found = whole(model) / getattr(model, "moderation_", 1.0)
    best = minimize(objective, mean.ravel(), method="BFGS", options={"gtol": 1e-7}).x
    assert objective(found.ravel()) <= objective(best) + 1e-9
    assert_allclose(found.ravel(), best, atol=2e-5)


def shifted(estimator, X, y):
    """Features and target where the prior is a unit ball, and the way back."""
    values, vectors = np.linalg.eigh(COVARIANCE)
    root = (vectors * np.sqrt(values)) @ vectors.T
    Z, mean = np.c_[X, np.ones(len(X))], MEAN.copy()
    if isinstance(estimator, QuantileRegressor):
        mean[-1] += np.sqrt(NOISE) * norm.ppf(estimator.quantile)
    return Z @ root, y - Z @ mean, lambda v: mean + root @ v


def minimum_with_l1(smooth, l1, p):
    """Minimise ``smooth(v) + l1 |v|_1`` by splitting v into its positive and negative parts."""
    found = minimize(
        lambda u: smooth(u[:p] - u[p:]) + l1 * u.sum(),
        np.full(2 * p, 0.1),
        method="L-BFGS-B",
        bounds=[(0, None)] * (2 * p),
        options={"ftol": 1e-16, "gtol": 1e-12, "maxiter": 10**4, "maxfun": 10**6},
    )
    return found.x[:p] - found.x[p:]


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_lasso_and_elastic_net_penalise_the_deviation(share, strength):
    estimator = (
        Lasso(tol=1e-14, max_iter=10**6) if share == 1.0 else ElasticNet(l1_ratio=share, tol=1e-14, max_iter=10**6)
    )
    X, y = task_for(estimator)
    A, r, back = shifted(estimator, X, y)
    scale = strength * (1.0 + (np.sqrt(2.0) - 1.0) * share)

    def smooth(v):
        return ((r - A @ v) ** 2).sum() / (2.0 * NOISE) + scale * (1.0 - share) / 2.0 * v @ v

    wanted = back(minimum_with_l1(smooth, scale * share, D + 1))
    found = prior_for(estimator).adapt(with_strength(estimator, strength), X, y)
    assert_allclose(whole(found)[0], wanted, atol=1e-5)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_huber_penalises_the_deviation(strength):
    estimator = HuberRegressor(tol=1e-12, max_iter=10**4)
    X, y = task_for(estimator)
    A, r, back = shifted(estimator, X, y)

    def objective(theta):
        v, sigma = theta[:-1], np.exp(theta[-1])
        z = np.abs(r - A @ v) / sigma
        huber = np.where(z < estimator.epsilon, z**2, 2.0 * estimator.epsilon * z - estimator.epsilon**2)
        return (sigma + huber * sigma).sum() + strength * np.sqrt(NOISE) * v @ v

    wanted = back(minimize(objective, np.zeros(D + 2), method="BFGS", options={"gtol": 1e-7}).x[:-1])
    found = prior_for(estimator).adapt(with_strength(estimator, strength), X, y)
    assert_allclose(whole(found)[0], wanted, atol=1e-4)
    assert found.scale_ > 0 and found.outliers_.shape == (len(y),)


@pytest.mark.parametrize("estimator", [Lasso(tol=1e-12), ElasticNet(tol=1e-12)], **ids)
def test_several_outputs_are_solved_one_by_one(estimator):
    X, y = task_for(estimator)
    Y = np.c_[y, X[:, 0] - y]
    both = prior_for(estimator, outputs=2).adapt(estimator, X, Y)
    plain = clone(estimator).fit(X, Y)
    assert both.predict(X).shape == Y.shape and np.shape(both.n_iter_) == np.shape(plain.n_iter_)
    for k in range(2):
        prior = prior_for(estimator, mean=np.roll(MEAN, k), covariance=COVARIANCE * (k + 1))
        alone = prior.adapt(estimator, X, Y[:, k])
        assert_allclose(whole(both)[k], whole(alone)[0], rtol=1e-9)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_standard_deviations_are_those_of_the_posterior(strength):
    X, y = task_for(Ridge())
    Z = np.c_[X, np.ones(len(X))]
    V = np.linalg.inv(Z.T @ Z / NOISE + strength * np.linalg.inv(COVARIANCE))
    model = WarmStartRegressor(Ridge(alpha=strength), prior=prior_for(Ridge())).fit(X, y)
    _, std = model.predict(X, return_std=True)
    assert_allclose(std, np.sqrt(np.einsum("np,pq,nq->n", Z, V, Z) + NOISE), rtol=1e-9)


@varied("strength", STRENGTHS)
def test_probabilities_are_integrated_over_the_posterior(strength):
    """Against draws from the prior, weighed by the likelihood of the rows."""
    X, y = task_for(LogisticRegression())
    prior = prior_for(LogisticRegression())
    model = WarmStartClassifier(LogisticRegression(C=1.0 / strength), prior=prior).fit(X[:8], y[:8])
    draws = np.random.default_rng(0).multivariate_normal(prior.mean, COVARIANCE / strength, 200_000)
    Z, sign = np.c_[X, np.ones(len(X))], np.where(y[:8] == model.classes_[1], 1.0, -1.0)
    weight = np.exp(log_expit(sign[:, None] * (Z[:8] @ draws.T)).sum(axis=0))
    wanted = expit(Z @ draws.T) @ weight / weight.sum()
    assert_allclose(model.predict_proba(X)[:, 1], wanted, atol=0.03)


@pytest.mark.parametrize(
    ("estimator", "word"),
    [
        (Ridge(alpha=-1.0), "alpha"),
        (Lasso(alpha=-1.0), "alpha"),
        (LogisticRegression(C=0.0), "C"),
        (LogisticRegression(C=-1.0), "C"),
        (QuantileRegressor(quantile=2.0), "quantile"),
        (PoissonRegressor(alpha="much"), "alpha"),
        (Ridge(alpha=np.ones(3)), "alpha"),
        (Ridge(positive=True), "positive"),
        (LogisticRegression(l1_ratio=1.0), "l1"),
        (TweedieRegressor(link="identity"), "link"),
        (TweedieRegressor(power=0.0), "power"),
    ],
    **ids,
)
def test_parameters_out_of_range_raise_as_in_scikit_learn(estimator, word):
    X, y = task_for(estimator)
    with pytest.raises(ValueError, match=word):
        prior_for(estimator).adapt(estimator, X, y)


@varied("strength", STRENGTHS)
@pytest.mark.parametrize("quantile", [0.2, 0.5, 0.9])
def test_quantiles_penalise_the_deviation(quantile, strength):
    estimator = QuantileRegressor(quantile=quantile)
    X, y = task_for(estimator)
    A, r, back = shifted(estimator, X, y)
    scale = strength * np.sqrt(2.0 * NOISE) * norm.pdf(norm.ppf(quantile))
    (values, vectors), centre = np.linalg.eigh(COVARIANCE), back(np.zeros(D + 1))
    whitened = vectors / np.sqrt(values) @ vectors.T

    def objective(w):
        v = whitened @ (w - centre)
        off = r - A @ v
        return np.maximum(quantile * off, (quantile - 1.0) * off).sum() + scale * np.abs(v).sum()

    found = whole(prior_for(estimator).adapt(with_strength(estimator, strength), X, y))[0]
    trials = found + 0.01 * np.random.default_rng(0).normal(size=(300, D + 1))
    assert all(objective(found) <= objective(w) + 1e-9 for w in trials)


def test_bayesian_ridge_finds_its_own_strength():
    """The one with the most evidence, at the noise of the prior."""
    estimator = BayesianRidge(tol=1e-12, max_iter=2000)
    X, y = task_for(estimator)
    A, r, back = shifted(estimator, X, y)

    def surprise(log_strength):
        covariance = A @ A.T / np.exp(log_strength) + NOISE * np.eye(len(y))
        return np.linalg.slogdet(covariance)[1] + r @ np.linalg.solve(covariance, r)

    strength = np.exp(minimize_scalar(surprise, bounds=(-5.0, 5.0), method="bounded", options={"xatol": 1e-10}).x)
    found = prior_for(estimator).adapt(estimator, X, y)
    assert_allclose([found.lambda_, 1.0 / found.alpha_], [strength, NOISE], rtol=1e-4)
    wanted = back(np.linalg.solve(A.T @ A / NOISE + strength * np.eye(D + 1), A.T @ r / NOISE))
    assert_allclose(whole(found)[0], wanted, rtol=1e-4)
    _, std = found.predict(X, return_std=True)
    assert (std > 0).all()


# Limits -------------------------------------------------------------------------------------------------


def unpenalised(estimator):
    """What scikit-learn itself fits without a penalty."""
    if isinstance(estimator, (Ridge, LinearRegression, Lasso, ElasticNet)):
        return LinearRegression()
    if isinstance(estimator, LogisticRegression):
        return LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12)
    if isinstance(estimator, (HuberRegressor, QuantileRegressor)):
        return clone(estimator).set_params(alpha=0.0)
    solver = "lbfgs" if getattr(estimator, "power", 0) > 2 else "newton-cholesky"  # not convex beyond gamma
    return clone(estimator).set_params(alpha=0.0, solver=solver, tol=1e-12, max_iter=10**4)


def exactness(estimator):
    """How exactly scikit-learn's own solver finds the unpenalised fit."""
    if isinstance(estimator, HuberRegressor):
        return 1e-4
    return 1e-5 if getattr(estimator, "power", 0) > 2 else 1e-8


LOGARITHMIC = (PoissonRegressor, GammaRegressor, TweedieRegressor)
LIMITED = [m for m in [*LINEAR, *GENERALISED] if not isinstance(m, (BayesianRidge, LinearRegression))]
_learned = {}


def priors_for(estimator):
    """One by hand, one learned (it has a vague component and units)."""
    yield prior_for(estimator)
    kind = family_of(estimator).kind_of(estimator, 1)
    if kind not in _learned:
        shell = WarmStartClassifier if is_classifier(estimator) else WarmStartRegressor
        learner = EmpiricalBayes("diagonal", max_iter=5)
        _learned[kind] = shell(estimator, task=-1, learner=learner).fit(*table_for(estimator)).prior_
    yield _learned[kind]


def table_for(estimator):
    """A small collection whose columns and targets are far from zero."""
    make = make_related_classification if is_classifier(estimator) else make_related_regression
    X, y, _ = make(n_tasks=10, n_samples=8, n_features=D, random_state=0)
    X[:, :D] += np.arange(D) - 0.5
    return X, np.array(["ash", "birch"])[y.astype(int)] if is_classifier(estimator) else np.exp(y / y.std())


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # the duality gap without a penalty
@varied("intercept", [True, False])
@pytest.mark.parametrize("estimator", LIMITED, **ids)
def test_strength_zero_is_the_unpenalised_fit(estimator, intercept):
    X, y = task_for(estimator, n=60)
    wanted = unpenalised(estimator).set_params(fit_intercept=intercept).fit(X, y)
    model = with_strength(estimator, 0.0).set_params(fit_intercept=intercept)
    if hasattr(model, "max_iter"):
        model.set_params(max_iter=10**4)
    flat = GaussianPrior(MEAN[:D], COVARIANCE[:D, :D], classes=prior_for(estimator).classes)
    for prior in [flat, *priors_for(estimator)]:
        found = prior.adapt(model, X, y)
        assert_allclose(whole(found), whole(wanted), rtol=exactness(estimator), atol=exactness(estimator))


@pytest.mark.parametrize("estimator", [*LIMITED, LinearRegression()], **ids)
def test_many_rows_are_the_unpenalised_fit(estimator):
    few, many = 100, 2000 if isinstance(estimator, QuantileRegressor) else 10_000
    for prior in priors_for(estimator):
        gaps = []
        for n in (few, many):
            X, y = task_for(estimator, n=n)
            found, wanted = prior.adapt(estimator, X, y), unpenalised(estimator).fit(X, y)
            gaps.append(np.abs(whole(found) - whole(wanted)).max())
        # Quantiles jump from row to row; all others close in like 1 / n, far faster than the sampling error.
        floor = 0.2 / np.sqrt(many) if isinstance(estimator, QuantileRegressor) else 1e-6
        assert gaps[1] < max(5.0 * few / many * gaps[0], floor) and gaps[1] < 1.0 / np.sqrt(many)


@pytest.mark.parametrize("estimator", [*LINEAR, *GENERALISED, *STARTED], **ids)
def test_no_rows_are_the_priors_mean(estimator):
    for prior in priors_for(estimator):
        X, y = task_for(estimator)
        found, wanted = prior.adapt(estimator, X[:0], y[:0]), prior.mean.copy()
        wanted[-1] += np.sqrt(prior.noise) * norm.ppf(getattr(estimator, "quantile", 0.5))
        assert_allclose(whole(found)[0], wanted)
        assert type(found) is type(estimator)
        assert np.isfinite(prior.adapt(estimator, X[:1], y[:1]).coef_).all()


@pytest.mark.parametrize("estimator", LIMITED, **ids)
def test_great_strength_is_the_priors_mean(estimator):
    X, y = task_for(estimator)
    prior = prior_for(estimator)
    wanted = prior.mean.copy()
    if isinstance(estimator, QuantileRegressor):
        wanted[-1] += np.sqrt(NOISE) * norm.ppf(estimator.quantile)
    assert_allclose(whole(prior.adapt(with_strength(estimator, 1e9), X, y))[0], wanted, atol=1e-6)


@pytest.mark.parametrize("estimator", LIMITED, **ids)
def test_the_default_strength_is_the_prior_as_learned(estimator):
    X, y = task_for(estimator)
    prior = prior_for(estimator)
    default = type(estimator)(**{k: v for k, v in estimator.get_params().items() if k not in ("alpha", "C")})
    assert_allclose(whole(prior.adapt(default, X, y)), whole(prior.adapt(with_strength(estimator, 1.0), X, y)))
    tenfold = prior_for(estimator, covariance=COVARIANCE / 10.0)
    if isinstance(estimator, (Ridge, *(type(m) for m in GENERALISED))):  # l1 penalties scale by the root instead
        strong = whole(prior.adapt(with_strength(estimator, 10.0), X, y))
        assert_allclose(strong, whole(tenfold.adapt(default, X, y)), rtol=10.0 * exactness(estimator))


@varied("estimator", [m for m in [*LINEAR, *GENERALISED] if hasattr(m, "fit_intercept")], **ids)
def test_without_an_intercept(estimator):
    X, y = task_for(estimator, n=60)
    model = clone(estimator).set_params(fit_intercept=False)
    for prior in priors_for(model):
        for found in (prior.adapt(model, X, y), prior.adapt(model, X[:0], y[:0]), prior.zero_shot(model)):
            assert np.all(np.asarray(found.intercept_) == 0.0)
    shell = WarmStartClassifier if is_classifier(model) else WarmStartRegressor
    learned = shell(model, task=-1, learner=EmpiricalBayes("diagonal", max_iter=5)).fit(*table_for(model))
    assert_array_equal(learned.prior_.mean[..., -1], 0.0)
    link = learned.decision_function if is_classifier(model) else learned.predict
    origin = np.r_[np.zeros(D), 99.0][None]
    if not isinstance(estimator, QuantileRegressor):
        assert_allclose(link(origin), 1.0 if isinstance(model, LOGARITHMIC) else 0.0, atol=1e-12)


# Labels -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model", [LogisticRegression(), SGDClassifier(random_state=0), SGDClassifier("log_loss")], ids=str
)
@pytest.mark.parametrize("present", [["ash"], ["ash", "cedar"], ["cedar", "birch", "ash"]], ids="+".join)
def test_tasks_that_lack_classes(model, present):
    X, _ = task_for(model)
    y = np.resize(present, len(X))
    prior = prior_for(LogisticRegression(), outputs=3)
    found = prior.adapt(clone(model).set_params(random_state=0), X, y)
    assert_array_equal(found.classes_, ["ash", "birch", "cedar"])
    assert found.coef_.shape == (3, D) and found.predict(X).dtype.kind == "U"
    assert np.mean(np.isin(found.predict(X), present)) > 0.8
    if isinstance(model, LogisticRegression):
        assert (found.predict_proba(X) > 0).all()


def test_labels_are_matched_by_value_not_by_position():
    X, y = task_for(LogisticRegression())
    prior = prior_for(LogisticRegression())
    swapped = GaussianPrior(-MEAN, COVARIANCE, units=Units(np.zeros(D)), classes=["birch", "zash"])
    other = np.where(y == "ash", "zash", "birch")
    one, two = prior.adapt(LogisticRegression(), X, y), swapped.adapt(LogisticRegression(), X, other)
    assert_allclose(one.coef_, -two.coef_, rtol=1e-8)
    assert_array_equal(one.predict(X) == "ash", two.predict(X) == "zash")


def test_the_multinomial_with_two_rows_is_the_binomial():
    X, y = task_for(LogisticRegression())
    two = prior_for(LogisticRegression()).adapt(LogisticRegression(), X, y)
    assert two.coef_.shape == (1, D)
    assert_allclose(two.predict_proba(X)[:, 1], 1.0 / (1.0 + np.exp(-two.decision_function(X))))


# A learned initialisation -------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", STARTED, **ids)
def test_sgd_is_itself_from_the_priors_mean(estimator):
    X, y = task_for(estimator)
    prior = prior_for(estimator)
    found = prior.adapt(estimator, X, y)
    wanted = clone(estimator).fit(X, y, coef_init=MEAN[:-1].copy(), intercept_init=MEAN[-1:].copy())  # it is written to
    assert_array_equal(found.coef_, wanted.coef_)
    assert_array_equal(found.intercept_, wanted.intercept_)
    assert found.n_iter_ == wanted.n_iter_
    assert_array_equal(found.predict(X), wanted.predict(X))


@pytest.mark.parametrize(
    "estimator",
    [
        SGDRegressor(random_state=0),
        SGDClassifier("log_loss", learning_rate="constant", eta0=0.01, random_state=0),
    ],
    **ids,
)
def test_sgd_needs_fewer_steps_from_a_learned_start(estimator):
    rng = np.random.default_rng(0)
    tasks, mean = np.repeat(np.arange(30), 40), 2.0 * rng.normal(size=D)
    X = rng.normal(size=(len(tasks), D))
    eta = (X * (mean + 0.2 * rng.normal(size=(30, D)))[tasks]).sum(axis=1)
    y = np.where(eta > rng.logistic(size=len(eta)), "birch", "ash") if is_classifier(estimator) else eta + 1.0
    table, past = np.c_[X, tasks], tasks < 15
    shell = WarmStartClassifier if is_classifier(estimator) else WarmStartRegressor
    model = shell(estimator, task=-1, learner=EmpiricalBayes("diagonal", max_iter=5)).fit(table[past], y[past])
    steps = {"warm": 0, "cold": 0}
    for task in range(15, 30):
        own = tasks == task
        steps["warm"] += model.adapt(X[own], y[own]).n_iter_
        steps["cold"] += clone(estimator).fit(X[own], y[own]).n_iter_
    assert steps["warm"] < 0.7 * steps["cold"]
