"""Random kernels and trials of Gaussian processes, and the same by scikit-learn."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from skmeta.tuning._surrogates import gp, task_gp
from skmeta.tuning._surrogates.gp import (
    Kernel,
    Trials,
    kernel_hyperprior,
)

JITTER = 1e-6
SCALES = task_gp._SCALES
designs = st.integers(0, 10**6).map(np.random.default_rng)
few = settings(deadline=None, max_examples=10)


def kernel_of(rng, d, groups=None):
    lengths = np.exp(rng.uniform(-1.5, 1.5, d if groups is None else groups.max() + 1))
    return Kernel(lengths if groups is None else lengths[groups], rng.uniform(0.3, 2.0), rng.uniform(0.01, 0.3))


def trials_of(rng, sizes, d):
    """Tasks of different sizes, what is beyond their trials filled with rubbish; and each by itself."""
    n = max(sizes)
    known = np.arange(n) < np.array(sizes)[:, None]
    points, noise = rng.uniform(size=(len(sizes), n, d)), rng.uniform(0.2, 3.0, (len(sizes), n))
    scores = np.where(known, rng.normal(size=(len(sizes), n)), 0.0)
    alone = [Trials.of_one(points[t, :k], scores[t, :k], noise[t, :k]) for t, k in enumerate(sizes)]
    return Trials(points, scores, noise, known), alone


def by_sklearn(kernel, trials, intercept=0.0):
    """scikit-learn's process with the same kernel and variance of an intercept, given the trials of one task."""
    shape = ConstantKernel(kernel.variance) * Matern(kernel.lengths, nu=2.5)
    if intercept:
        shape += ConstantKernel(intercept)
    model = GaussianProcessRegressor(shape, alpha=kernel.noise * trials.noise[0] + JITTER, optimizer=None)
    return model.fit(trials.points[0], trials.scores[0])


def density(logs, trials, groups, prior=True):
    """Minus the log density of trials and of the kernel's logarithms, its gradient and its information."""
    n_groups = groups.max(initial=-1) + 1
    means, precisions = kernel_hyperprior(n_groups)
    spread = gp._spread_by_group(trials.points, groups, n_groups)
    fixed = gp._jitter(trials.known)
    return gp._negative_density(logs, spread, trials, fixed, means, precisions if prior else 0 * precisions)
