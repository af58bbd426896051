"""Gradient descent of a net with a step size of each weight, by the net's own gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state, gen_batches, shuffle

from skmeta.base._matching import weights_if_taken
from skmeta.neural_network._parameters import Array, parameters_of, set_parameters
from skmeta.tasks import take_rows

AUTO_BATCH = 200  # scikit-learn's: rows of a batch where batch_size="auto"


def train_by_step_sizes(net: Any, X: Any, y: Array, weight: Any, step_sizes: Mapping[str, Array]) -> None:
    r"""Steps of gradient descent, :math:`v \leftarrow m v - s \odot g` and :math:`\theta \leftarrow \theta + v`.

    Batches, momentum (Nesterov's too) and the number of epochs are the net's own. Training ends after ``max_iter`` epochs:
    learned step sizes are for few steps.

    Parameters
    ----------
    net : MLPRegressor or MLPClassifier
        Where it starts, with ``solver="sgd"``; changed in place.
    X, y, weight
        Rows of one task.
    step_sizes : mapping of str to ndarray
        :math:`s`.
    """
    own = net.get_params(deep=False)
    velocity = {name: np.zeros_like(array) for name, array in parameters_of(net).items()}
    losses: list[float] = []
    net.set_params(learning_rate_init=1.0, momentum=0.0, learning_rate="constant", shuffle=False, early_stopping=False)
    net.set_params(warm_start=False)
    try:
        for batches in _epochs(len(y), own):
            losses.append(np.nan)  # until all of its batches are done: one that overflows raises
            loss = 0.0
            for rows in batches:
                w = None if weight is None else weight[rows]
                _step(net, take_rows(X, rows), y[rows], w, velocity, step_sizes, own)
                loss += net.loss_ * len(rows) / len(y)
            losses[-1] = loss
    finally:
        net.set_params(**own)
        net.loss_curve_, net.n_iter_, net.t_ = losses, len(losses), len(losses) * len(y)
        net.loss_ = losses[-1]
        vars(net).pop("_optimizer", None)  # it took steps of another size


def _epochs(n_rows: int, own: dict[str, Any]) -> Iterator[list[NDArray[np.intp]]]:
    """Rows of each batch of each epoch, as the class itself draws them."""
    rng, order = check_random_state(own["random_state"]), np.arange(n_rows)
    size = min(AUTO_BATCH if own["batch_size"] == "auto" else own["batch_size"], n_rows)
    for _ in range(own["max_iter"]):
        order = shuffle(order, random_state=rng) if own["shuffle"] else order
        yield [order[part] for part in gen_batches(n_rows, size)]


def _step(
    net: Any, X: Any, y: Array, weight: Any, velocity: dict[str, Array], step_sizes: Mapping[str, Array], own: Any
) -> None:
    """One batch: a step of size one, without momentum, is minus the gradient."""
    before = {name: array.copy() for name, array in parameters_of(net).items()}
    net.set_params(batch_size=len(y)).partial_fit(X, y, **weights_if_taken(net, weight))
    after = {}
    for name, array in parameters_of(net).items():
        step = step_sizes[name] * (array - before[name])
        velocity[name] = own["momentum"] * velocity[name] + step
        ahead = own["momentum"] * velocity[name] + step if own["nesterovs_momentum"] else velocity[name]
        after[name] = before[name] + ahead
    set_parameters(net, after)
