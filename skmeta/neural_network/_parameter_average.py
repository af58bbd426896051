"""The learner of the simplest start: the mean of the tasks' own parameters, all trained from one."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmeta.base import Learner, Prior
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.neural_network._collection import Collection, check_has_arrays, mean_parameters
from skmeta.tasks import Tasks


class ParameterAverage(Learner):
    r"""Learn the mean of the parameters that the estimator's own training has found in each task.

    .. math:: \theta_0 = \frac{\sum_t w_t \theta_t}{\sum_t w_t}, \qquad \theta_t = \mathrm{train}(\theta;\, X_t, y_t)

    All trainings start at the same :math:`\theta`, since the units of nets that start apart are in different orders. It is
    one round of federated averaging, in which tasks count alike (``tasks.task_weight``), whatever their numbers of rows.

    It takes any estimator with ``coefs_`` and ``intercepts_``, or ``coef_`` and ``intercept_``: `Ridge` too; and nets of
    skorch and scikeras.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Of the common start, and of the training, where the estimator has none of its own. None for that of the estimator.

    References
    ----------
    B. McMahan et al. (2017), Communication-efficient learning of deep networks from decentralized data, AISTATS.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from skmeta import ParameterAverage, WarmStartRegressor
    >>> rng = np.random.default_rng(0)
    >>> task, x = np.repeat(np.arange(20), 30), rng.normal(size=600)
    >>> y = rng.normal(3.0, 1.0, size=20)[task] * x
    >>> model = WarmStartRegressor(Ridge(), task=-1, learner=ParameterAverage()).fit(np.column_stack([x, task]), y)
    >>> own = [each.coef_.item() for each in model.estimators_.values()]
    >>> bool(np.isclose(model.prior_.parameters["coef_"].item(), np.mean(own)))
    True
    """

    def __init__(self, random_state: Any = None) -> None:
        self.random_state = random_state

    check_takes = check_has_arrays

    def learn(
        self,
        estimator: Any,
        tasks: Tasks,
        prior: Prior | None = None,
        *,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> Prior:
        """Learn a prior from a collection, see `Learner.learn`.

        Parameters
        ----------
        estimator, tasks, prior, n_jobs, progress
            As in `Learner.learn`; of a ``prior`` the parameters are the common start, and count as its tasks in the mean.

        Returns
        -------
        ParametersPrior
            Of the mean; of tasks whose training diverged nothing is in it.

        Raises
        ------
        TypeError
            If ``prior`` is of another family.
        ValueError
            If it is of another build, or there are fewer than two classes.
        """
        past = Collection(estimator, tasks, prior, self.random_state)
        start = past.start
        parts = PartsOfWork(progress, 1)
        found, _ = past.trained(start, past.with_rows, n_jobs=n_jobs, progress=parts.part(0))
        parts.finish()
        ended = [
            each is not None and past.task_weight[code] > 0.0 for each, code in zip(found, past.with_rows, strict=True)
        ]
        arrays = [each for each, ok in zip(found, ended, strict=True) if ok and each is not None]
        weight = past.task_weight[past.with_rows][np.array(ended, dtype=bool)]
        if past.known is not None and past.known.n_tasks > 0.0:
            arrays, weight = [start, *arrays], np.append(past.known.n_tasks, weight)
        return past.prior(mean_parameters(arrays, weight) if arrays else start)
