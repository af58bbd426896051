"""How many steps of stochastic gradient descent does a learned starting point save?

Passes over the task's 20 rows until the error on its other rows is within 5 % of what the estimator ends with when it
starts from zero (median over new tasks), the error after one and after three passes, and that after all of them.
"""

import warnings

import numpy as np
from _common import Table, read_arguments
from _models import past_and_new
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.metrics import log_loss

from skmeta import WarmStartClassifier, WarmStartRegressor
from skmeta.datasets import make_related_classification, make_related_regression

PASSES = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233)
N_PAST, N_ROWS = 200, 20


def with_passes(estimator, n):
    return type(estimator)(**{**estimator.get_params(), "max_iter": n, "tol": None})


def task_errors(fit, estimator, X, y, error):
    """Error on the rows that were not known, by number of passes."""
    return [error(fit(with_passes(estimator, n), X[:N_ROWS], y[:N_ROWS]), X[N_ROWS:], y[N_ROWS:]) for n in PASSES]


def squared(model, X, y):
    return np.mean((model.predict(X) - y) ** 2)


def loss(model, X, y):
    return log_loss(y, model.predict_proba(X), labels=[0, 1])


REGRESSION = WarmStartRegressor, make_related_regression, squared
CLASSIFICATION = WarmStartClassifier, make_related_classification, loss
LOGISTIC = {"loss": "log_loss", "random_state": 0}
CASES = {
    "SGDRegressor": (SGDRegressor(random_state=0), *REGRESSION),
    "SGDClassifier, invscaling": (SGDClassifier(learning_rate="invscaling", eta0=0.01, **LOGISTIC), *CLASSIFICATION),
    "SGDClassifier, constant": (SGDClassifier(learning_rate="constant", eta0=0.01, **LOGISTIC), *CLASSIFICATION),
    "SGDClassifier, optimal": (SGDClassifier(**LOGISTIC), *CLASSIFICATION),
}


def errors_by_start(case, n_new):
    """Errors ``(n_new, len(PASSES))`` from zero and from the learned start."""
    estimator, shell, make, error = CASES[case]
    past, (X, y), _ = past_and_new(make, N_PAST, n_new, N_ROWS + 100, covariance="diagonal", random_state=0)
    prior = shell(estimator, task=-1).fit(*past).prior_
    starts = {"zero": lambda e, X, y: e.fit(X, y), "learned": prior.adapt}
    blocks = [(X[X[:, -1] == t, :-1], y[X[:, -1] == t]) for t in range(N_PAST, N_PAST + n_new)]
    return {
        start: np.array([task_errors(fit, estimator, *block, error) for block in blocks])
        for start, fit in starts.items()
    }


def passes_needed(errors, goal):
    """Median over the tasks of the passes to ``goal (n_new,)``; that of the last where it was never reached."""
    reached = errors <= goal[:, None]
    return np.median(np.where(reached.any(axis=1), np.array(PASSES)[np.argmax(reached, axis=1)], PASSES[-1]))


def main():
    args = read_arguments(__doc__)
    warnings.simplefilter("ignore", ConvergenceWarning)
    table = Table(
        f"Passes of SGD over {N_ROWS} rows of a new task",
        ["estimator", "start", "passes needed", "error 1 pass", "3 passes", f"{PASSES[-1]} passes"],
        2,
    )
    for case in CASES:
        curves = errors_by_start(case, 10 if args.quick else 40)
        goal = 1.05 * curves["zero"][:, -1]
        for start, errors in curves.items():
            mean = errors.mean(axis=0)
            shown = (f"{mean[PASSES.index(n)]:.3f}" for n in (1, 3, PASSES[-1]))
            table.add(case, start, f"{passes_needed(errors, goal):.0f}", *shown)
    table.show(
        "errors: mean squared error, log-loss",
        "SGDClassifier's default schedule, 'optimal', throws any start away: its first steps are as large as 1 / (alpha t0)",
    )


if __name__ == "__main__":
    main()
