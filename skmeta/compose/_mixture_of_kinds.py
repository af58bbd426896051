"""A mixture some of whose components are kinds of tasks, learned from those of the past tasks that are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skmeta.base import Prior
from skmeta.base._pictures import Spread
from skmeta.compose._mixture_prior import SET_ASIDE, MixturePrior
from skmeta.tasks import Tasks


@dataclass(frozen=True, eq=False, repr=False)
class MixtureOfKinds(MixturePrior):
    r"""A mixture whose first component was learned from all tasks, and the next ones each from one kind of tasks.

    What stands after these is there in case a task is unlike all of them.

    Parameters
    ----------
    components, weights, names, weights_without_rows
        As in `MixturePrior`; a task without rows is of one of the kinds or, as often as held-out tasks were, of the first
        component.
    n_kinds : int, default=0
        How many kinds there are.

    Raises
    ------
    ValueError
        If there are not more components than kinds, or as in `MixturePrior`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from skmeta import EmpiricalBayes, WarmStartRegressor
    >>> rng = np.random.default_rng(0)
    >>> task, x = np.repeat(np.arange(30), 8), rng.normal(size=240)
    >>> y = np.where(task < 20, 2.0, -2.0) * x + 0.1 * rng.normal(size=240)
    >>> model = WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes(n_components="auto"))
    >>> model.fit(np.column_stack([x, task]), y).prior_.kinds_in_words
    '2 kinds of tasks (20, 10)'
    >>> model.learner_.memberships_[[0, 29]].round(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    n_kinds: int = 0

    _optional: ClassVar[tuple[str, ...]] = ("weights_without_rows", "n_kinds")

    def __post_init__(self) -> None:
        if not 0 <= self.n_kinds < len(tuple(self.components)):
            raise ValueError(
                f"n_kinds: wanted 0 to {len(tuple(self.components)) - 1}, as one component is of all tasks, found "
                f"{self.n_kinds}."
            )
        object.__setattr__(self, "n_kinds", int(self.n_kinds))
        super().__post_init__()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.kinds_in_words}; {', '.join(self._shares)})"

    @property
    def in_words(self) -> tuple[str, ...]:
        """How many kinds of tasks there are, such as "3 kinds of tasks (80, 40, 30)"."""
        return (self.kinds_in_words,)

    @property
    def spreads(self) -> dict[str, Spread]:
        """Where the coefficients of each kind lie, by its name and size; of priors of coefficients alone."""
        if not all(hasattr(kind, "covariance") for kind in self.kinds):
            return {}
        return {
            f"{name} ({kind.n_tasks:.0f})": Spread.of_prior(kind)
            for name, kind in zip(self.names[1:], self.kinds, strict=False)
        }

    @property
    def _shares(self) -> list[str]:
        return [f"{name} {weight:.2g}" for name, weight in self.named_weights.items()]

    @property
    def kinds(self) -> tuple[Prior, ...]:
        """The priors of the kinds, the most frequent first."""
        return tuple(self.components[1 : 1 + self.n_kinds])

    @property
    def kinds_in_words(self) -> str:
        """How many kinds of tasks there are, and how many past tasks were of each, such as "3 kinds of tasks (80, 40, 30)"."""
        sizes = [round(kind.n_tasks) for kind in self.kinds]
        others = round(self.n_tasks) - sum(sizes)
        kinds = "1 kind" if self.n_kinds == 1 else f"{self.n_kinds} kinds"
        none = f" and {others} of no kind" if others > 0 else ""
        return f"{kinds} of tasks ({', '.join(map(str, sizes))}){none}"

    @property
    def set_aside(self) -> bool:
        """Whether what was learned of all tasks and of kinds has less than a hundredth of the weight."""
        return bool(self.weights[: 1 + self.n_kinds].sum() < SET_ASIDE)


def memberships(prior: Any, estimator: Any, tasks: Tasks) -> NDArray[np.float64]:
    """Probability of each kind ``(n_tasks, n_kinds)`` after a task's rows; no columns where a prior knows no kinds.

    Parameters
    ----------
    prior : Prior
        Any.
    estimator : estimator
        The model of one task.
    tasks : Tasks
        The tasks.

    Returns
    -------
    ndarray of shape (n_tasks, n_kinds)
        What is missing to one is the probability of no kind.
    """
    if not isinstance(prior, MixtureOfKinds):
        return np.zeros((len(tasks), 0))
    return prior.responsibilities(estimator, tasks)[:, 1 : 1 + prior.n_kinds]
