"""Rules of gradient descent, as scikit-learn's nets have them: what is added to parameters, given a gradient's step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Momentum:
    """Stochastic gradient descent with momentum, Nesterov's or the classical one; zero momentum is none."""

    def __init__(self, momentum: float, nesterov: bool) -> None:
        self._momentum, self._nesterov = momentum, nesterov
        self._velocity: Array | None = None

    def update(self, move: Array) -> Array:
        """What is added for ``move``, minus the gradient times the step; an array to be written on."""
        if self._momentum == 0.0:
            return move
        velocity = move.copy() if self._velocity is None else self._momentum * self._velocity + move
        self._velocity = velocity
        return self._momentum * velocity + move if self._nesterov else velocity.copy()


class Adam:
    """Means of moves and of their squares (D. P. Kingma and J. Ba, 2015, Adam, algorithm 1)."""

    def __init__(self, beta_1: float, beta_2: float, epsilon: float) -> None:
        self._beta_1, self._beta_2, self._epsilon = beta_1, beta_2, epsilon
        self._mean: Array | float = 0.0
        self._square: Array | float = 0.0
        self._step = 0

    def update(self, move: Array, rate: float) -> Array:
        """What is added for ``move``, minus the gradient."""
        self._step += 1
        self._mean = self._beta_1 * self._mean + (1.0 - self._beta_1) * move
        self._square = self._beta_2 * self._square + (1.0 - self._beta_2) * (move * move)
        rate *= float(np.sqrt(1.0 - self._beta_2**self._step)) / (1.0 - self._beta_1**self._step)
        return np.asarray(rate * self._mean / (np.sqrt(self._square) + self._epsilon))
