"""The outer loop: Adam on a noisy objective, which stops when held-out loss no longer falls and never hands out NaN.

Adam as in D. P. Kingma and J. Ba (2015), Adam: a method for stochastic optimization, algorithm 1; the rate may fall as half
a cosine (I. Loshchilov and F. Hutter, 2017, SGDR: stochastic gradient descent with warm restarts, equation 5, one period).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.descent import Adam

Array = NDArray[Any]
Objective = Callable[
    [Array], tuple[float, Array]
]  # parameters (p,) -> loss and gradient (p,), on the next draw of tasks
_ADAM = (0.9, 0.999, 1e-8)
Judge = Callable[[Array], float]  # parameters (p,) -> loss of held-out tasks


@dataclass(frozen=True)
class Outer:
    """Most iterations and the step; ``n_iter_no_change`` and ``check_every`` count iterations too."""

    n_iter: int
    learning_rate: float
    schedule: str = "constant"
    n_iter_no_change: float = np.inf
    check_every: int = 1

    def rate(self, iteration: int) -> float:
        """The step of an iteration, from zero on."""
        if self.schedule == "constant":
            return self.learning_rate
        return float(0.5 * self.learning_rate * (1.0 + np.cos(np.pi * iteration / self.n_iter)))


@dataclass(frozen=True, eq=False)
class Found:
    """The parameters to keep, after how many iterations they were met and of how many, and the loss at each check.

    Those of the least loss of held-out tasks; the last where none are held out, or of the least mean loss after divergence.
    ``diverged`` is the iteration whose loss or gradient was not finite, and that loss; None if there was none.
    """

    parameters: Array
    best_iter: int
    n_iter: int
    loss_curve: Array
    diverged: tuple[int, float] | None = None


class _Best:
    """The parameters of the least loss so far; of equal ones the first."""

    def __init__(self, parameters: Array) -> None:
        self.parameters, self.iteration, self.losses = parameters, 0, [np.inf]

    def look(self, parameters: Array, iteration: int, loss: float) -> None:
        """Another loss; one that is not finite is no loss."""
        if loss < min(self.losses, default=np.inf):
            self.parameters, self.iteration = parameters, iteration
        self.losses.append(loss if np.isfinite(loss) else np.inf)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # what diverges is told by its loss
def meta_train(
    objective: Objective,
    start: Array,
    outer: Outer,
    judge: Judge | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Found:
    """Minimise what ``objective`` draws; ``judge`` looks every ``check_every`` iterations, and at the start.

    Without a judge the last parameters are kept: losses of a few tasks drawn do not tell which are better. Where they
    diverge, it is those with the least mean loss since the look before.
    """
    adam, parameters = Adam(*_ADAM), start
    since: list[float] = []
    best = _Best(start)
    if judge is not None:
        best.look(start, 0, judge(start))
    for iteration in range(1, outer.n_iter + 1):
        loss, gradient = objective(parameters)
        if not (np.isfinite(loss) and np.isfinite(gradient).all()):
            return Found(best.parameters, best.iteration, iteration, np.array(best.losses[1:]), (iteration, loss))
        since.append(loss)
        parameters = parameters + adam.update(-gradient, outer.rate(iteration - 1))
        if progress is not None:
            progress(iteration, outer.n_iter)
        if iteration % outer.check_every and iteration < outer.n_iter:
            continue
        best.look(parameters, iteration, float(np.mean(since)) if judge is None else judge(parameters))
        since = []
        if iteration - best.iteration >= outer.n_iter_no_change:
            break
    losses = np.array(best.losses[1:])
    if judge is None:
        return Found(parameters, iteration, iteration, losses)
    return Found(best.parameters, best.iteration, iteration, losses)
