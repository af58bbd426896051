"""What tests of the baselines share: tasks whose slopes differ, and the three baselines."""

import numpy as np
import pandas as pd
import pytest

from skmeta.model_selection import OwnModel, PooledModel, ResidualModel

BASELINES = [OwnModel, PooledModel, ResidualModel]
each_baseline = pytest.mark.parametrize("Baseline", BASELINES)


def make_tasks(n_tasks=6, n_rows=12, seed=0):
    rng = np.random.default_rng(seed)
    ids = rng.permutation(np.repeat(np.arange(n_tasks), n_rows))
    X = rng.normal(size=(len(ids), 3))
    score = (X * rng.normal(size=(n_tasks, 3))[ids]).sum(axis=1) + ids + 0.3 * rng.normal(size=len(ids))
    return X, ids, score


X, IDS, Y = make_tasks()
TABLE = np.column_stack([X, IDS])
LABELS = np.array(["low", "mid", "high"])[np.digitize(Y, np.quantile(Y, [0.3, 0.6]))]
NEW = np.column_stack([X[:10], np.repeat([0, 3, 99], [4, 4, 2])])  # 99 is unknown
UNKNOWN = NEW[:, -1] == 99


def as_named(table):
    names = np.array(["a", "b", "c", "d", "e", "f"] + ["?"] * 94)
    return pd.DataFrame(table[:, :-1], columns=["x", "y", "z"]).assign(shop=names[table[:, -1].astype(int)])
