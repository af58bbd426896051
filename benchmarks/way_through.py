"""How long is the way of one fit through the library: calls, files, rooms, readings of the rows, checks of the prior?

``WarmStartRegressor(Ridge(), task=-1).fit`` of 40 tasks of 20 rows and 5 columns under ``sys.setprofile``, the median of
five collections (how many sweeps a fit takes depends on the data), one fit before it. A *call* is every entry into Python
code that stands in a file of skmeta, as the interpreter sees it: functions, lambdas, properties, comprehensions (before
Python 3.12), generators whenever they go on; nothing that is written in C. *Rooms* are the folders and files right below
skmeta; they *change* where two calls, one after the other, stand in different ones. Below that: calls of what reads rows
(``--reading``: names of functions, in skmeta or scikit-learn), and of ``__post_init__`` of classes named ``...Prior``,
which is where a prior is validated.
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
from _checkouts import Checkout, failed, read_folders, serve
from _common import Table, read_arguments
from sklearn.linear_model import Ridge

import skmeta
from skmeta import WarmStartRegressor

ROOT = Path(skmeta.__file__).parent
READING = "check_array,validate_data,numeric_features,as_table"


class Way:
    """A profiler: what Python calls within skmeta, and anywhere the functions named by ``reading``."""

    def __init__(self, reading):
        self.reading = frozenset(reading)
        self.files, self.rooms, self.read, self.validated = Counter(), [], Counter(), Counter()

    def __call__(self, frame, event, argument):
        if event != "call":
            return
        code = frame.f_code
        if code.co_name in self.reading:
            self.read[code.co_name] += 1
        path = Path(code.co_filename)
        if not path.is_relative_to(ROOT):
            return
        self.files[path] += 1
        self.rooms.append(path.relative_to(ROOT).parts[0])
        if code.co_name == "__post_init__" and frame.f_back.f_code.co_name != "__post_init__":  # not by super()
            self.validated[type(frame.f_locals["self"]).__name__] += 1

    def counts(self):
        """Name to number of all that is counted."""
        found = {
            "calls": self.files.total(),
            "files": len(self.files),
            "rooms": len(set(self.rooms)),
            "room changes": sum(a != b for a, b in zip(self.rooms, self.rooms[1:], strict=False)),
        }
        found |= {f"{name}()": self.read[name] for name in sorted(self.reading)}
        return found | {f"{name} validated": n for name, n in self.validated.items() if name.endswith("Prior")}


def tasks(seed, n_tasks=40, n_rows=20, n_features=5):
    """A table of related tasks, the task its last column, and targets."""
    rng = np.random.default_rng(seed)
    task, mean = np.repeat(np.arange(n_tasks), n_rows), rng.standard_normal(n_features)
    X, coef = rng.standard_normal((len(task), n_features)), mean + rng.standard_normal((n_tasks, n_features))
    return np.column_stack([X, task]), np.einsum("ij,ij->i", X, coef[task]) + rng.standard_normal(len(task))


def count(seed, reading):
    """What one fit, that is not the first, calls."""
    X, y = tasks(seed)
    WarmStartRegressor(Ridge(), task=-1).fit(X, y)
    model, way = WarmStartRegressor(Ridge(), task=-1), Way(reading.split(","))
    sys.setprofile(way)
    model.fit(X, y)
    sys.setprofile(None)
    return way.counts()


def medians(folder, seeds, reading):
    """Name to the median over the collections."""
    with Checkout(folder, __file__) as checkout:
        found = [checkout.ask(seed=seed, reading=reading) for seed in range(seeds)]
    if misses := [answer for answer in found if failed(answer)]:
        raise SystemExit(f"{folder}: {misses[0]}")
    names = dict.fromkeys(name for answer in found for name in answer)
    return {name: float(np.median([answer.get(name, 0) for answer in found])) for name in names}


def main():
    args = read_arguments(__doc__, before="", after="", reading=READING, seeds=0)
    seeds = args.seeds or (1 if args.quick else 5)
    found = {name: medians(folder, seeds, args.reading) for name, folder in read_folders(args).items()}
    table = Table(f"One fit of 40 tasks x 20 rows x 5 columns, median of {seeds}", ["", "before", "after"])
    for name in dict.fromkeys([*found["before"], *found["after"]]):
        table.add(name, *(f"{found[side].get(name, 0):.0f}" for side in ("before", "after")))
    table.show()


if __name__ == "__main__":
    serve(count) if "--serve" in sys.argv else main()
