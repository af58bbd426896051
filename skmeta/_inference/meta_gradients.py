"""Losses of query rows after the inner loop, and their gradients by where it starts: MAML's, first order or exact."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.inner_training import InnerLoop, Training, steps_of
from skmeta._inference.network_pass import Buffers, Pass
from skmeta._inference.network_rows import Rows
from skmeta._inference.networks import Network

Array = NDArray[Any]


class MetaGradient:
    """Of a network and its training of ``n_steps`` steps; its arrays are used again by the next call.

    The parameters are the start, ``(n_parameters,)``, or where steps are learned the start and a scale of each of its steps,
    ``(2 n_parameters,)``. ``fixed_scale`` scales steps without being learned: ANIL's is zero but for the head.
    """

    def __init__(
        self,
        network: Network,
        training: Training,
        n_steps: int,
        *,
        first_order: bool = False,
        fixed_scale: Array | None = None,
        dtype: Any = np.float64,
    ) -> None:
        self._network, self._training, self._n_steps = network, training, n_steps
        self._first_order, self._fixed_scale = first_order, fixed_scale
        self._loop, self._query = InnerLoop(network, training, dtype), Buffers(dtype)

    def _look(self, parameters: Array, support: Rows, query: Rows, n_steps: int) -> Pass:
        start, scale = np.split(parameters, [self._network.n_parameters])
        steps = steps_of(support, n_steps, self._training)
        end = self._loop.train(start, steps, scale if len(scale) else self._fixed_scale)
        return Pass(self._network, end, query, buffers=self._query)

    def losses(self, parameters: Array, support: Rows, query: Rows) -> Array:
        """Loss of each task's query rows ``(n_tasks,)`` after training on its support rows."""
        return self._look(parameters, support, query, self._n_steps).loss()

    def losses_before(self, parameters: Array, support: Rows, query: Rows) -> Array:
        """The same without any step."""
        return self._look(parameters, support, query, 0).loss()

    def __call__(self, parameters: Array, support: Rows, query: Rows) -> tuple[float, Array]:
        """Sum over tasks of query losses times the sums of their shares, and its gradient by the parameters."""
        look = self._look(parameters, support, query, self._n_steps)
        by_end = look.gradient(self._query("by end", (len(query.X), self._network.n_parameters)))
        by_start, by_scale = self._loop.pull_back(by_end, first_order=self._first_order)
        learned = len(parameters) > self._network.n_parameters
        gradient = np.concatenate([by_start, by_scale]) if learned and by_scale is not None else by_start
        return float(look.loss().sum()), gradient

    def inner_losses(self) -> list[float]:
        """Mean loss of support rows before each step of the last training."""
        return self._loop.losses()
