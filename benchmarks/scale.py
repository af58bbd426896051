"""How do seconds and memory of learning grow with the tasks, and with columns that are many and sparse?

Each line is a process of its own: seconds of ``WarmStart*.fit`` and the peak of memory while it ran, data included, as a
multiple of the data. "per task" is the processor's time for one task over that of the first line of its kind: 1.0 is
linear.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time

import _peers
import numpy as np
from _common import Table, read_arguments
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge

from skmeta import WarmStartClassifier, WarmStartRegressor
from skmeta.datasets import make_related_regression


def narrow(n_tasks, n_rows=20, n_features=20):
    """Rows of related tasks, made block by block so that making them needs no more memory than they do."""
    X, y = np.empty((n_tasks * n_rows, n_features + 1)), np.empty(n_tasks * n_rows)
    rng, block = np.random.default_rng(0), 1000
    mean, factor = rng.standard_normal(n_features), rng.standard_normal((n_features, 3))
    for start in range(0, n_tasks, block):
        size = min(block, n_tasks - start)
        rows = slice(start * n_rows, (start + size) * n_rows)
        coef = mean + rng.standard_normal((size, 3)) @ factor.T + 0.3 * rng.standard_normal((size, n_features))
        X[rows, :-1] = rng.standard_normal((size * n_rows, n_features))
        X[rows, -1] = np.repeat(np.arange(start, start + size), n_rows)
        y[rows] = np.einsum("ij,ij->i", X[rows, :-1], np.repeat(coef, n_rows, axis=0)) + rng.standard_normal(
            size * n_rows
        )
    return X, y


def text(n_tasks, n_rows=50, n_features=20_000, n_words=100):
    """Sparse rows like a TF-IDF: words by Zipf's law, unit length; the last column is the task. Labels of two classes."""
    rng = np.random.default_rng(0)
    n = n_tasks * n_rows
    frequency = 1.0 / (np.arange(n_features) + 10.0)
    words = rng.choice(n_features, size=(n, n_words), p=frequency / frequency.sum())
    counts = sparse.csr_matrix(
        (np.ones(words.size), words.ravel(), np.arange(0, words.size + 1, n_words)), shape=(n, n_features)
    )
    counts.sum_duplicates()
    counts.data = (1.0 + np.log(counts.data)) * np.log(frequency.sum() / frequency[counts.indices])
    length = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    Z = sparse.diags(1.0 / length) @ counts
    task = np.repeat(np.arange(n_tasks), n_rows)
    shared, own = 10.0 * rng.standard_normal(n_features), 5.0 * rng.standard_normal((n_tasks, 40))
    score = Z @ shared + np.einsum("ij,ij->i", Z[:, :40].toarray(), own[task])
    labels = (score + rng.logistic(size=n) > 0).astype(int)
    return sparse.hstack([Z, sparse.csr_matrix(task[:, None].astype(float))], format="csr"), labels


class OwnModels:
    """A plain Ridge a task, in a loop."""

    def fit(self, X, y):
        ends = np.flatnonzero(np.diff(X[:, -1])) + 1
        tasks = zip(np.split(X[:, :-1], ends), np.split(y, ends), strict=True)
        self.models_ = [Ridge().fit(rows, targets) for rows, targets in tasks]


CASES = {
    "narrow": (narrow, lambda jobs: WarmStartRegressor(Ridge(), task=-1, n_jobs=jobs)),
    "narrow, own models": (narrow, lambda jobs: OwnModels()),
    "narrow, GPBoost": (narrow, lambda jobs: _peers.GPBoost()),
    "text, logistic": (text, lambda jobs: WarmStartClassifier(LogisticRegression(), task=-1, n_jobs=jobs)),
    "text, ridge": (text, lambda jobs: WarmStartRegressor(Ridge(), task=-1, n_jobs=jobs)),
}


def memory(peak=False):
    """Megabytes that this process holds, or the most it ever held."""
    if peak:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def measure(case, n_tasks, jobs):
    """Run one line in this process and print it as JSON."""
    make, model = CASES[case]
    small, labels, _ = make_related_regression(n_tasks=20, n_features=3, random_state=0)
    WarmStartRegressor(Ridge(), task=-1).fit(small, labels)  # imports and first calls are not what is measured
    before = memory()
    X, y = make(n_tasks)
    data = (
        sum(a.nbytes for a in ((X.data, X.indices, X.indptr) if sparse.issparse(X) else (X,))) / 2**20
        + y.nbytes / 2**20
    )
    made = memory(peak=True) - before
    start, worked = time.perf_counter(), time.process_time()
    model(jobs).fit(X, y)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    print(
        json.dumps({"seconds": seconds, "cpu": worked, "data": data, "peak": memory(peak=True) - before, "made": made})
    )


def in_own_process(case, n_tasks, jobs, limit):
    """What `measure` finds, or the reason why it does not end within ``limit`` CPU seconds, "failed"."""

    def restrict():
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))

    command = [sys.executable, __file__, "--case", case, "--tasks", str(n_tasks), "--jobs", str(jobs)]
    seen = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}  # the library that this process sees
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=restrict, env=seen)
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return {"failed": f"over {limit} CPU s"}
    if done.returncode:
        return {"failed": "failed: " + (done.stderr.strip().splitlines() or [""])[-1][:80]}
    return json.loads(done.stdout.splitlines()[-1])


def main():
    args = read_arguments(__doc__, case="", tasks=0, jobs=1, limit=120)
    if args.case:
        measure(args.case, args.tasks, args.jobs)
        return
    sizes = (1_000, 3_000) if args.quick else (3_000, 10_000, 30_000)
    lines = [("narrow", n, jobs) for jobs in (1, 2) for n in sizes] + [("narrow, own models", sizes[0], 1)]
    lines += [(case, n, 1) for case in ("text, logistic", "text, ridge") for n in ((50,) if args.quick else (50, 200))]
    table = Table(
        "Learning from many tasks, and from wide ones",
        ["columns", "tasks", "jobs", "seconds", "cpu s", "per task", "data MB", "peak MB", "peak / data"],
    )
    first = {}
    for case, n_tasks, jobs in lines:
        found = in_own_process(case, n_tasks, jobs, args.limit)
        if "failed" in found:
            table.add(case, n_tasks, jobs, found["failed"])
            continue
        pace = found["cpu"] / n_tasks
        first.setdefault((case, jobs), pace)
        made = ">" if found["made"] >= found["peak"] else ""
        table.add(
            case,
            n_tasks,
            jobs,
            f"{found['seconds']:.2f}",
            f"{found['cpu']:.2f}",
            f"{pace / first[case, jobs]:.2f}",
            f"{found['data']:.0f}",
            f"{found['peak']:.0f}",
            f"{found['peak'] / found['data']:.1f}{made}",
        )
    table.show(
        "20 rows and 20 columns a task; text: 50 rows a task, 20,000 sparse columns",
        "'>': making the data needed more memory than learning from them",
    )


if __name__ == "__main__":
    main()
