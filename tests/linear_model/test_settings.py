"""Every parameter of every linear class: honoured, refused, or documented as without effect.

With a prior of independent coefficients and an unknown intercept, an adapted estimator is the plain one after a change of
variables. So a parameter is honoured where both answer alike with it. What is refused says what to use instead, and what
is without effect stands in the docstring of the family.
"""

import re
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
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

from skmeta import EmpiricalBayes, GaussianPrior, WarmStartClassifier, WarmStartRegressor
from skmeta.linear_model._families import FAMILIES

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),  # solvers are stopped on purpose
    pytest.mark.filterwarnings("ignore::FutureWarning"),  # penalty is deprecated, and honoured as long as it is there
    pytest.mark.filterwarnings("ignore::UserWarning"),  # so do plain estimators say of an l1_ratio that they ignore
]

N, D = 60, 3
MEAN, SPREAD = np.array([0.9, -0.4, 0.1]), np.array([0.5, 1.0, 2.0])
rng = np.random.default_rng(0)
X = rng.normal(size=(N, D)) + np.array([0.5, 0.0, -1.0])
ETA = 0.3 + X @ [0.8, -0.5, 0.2]
TARGETS = {
    "labels": np.where(rng.logistic(size=N) < ETA, "birch", "ash"),
    "counts": rng.poisson(np.exp(ETA)).astype(float),
    "amounts": rng.gamma(2.0, np.exp(ETA) / 2.0),
    "numbers": ETA + rng.standard_t(3, size=N),
}

# Three tables, by class and parameter. A case is the settings that are compared with those beside them: ``a | b`` with
# ``b``. Where the plain estimator gives the same answer with both, ours does too.

_steps = {"max_iter": 1}
_strength = {"alpha": [({"alpha": 0.3}, {}), ({"alpha": 0.0}, {})], "fit_intercept": [({"fit_intercept": False}, {})]}
_descent = _strength | {
    "max_iter": [(_steps, {})],
    "random_state": [({"random_state": 1}, {"selection": "random", "random_state": 0} | _steps)],
    "selection": [({"selection": "random"}, {"random_state": 0} | _steps)],
    "tol": [({"tol": 100.0}, {})],
}
_gradient_descent = _strength | {
    "average": [({"average": True}, {}), ({"average": 10}, {})],
    "early_stopping": [({"early_stopping": True}, {})],
    "epsilon": [({"epsilon": 0.9}, {"loss": "huber"})],
    "eta0": [({"eta0": 0.001}, {"learning_rate": "constant"})],
    "l1_ratio": [({"l1_ratio": 0.9}, {"penalty": "elasticnet", "alpha": 0.1})],
    "learning_rate": [({"learning_rate": "adaptive"}, {}), ({"learning_rate": "constant"}, {})],
    "loss": [({"loss": "huber"}, {}), ({"loss": "squared_epsilon_insensitive"}, {})],
    "max_iter": [(_steps, {})],
    "n_iter_no_change": [({"n_iter_no_change": 1}, {})],
    "penalty": [({"penalty": "l1"}, {"alpha": 0.1}), ({"penalty": None}, {"alpha": 0.1})],
    "power_t": [({"power_t": 0.1}, {"learning_rate": "invscaling"})],
    "random_state": [({"random_state": 1}, {})],
    "shuffle": [({"shuffle": False}, {})],
    "tol": [({"tol": 0.1}, {})],
    "validation_fraction": [({"validation_fraction": 0.5}, {"early_stopping": True})],
    "verbose": [({"verbose": 1}, {})],
}
_by_class = {"class_weight": [({"class_weight": "balanced"}, {}), ({"class_weight": {"ash": 3.0}}, {})]}
HONOURED = {
    Ridge: _strength,
    LinearRegression: {"fit_intercept": [({"fit_intercept": False}, {})]},
    Lasso: _descent,
    ElasticNet: _descent | {"l1_ratio": [({"l1_ratio": 0.9}, {}), ({"l1_ratio": 0.0}, {})]},
    HuberRegressor: _strength
    | {
        "epsilon": [({"epsilon": 1.1}, {}), ({"epsilon": 5.0}, {})],
        "max_iter": [({"max_iter": 3}, {})],
        "tol": [({"tol": 10.0}, {})],
    },
    QuantileRegressor: _strength
    | {
        "quantile": [({"quantile": 0.2}, {}), ({"quantile": 0.9}, {})],
        "solver": [({"solver": "highs-ipm"}, {})],
        "solver_options": [({"solver_options": {"presolve": False}}, {})],
    },
    BayesianRidge: {
        "alpha_1": [({"alpha_1": 100.0}, {})],
        "alpha_2": [({"alpha_2": 100.0}, {})],
        "alpha_init": [({"alpha_init": 50.0}, _steps)],
        "fit_intercept": [({"fit_intercept": False}, {})],
        "lambda_1": [({"lambda_1": 100.0}, {})],
        "lambda_2": [({"lambda_2": 100.0}, {})],
        "lambda_init": [({"lambda_init": 50.0}, _steps)],
        "max_iter": [(_steps, {})],
        "tol": [({"tol": 10.0}, {})],
        "verbose": [({"verbose": True}, {})],
    },
    LogisticRegression: _by_class
    | {
        "C": [({"C": 0.1}, {}), ({"C": np.inf}, {}), ({"C": np.inf, "l1_ratio": 0.5}, {})],
        "fit_intercept": [({"fit_intercept": False}, {})],
        "penalty": [({"penalty": None}, {"C": 0.1})],
    },
    PoissonRegressor: _strength,
    GammaRegressor: _strength,
    TweedieRegressor: _strength
    | {"power": [({"power": 1.1}, {}), ({"power": 2}, {})], "link": [({"link": "log"}, {})]},
    SGDRegressor: _gradient_descent,
    SGDClassifier: _gradient_descent
    | _by_class
    | {
        "alpha": [({"alpha": 0.3}, {}), ({"alpha": 0.0}, {"alpha": 0.3, "learning_rate": "constant"})],
        "n_jobs": [({"n_jobs": 2}, {})],
    },
}
IDLE = {"link", "n_jobs", "solver", "solver_options", "verbose"}  # of which answers do not depend in plain estimators

_sign = {"positive": [({"positive": True}, {"positive": False})]}
REFUSED = {
    Ridge: _sign,
    LinearRegression: _sign,
    Lasso: _sign,
    ElasticNet: _sign,
    LogisticRegression: {
        "l1_ratio": [({"l1_ratio": 0.5, "solver": "saga"}, {"l1_ratio": 0.0})],
        "penalty": [
            ({"penalty": "l1", "solver": "saga"}, {"l1_ratio": 0.0, "penalty": "deprecated"}),
            ({"penalty": "elasticnet", "l1_ratio": 0.1, "solver": "saga"}, {"l1_ratio": 0.0, "penalty": "deprecated"}),
        ],
    },
    TweedieRegressor: {
        "link": [({"link": "identity"}, {"link": "log"}), ({"link": "identity"}, Ridge())],
        "power": [({"power": 0}, {"power": 1}), ({"power": 0}, Ridge()), ({"power": -1}, Ridge())],
    },
}

_newton = {
    "max_iter": [1],
    "solver": ["newton-cholesky"],
    "tol": [10.0],
    "verbose": [1],
    "warm_start": [True],
}
_started = {"warm_start": [True]}
_coordinates = {"copy_X": [False], "precompute": [True, np.eye(D)], "warm_start": [True]}
WITHOUT_EFFECT = {
    Ridge: {
        "copy_X": [False],
        "max_iter": [1],
        "random_state": [0],
        "solver": ["svd", "lsqr", "saga", "sparse_cg"],
        "tol": [10.0],
    },
    LinearRegression: {"copy_X": [False], "n_jobs": [2], "tol": [10.0]},
    Lasso: _coordinates,
    ElasticNet: _coordinates,
    HuberRegressor: _started,
    BayesianRidge: {"copy_X": [False], "compute_score": [True]},
    LogisticRegression: _newton
    | {
        "dual": [True],
        "intercept_scaling": [10.0],
        "n_jobs": [2],
        "random_state": [0],
        "solver": ["liblinear", "saga", "sag", "newton-cg", "newton-cholesky"],
    },
    PoissonRegressor: _newton,
    GammaRegressor: _newton,
    TweedieRegressor: _newton,
    SGDRegressor: _started,
    SGDClassifier: _started,
}

BAYES_EXACT = {"tol": 1e-12, "max_iter": 2000}

# Settings at which the solvers of plain estimators are exact, and which are legal for the targets.
BASE = {
    LogisticRegression: {"tol": 1e-12, "solver": "newton-cholesky"},
    PoissonRegressor: {"tol": 1e-12, "solver": "newton-cholesky"},
    GammaRegressor: {"tol": 1e-12, "solver": "newton-cholesky"},
    TweedieRegressor: {"tol": 1e-12, "solver": "newton-cholesky", "power": 1.5},
    Lasso: {"alpha": 0.1, "tol": 1e-12, "max_iter": 10**5},
    ElasticNet: {"alpha": 0.1, "tol": 1e-12, "max_iter": 10**5},
    HuberRegressor: {"alpha": 0.1, "tol": 1e-8, "max_iter": 10**4},
    QuantileRegressor: {"alpha": 0.1},
    BayesianRidge: BAYES_EXACT | {"alpha_1": 1e-5},  # by which it finds the noise too
    SGDRegressor: {"random_state": 0},
    SGDClassifier: {"random_state": 0},
}


def cases(table, of_case):
    """One test a case, named by class and settings."""
    return [
        pytest.param(cls, *of_case(name, case), id=f"{cls.__name__}-{name}-{i}")
        for cls, names in table.items()
        for name, all_cases in names.items()
        for i, case in enumerate(all_cases)
    ]


def made(cls, *settings):
    """The estimator at its base settings and others, the first of which win."""
    found = dict(BASE.get(cls, {}))
    for each in reversed(settings):
        found |= each
    return cls(**found)


def target_of(estimator):
    if is_classifier(estimator):
        return TARGETS["labels"]
    if isinstance(estimator, PoissonRegressor):
        return TARGETS["counts"]
    return TARGETS["amounts" if isinstance(estimator, (GammaRegressor, TweedieRegressor)) else "numbers"]


def classes_of(estimator):
    return ["ash", "birch"] if is_classifier(estimator) else None


def is_linear(estimator):
    return not is_classifier(estimator) and not hasattr(estimator, "_get_loss")


def noise_of(estimator):
    """At which the prior's objective, with a strength of one, is the class's own times a number (see the families)."""
    if isinstance(estimator, Lasso):
        return N / np.sqrt(2.0)
    if isinstance(estimator, ElasticNet):
        return N / (1.0 + (np.sqrt(2.0) - 1.0) * estimator.l1_ratio)
    if isinstance(estimator, HuberRegressor):
        return 1e-8
    if isinstance(estimator, QuantileRegressor):
        return (N / (np.sqrt(2.0) * norm.pdf(norm.ppf(estimator.quantile)))) ** 2
    return N if isinstance(estimator, (PoissonRegressor, GammaRegressor, TweedieRegressor)) else 1.0


def prior_for(estimator, mean=None):
    """Independent coefficients, nothing said of the intercept; only of linear models a plain one can start elsewhere."""
    starts = isinstance(estimator, (SGDRegressor, SGDClassifier))
    mean = MEAN if is_linear(estimator) or starts else 0.0 * MEAN
    return GaussianPrior(mean, SPREAD**2, noise=noise_of(estimator), classes=classes_of(estimator))


def plain(estimator):
    """``(d + 1,)`` coefficients of the plain estimator after the change of variables."""
    y, mean = target_of(estimator), prior_for(estimator).mean[:D]
    if isinstance(estimator, LinearRegression):  # the prior is its only penalty
        estimator = Ridge(fit_intercept=estimator.fit_intercept)
    if isinstance(estimator, (SGDRegressor, SGDClassifier)):
        return whole(clone(estimator).fit(X, y, coef_init=mean.copy(), intercept_init=np.zeros(1)))
    found = whole(clone(estimator).fit(X * SPREAD, y - X @ mean if is_linear(estimator) else y))
    return np.r_[mean + SPREAD * found[:D], found[D]]


def adapted(estimator):
    return whole(prior_for(estimator).adapt(estimator, X, target_of(estimator)))


def whole(model):
    """Of a classifier those of the mode, before they are moderated to predict well."""
    return np.r_[np.ravel(model.coef_), np.ravel(model.intercept_)] / getattr(model, "moderation_", 1.0)


def same(found, wanted):
    return np.allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_every_parameter_is_classified():
    """A parameter that a later scikit-learn adds is in no table yet."""
    for cls in FAMILIES:
        if not cls.__module__.startswith("sklearn."):
            continue
        known = HONOURED[cls].keys() | REFUSED.get(cls, {}).keys() | WITHOUT_EFFECT.get(cls, {}).keys()
        assert cls().get_params().keys() - known == set(), cls


@pytest.mark.parametrize(("cls", "name", "changed", "beside"), cases(HONOURED, lambda name, case: (name, *case)))
def test_what_is_honoured_changes_the_answer_as_in_the_plain_estimator(cls, name, changed, beside):
    ours, wanted = [], []
    for estimator in (made(cls, beside), made(cls, changed, beside)):
        ours.append(adapted(estimator))
        wanted.append(plain(estimator))
        assert_allclose(ours[-1], wanted[-1], rtol=1e-4, atol=1e-4)
    assert same(*wanted) == (name in IDLE)
    assert same(*ours) == (name in IDLE)


@pytest.mark.parametrize(("cls", "name", "changed", "way_out"), cases(REFUSED, lambda name, case: (name, *case)))
def test_what_is_refused_says_what_to_use(cls, name, changed, way_out):
    estimator = made(cls, changed)
    ours = rf"^{cls.__name__}\({name}={re.escape(repr(changed[name]))}\): wanted .+, found .+; .*use "
    with pytest.raises(ValueError, match=ours):
        adapted(estimator)
    with pytest.raises(ValueError, match=ours):
        learned(estimator)
    out = made(cls, way_out, changed) if isinstance(way_out, dict) else way_out
    assert np.isfinite(adapted(out)).all()
    assert np.isfinite(learned(out).coef_).all()


def learned(estimator):
    """A small collection of the rows, learned from."""
    shell = WarmStartClassifier if is_classifier(estimator) else WarmStartRegressor
    learner = EmpiricalBayes("diagonal", max_iter=3)
    return shell(estimator, task=-1, learner=learner).fit(np.c_[X, np.arange(N) % 4], target_of(estimator))


@cache
def as_made(cls):
    """What the class adapts and learns at its base settings."""
    return adapted(made(cls)), learned(made(cls)).coef_


@pytest.mark.parametrize(("cls", "name", "value"), cases(WITHOUT_EFFECT, lambda name, value: (name, value)))
def test_what_is_without_effect_is_said_to_be(cls, name, value):
    assert name in documented(cls)
    after = made(cls, {name: value})
    for found, before in zip((adapted(after), learned(after).coef_), as_made(cls), strict=True):
        assert_array_equal(before, found)
    given = prior_for(after).adapt(after, X, target_of(after)).get_params()[name]
    assert_array_equal(given, value)  # the parameter is still the user's


def documented(cls):
    """What the docstrings of the class's family name as without effect."""
    text = " ".join(" ".join((base.__doc__ or "").split()) for base in FAMILIES[cls].__mro__)
    return {
        name
        for said in re.findall(r"Without effect: ((?:``\w+``(?:, | and )?)+)", text)
        for name in re.findall(r"\w+", said)
    }


@pytest.mark.parametrize("cls", HONOURED)
def test_nothing_else_is_said_to_be_without_effect(cls):
    assert documented(cls) == set(WITHOUT_EFFECT.get(cls, {}))


# What a value means beside the equality above ----------------------------------------------------------------


def test_a_strength_for_each_target():
    Y = np.c_[TARGETS["numbers"], ETA]
    prior = GaussianPrior(np.zeros((2, D)), np.ones((2, D)), noise=np.ones(2))
    found, wanted = prior.adapt(Ridge(alpha=[0.5, 20.0]), X, Y), Ridge(alpha=[0.5, 20.0]).fit(X, Y)
    assert_allclose(found.coef_, wanted.coef_)
    assert_allclose(found.intercept_, wanted.intercept_)


@pytest.mark.parametrize("settings", [{"C": np.inf}, {"penalty": None}, {"penalty": None, "C": 0.01}], ids=str)
def test_no_penalty_is_no_prior(settings):
    """Of a prior that was learned too, far from the rows as it is."""
    prior = learned(LogisticRegression()).prior_
    wanted = LogisticRegression(C=np.inf, **BASE[LogisticRegression]).fit(X, TARGETS["labels"])
    model = WarmStartClassifier(LogisticRegression(**settings), prior=prior).fit(X, TARGETS["labels"])
    assert_allclose(whole(model.estimator_), whole(wanted), rtol=1e-7)
    assert_array_equal(learned(LogisticRegression(**settings)).predict(np.c_[X, np.arange(N) % 4]).shape, N)


@pytest.mark.parametrize("law", [{"alpha_1": 30.0, "alpha_2": 5.0}, {"alpha_init": 2.0}], ids=str)
def test_a_law_of_the_noise_is_in_units_of_the_target(law):
    prior = learned(BayesianRidge()).prior_
    model = BayesianRidge(**BAYES_EXACT, **law)
    far = prior.adapt(model, X, TARGETS["numbers"])
    assert abs(1.0 / far.alpha_ / prior.adapt(BayesianRidge(**BAYES_EXACT), X, TARGETS["numbers"]).alpha_ - 1.0) > 0.01
    scaled = WarmStartRegressor(BayesianRidge(), task=-1, learner=EmpiricalBayes("diagonal", max_iter=3))
    scaled.fit(np.c_[X, np.arange(N) % 4], 1e3 * TARGETS["numbers"])
    of_scaled = {name: value / 1e6 if name == "alpha_init" else value for name, value in law.items()}
    of_scaled |= {"alpha_2": 1e6 * law.get("alpha_2", BayesianRidge().alpha_2)}
    same_law = scaled.prior_.adapt(BayesianRidge(**BAYES_EXACT, **of_scaled), X, 1e3 * TARGETS["numbers"])
    assert_allclose(same_law.alpha_ * 1e6, far.alpha_, rtol=1e-6)
    assert_allclose(whole(same_law), 1e3 * whole(far), rtol=1e-6)
