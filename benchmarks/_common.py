"""What all benchmarks share: the command line, the table, the clock, the collections and the four standard models."""

import argparse
import sys
import time
import warnings

from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import WarmStartClassifier, WarmStartRegressor, shot_curve
from skmeta.model_selection import OwnModel, PooledModel, ResidualModel


def read_arguments(description, **options):
    """The command line; ``options`` are further flags with their defaults."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smaller run, to see that it works")
    for name, default in options.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    warnings.simplefilter("ignore", ConvergenceWarning)
    return parser.parse_args()


def say(text):
    """Progress, apart from the table."""
    print(text, file=sys.stderr, flush=True)


class Table:
    """A table printed at the end, one line a row; columns are right-aligned except the first ``n_names``."""

    def __init__(self, title, header, n_names=1):
        self.title, self.n_names = title, n_names
        self.rows = [[str(h) for h in header]]

    def add(self, *cells):
        self.rows.append([f"{c:.4g}" if isinstance(c, float) else str(c) for c in cells])
        say("  ".join(self.rows[-1]))

    def show(self, *notes):
        widths = [max(len(row[i]) for row in self.rows if i < len(row)) for i in range(len(self.rows[0]))]
        print(f"\n{self.title}\n")
        for row in self.rows:
            cells = [
                c.ljust(w) if i < self.n_names else c.rjust(w)
                for i, (c, w) in enumerate(zip(row, widths, strict=False))
            ]
            print("  ".join(cells).rstrip())
        for note in notes:
            print(f"* {note}")


def clocked(call, repeat=1):
    """``(value, seconds)``, the best time of ``repeat`` calls."""
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        value = call()
        seconds.append(time.perf_counter() - start)
    return value, min(seconds)


def percent(ratio):
    """A ratio as the excess over one, in per cent."""
    return f"{100.0 * (ratio - 1.0):+.1f}"


def ridge():
    """The estimator of most benchmarks."""
    return make_pipeline(StandardScaler(), Ridge())


def standard_models(estimator):
    """Own, pooled, residual and warm, for a table whose last column is the task."""
    warm = WarmStartClassifier if is_classifier(estimator) else WarmStartRegressor
    return {
        "own": OwnModel(estimator, task=-1),
        "pooled": PooledModel(estimator, task=-1),
        "residual": ResidualModel(estimator, task=-1),
        "warm": warm(estimator, task=-1),
    }


def errors_by_shots(models, X, y, peers=(), **options):
    """Name to ``(errors (n_shots,), seconds)``; a peer that fails is named with its reason instead of errors."""
    found = {}
    for name, model in models.items():
        start = time.perf_counter()
        try:
            errors = -shot_curve({name: model}, X, y, task=-1, **options).mean[0]
        except Exception as error:
            if name not in peers:
                raise
            errors = f"failed: {type(error).__name__}: {str(error).splitlines()[0][:60]}"
        found[name] = errors, time.perf_counter() - start
    return found
