"""How do seconds and memory of two dask processes grow up to a million tasks, where no place holds them all?

Each line is a process of its own with one worker beside it. Rows are made by partitions where they are needed and gone
afterwards, statistics stay with the worker, which writes to disk what is more than its share of memory. All processes of
a line together may hold ``--cap`` megabytes: they are watched, and ended where they hold more; what they held at most is
in the table. "rows alone" and "statistics" are what the collection would take in one place. "off by" is the distance of the
prior's mean from the truth, in standard errors of a mean over so many tasks, on average over the coefficients; one is
what is to be expected.

    python benchmarks/beyond_one_machine.py --quick
    python benchmarks/beyond_one_machine.py --tasks 1000000
"""

import json
import subprocess
import sys
import tempfile
import time

import numpy as np
from _common import Table, read_arguments, say

ROWS, COLUMNS, IN_A_PARTITION = 20, 20, 5_000
MEGABYTE = 2**20


def truth():
    """Mean of the tasks' coefficients, the intercept last, and a root of their covariance."""
    rng = np.random.default_rng(0)
    return rng.standard_normal(COLUMNS + 1), 0.5 * rng.standard_normal((COLUMNS + 1, 3))


def partition(start, n_tasks, seed=1):
    """Rows of the tasks from ``start`` on, as a frame: the same whenever it is asked for."""
    import pandas as pd

    mean, factor = truth()
    rng = np.random.default_rng([seed, start])
    coef = mean + rng.standard_normal((n_tasks, 3)) @ factor.T + 0.3 * rng.standard_normal((n_tasks, COLUMNS + 1))
    X = rng.standard_normal((n_tasks, ROWS, COLUMNS))
    y = np.einsum("tnp,tp->tn", X, coef[:, :-1]) + coef[:, -1:] + rng.standard_normal((n_tasks, ROWS))
    frame = pd.DataFrame(X.reshape(-1, COLUMNS), columns=[f"x{k}" for k in range(COLUMNS)])
    return frame.assign(store=np.repeat(np.arange(start, start + n_tasks), ROWS), y=y.ravel())


def watched(command, cap, limit):
    """``(output, most)``: what a command prints, and the megabytes that it and its children held at most, up to the cap."""
    import psutil

    most, begin = 0.0, time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        root = psutil.Process(process.pid)
        while process.poll() is None:
            most = max(most, held_by(root))
            if most > cap or time.perf_counter() - begin > limit:
                for each in [*root.children(recursive=True), root]:
                    each.kill()
            time.sleep(0.05)
        return process.stdout.read(), most


def held_by(root):
    """Megabytes that a process and its children hold."""
    import psutil

    held = 0
    for each in [root, *children_of(root)]:
        try:
            held += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return held / MEGABYTE


def children_of(root):
    import psutil

    try:
        return root.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def measure(n_tasks, cap):
    """Run one line in this process and its worker, and print it as JSON."""
    import dask
    import dask.dataframe as dd
    from distributed import Client, LocalCluster
    from sklearn.linear_model import Ridge

    from skmeta import learn_prior

    starts = range(0, n_tasks, IN_A_PARTITION)
    sizes = [min(IN_A_PARTITION, n_tasks - start) for start in starts]
    frame = dd.from_map(partition, starts, sizes, meta=partition(0, 1).iloc[:0])
    begin = time.perf_counter()

    def progress(done, total):
        say(f"  {n_tasks} tasks: part {done} of {total} after {time.perf_counter() - begin:.0f} s")

    with tempfile.TemporaryDirectory() as folder, dask.config.set({"temporary-directory": folder}):
        limits = {"memory_limit": int(0.4 * cap) * MEGABYTE, "local_directory": folder, "dashboard_address": None}
        with (
            LocalCluster(n_workers=1, threads_per_worker=1, processes=True, **limits) as cluster,
            Client(cluster) as client,
        ):
            before = cpu_of_worker(client)
            begin = time.perf_counter()
            prior = learn_prior(frame, Ridge(), task="store", target="y", progress=progress)
            seconds, cpu = time.perf_counter() - begin, cpu_of_worker(client) - before + time.process_time()
    mean, factor = truth()
    spread = np.sqrt((factor**2).sum(axis=1) + 0.09)
    off = np.abs(prior.mean - mean) / spread * np.sqrt(n_tasks)
    print(json.dumps({"seconds": seconds, "cpu": cpu, "off": float(np.sqrt((off**2).mean()))}))


def cpu_of_worker(client):
    """Seconds that the processor has worked for the worker."""
    return max(client.run(time.process_time).values())


def main():
    args = read_arguments(__doc__, worker=0, tasks=0, cap=2048, limit=1800)
    if args.worker:
        measure(args.worker, args.cap)
        return
    sizes = [args.tasks] if args.tasks else [5_000, 10_000] if args.quick else [10_000, 30_000, 100_000]
    names = ["tasks", "seconds", "cpu s", "cpu us a task", "rows alone MB", "statistics MB", "held MB", "off by"]
    table = Table("Learning from tasks that no place holds", names)
    for n_tasks in sizes:
        command = [sys.executable, __file__, "--worker", str(n_tasks), "--cap", str(args.cap)]
        printed, most = watched(command, args.cap, args.limit)
        if not printed.strip():
            table.add(n_tasks, f"failed, holding up to {most:.0f} MB")
            continue
        found = json.loads(printed.splitlines()[-1])
        numbers = n_tasks * 8 / MEGABYTE
        sizes_in_memory = numbers * ROWS * (COLUMNS + 2), numbers * (COLUMNS**2 + 2 * COLUMNS + 4), most
        table.add(
            n_tasks,
            f"{found['seconds']:.1f}",
            f"{found['cpu']:.1f}",
            f"{1e6 * found['cpu'] / n_tasks:.0f}",
            *(f"{size:.0f}" for size in sizes_in_memory),
            f"{found['off']:.2f}",
        )
    table.show(
        f"{ROWS} rows and {COLUMNS} columns a task; one worker with one thread, its memory_limit {int(0.4 * args.cap)} MB",
        f"all processes together are ended where they hold more than {args.cap} MB",
    )


if __name__ == "__main__":
    main()
