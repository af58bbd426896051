"""Does a search make the same trials wherever joblib sends its fits: one process, several, dask, ray?

Seconds hold the start of the workers, which a small search does not repay.
"""

from contextlib import nullcontext

import numpy as np
import ray
from _common import Table, clocked, read_arguments
from dask.distributed import Client
from joblib import parallel_config
from ray.util.joblib import register_ray
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


def main():
    args = read_arguments(__doc__)
    n_iter = 6 if args.quick else 20
    alone, seconds = searched(n_iter)
    table = Table(f"{n_iter} trials of an SVC", ["where", "same scores", "seconds"])
    table.add("one process", True, seconds)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    register_ray()
    with Client(n_workers=2, threads_per_worker=1, dashboard_address=None):
        for backend in ("loky", "threading", "dask", "ray"):
            scores, seconds = searched(n_iter, backend, 2)
            table.add(backend, bool(np.array_equal(scores, alone)), seconds)
    ray.shutdown()
    table.show()


if __name__ == "__main__":
    main()
