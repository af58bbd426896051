"""The learner Meta-SGD: a start, and how far each weight steps."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.networks import Network
from skmeta.neural_network._maml import MAML

Array = NDArray[Any]


class MetaSGD(MAML):
    r"""Learn where a net's gradient descent should start, and a step size of each weight.

    .. math:: U_t(\theta, s) = \theta - s \odot \nabla L(\theta;\, \text{support}_t)

    `MAML` whose step sizes begin at the estimator's ``learning_rate_init`` and are learned with the start, in its units; they
    may be zero or negative. A new task is trained by these steps: another ``learning_rate_init`` there has no effect.
    ``solver="sgd"`` alone, whose ``learning_rate`` is constant.

    Parameters
    ----------
    n_inner_steps, n_iter, meta_batch_size, meta_learning_rate, schedule, first_order
        As in `MAML`.
    n_shots, early_stopping, validation_fraction, n_iter_no_change, random_state
        As in `MAML`.

    Attributes
    ----------
    n_iter_, best_iter_, loss_curve_
        As of `MAML`.

    References
    ----------
    Z. Li, F. Zhou, F. Chen and H. Li (2017), Meta-SGD: learning to learn quickly for few-shot learning, arXiv 1707.09835,
    equation 2.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from skmeta import MetaSGD, WarmStartRegressor
    >>> line, place = np.repeat(np.arange(10), 8), np.tile(np.linspace(-1.0, 1.0, 8), 10)
    >>> X, y = np.column_stack([place, line]), place * np.linspace(-1.0, 1.0, 10)[line]  # lines of ten slopes
    >>> net = MLPRegressor(hidden_layer_sizes=4, solver="sgd", learning_rate_init=0.01, max_iter=5, random_state=0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")  # five epochs are few, as is meant
    ...     model = WarmStartRegressor(net, task=-1, learner=MetaSGD(n_iter=20, random_state=0)).fit(X, y)
    >>> hidden, last = model.prior_.step_sizes[:2]  # of weights; those of intercepts follow
    >>> bool(np.ptp(hidden) > 0.0), bool(np.ptp(last) > 0.0)
    (True, True)
    """

    takes_adam: ClassVar[bool] = False

    def _scale(self, network: Network, known: Array | None) -> tuple[Array | None, Array | None]:
        return np.ones(network.n_parameters) if known is None else known, None
