"""Collections of tasks with the same kinds of clusters, at other places in each."""

import numpy as np
import pandas as pd

COLUMNS = ["height", "width", "age"]


def draw_kinds(rng, n_clusters=4, n_features=3, spread=4.0):
    """Mean centres."""
    return spread * rng.normal(size=(n_clusters, n_features))


def draw_task(rng, kinds, n_rows, common=1.0, own=0.5):
    """Rows of a task, and the kind of each: centres shifted together, and each by itself; variance one within."""
    centers = kinds + common * rng.normal(size=kinds.shape[1]) + own * rng.normal(size=kinds.shape)
    kind = rng.integers(len(kinds), size=n_rows)
    return centers[kind] + rng.normal(size=(n_rows, kinds.shape[1])), kind


def draw_table(rng, kinds, n_tasks=12, n_rows=40, **options):
    """A frame with the task column "shop", and the kind of each row."""
    tasks = [draw_task(rng, kinds, n_rows, **options) for _ in range(n_tasks)]
    shop = np.repeat([f"s{i:02d}" for i in range(n_tasks)], n_rows)
    table = pd.DataFrame(np.vstack([X for X, _ in tasks]), columns=COLUMNS[: kinds.shape[1]]).assign(shop=shop)
    return table, np.concatenate([kind for _, kind in tasks])
