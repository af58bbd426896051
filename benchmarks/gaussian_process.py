"""What is a learned covariance between tasks worth to a Gaussian process, beside a shared kernel and a linear correction?

Root mean squared error on rows of new tasks after 2, 5, 10 and 20 of them, the mean over fresh collections with its standard
error. "kernel alone" has the hyperparameters that make all past tasks most probable, and the mean of their targets; "fallback"
is `SharedModel` with the same process inside; both kinds of columns are in "room", where held-out tasks choose.
"""

import warnings

import numpy as np
from _common import Table, clocked, read_arguments, say
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.kernel_ridge import KernelRidge

from skmeta import GaussianProcessLearner, SharedModel, WarmStartRegressor
from skmeta.datasets import make_sinusoids
from skmeta.gaussian_process._kernels import kernel_of
from skmeta.gaussian_process._summed_likelihood import learn_law

SHOTS, N_PAST, N_OLD, N_NEW, N_QUERY = (2, 5, 10, 20), 20, 12, 10, 40


def process():
    kernel = ConstantKernel(1.0) * RBF(1.0) + WhiteKernel(0.1)
    return GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)


def ridge():
    return KernelRidge(alpha=0.1, kernel="rbf", gamma=0.5)


def smooth(rng, length, size, n_features):
    """A draw of a process of this length scale and size, by random Fourier features."""
    W = rng.normal(size=(n_features, 200)) / length
    shift, coef = rng.uniform(0.0, 2.0 * np.pi, 200), rng.normal(size=200) * np.sqrt(2.0 / 200)
    return lambda X: size * np.cos(X @ W + shift) @ coef


def sinusoids(rng, n_tasks, n_rows):
    X, y, _ = make_sinusoids(n_tasks, n_rows, noise=0.1, random_state=rng.integers(2**31))
    return X[:, :-1], y


def deviating(own, n_features=1):
    """A collection of a shared smooth function and what ``own(rng)`` draws for each task."""

    def draw(rng, n_tasks, n_rows):
        shared = smooth(rng, 1.0, 2.0, n_features)
        X = rng.uniform(-4.0, 4.0, (n_tasks, n_rows, n_features))
        y = np.array([shared(each) + own(rng)(each) for each in X])
        return X.reshape(-1, n_features), y.ravel() + 0.2 * rng.normal(size=y.size)

    return draw


def line(rng):
    level, slope = rng.normal(size=2) * [0.7, 0.3]
    return lambda X: level + slope * X[:, 0]


COLLECTIONS = {
    "sinusoids": sinusoids,
    "smooth deviations": deviating(lambda rng: smooth(rng, 2.0, 0.7, 1)),
    "smooth deviations, two columns": deviating(lambda rng: smooth(rng, 3.0, 0.7, 2), 2),
    "linear deviations": deviating(line),
}


def kernel_alone(estimator, X, y, codes):
    """``adapt(X, y)`` with the hyperparameters of all past tasks; none of a kernel ridge is there to be learned."""
    if not hasattr(estimator, "optimizer"):
        return None
    kernel, centre = kernel_of(estimator), y.mean()
    tasks = [(X[codes == code], y[codes == code] - centre) for code in np.unique(codes)]
    law = learn_law(kernel.gram, tasks, kernel.starts, kernel.bounds)
    same = ConstantKernel(law.scale) * kernel.at(law.theta) + ConstantKernel(law.level) + WhiteKernel(law.noise)

    def adapt(X_own, y_own):
        model = GaussianProcessRegressor(same, optimizer=None).fit(X_own, y_own - centre)
        return lambda query: centre + model.predict(query)

    return adapt


def adapters(estimator, X, y, codes):
    """Name to ``adapt(X, y)``, which gives a function that predicts."""
    pooled = clone(estimator).fit(X, y)
    found = {
        "own": lambda X_own, y_own: clone(estimator).fit(X_own, y_own).predict,
        "pooled": lambda X_own, y_own: pooled.predict,
        "kernel alone": kernel_alone(estimator, X, y, codes),
    }
    for name, learner in (("fallback", SharedModel()), ("room", GaussianProcessLearner())):
        warm = WarmStartRegressor(estimator, task=-1, learner=learner)
        _, seconds = clocked(lambda warm=warm: warm.fit(np.column_stack([X, codes]), y))
        say(f"{name}: {warm.prior_!r}, {seconds:.0f} s")
        found[name] = lambda X_own, y_own, warm=warm: warm.adapt(X_own, y_own).predict
    return {name: adapt for name, adapt in found.items() if adapt is not None}


def errors(draw, estimator, seed):
    """Name to the root mean squared error at each number of rows of new tasks."""
    rng = np.random.default_rng(seed)
    n = max(SHOTS) + N_QUERY
    X, y = draw(rng, N_PAST + N_NEW, n)
    codes, place = np.repeat(np.arange(N_PAST + N_NEW), n), np.tile(np.arange(n), N_PAST + N_NEW)
    past = (codes < N_PAST) & (place < N_OLD)
    found = {}
    for name, adapt in adapters(estimator, X[past], y[past], codes[past]).items():
        square = np.zeros(len(SHOTS))
        for code in range(N_PAST, N_PAST + N_NEW):
            rows = np.flatnonzero(codes == code)
            query = rows[max(SHOTS) :]
            for i, shots in enumerate(SHOTS):
                predict = adapt(X[rows[:shots]], y[rows[:shots]])
                square[i] += np.mean((predict(X[query]) - y[query]) ** 2) / N_NEW
        found[name] = np.sqrt(square)
    return found


def main():
    args = read_arguments(__doc__, seeds=4, first=0, only="")
    warnings.simplefilter("ignore", ConvergenceWarning)
    table = Table(
        "Processes and kernel ridge: error on new tasks",
        ["collection", "estimator", "model", *(f"{n} rows" for n in SHOTS)],
        n_names=3,
    )
    for name, draw in COLLECTIONS.items():
        for estimator in (process(), ridge()):
            if args.only not in f"{name} {type(estimator).__name__}":
                continue
            n_seeds = 2 if args.quick else args.seeds
            each = [errors(draw, estimator, seed) for seed in range(args.first, args.first + n_seeds)]
            for model in each[0]:
                values = np.array([found[model] for found in each])
                pairs = zip(values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(n_seeds), strict=True)
                table.add(name, type(estimator).__name__, model, *(f"{m:.3f} ± {e:.3f}" for m, e in pairs))
    table.show()


if __name__ == "__main__":
    main()
