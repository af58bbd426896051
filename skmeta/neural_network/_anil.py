"""The learner ANIL: features that all tasks share, and a last layer that is trained on each."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.networks import Network
from skmeta.neural_network._maml import MAML

Array = NDArray[Any]


class ANIL(MAML):
    r"""Learn hidden layers for all tasks, and where a last layer's gradient descent should start: almost no inner loop.

    `MAML` where inner steps train the last layer alone; the hidden layers learn from what these steps predict. A new task is
    trained in the same way: its plain net has the prior's hidden layers. Only ``solver="sgd"`` with a constant
    ``learning_rate`` is taken. Steps are the prior's ``step_sizes``, ``learning_rate_init`` in the last layer and zero before
    it: another ``learning_rate_init`` in a new task has no effect.

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
    A. Raghu, M. Raghu, S. Bengio and O. Vinyals (2020), Rapid learning or feature reuse? Towards understanding the
    effectiveness of MAML, ICLR, section 5.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from skmeta import ANIL, WarmStartRegressor
    >>> line, place = np.repeat(np.arange(10), 8), np.tile(np.linspace(-1.0, 1.0, 8), 10)
    >>> X, y = np.column_stack([place, line]), place * np.linspace(-1.0, 1.0, 10)[line]  # lines of ten slopes
    >>> net = MLPRegressor(hidden_layer_sizes=4, solver="sgd", learning_rate_init=0.01, max_iter=5, random_state=0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")  # five epochs are few, as is meant
    ...     model = WarmStartRegressor(net, task=-1, learner=ANIL(n_iter=20, random_state=0)).fit(X, y)
    >>> hidden, last = model.prior_.step_sizes[:2]  # of weights; those of intercepts follow
    >>> bool(np.all(hidden == 0.0)), bool(np.all(last == 0.01))
    (True, True)
    """

    takes_adam: ClassVar[bool] = False

    def _scale(self, network: Network, known: Array | None) -> tuple[Array | None, Array | None]:
        scale = np.zeros(network.n_parameters)
        scale[network.slices[-1]] = 1.0
        return None, scale if known is None else scale * known
