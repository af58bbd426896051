"""A multi-layer perceptron as one vector of parameters: its layers, activations and outputs.

A layer is a matrix ``(n_in + 1, n_out)`` whose last row holds the intercepts; the vector is its layers, one after the other.
Arrays of parameters are ``(n_tasks, n_parameters)``, or ``(1, n_parameters)`` where all tasks have the same; arrays of rows
are ``(n_tasks, n_rows, ...)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy

Array = NDArray[Any]


class Activation(NamedTuple):
    """What a hidden unit does: all derivatives are functions of its value, as scikit-learn has them."""

    apply: Callable[[Array], object]  # scores become values, in place
    slope: Callable[[Array, Array], object]  # of values, into the second array
    bend: Callable[[Array, Array], Array] | None  # second derivative, of values and slopes; None where it is zero


class Output(NamedTuple):
    """What the last layer does: its loss is such that the gradient by the scores is ``value - target``."""

    apply: Callable[[Array], object]  # scores become values, in place
    along: Callable[
        [Array, Array], object
    ]  # directions of scores become those of values, in place, of directions and values
    loss: Callable[[Array, Array], Array]  # of values and targets, an output each


@dataclass(frozen=True)
class Network:
    """Sizes ``(n_features, *hidden, n_outputs)``, the hidden units' activation and the output's."""

    units: tuple[int, ...]
    activation: str = "relu"
    output: str = "identity"

    @cached_property
    def slices(self) -> list[slice]:
        """Where each layer stands in the vector."""
        ends = np.cumsum([0, *((n_in + 1) * n_out for n_in, n_out in pairwise(self.units))])
        return [slice(int(start), int(end)) for start, end in pairwise(ends)]

    @property
    def n_parameters(self) -> int:
        """Length of the vector."""
        return int(self.slices[-1].stop)

    @cached_property
    def penalised(self) -> NDArray[np.bool_]:
        """Which places of the vector hold weights, not intercepts."""
        found = np.ones(self.n_parameters, dtype=bool)
        for layer in self.layers(found[None]):
            layer[:, -1] = False
        return found

    def layers(self, parameters: Array) -> list[Array]:
        """Views of ``(n_tasks, n_parameters)``, one ``(n_tasks, n_in + 1, n_out)`` a layer."""
        shapes = [(len(parameters), n_in + 1, n_out) for n_in, n_out in pairwise(self.units)]
        return [parameters[:, where].reshape(shape) for where, shape in zip(self.slices, shapes, strict=True)]

    def pack(self, coefs: Sequence[Array], intercepts: Sequence[Array]) -> Array:
        """The vector of matrices ``(n_in, n_out)`` and intercepts ``(n_out,)``, a pair a layer."""
        return np.concatenate([np.vstack(pair).ravel() for pair in zip(coefs, intercepts, strict=True)])

    def unpack(self, vector: Array) -> tuple[list[Array], list[Array]]:
        """Copies of matrices and intercepts, a pair a layer."""
        layers = [layer[0] for layer in self.layers(vector[None])]
        return [layer[:-1].copy() for layer in layers], [layer[-1].copy() for layer in layers]


def _nothing(values: Array) -> None:
    """Values are the scores."""


def _relu(z: Array) -> Array:
    return np.maximum(z, 0, out=z)


def _tanh(z: Array) -> Array:
    return np.tanh(z, out=z)


def _logistic(z: Array) -> Array:
    found: Array = expit(z, out=z)
    return found


def _exp(z: Array) -> Array:
    return np.exp(z, out=z)


def _softmax(z: Array) -> None:
    z -= z.max(axis=-1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=-1, keepdims=True)


def _slope_of_identity(a: Array, out: Array) -> None:
    out[...] = 1


def _slope_of_relu(a: Array, out: Array) -> None:
    np.greater(a, 0, out=out, casting="unsafe")


def _slope_of_tanh(a: Array, out: Array) -> None:
    np.multiply(a, a, out=out)
    np.subtract(1, out, out=out)


def _slope_of_logistic(a: Array, out: Array) -> None:
    np.subtract(1, a, out=out)
    out *= a


def _bend_of_tanh(a: Array, slope: Array) -> Array:
    return -2 * a * slope


def _bend_of_logistic(a: Array, slope: Array) -> Array:
    return slope * (1 - 2 * a)


def _along_nothing(r: Array, p: Array) -> None:
    """Values move as scores do."""


def _along_exp(r: Array, p: Array) -> None:
    r *= p


def _along_logistic(r: Array, p: Array) -> None:
    r *= p * (1 - p)


def _along_softmax(r: Array, p: Array) -> None:
    r -= (p * r).sum(axis=-1, keepdims=True)
    r *= p


def _half_square(p: Array, Y: Array) -> Array:
    return 0.5 * (p - Y) ** 2


def _half_poisson_deviance(p: Array, Y: Array) -> Array:
    return xlogy(Y, Y / _positive(p)) + p - Y


def _binary_log_loss(p: Array, Y: Array) -> Array:
    return -xlogy(Y, _positive(p)) - xlogy(1 - Y, _positive(1 - p))


def _log_loss(p: Array, Y: Array) -> Array:
    return -xlogy(Y, _positive(p))


def _positive(p: Array) -> Array:
    """As scikit-learn keeps logarithms finite."""
    return np.maximum(p, np.finfo(p.dtype).eps)


ACTIVATIONS = {
    "identity": Activation(_nothing, _slope_of_identity, None),
    "relu": Activation(_relu, _slope_of_relu, None),
    "tanh": Activation(_tanh, _slope_of_tanh, _bend_of_tanh),
    "logistic": Activation(_logistic, _slope_of_logistic, _bend_of_logistic),
}
OUTPUTS = {
    "identity": Output(_nothing, _along_nothing, _half_square),
    "exp": Output(_exp, _along_exp, _half_poisson_deviance),
    "logistic": Output(_logistic, _along_logistic, _binary_log_loss),
    "softmax": Output(_softmax, _along_softmax, _log_loss),
}
