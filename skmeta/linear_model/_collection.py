"""A collection as learners of Gaussian priors get it: its units, and its tasks as the engine works with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.computation import cheaper_in_rows
from skmeta._inference.equivalent_rows import equivalent_rows
from skmeta._inference.in_columns import each_output
from skmeta._inference.in_partitions import InPartitions, View
from skmeta._inference.in_rows import read_in_rows
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import diagonal
from skmeta._inference.sums import Sums
from skmeta._inference.typical import Where, where_rows_lie, where_sums_lie
from skmeta._inference.typical_of_parts import where_parts_lie
from skmeta._inference.units import Units as EngineUnits
from skmeta._inference.units import standardised
from skmeta._inference.working import RowsAtHand, RowsElsewhere
from skmeta.base._class_weight import class_weight_of
from skmeta.linear_model._adapt import engine_rows
from skmeta.linear_model._data import LinearData
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._partitioned_statistics import PartitionedStatistics
from skmeta.linear_model._parts import Parts
from skmeta.linear_model._past import unit_of
from skmeta.linear_model._sufficient_statistics import SufficientStatistics
from skmeta.linear_model._units import Units
from skmeta.tasks import Tasks
from skmeta.tasks._class_rates import class_shares, mean_class_shares

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Collection:
    """Tasks to learn a prior from.

    ``tasks`` are the engine's: for squared errors a list, one `InColumns` or `InRows` an output, else what Laplace's EM
    takes. ``describe`` holds what a prior says of them beside its law: names of columns, classes, likelihood, units.
    ``positions_behind`` gives positions of columns by what steps call them (see `Tasks`).
    """

    tasks: Any
    units: list[EngineUnits]
    likelihood: Likelihood
    one_target: bool
    describe: dict[str, Any]
    positions_behind: Callable[[], Mapping[str, int]] | None = None

    def of_outputs(self, values: list[Any]) -> Any:
        """A value of each output as a prior holds them: with one target the value itself."""
        return values[0] if self.one_target else np.stack(values)


def of_rows(
    tasks: Tasks,
    data: LinearData,
    estimator: Any,
    family: Any,
    past: GaussianPrior | None,
    unit: float,
    *,
    by_columns: bool = False,
) -> Collection:
    """The collection whose rows are at hand: as sums where squared errors are cheaper ``by_columns``, else as rows."""
    likelihood, weight = family.likelihood(estimator, data.n_outputs), tasks.task_weight
    by_sums = likelihood.quadratic and (by_columns or not cheaper_in_rows(data.counts, data.n_features + 1))
    read = data.sums() if by_sums else None
    where = _where_rows_lie(tasks, data, family) if read is None else where_sums_lie(read[0], weight)
    units, engine = _units(where, estimator, likelihood, past, one_target=data.one_target)
    rows, describe = engine_rows(data, engine, estimator), _described(tasks, data, estimator, family, past, units, unit)
    if read is not None:
        found: Any = each_output(data.moments(rows, engine, read), weight)
    else:
        found = read_in_rows(rows, weight) if likelihood.quadratic else RowsAtHand(rows, likelihood, weight)
    return Collection(found, engine, likelihood, data.one_target, describe, tasks.positions_behind)


def of_wide_rows(
    tasks: Tasks, data: LinearData, estimator: Any, family: Any, past: GaussianPrior | None, unit: float
) -> Collection:
    """The collection whose columns stay sparse: scaled, not centred; its ``tasks`` are `Rows` and the tasks' weights."""
    likelihood = family.likelihood(estimator, data.n_outputs)
    where = _where_rows_lie(tasks, data, family, centred=False)
    units, engine = _units(where, estimator, likelihood, past, one_target=data.one_target)
    rows, describe = engine_rows(data, engine, estimator), _described(tasks, data, estimator, family, past, units, unit)
    return Collection((rows, tasks.task_weight), engine, likelihood, data.one_target, describe)


def of_sums(found: SufficientStatistics, estimator: Any, family: Any, past: GaussianPrior | None) -> Collection:
    """The collection of which there are sums alone, which determine squared errors."""
    unit = unit_of(past, found.mean_weight)
    sums = found.sums().in_unit(unit)
    units, engine = units_of_sums(found, sums, estimator, family, past, centred=True)
    tasks = each_output(standardised(sums, engine, intercept=estimator.fit_intercept))
    return collection_of(tasks, found, estimator, family, units, engine, unit)


def of_partitions(found: PartitionedStatistics, estimator: Any, family: Any, past: GaussianPrior | None) -> Collection:
    """The same of sums that stay in parts."""
    unit, engine = unit_of(past, found.mean_weight), found.engine
    likelihood = _quadratic(family, estimator, found.n_outputs)
    where = where_parts_lie(engine, found.places, found.n_outputs, unit)
    units, own = _units(where, estimator, likelihood, past, one_target=found.one_target)
    views = [View(own, unit, bool(estimator.fit_intercept), k) for k in range(found.n_outputs)]
    tasks = [InPartitions(engine, found.sums, found.codes, view, found.n_features + 1) for view in views]
    describe = _described_sums(found.feature_names, estimator, family, units, found.n_outputs, unit)
    return Collection(tasks, own, likelihood, found.one_target, describe)


def of_wide_sums(found: SufficientStatistics, estimator: Any, family: Any, past: GaussianPrior | None) -> Collection:
    """The same for `of_wide_rows`: as rows that say what the tasks' own would."""
    unit = unit_of(past, found.mean_weight)
    sums = found.sums().in_unit(unit)
    units, engine = units_of_sums(found, sums, estimator, family, past, centred=False)
    rows = equivalent_rows(sums, engine, intercept=estimator.fit_intercept)
    return collection_of((rows, None), found, estimator, family, units, engine, unit)


def units_of_sums(
    found: SufficientStatistics,
    sums: Sums,
    estimator: Any,
    family: Any,
    past: GaussianPrior | None,
    *,
    centred: bool,
) -> tuple[Units, list[EngineUnits]]:
    likelihood = _quadratic(family, estimator, found.n_outputs)
    where = where_sums_lie(sums, centred=centred)
    return _units(where, estimator, likelihood, past, one_target=found.target_mean.ndim == 1)


def _quadratic(family: Any, estimator: Any, n_outputs: int) -> Likelihood:
    """The likelihood that sums determine; others raise."""
    likelihood: Likelihood = family.likelihood(estimator, n_outputs)
    if not likelihood.quadratic:
        raise ValueError(
            f"estimator: wanted one of squared error for sufficient statistics, such as Ridge(), found "
            f"{type(estimator).__name__}, whose {likelihood.name} likelihood they do not determine; give parts that hold "
            "their rows, WorkingStatistics."
        )
    return likelihood


def collection_of(
    tasks: Any,
    found: SufficientStatistics,
    estimator: Any,
    family: Any,
    units: Units,
    engine: list[EngineUnits],
    unit: float,
) -> Collection:
    describe = _described_sums(found.feature_names, estimator, family, units, len(engine), unit)
    likelihood = family.likelihood(estimator, found.n_outputs)
    return Collection(tasks, engine, likelihood, found.target_mean.ndim == 1, describe)


def _described_sums(
    names: tuple[str, ...] | None, estimator: Any, family: Any, units: Units, n_outputs: int, unit: float
) -> dict[str, Any]:
    kind = family.kind_of(estimator, n_outputs)
    return {"feature_names": names, "likelihood": kind, "units": units, "weight_unit": unit}


def of_parts(parts: Parts, estimator: Any, family: Any, past: GaussianPrior | None) -> Collection:
    """The collection whose rows stay where they are, which are asked for sums of working responses."""
    first, likelihood = parts.first, family.likelihood(estimator, 1)
    unit = unit_of(past, first.mean_weight)
    sums, intercept = first.sums().in_unit(unit), bool(estimator.fit_intercept)
    where = where_sums_lie(sums, correlated=family.moderated)
    units, engine = _units(where, estimator, likelihood, past, one_target=True)
    squares = diagonal(standardised(sums, engine).gram)[:, :-1]
    ask = parts.asking(engine[0], unit, intercept=intercept)
    tasks = RowsElsewhere(ask, sums, squares.max(axis=1, initial=0.0), likelihood, intercept=intercept)
    describe = {"feature_names": first.feature_names, "likelihood": family.kind_of(estimator, 1), "units": units}
    if parts.classes is not None:
        describe["class_prior"] = _class_prior(np.column_stack([1.0 - sums.target, sums.target]), None, past)
        describe["class_weight"] = class_weight_of(estimator, parts.classes)
    return Collection(tasks, engine, likelihood, True, describe | {"classes": parts.classes, "weight_unit": unit})


# Units ------------------------------------------------------------------------------------------------


def _where_rows_lie(tasks: Tasks, data: LinearData, family: Any, *, centred: bool = True) -> Where:
    whole = {"centred": centred, "correlated": family.moderated and centred}
    return where_rows_lie(data.X, data.Y, tasks.codes, data.weight, tasks.task_weight, len(tasks), data.count, **whole)


def _units(
    where: Where, estimator: Any, likelihood: Likelihood, past: GaussianPrior | None, *, one_target: bool
) -> tuple[Units, list[EngineUnits]]:
    """The units of the past where it has them, else of the collection; without an intercept nothing is centred."""
    units = None if past is None else past.units
    if units is None:
        at, by = where.target_centre, where.target_scale
        if not likelihood.quadratic:
            at, by = likelihood.link(where.target_mean), np.ones_like(by)
        elif not estimator.fit_intercept:
            at, by = np.zeros_like(at), where.target_size  # not centred, so measured from zero
        centre = where.centre if estimator.fit_intercept else np.zeros_like(where.centre)
        units = Units(centre, where.scale, at[0] if one_target else at, by[0] if one_target else by, where.correlation)
    found = [units.of_output(k) for k in range(len(where.target_centre))]
    # Targets of other than squared errors keep their own units.
    return units, found if likelihood.quadratic else [EngineUnits(each.centre, each.scale) for each in found]


def _described(
    tasks: Tasks,
    data: LinearData,
    estimator: Any,
    family: Any,
    past: GaussianPrior | None,
    units: Units,
    unit: float,
) -> dict[str, Any]:
    names, kind = tasks.feature_names, family.kind_of(estimator, data.n_outputs)
    found = {"feature_names": names, "classes": data.classes, "likelihood": kind, "units": units, "weight_unit": unit}
    if data.classes is None:
        return found
    found["class_weight"] = class_weight_of(estimator, data.classes)
    if tasks.class_rates and past is not None:  # rows that were drawn by their class do not tell
        return found | {"class_prior": past.class_prior}
    return found | {"class_prior": _class_prior(class_shares(tasks, data.classes), tasks.task_weight, past)}


def _class_prior(shares: Array, task_weight: Array | None, past: GaussianPrior | None) -> Array:
    """The mean of tasks' own shares; what is known counts as the tasks that it was learned from."""
    if past is None or past.class_prior is None:
        return mean_class_shares(shares, task_weight)
    return mean_class_shares(shares, task_weight, past.class_prior, max(past.n_tasks, 1.0))
