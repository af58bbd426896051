"""Tables of shops as users have them, collections as the report reads them, and its command line run in the process."""

from pathlib import Path

import numpy as np
import pytest

from skmeta import __main__
from skmeta.report._read import Collection

pd = pytest.importorskip("pandas")
ROOT = Path(__file__).parents[1]


def make_shops(n_tasks=14, n_rows=9, spread=1.0, seed=0):
    """A shop table as users have them: text ids, dates, gaps, categories, and columns that say nothing."""
    rng = np.random.default_rng(seed)
    shop = np.repeat(np.arange(n_tasks), n_rows)
    n = len(shop)
    coef = rng.normal([3.0, -2.0, 5.0], spread, size=(n_tasks, 3))[shop]
    price, weather = rng.normal(size=n), rng.choice(["sun", "rain"], n)
    sales = price * coef[:, 0] + (weather == "sun") * coef[:, 1] + coef[:, 2] + 0.3 * rng.normal(size=n)
    day = np.tile(np.arange(n_rows), n_tasks)
    frame = pd.DataFrame(
        {
            "row": np.arange(n) + 100,
            "shop": [f"shop {k}" for k in shop],
            "address": [f"{k} Main Street" for k in shop],
            "date": (pd.Timestamp("2024-01-30") + pd.to_timedelta(day, unit="D")).strftime("%Y-%m-%d"),
            "price": np.where(rng.random(n) < 0.05, np.nan, price),
            "weather": np.where(rng.random(n) < 0.05, None, weather),
            "open": rng.random(n) < 0.5,
            "remark": [f"remark {k}" for k in range(n)],
            "country": "NL",
            "sales": sales,
        }
    )
    return frame.sample(frac=1, random_state=seed, ignore_index=True)


def make_collection(n_tasks=9, n_rows=8, seed=0, classes=0):
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.normal(size=(len(task), 2))
    y = X[:, 0] + task + 0.1 * rng.normal(size=len(task))
    y = np.digitize(X[:, 0], np.linspace(-0.5, 0.5, classes - 1)) if classes else y
    return Collection("made up", np.c_[X, task], y, 2, ("site", "target"), [0, 1], [])


def run(capsys, *argv):
    """Status, and what was written to stdout and stderr."""
    status = __main__.main([str(arg) for arg in argv])
    return status, *capsys.readouterr()
