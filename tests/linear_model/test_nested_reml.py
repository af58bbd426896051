"""Nested tasks against the restricted likelihood: published figures, and the optimum that a general optimiser finds."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from published_tables import pastes
from scipy.optimize import minimize
from sklearn.linear_model import Ridge
from variations import varied

from skmeta import EmpiricalBayes, WarmStartRegressor

REML = {"pseudo_tasks": 0, "noise": "shared", "tol": 1e-9}


def learn(frame, y, task, **options):
    return WarmStartRegressor(Ridge(), task=task, learner=EmpiricalBayes(**(REML | options))).fit(frame, y)


@pytest.mark.filterwarnings("ignore:task. wanted ids of 'cask'")
def test_lme4_publishes_the_same_of_pastes():
    """Bates, Maechler, Bolker and Walker (2015), ``strength ~ 1 + (1 | batch / cask)``."""
    frame, y = pastes()
    model = learn(frame, y, ["batch", "cask"])
    prior = model.prior_
    assert -2.0 * model.learner_.evidence_ == pytest.approx(246.9907, abs=1e-4)
    variances = [covariance[-1, -1] for covariance in prior.covariances.values()]
    assert_allclose([*variances, prior.noise, prior.mean[-1]], [1.6573, 8.4337, 0.6780, 60.0533], atol=1e-4)


def oxide(seed=0):
    """Layers of oxide: three sites of three wafers of a lot, four lots from each of two sources, which differ."""
    rng = np.random.default_rng(seed)
    lot, wafer, site = (np.repeat(np.arange(8), 9), np.repeat(np.arange(24), 3), np.arange(72))
    y = 2000.0 + 10.0 * (lot >= 4) + 11.0 * rng.normal(size=8)[lot] + 6.0 * rng.normal(size=24)[wafer]
    frame = pd.DataFrame({"source": (lot >= 4).astype(float), "lot": lot, "wafer": wafer})
    return frame, y + 3.5 * rng.normal(size=len(site)), ["lot", "wafer"]


def growth(seed=1):
    """Marks over the years of children in schools, both of which differ in level and in growth."""
    rng = np.random.default_rng(seed)
    school, child, year = np.repeat(np.arange(7), 12), np.repeat(np.arange(28), 3), np.tile(np.arange(3) - 1.0, 28)
    of_school = rng.normal(size=(7, 2)) @ np.array([[0.4, 0.0], [0.1, 0.2]]).T
    of_child = rng.normal(size=(28, 2)) @ np.array([[0.8, 0.0], [0.05, 0.1]]).T
    w = np.array([-0.8, 0.75]) + of_school[school] + of_child[child]
    frame = pd.DataFrame({"year": year, "school": school, "child": child})
    return frame, w[:, 0] + w[:, 1] * year + 0.55 * rng.normal(size=84), ["school", "child"]


def restricted(frame, y, task, covariances, noise):
    """The restricted likelihood of rows whose ids at every level are their own."""
    Z = np.c_[frame.drop(columns=task).to_numpy(), np.ones(len(frame))]
    K = noise * np.eye(len(y))
    for name, covariance in zip(task, covariances, strict=True):
        ids = frame[name].to_numpy()
        K += (Z @ covariance @ Z.T) * (ids[:, None] == ids)
    solved = np.linalg.solve(K, np.c_[Z, y])
    information, pull = Z.T @ solved[:, :-1], Z.T @ solved[:, -1]
    square = y @ solved[:, -1] - pull @ np.linalg.solve(information, pull)
    logs = np.linalg.slogdet(K)[1] + np.linalg.slogdet(information)[1]
    return -0.5 * (square + logs + (len(y) - Z.shape[1]) * np.log(2.0 * np.pi))


@varied(("make", "varying"), [(oxide, "intercept"), (growth, "all"), (growth, "intercept")], keep=2)
def test_what_is_learned_is_the_optimum_of_the_restricted_likelihood(make, varying):
    frame, y, task = make()
    model = learn(frame, y, task, covariance="full", varying=varying)
    prior, vary = model.prior_.learned, np.array([1]) if varying == "intercept" else np.arange(2)
    found = [prior.covariances[name] for name in task]
    assert model.learner_.evidence_ == pytest.approx(restricted(frame, y, task, found, float(prior.noise)), rel=1e-8)

    def cost(numbers):
        covariances, noise = [], np.exp(2.0 * numbers[-1])
        for part in np.split(numbers[:-1], len(task)):
            root = np.zeros((2, 2))
            root[vary[np.tril_indices(len(vary))[0]], vary[np.tril_indices(len(vary))[1]]] = part
            covariances.append(root @ root.T)
        return -restricted(frame, y, task, covariances, noise)

    half = np.eye(len(vary))[np.tril_indices(len(vary))] * y.std() / 3.0
    start = np.r_[half, half, np.log(y.std() / 3.0)]
    best = minimize(cost, start, method="BFGS")
    assert model.learner_.evidence_ > -best.fun - 1e-5
