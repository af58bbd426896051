"""One look at rows through a network: values, loss, gradient and Hessian-vector product of all tasks at once.

The product is Pearlmutter's R-operator (B. A. Pearlmutter, 1994, Fast exact multiplication by the Hessian, Neural Computation
6): the pass forward and the pass back are differentiated along a direction, so it costs about two gradients.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.network_rows import Rows
from skmeta._inference.networks import ACTIVATIONS, OUTPUTS, Network

Array = NDArray[Any]


class Buffers:
    """Arrays that are used again by the next look of the same shape: most of the time would go to making them."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        self._arrays: dict[Hashable, Array] = {}

    def __call__(self, key: Hashable, shape: tuple[int, ...]) -> Array:
        """The array of that name, with anything in it."""
        found = self._arrays.get(key)
        if found is None or found.shape != shape:
            found = self._arrays[key] = np.empty(shape, self.dtype)
        return found


class Pass:
    """What a network with ``parameters (n_tasks or 1, n_parameters)`` says of rows; ``value (n_tasks, n_rows, n_outputs)``.

    The objective of a task is its rows' loss, by shares, plus ``alpha / (2 total)`` times the squared weights, intercepts left
    out: scikit-learn's. A pass is good until its buffers are used for another.
    """

    def __init__(
        self, network: Network, parameters: Array, rows: Rows, alpha: float = 0.0, buffers: Buffers | None = None
    ) -> None:
        self._network, self.rows, self._alpha = network, rows, alpha
        self._buffers = Buffers(rows.X.dtype) if buffers is None else buffers
        self._activation, self._output = ACTIVATIONS[network.activation], OUTPUTS[network.output]
        self._parameters, self._layers = parameters, network.layers(parameters)
        self._values: list[Array] = [rows.X]  # inputs of each layer, ones last
        self._slopes: list[Array] = []  # of hidden units
        self._errors: list[Array] = []  # gradients by scores, filled by `gradient`
        self._pulled: list[Array] = []  # the same by hidden values
        self.value = self._look()

    def _look(self) -> Array:
        size = self.rows.X.shape[:2]
        for number, layer in enumerate(self._layers):
            width = layer.shape[-1]
            scores = _times(self._values[-1], layer, self._buffers(("scores", number), (*size, width)))
            if number == len(self._layers) - 1:
                break
            self._activation.apply(scores)
            values = self._buffers(("values", number), (*size, width + 1))
            values[..., :-1], values[..., -1] = scores, 1
            slope = self._buffers(("slope", number), scores.shape)
            self._activation.slope(scores, slope)
            self._values.append(values)
            self._slopes.append(slope)
        self._output.apply(scores)
        return scores

    def loss(self) -> Array:
        """Loss ``(n_tasks,)`` of the rows, without the penalty."""
        found: Array = (self._output.loss(self.value, self.rows.Y) * self.rows.share).sum(axis=(1, 2))
        return found

    def gradient(self, out: Array) -> Array:
        """Gradient of each task's objective, into ``(n_tasks, n_parameters)``."""
        error = self._buffers("error", self.value.shape)
        np.subtract(self.value, self.rows.Y, out=error)
        error *= self.rows.share
        self._errors, self._pulled = [error], []
        grads = self._network.layers(out)
        for number in range(len(grads) - 1, -1, -1):
            _outer(self._values[number], error, grads[number])
            if number:
                pulled = _back(
                    error, self._layers[number], self._buffers(("pulled", number), self._slopes[number - 1].shape)
                )
                error = np.multiply(
                    pulled, self._slopes[number - 1], out=self._buffers(("error", number), pulled.shape)
                )
                self._errors.insert(0, error)
                self._pulled.insert(0, pulled)
        self._penalise(out, self._parameters)
        return out

    def product(self, direction: Array, out: Array) -> Array:
        """Hessian of each task's objective times ``direction (n_tasks, n_parameters)``; `gradient` comes first.

        ``out`` is of the same shape, or ``(1, n_parameters)`` for the sum over tasks.
        """
        along, grads = self._network.layers(direction), self._network.layers(out)
        scores, values = self._forward_along(along)
        error = scores[-1]
        self._output.along(error, self.value)
        error *= self.rows.share
        for number in range(len(grads) - 1, -1, -1):
            _outer(self._values[number], error, grads[number])
            if number:
                grads[number][:, :-1] += self._outer_along(values[number - 1], number, grads[number].shape)
                error = self._back_along(number, error, along[number], scores[number - 1])
        self._penalise(out, direction)
        return out

    def _forward_along(self, along: list[Array]) -> tuple[list[Array], list[Array]]:
        """How scores of each layer, and values of hidden ones, move."""
        size = self.rows.X.shape[:2]
        scores: list[Array] = []
        values: list[Array] = []
        for number, layer in enumerate(along):
            shape = (*size, layer.shape[-1])
            moved = _times(self._values[number], layer, self._buffers(("moved", number), shape))
            if number:
                moved += _times(values[-1], self._layers[number][:, :-1], self._buffers(("carried", number), shape))
            scores.append(moved)
            if number < len(along) - 1:
                values.append(
                    np.multiply(moved, self._slopes[number], out=self._buffers(("moved value", number), shape))
                )
        return scores, values

    def _outer_along(self, moved: Array, number: int, shape: tuple[int, ...]) -> Array:
        out = self._buffers(("outer", number), (shape[0], shape[1] - 1, shape[2]))
        return _outer(moved, self._errors[number], out)

    def _back_along(self, number: int, error: Array, along: Array, moved: Array) -> Array:
        """How the gradient by the scores of the layer before moves."""
        slope = self._slopes[number - 1]
        pulled = _back(error, self._layers[number], self._buffers(("moved error", number), slope.shape))
        pulled += _back(self._errors[number], along, self._buffers(("carried error", number), slope.shape))
        pulled *= slope
        if self._activation.bend is not None:
            bend = self._activation.bend(self._values[number][..., :-1], slope)
            bend *= moved
            bend *= self._pulled[number - 1]
            pulled += bend
        return pulled

    def _penalise(self, out: Array, parameters: Array) -> None:
        """Add the penalty's part: it is the parameters themselves, times a strength, in gradient and product alike."""
        if self._alpha == 0.0:
            return
        total = self.rows.total  # a task whose rows weigh nothing has no objective
        strength = np.divide(self._alpha, total, out=np.zeros_like(total), where=total != 0)[:, None]
        if len(out) == 1:
            out += self._network.penalised * (strength.T @ np.broadcast_to(parameters, (len(total), out.shape[1])))
            return
        if len(parameters) == 1 and (strength == strength[0]).all():
            out += self._network.penalised * strength[0] * parameters
            return
        pull = np.multiply(parameters, strength, out=self._buffers("pull", out.shape))
        pull *= self._network.penalised
        out += pull


def _times(A: Array, layer: Array, out: Array) -> Array:
    """``A (n_tasks, n_rows, k)`` times a layer; one for all tasks takes all rows in one product."""
    if len(layer) == 1:
        np.matmul(A.reshape(-1, A.shape[-1]), layer[0], out=out.reshape(-1, out.shape[-1]))
        return out
    return np.matmul(A, layer, out=out)


def _back(error: Array, layer: Array, out: Array) -> Array:
    """Errors times the layer's transpose, without the intercepts."""
    transpose = layer[:, :-1].swapaxes(1, 2)
    if layer.shape[-1] == 1:
        return np.multiply(error, transpose, out=out)
    return _times(error, transpose, out)


def _outer(values: Array, error: Array, out: Array) -> Array:
    """Values' transpose times errors, of each task or summed over them where ``out`` has one."""
    if len(out) == 1:
        np.matmul(values.reshape(-1, values.shape[-1]).T, error.reshape(-1, error.shape[-1]), out=out[0])
        return out
    return np.matmul(values.swapaxes(1, 2), error, out=out)
