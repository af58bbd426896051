"""Truths whose columns come in blocks: coefficients, and rows of them."""

import numpy as np

BLOCKS = {"first": 0.5, "second": 0.2, "third": 0.05, "fourth": 0.01}  # half the scale of a block's coefficients
N_COLUMNS = 15  # of each block


def columns_of(order=None):
    """Name of a block to its columns; columns in another ``order`` make blocks that are wrong."""
    order = np.arange(len(BLOCKS) * N_COLUMNS) if order is None else order
    return {name: part.tolist() for name, part in zip(BLOCKS, np.split(order, len(BLOCKS)), strict=True)}


def law(rng, kind):
    """``(mean, covariance)``, the intercept last; within blocks coefficients are "correlated" (rank two) or "independent"."""
    blocks = columns_of()
    p = sum(map(len, blocks.values())) + 1
    covariance = np.zeros((p, p))
    covariance[-1, -1] = 4.0
    for scale, columns in zip(BLOCKS.values(), blocks.values(), strict=True):
        factor = rng.normal(size=(len(columns), 2))
        shape = 0.5 * factor @ factor.T + 0.2 * np.eye(len(columns)) if kind == "correlated" else np.eye(len(columns))
        covariance[np.ix_(columns, columns)] = 4.0 * scale**2 * shape / np.diag(shape).mean()
    return np.r_[0.3 * rng.normal(size=p - 1), 2.0], covariance


def drawn(rng, mean, covariance, n_tasks, n_rows, lacks=0.0):
    """``(X (n_tasks, n_rows, p - 1), y, coefficients)``; a task lacks a block with probability ``lacks``, and all it does."""
    coef = mean + rng.normal(size=(n_tasks, len(mean))) @ np.linalg.cholesky(covariance).T
    X = rng.normal(size=(n_tasks, n_rows, len(mean) - 1))
    if lacks:
        for columns in columns_of().values():
            gone = np.flatnonzero(rng.random(n_tasks) < lacks)
            X[np.ix_(gone, np.arange(n_rows), columns)] = np.nan
    signal = np.einsum("tnp,tp->tn", np.nan_to_num(X), coef[:, :-1]) + coef[:, -1:]
    return X, signal + rng.normal(size=signal.shape), coef


def in_table(X, y):
    """The same as one table with the task's number as last column."""
    task = np.repeat(np.arange(len(X)), X.shape[1])
    return np.column_stack([X.reshape(len(task), -1), task]), y.ravel()
