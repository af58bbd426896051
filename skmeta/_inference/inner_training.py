r"""The inner loop: scikit-learn's own training of all tasks' nets at once, and the reverse pass of its gradient descent.

A step of a task is

.. math:: d = -\eta_i s \odot \nabla L_i(\theta), \quad v' = m v + d, \quad \theta' = \theta + (m v' + d \text{ or } v'),

with Nesterov's momentum or without, where :math:`s` is a learned scale of each parameter's step (Meta-SGD), one without. The
reverse pass takes the gradient by the last :math:`\theta` to that by the first and by :math:`s`, exactly, by Hessian-vector
products (C. Finn, P. Abbeel and S. Levine, 2017, Model-agnostic meta-learning, equation 1), or leaves curvature out, as it
has to for Adam's steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.descent import Adam, Momentum
from skmeta._inference.network_pass import Buffers, Pass
from skmeta._inference.network_rows import Rows
from skmeta._inference.networks import Network

Array = NDArray[Any]


@dataclass(frozen=True)
class Training:
    """What scikit-learn's parameters of the same names say; ``power_t`` zero keeps the step, else it is its inverse scaling.

    Without a ``batch_size`` all rows are one batch. With ``adam``, its two decay rates and its epsilon, momentum and
    ``power_t`` have no say.
    """

    learning_rate: float
    momentum: float = 0.0
    nesterov: bool = True
    alpha: float = 0.0
    batch_size: int | None = None
    power_t: float = 0.0
    adam: tuple[float, float, float] | None = None

    def rule(self) -> Callable[[Array], Array]:
        """What is added for a move, of a training that begins."""
        if self.adam is None:
            return Momentum(self.momentum, self.nesterov).update
        return partial(Adam(*self.adam).update, rate=self.learning_rate)

    def rate(self, epoch: Array, n_rows: Array) -> Array:
        """Size of the moves of an epoch of each task; Adam's come after its means."""
        if self.adam is not None:
            return np.ones(len(n_rows))
        return np.asarray(self.learning_rate / (epoch * n_rows + 1.0) ** self.power_t)


def steps_of(rows: Rows, n_steps: int, training: Training) -> list[Rows]:
    """Rows of each of the first steps, their objective times minus the step's size: its gradient is the step.

    A task's rows are taken in their order, as many as a batch takes, then the next, and around again.
    """
    size = training.batch_size or max(int(rows.counts.max()), 1)
    n_batches = np.maximum(-(-rows.counts // size), 1)
    place = np.arange(rows.X.shape[1])
    steps = []
    for step in range(n_steps):
        epoch, batch = np.divmod(step, n_batches)
        first = (batch * size)[:, None]
        chosen = (place >= first) & (place < first + size)
        some = rows if n_batches.max() == 1 else rows.among(chosen)
        steps.append(some.times(-training.rate(epoch, rows.counts)))
    return steps


class InnerLoop:
    """Training of all tasks of a meta-batch from one start, which remembers its way.

    Its arrays are used again by the next training: what it returned is good until then.
    """

    def __init__(self, network: Network, training: Training, dtype: Any = np.float64) -> None:
        self.network, self.training = network, training
        self._dtype, self._arrays = dtype, Buffers(dtype)
        self._of_passes: list[Buffers] = []
        self._way: list[tuple[Pass, Array]] = []  # of each step, its look and what it came to before scaling
        self._scale: Array | None = None

    def train(self, start: Array, steps: Sequence[Rows], scale: Array | None = None) -> Array:
        """Parameters ``(n_tasks, n_parameters)`` after ``steps``, see `steps_of`, from ``start (n_parameters,)``."""
        self._way, self._scale = [], scale
        parameters, rule = start[None], self.training.rule()
        for number, rows in enumerate(steps):
            look = self._pass(number, parameters, rows)
            move = look.gradient(self._arrays(("move", number), (len(rows.X), start.size)))
            self._way.append((look, move))
            if scale is not None:
                move = np.multiply(move, scale, out=self._arrays(("scaled", number), move.shape))
            update = rule(move)
            parameters = np.add(parameters, update, out=update)
        return parameters

    def _pass(self, number: int, parameters: Array, rows: Rows) -> Pass:
        if number == len(self._of_passes):
            self._of_passes.append(Buffers(self._dtype))
        return Pass(self.network, parameters, rows, self.training.alpha, self._of_passes[number])

    def pull_back(self, adjoint: Array, *, first_order: bool = False) -> tuple[Array, Array | None]:
        """Gradients by the start and by the scale, each summed over tasks, from those by the end ``(n_tasks, n_parameters)``.

        The scale's is None where there was none. With ``first_order`` the Hessians are taken for zero, as they are for Adam,
        whose steps have no scale.
        """
        if self.training.adam is not None or (first_order and self._scale is None):
            return adjoint.sum(axis=0), None
        by_velocity: Array | None = None
        by_scale = None if self._scale is None else np.zeros(adjoint.shape[1], dtype=adjoint.dtype)
        for number, (look, move) in reversed(list(enumerate(self._way))):
            by_move, by_velocity = self._by_move(adjoint, by_velocity)
            if by_scale is not None:
                by_scale += np.einsum("tp,tp->p", by_move, move)
                by_move = by_move * self._scale
            if number == 0 and not first_order:  # all tasks have the same start: their Hessians' products are summed
                bent = look.product(by_move, self._arrays("sum", (1, adjoint.shape[1])))
                return adjoint.sum(axis=0) + bent[0], by_scale
            if not first_order:
                adjoint = adjoint + look.product(by_move, self._arrays("bent", adjoint.shape))
        return adjoint.sum(axis=0), by_scale

    def _by_move(self, adjoint: Array, by_velocity: Array | None) -> tuple[Array, Array | None]:
        """Gradient by a step's move, and by the velocity before it, from those by parameters and velocity after it."""
        momentum = self.training.momentum
        if momentum == 0.0:
            return adjoint, None
        after = momentum * adjoint if self.training.nesterov else adjoint
        if by_velocity is not None:
            after = after + by_velocity
        return (after + adjoint if self.training.nesterov else after), momentum * after

    def losses(self) -> list[float]:
        """Mean loss over tasks before each step of the last training."""
        with np.errstate(over="ignore", invalid="ignore"):  # asked where training diverged
            return [float((look.loss() / look.rows.share.sum(axis=(1, 2))).mean()) for look, _ in self._way]
