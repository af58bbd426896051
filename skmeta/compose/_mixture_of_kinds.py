"""A mixture some of whose components are kinds of tasks, learned from those of the past tasks that are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from skmeta.base import Prior
from skmeta.compose._mixture_prior import SET_ASIDE, MixturePrior


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
