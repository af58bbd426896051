"""Made-up tasks that three numbers and two categories describe, and Bayes with their true law."""

import numpy as np
import pandas as pd

P = 9  # coefficients, the intercept last
SPREAD = 0.3  # of a task's coefficients around what its descriptors say
DESCRIPTORS = ["z1", "z2", "z3", "a", "b"]
LEVELS = {"a": "xyz", "b": "pqrs"}


class Described:
    """A law of tasks: coefficients are ``f(z) + .3 N(0, I)``, columns N(0, 1) and an intercept, noise of sd 1.

    ``kind`` is "linear" (numbers and centred dummies), "step/sine" (steps, waves and an interaction of some of them) or
    "noise" (the same mean in all tasks).
    """

    def __init__(self, kind, rng):
        self.kind, self.rng = kind, rng
        self.mean, self.effects, self.bends = (
            rng.normal(size=P),
            0.4 * rng.normal(size=(10, P)),
            rng.normal(size=(4, P)),
        )

    def tasks(self, n_tasks):
        """Descriptors as a frame, and coefficients ``(n_tasks, P)`` with what the descriptors say of them."""
        numbers, a, b = (
            self.rng.normal(size=(n_tasks, 3)),
            self.rng.integers(3, size=n_tasks),
            self.rng.integers(4, size=n_tasks),
        )
        said = self.mean + self._moves(numbers, a, b)
        frame = pd.DataFrame(numbers, columns=DESCRIPTORS[:3])
        frame["a"], frame["b"] = np.array(list(LEVELS["a"]))[a], np.array(list(LEVELS["b"]))[b]
        return frame, said + SPREAD * self.rng.normal(size=said.shape), said

    def _moves(self, numbers, a, b):
        if self.kind == "linear":
            return np.c_[numbers, np.eye(3)[a] - 1 / 3, np.eye(4)[b] - 1 / 4] @ self.effects
        if self.kind == "noise":
            return np.zeros((len(numbers), P))
        first, second, third = numbers.T
        bent = np.c_[np.sign(first), np.sin(2.0 * second), np.abs(third) - 0.8, np.sign(first) * (a == 1)]
        return 0.6 * bent @ self.bends


def rows_of(coefficients, n_rows, rng):
    """Rows ``(n_tasks, n_rows, P - 1)`` and targets ``(n_tasks, n_rows)``."""
    X = rng.normal(size=(len(coefficients), n_rows, P - 1))
    slopes = np.einsum("tnp,tp->tn", X, coefficients[:, :-1])
    return X, slopes + coefficients[:, -1:] + rng.normal(size=X.shape[:2])


def as_table(descriptors, X, prefix="task "):
    """One frame of rows with the task's id and its descriptors."""
    n_tasks, n_rows, d = X.shape
    table = pd.DataFrame(X.reshape(-1, d), columns=[f"x{i}" for i in range(d)])
    task = np.repeat(np.arange(n_tasks), n_rows)
    table["task"] = [f"{prefix}{i:03d}" for i in task]
    return pd.concat([table, descriptors.iloc[task].reset_index(drop=True)], axis=1)


def posterior_means(said, covariance, X, y):
    """Coefficients that Bayes expects where the law is known: ``N(said, covariance)`` and noise of sd 1."""
    Z = np.concatenate([X, np.ones((*X.shape[:2], 1))], axis=2)
    precision = np.linalg.inv(covariance) + np.einsum("tni,tnj->tij", Z, Z)
    residual = y - np.einsum("tnp,tp->tn", Z, said)
    return said + np.linalg.solve(precision, np.einsum("tnp,tn->tp", Z, residual)[..., None])[..., 0]


def error(found, coefficients):
    """Mean square of a new row's prediction, exact: its columns are N(0, 1)."""
    return 1.0 + ((found - coefficients) ** 2).sum(axis=1).mean()
