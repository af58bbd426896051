"""Drifting tasks as a prior: one model a day, of which tomorrow's is near today's; also within entities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.contextual import without_rows
from skmeta._inference.drift import Between, Chains
from skmeta._inference.drifting_law import DriftingLaw
from skmeta._inference.messages import Messages
from skmeta._inference.units import Units
from skmeta.base import FrozenValue
from skmeta.base._pictures import Path
from skmeta.base._plain import Reader, reader
from skmeta.base._prior import check_reads
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._structured._explained import counted
from skmeta.linear_model._structured._nested_prior import NestedPrior
from skmeta.linear_model._structured._prior import Change
from skmeta.tasks._times import DAYS, ZONED_DAYS, dates_of_days, time_of

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class States(FrozenValue):
    r"""What was learned of each time.

    Parameters
    ----------
    chain : ndarray of int of shape (n_times,)
        Position of the entity that a time is of in the level above; zeros where there is none.
    time : ndarray of shape (n_times,)
        In days for dates.
    precision : ndarray of shape (n_times, p, p) or (n_outputs, n_times, p, p)
        What the rows of this time say of :math:`\mu + s_t`, as the precision of a Gaussian likelihood.
    pull : ndarray of shape (n_times, p) or (n_outputs, n_times, p)
        That precision times where the likelihood has its peak.
    """

    chain: NDArray[np.intp]
    time: Array
    precision: Array
    pull: Array


@dataclass(frozen=True, eq=False, repr=False)
class DriftingPrior(NestedPrior):
    r"""A Gaussian prior of tasks that drift, such as one model a day.

    .. math:: w_t = \mu + s_t + v_t, \quad \mathrm{cor}(s_t, s_{t'}) = 2^{-|t - t'| / h}, \quad
        s_t \sim N(0, \Sigma_s), \quad v_t \sim N(0, \Sigma_v)

    `given` a date after the last goes forward from the last state; a date before it has the state that all days tell, its own
    rows among them, which between two days is interpolated. Without a date, the prior is that of the time that would follow
    the last: the stationary law, which forgets where things stand, is no forecast, and a random walk has none. Within
    entities (``task=["player", "season"]``) the mean is the entity's own, :math:`\mu + u`; an entity that is not known, or was
    never seen, starts from the mean of all.

    Parameters
    ----------
    levels : tuple of str, default=()
        Names of the levels, outermost first; the last is that of the times.
    level_covariance : ndarray of shape (n_levels + 1, p, p) or (n_outputs, n_levels + 1, p, p), default=None
        How entities vary, level by level, how states do, and how tasks do around their states.
    nodes : tuple of Nodes, default=()
        What was learned of the entities.
    half_life : float or ndarray of shape (n_outputs,), default=inf
        The time after which half of a deviation is left, in days for dates.
    slope_variance : float or ndarray of shape (n_outputs,), default=inf
        Variance of the mean's slopes around zero, in units of the engine.
    time_unit : str, default=""
        "days" for dates, "days of a time zone" for those that have one; numbers have no unit.
    states : States, default=None
        What was learned of each time.

    References
    ----------
    A. C. Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, section 3.
    """

    _nested: ClassVar[dict[str, Reader]] = NestedPrior._nested | {"states": reader(States)}

    half_life: Array | float = np.inf
    slope_variance: Array | float = np.inf
    time_unit: str = ""
    states: States | None = None

    def __repr__(self) -> str:
        counts = dict(zip(self.levels, [*self._n_nodes, self.n_tasks], strict=True))
        return f"DriftingPrior({'; '.join([counted(counts), *self.in_words])})"

    @property
    def in_words(self) -> tuple[str, ...]:
        """The half-life, such as "half-life 12 days"."""
        return (self.half_life_in_words,)

    @property
    def path(self) -> Path | None:
        """How coefficients moved, as all times tell; None within entities, each of which has a path of its own."""
        if self.nodes:
            return None
        found = [self._path(k) for k in range(self.n_outputs)]
        mean, sd = (each[0] if self.one_target else np.stack(each) for each in zip(*found, strict=True))
        times = np.unique(self.time)
        return Path(dates_of_days(times) if self.time_unit in (DAYS, ZONED_DAYS) else times, mean, sd)

    def _path(self, k: int) -> tuple[Array, Array]:
        """Means and standard deviations ``(n_times, p)`` of the states of output ``k``."""
        units, between = self._smoothed[k]
        half_life = float(np.atleast_1d(self.half_life)[k])
        known = [between.at(0, time, half_life)[0] for time in np.unique(self.time)]
        mean = np.stack([units.to_data(each.mean[0] + self._effects(k, units)) for each in known])
        doubt = np.stack([np.diag(units.covariance_to_data(each.covariance[0])) for each in known])
        return mean, np.sqrt(doubt)

    @property
    def half_life_in_words(self) -> str:
        """Such as "half-life 12 days"; a half-life beyond all times that were seen is not known better than that."""
        span = float(np.ptp(self.time))
        each = np.atleast_1d(self.half_life)
        told = ", ".join(f"{h:.3g}" if h <= span else f"more than {span:.3g}" for h in each)
        return f"half-life {told} {self.time_unit.partition(' ')[0]}".rstrip()

    @property
    def context_names(self) -> tuple[str, ...]:
        """The entities' levels and the time."""
        return self.levels

    @property
    def covariances(self) -> dict[str, Array]:
        """By name, in units of the data: how entities vary, how states do ("date drift"), and tasks around them ("date")."""
        each = np.moveaxis(self._levels_covariance, -3, 0)
        return dict(zip([*self.levels[:-1], f"{self.levels[-1]} drift", self.levels[-1]], each, strict=True))

    @property
    def _states(self) -> States:
        assert self.states is not None
        return self.states

    @property
    def chain(self) -> NDArray[np.intp]:
        """The position of the entity that each time is of."""
        return self._states.chain

    @property
    def time(self) -> Array:
        """All times, in days for dates."""
        return self._states.time

    def given(self, **context: Any) -> GaussianPrior:
        """The prior of a task at a time.

        Parameters
        ----------
        **context : dict
            The time, a date or a number as the past has, and the entities, by level; of what is missing nothing is known.

        Returns
        -------
        GaussianPrior
            Around the state at this time.

        Raises
        ------
        TypeError
            If it reads no such name.
        ValueError
            If the time is none.
        """
        check_reads(self, context)
        depth, node = self._deepest(context)
        if depth < len(self.nodes):
            return self._below(depth, node)
        name = self.levels[-1]
        chains = self._smoothed[0][1].chains
        time = time_of(context[name], name, self.time_unit) if name in context else chains.next_of(node)
        found = [self._at(k, node, time) for k in range(self.n_outputs)]
        mean, covariance, doubt = (each[0] if self.one_target else np.stack(each) for each in zip(*found, strict=True))
        return self.plain(mean=mean, covariance=covariance, mean_covariance=doubt)

    def _at(self, k: int, chain: int, time: float) -> tuple[Array, Array, Array]:
        """Mean of a task at a time, how it varies around it, and the mean's uncertainty, of output ``k``."""
        units, between = self._smoothed[k]
        known, new = between.at(chain, time, float(np.atleast_1d(self.half_life)[k]))
        state, own = self._output_covariances(k)[-2:]
        return (
            units.to_data(known.mean[0] + self._effects(k, units)),
            own + new * state,
            units.covariance_to_data(known.covariance[0]),
        )

    def _effects(self, k: int, units: Units) -> Array | float:
        """What contextual effects add to coefficients of output ``k`` where no columns' means are known, for the engine."""
        effects = self.effects_of(k)
        return 0.0 if effects is None else without_rows(*units.effects_to_engine(effects))

    def _output_covariances(self, k: int) -> Array:
        return self._levels_covariance if self.one_target else self._levels_covariance[k]

    @cached_property
    def _smoothed(self) -> list[tuple[Units, Between]]:
        """Of every output, what all times tell of any one."""
        found = []
        for k in range(self.n_outputs):
            units = self.engine_units(k, self.engine_likelihood)
            chains, law = self.chains(k, units), self.law(k, units)
            nothing = Messages(
                *(np.zeros((0, *each)) for each in ((self.n_features + 1,) * 2, (self.n_features + 1,), ()))
            )
            found.append((units, chains.passed_up(nothing, law).between(law.shrink)))
        return found

    def chains(self, k: int, units: Units) -> Chains:
        """The chains of output ``k`` in units of the engine."""
        parents = (*(each.parent for each in self.nodes), self.chain)
        return Chains.of(parents, self.time, np.zeros(0), self.told(k, units))

    def told(self, k: int, units: Units) -> Messages:
        """What rows said of each state of output ``k``, in units of the engine."""
        precision, pull = self._states.precision, self._states.pull
        precision, pull = (precision, pull) if self.one_target else (precision[k], pull[k])
        return Messages(precision, pull, np.zeros(len(pull))).moved(*units.affine_to_data)

    def law(self, k: int, units: Units) -> DriftingLaw:
        """The law of output ``k`` in units of the engine."""
        covariances = tuple(units.covariance_to_engine(each) for each in self._output_covariances(k))
        half_life, slopes = (float(np.atleast_1d(each)[k]) for each in (self.half_life, self.slope_variance))
        noise = self.noise_of(k) / units.target_scale**2
        return DriftingLaw(covariances, noise, np.inf, np.zeros(0), slopes, half_life=half_life)

    def _changed(self, vector: Change, matrix: Change) -> dict[str, Any]:
        states = self._states
        return super()._changed(vector, matrix) | {
            "states": replace(states, precision=matrix(states.precision), pull=vector(states.pull))
        }
