"""Does a search make the same trials wherever joblib sends its fits: one process, several, dask, ray?

Seconds hold the start of the workers, which a small search does not repay.
"""

from contextlib import contextmanager, nullcontext
from importlib.util import find_spec

import numpy as np
from _common import Table, clocked, read_arguments
from joblib import parallel_config
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from skmeta import WarmStartSearchCV

SPACE = {"C": loguniform(0.01, 100), "gamma": loguniform(1e-5, 1)}


def searched(n_iter, backend=None, n_jobs=None):
    """Scores of all trials, and seconds."""
    search = WarmStartSearchCV(SVC(), SPACE, n_iter=n_iter, batch_size=2, cv=3, n_jobs=n_jobs, random_state=0)
    with parallel_config(backend) if backend else nullcontext():
        fitted, seconds = clocked(lambda: search.fit(*load_digits(return_X_y=True)))
    return fitted.cv_results_["mean_test_score"], seconds


@contextmanager
def dask_workers():
    from dask.distributed import Client

    with Client(n_workers=2, threads_per_worker=1, dashboard_address=None):
        yield


@contextmanager
def ray_workers():
    import ray
    from ray.util.joblib import register_ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    register_ray()
    yield
    ray.shutdown()


WORKERS = {"loky": nullcontext, "threading": nullcontext, "dask": dask_workers, "ray": ray_workers}
PACKAGES = {"dask": "distributed", "ray": "ray"}


def main():
    args = read_arguments(__doc__)
    n_iter = 6 if args.quick else 20
    alone, seconds = searched(n_iter)
    table = Table(f"{n_iter} trials of an SVC", ["where", "same scores", "seconds"])
    table.add("one process", True, seconds)
    absent = [name for name, package in PACKAGES.items() if find_spec(package) is None]
    for backend, workers in WORKERS.items():
        if backend not in absent:
            with workers():
                scores, seconds = searched(n_iter, backend, 2)
            table.add(backend, bool(np.array_equal(scores, alone)), seconds)
    table.show(*(f"not installed, so not shown: {name}" for name in absent))


if __name__ == "__main__":
    main()
