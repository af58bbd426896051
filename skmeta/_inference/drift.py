r"""Tasks in time: coefficients ``w_t = m + s_t + v_t``, of which ``s_t`` drifts and ``v_t`` is the task's own.

.. math:: s_1 \sim N(0, \Sigma_s), \quad s_t = f_t s_{t-1} + e_t, \quad e_t \sim N(0, (1 - f_t^2) \Sigma_s), \quad
    f_t = 2^{-gap_t / h}

A chain says of its mean ``m`` what its tasks say of it, all deviations integrated out; means may be those of entities in a
tree (`tree`). With :math:`s = R z` and the innovations whitened, the precision of ``z`` is tridiagonal in blocks (`chain`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.chain import Solved, solve_chain
from skmeta._inference.linalg import diagonal, symmetrize, times
from skmeta._inference.messages import Beliefs, Deviation, Messages, without, without_rounding
from skmeta._inference.tree import Downward, Tree, Upward, pass_up

Array = NDArray[Any]

_LOG_2 = np.log(2.0)
_NEAREST = 1e-10  # guard: share of a state's variance that is new after a gap, however short it is


@dataclass(frozen=True, eq=False)
class Chains:
    """Tasks in time, in the chains that the last nodes of a tree ``above`` are (of no levels: one chain).

    The nodes of the chains are the tasks and then earlier ones, of which there is left what they said, ``before``, of their
    means ``m + s``. ``chain (n_nodes,)`` and ``time (n_nodes,)`` are those of the nodes, ``counts (n_tasks,)`` says how often
    each task counts.
    """

    above: Tree
    chain: NDArray[np.intp]
    time: np.ndarray
    counts: np.ndarray
    before: Messages | None = None

    @classmethod
    def of(
        cls, parents: tuple[NDArray[np.intp], ...], time: Array, counts: Array, before: Messages | None = None
    ) -> Chains:
        """Those of a tree of nodes, with the nodes above each as in a `Tree`: chains above the nodes."""
        *upper, chain = parents
        return cls(Tree(tuple(upper), np.ones(int(chain.max()) + 1)), chain, time, counts, before)

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """The nodes chain by chain as time goes."""
        return np.lexsort((self.time, self.chain))

    @cached_property
    def place(self) -> NDArray[np.intp]:
        """Where in this order each node is."""
        return np.argsort(self.order)

    @cached_property
    def gap(self) -> Array:
        """The time since the node before, in the order of time; infinite where a chain begins."""
        found = np.r_[np.inf, np.diff(self.time[self.order])]
        found[np.flatnonzero(np.diff(self.chain[self.order])) + 1] = np.inf
        return found

    @cached_property
    def gaps(self) -> Array:
        """The times between nodes of a chain that follow each other."""
        return self.gap[np.isfinite(self.gap)]

    @property
    def typical_gap(self) -> float:
        """Their median; zero where there are none."""
        return float(np.median(self.gaps)) if len(self.gaps) else 0.0

    def next_of(self, chain: int) -> float:
        """The time that would follow the last of a chain."""
        return float(self.time[self.chain == chain].max()) + self.typical_gap

    @property
    def span(self) -> float:
        """From the first to the last of all times."""
        return float(np.ptp(self.time))

    @property
    def is_forecast(self) -> NDArray[np.bool_]:
        """Which tasks others can forecast: the first of one chain alone has none before it."""
        alone = np.isinf(self.gap[self.place]) & (self.n_chains == 1)
        return ~alone[: len(self.counts)]

    def n_nodes(self, level: int) -> int:
        """Deviations of a level: a node each above, a state of each node of the chains, the tasks' own."""
        if level < self.above.n_levels:
            return self.above.n_nodes(level)
        return len(self.time) if level == self.above.n_levels else len(self.counts)

    @property
    def n_levels(self) -> int:
        """Deviations between the root and a task: of the levels above, the drift, the task's own."""
        return self.above.n_levels + 2

    def weights(self, level: int) -> Array | None:
        """How often the deviations of a level count; None for once."""
        return self.counts if level == self.n_levels - 1 else None

    @cached_property
    def n_chains(self) -> int:
        """Number of chains."""
        return len(self.above.counts)

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """Where in the order of time each chain begins."""
        return np.flatnonzero(np.isinf(self.gap))

    @cached_property
    def runs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Where in the order of time each chain begins, and its number of tasks; the longest first."""
        lengths = np.diff(np.r_[self.starts, len(self.gap)])
        longest = np.argsort(-lengths, kind="stable")
        return self.starts[longest], lengths[longest]

    def passed_up(self, leaves: Messages, law: Any) -> Filtered:
        """The pass up of what the tasks say, ``leaves``, under a `drifting_law.DriftingLaw`."""
        *upper, state, own = law.roots
        day = Deviation.of(leaves, own)
        told = day.integrated().counted(self.counts)
        told = (told if self.before is None else told.followed_by(self.before)).take(self.order)
        steps = Steps.of(self.gap, law.half_life)
        solved = steps.solved(told, state)
        up = pass_up(self.above, self._of_means(told, state, steps, solved), upper)
        return Filtered(self, day, told, state, steps, solved, up)

    def _of_means(self, told: Messages, state: Array, steps: Steps, solved: Solved) -> Messages:
        """What each chain says of its mean, its states integrated out."""
        score, seen = told.pull @ state, state.T @ told.precision
        solution, back = solved.solution[..., 0], np.swapaxes(seen, -1, -2)
        volume = state.shape[1] * np.log(steps.new) + solved.logdet
        each = Messages(
            without_rounding(told.precision, back @ solved.solution[..., 1:]),
            told.pull - (back @ solution[..., None])[..., 0],
            told.constant - (score * solution).sum(axis=-1) + volume,
        )
        return each.summed_in_runs(self.starts)


@dataclass(frozen=True, eq=False)
class Steps:
    """From one state to the next: ``kept (n,)`` is f, the share that is left of it, and ``new (n,)`` is ``1 - f^2``.

    ``moves (n,)`` is how f moves with the logarithm of the half-life, ``f log(2) gap / half-life``.
    """

    kept: np.ndarray
    new: np.ndarray
    moves: np.ndarray

    @classmethod
    def of(cls, gap: Array, half_life: float) -> Steps:
        """Those over gaps in time; an infinite one leaves nothing."""
        rate = _LOG_2 * gap / half_life
        kept = np.exp(-rate)
        return cls(kept, np.maximum(-np.expm1(-2.0 * rate), _NEAREST), kept * np.where(np.isfinite(rate), rate, 0.0))

    def solved(self, told: Messages, state: Array) -> Solved:
        """The states given the chain's mean, ``g - G m``: ``[g, G]``, from what is ``told`` of the tasks' means."""
        k, weight = state.shape[1], 1.0 / self.new
        weight[:-1] += self.kept[1:] ** 2 / self.new[1:]
        seen = state.T @ told.precision
        blocks = symmetrize(seen @ state) + weight[:, None, None] * np.eye(k)
        below = (-self.kept[1:] / self.new[1:])[:, None, None] * np.eye(k)
        return solve_chain(blocks, below, np.concatenate([(told.pull @ state)[..., None], seen], axis=-1))


@dataclass(frozen=True, eq=False)
class Filtered:
    """What is known on the way up: of the tasks' own deviations, of the states given the means, and of the means.

    ``told`` of the tasks' means, ``steps`` and ``solved`` are in the order of time.
    """

    chains: Chains
    day: Deviation
    told: Messages
    state: np.ndarray
    steps: Steps
    solved: Solved
    up: Upward

    def evidence(self, shrink: Array) -> float:
        """``log p(y)``, as that of `Upward`."""
        return self.up.evidence(shrink)

    def belief_of_root(self, shrink: Array) -> Beliefs:
        """The posterior of the root's coefficients."""
        return self.up.belief_of_root(shrink)

    def down(self, root: Beliefs) -> Downward:
        """The way down, where ``root`` is known of the root; the tasks' states are a level of deviations."""
        above = self.up.down(root)
        mean = self._means(above.known, root)
        state = self._states(mean)
        around, own = self.day.around(self._of_tasks(state, mean))
        moments = _Innovations.of(state, self.steps)
        squares = [*above.squares, moments.square, own]
        return Downward([*above.known, around], squares, np.full(1, moments.slope(self.steps)))

    def _means(self, known: list[Beliefs], root: Beliefs) -> Beliefs:
        """What is known of every node's chain's mean, where that is ``known`` of the levels above."""
        return (known[-1] if known else root).take(self.chains.chain[self.chains.order])

    def _means_under(self, shrink: Array) -> Beliefs:
        root = self.belief_of_root(shrink)
        return self._means(self.up.down(root).known, root)

    def _states(self, mean: Beliefs) -> _States:
        solution, solved = self.solved.solution, self.solved
        gain, offset = solution[..., 1:], solution[..., 0]
        doubt = gain @ mean.covariance
        turned = np.swapaxes(gain, -1, -2)
        return _States(
            offset - times(gain, mean.mean),
            symmetrize(solved.inverse + doubt @ turned),
            solved.below + doubt[1:] @ turned[:-1],
            -doubt,
        )

    def cavities(self, shrink: Array) -> Beliefs:
        """What the others say of each task's mean ``m + s``, in the tasks' order."""
        mean = self._means_under(shrink)
        return without(self._of_tasks(self._states(mean), mean), self.day.integrated())

    def _of_tasks(self, states: _States, mean: Beliefs) -> Beliefs:
        """What is known of the tasks' means ``m + s``."""
        tasks = self.chains.place[: len(self.chains.counts)]
        return states.take(tasks).around(mean.take(tasks), self.state)

    def between(self, shrink: Array) -> Between:
        """What is known at any time."""
        mean = self._means_under(shrink)
        return Between(self.chains, self.state, self._states(mean), mean)


@dataclass(frozen=True, eq=False)
class _States:
    """Of the whitened states, in the order of time: means, covariances, those with the state before and with the mean."""

    mean: np.ndarray
    covariance: np.ndarray
    with_last: np.ndarray
    with_mean: np.ndarray

    def take(self, nodes: Any) -> _States:
        """Some of them, of which nothing is told in common."""
        return _States(self.mean[nodes], self.covariance[nodes], self.with_last[:0], self.with_mean[nodes])

    def around(self, mean: Beliefs, root: Array) -> Beliefs:
        """What is known of ``m + R z``."""
        cross = root @ self.with_mean
        covariance = root @ self.covariance @ root.T + cross + np.swapaxes(cross, -1, -2) + mean.covariance
        return Beliefs(mean.mean + self.mean @ root.T, symmetrize(covariance))


@dataclass(frozen=True, eq=False)
class Between:
    """What is known of the means ``m + s`` at any time, from all nodes of the chain."""

    chains: Chains
    root: np.ndarray
    states: _States
    mean: Beliefs

    def at(self, chain: int, time: float, half_life: float) -> tuple[Beliefs, float]:
        r"""What the nodes tell of a chain's mean at a time, and which share of the states' variance they leave open.

        Between the nodes before and after it, a and b half-lives' powers away, the state is

        .. math:: z = \frac{a (1 - b^2) z_- + b (1 - a^2) z_+}{1 - a^2 b^2} + e, \quad
            e \sim N\left(0, \frac{(1 - a^2)(1 - b^2)}{1 - a^2 b^2}\right) .
        """
        nodes = np.flatnonzero(self.chains.chain[self.chains.order] == chain)
        times_ = self.chains.time[self.chains.order[nodes]]
        after = int(np.searchsorted(times_, time, side="right"))
        first, last = nodes[max(after - 1, 0)], nodes[min(after, len(nodes) - 1)]
        away = np.array(
            [time - times_[after - 1] if after else np.inf, times_[after] - time if after < len(nodes) else np.inf]
        )
        a, b = np.exp(-_LOG_2 * away / half_life)
        new = -np.expm1(-2.0 * _LOG_2 * away / half_life)
        total = -np.expm1(-2.0 * _LOG_2 * away.sum() / half_life)
        before, later, states = a * new[1] / total, b * new[0] / total, self.states
        lagged = states.with_last[last - 1] if last > first else np.zeros_like(states.covariance[0])
        cross = before * later * (lagged + lagged.T)
        found = _States(
            (before * states.mean[first] + later * states.mean[last])[None],
            (before**2 * states.covariance[first] + later**2 * states.covariance[last] + cross)[None],
            states.with_last[:0],
            (before * states.with_mean[first] + later * states.with_mean[last])[None],
        )
        return found.around(self.mean.take(nodes[:1]), self.root), float(new[0] * new[1] / total)


@dataclass(frozen=True, eq=False)
class _Innovations:
    """Expected squares ``(n, k, k)`` of whitened innovations ``v``, and ``E[v' z]`` with the state before ``(n,)``."""

    square: np.ndarray
    with_last: np.ndarray

    @classmethod
    def of(cls, states: _States, steps: Steps) -> _Innovations:
        second = states.covariance + states.mean[:, :, None] * states.mean[:, None, :]
        lagged = states.with_last + states.mean[1:, :, None] * states.mean[:-1, None, :]
        f = steps.kept[1:, None, None]
        found, cross = second.copy(), np.zeros(len(second))
        found[1:] += f**2 * second[:-1] - f * (lagged + np.swapaxes(lagged, -1, -2))
        cross[1:] = diagonal(lagged - f * second[:-1]).sum(axis=-1)
        return cls(found / steps.new[:, None, None], cross / np.sqrt(steps.new))

    def slope(self, steps: Steps) -> float:
        r"""How the log-evidence moves with the logarithm of the half-life, the covariances being fixed.

        .. math:: \sum_t \frac{d f_t}{d \log h} \left( \frac{f_t}{1 - f_t^2} (k - E[v_t^\top v_t]) +
            \frac{E[v_t^\top z_{t-1}]}{\sqrt{1 - f_t^2}} \right)
        """
        left = self.square.shape[-1] - diagonal(self.square).sum(axis=-1)
        return float(steps.moves @ (steps.kept / steps.new * left + self.with_last / np.sqrt(steps.new)))
