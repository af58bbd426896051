"""Nested tasks as a prior: stores in regions, casks in batches, to any depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skmeta.base import FrozenValue
from skmeta.base._never_seen import warn_of_never_seen
from skmeta.base._pictures import Spread
from skmeta.base._plain import Reader, reader
from skmeta.base._prior import check_reads
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._structured._explained import counted, explains, not_told_apart
from skmeta.linear_model._structured._prior import Change, StructuredPrior
from skmeta.tasks._known_ids import check_types
from skmeta.tasks._levels_apart import alike_levels
from skmeta.tasks._words import is_missing

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Nodes(FrozenValue):
    """The nodes of one level of a tree above the tasks: what was learned of each.

    Parameters
    ----------
    ids : ndarray of shape (n_nodes,)
        Their own ids, without those above.
    parent : ndarray of int of shape (n_nodes,)
        Position of the node above in the level above; zeros in the first level.
    mean : ndarray of shape (n_nodes, p) or (n_outputs, n_nodes, p)
        Expected coefficients, in units of the data, the intercept last.
    mean_covariance : ndarray of shape (n_nodes, p, p) or (n_outputs, n_nodes, p, p)
        What is not known of them.
    precision : ndarray of shape (n_nodes, p, p) or (n_outputs, n_nodes, p, p), default=None
        What the rows below say of them, as the precision of a Gaussian likelihood; of the level above the tasks alone.
    pull : ndarray of shape (n_nodes, p) or (n_outputs, n_nodes, p), default=None
        That precision times where the likelihood has its peak.
    centre : ndarray of shape (n_nodes, p - 1), default=None
        What is expected of the means of a task's columns below each, where these have contextual effects.
    variance_ratio : ndarray of shape (n_nodes, p - 1), default=None
        Variance of each column within a task over what is not known of its mean.
    """

    ids: NDArray[Any]
    parent: NDArray[np.intp]
    mean: Array
    mean_covariance: Array
    precision: Array | None = None
    pull: Array | None = None
    centre: Array | None = None
    variance_ratio: Array | None = None

    def position(self, value: Any, parent: int) -> int | None:
        """Of the node of that id below a ``parent``; None where there is none."""
        found = np.flatnonzero((self.ids == value) & (self.parent == parent))
        return int(found[0]) if len(found) else None


@dataclass(frozen=True, eq=False, repr=False)
class NestedPrior(StructuredPrior):
    r"""A Gaussian prior of tasks in a tree, such as stores in regions.

    .. math:: w_t = \mu + u_{region} + v_{store}, \quad u \sim N(0, \Sigma_{region}), \quad v \sim N(0, \Sigma_{store})

    `given` starts a task of a known region from what was learned there, one of an unknown region from the mean of all.

    Parameters
    ----------
    levels : tuple of str, default=()
        Names of the levels, outermost first; the last is that of the tasks.
    level_covariance : ndarray of shape (n_levels, p, p) or (n_outputs, n_levels, p, p), default=None
        How the nodes of each level vary around those above.
    nodes : tuple of Nodes, default=()
        What was learned of the nodes of every level but the last.
    one_task_each : bool, default=False
        Whether each node above the tasks has one task alone.

    References
    ----------
    D. V. Lindley and A. F. M. Smith (1972), Bayes estimates for the linear model, JRSS B 34, section 2.
    """

    _nested: ClassVar[dict[str, Reader]] = GaussianPrior._nested | {"nodes": reader(Nodes)}

    levels: tuple[str, ...] = ()
    level_covariance: Array | None = None
    nodes: tuple[Nodes, ...] = ()
    one_task_each: bool = False

    def __repr__(self) -> str:
        counts = dict(zip(self.levels, [*self._n_nodes, self.n_tasks], strict=True))
        return f"NestedPrior({'; '.join([counted(counts), *self.in_words])})"

    @property
    def in_words(self) -> tuple[str, ...]:
        """What the levels above the tasks explain, such as "region explains 61 % of what differs between tasks"."""
        above, shares = self.levels[:-1], self.shares
        return (
            *explains({name: shares[name] for name in above}),
            *not_told_apart(above, self._n_nodes, self._alike),
        )

    @property
    def _n_nodes(self) -> list[int]:
        """Number of nodes of every level but the last."""
        return [len(nodes.ids) for nodes in self.nodes]

    @property
    def _alike(self) -> list[tuple[str, str]]:
        """Pairs of levels that no data can tell apart, as they change together."""
        counts = self._n_nodes
        return alike_levels(self.levels, [*counts, counts[-1] if self.one_task_each else np.inf])

    @property
    def spreads(self) -> dict[str, Spread]:
        """How coefficients differ at each level, by its name, and where its nodes lie."""
        nodes = {name: each.mean for name, each in zip(self.levels, self.nodes, strict=False)}
        return {name: Spread.of(self.mean, own, nodes.get(name)) for name, own in self.covariances.items()}

    @property
    def shares(self) -> dict[str, float]:
        """What each level explains of how tasks differ: its share of the variance of their predictions.

        That of rows whose columns vary independently, each as in the rows that it was learned from. NaN of a level that was
        met with one node alone, and of two that change together.
        """
        one = {name for name, count in zip(self.levels, self._n_nodes, strict=False) if count == 1}
        differ = {name: own for name, own in self.covariances.items() if name not in one}
        unknown = one.union(*self._alike)
        shares = self._shares_of(differ)
        return {name: np.nan if name in unknown else shares[name] for name in self.covariances}

    @property
    def context_names(self) -> tuple[str, ...]:
        """The levels above the tasks."""
        return self.levels[:-1]

    @property
    def covariances(self) -> dict[str, Array]:
        """How the nodes of each level vary around those above, in units of the data, by the level's name."""
        each = np.moveaxis(self._levels_covariance, -3, 0)
        return dict(zip(self.levels, each, strict=True))

    @property
    def _levels_covariance(self) -> Array:
        assert self.level_covariance is not None
        return self.level_covariance

    def given(self, **context: Any) -> GaussianPrior:
        """The prior of a task below a node.

        Parameters
        ----------
        **context : dict
            Ids of the node and of those above it, by level; what is missing is not known, and neither is what was never
            seen, of which a warning tells.

        Returns
        -------
        GaussianPrior
            Around the deepest node that is known.

        Raises
        ------
        TypeError
            If it reads no such name.
        """
        check_reads(self, context)
        depth, node = self._deepest(context)
        if depth < len(self.nodes):
            self._tell_never_seen(depth, context)
        return self._below(depth, node)

    def _tell_never_seen(self, depth: int, context: Mapping[str, Any]) -> None:
        """Warn of an id that no task below the deepest node known had; of one that is missing there is nothing to say."""
        name = self.levels[depth]
        there = [context[name]] if name in context and not is_missing(context[name]) else []
        of = f" of its {self.levels[depth - 1]}" if depth else ""
        warn_of_never_seen("task", name, there, f"at the mean of those seen{of}")

    def _below(self, depth: int, node: int) -> GaussianPrior:
        """The prior of a task below a node of the level ``depth``, counted from the root."""
        if depth == 0:
            return self.plain()
        known = self.nodes[depth - 1]
        found: dict[str, Any] = {
            "mean": known.mean[..., node, :].copy(),
            "covariance": self._levels_covariance[..., depth:, :, :].sum(axis=-3),
            "mean_covariance": known.mean_covariance[..., node, :, :].copy(),
        }
        if self.contextual_effects is not None and known.centre is not None and known.variance_ratio is not None:
            effects = self.contextual_effects.around(known.variance_ratio[node], known.centre[node])
            found["contextual_effects"] = effects
        return self.plain(**found)

    def _deepest(self, context: Mapping[str, Any]) -> tuple[int, int]:
        """How many levels of the nodes above a task are known, and the position of the last of these nodes."""
        depth, node = 0, 0
        check_types({name: nodes.ids for name, nodes in zip(self.levels, self.nodes, strict=False)}, context)
        for level, nodes in zip(self.levels, self.nodes, strict=False):
            found = nodes.position(context[level], node) if level in context else None
            if found is None:
                break
            depth, node = depth + 1, found
        return depth, node

    def _changed(self, vector: Change, matrix: Change) -> dict[str, Any]:
        nodes = [
            replace(
                each,
                mean=vector(each.mean),
                mean_covariance=matrix(each.mean_covariance),
                precision=None if each.precision is None else matrix(each.precision),
                pull=None if each.pull is None else vector(each.pull),
                centre=_of_columns(each.centre, vector),
                variance_ratio=_of_columns(each.variance_ratio, vector),
            )
            for each in self.nodes
        ]
        return {"level_covariance": matrix(self._levels_covariance), "nodes": tuple(nodes)}


def _of_columns(values: Array | None, vector: Change) -> Array | None:
    """Numbers of columns ``(n_nodes, p - 1)`` after a change of the coefficients, of which an intercept is the last."""
    if values is None:
        return None
    return vector(np.concatenate([values, np.zeros((len(values), 1))], axis=-1))[..., :-1]
