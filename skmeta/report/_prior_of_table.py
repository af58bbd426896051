"""A prior that knows the table it was learned from, so that it can be applied to the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skmeta.report._collection import Collection
from skmeta.report._roles import Roles
from skmeta.steps import PriorWithSteps, split_prior


@dataclass(frozen=True, eq=False, repr=False)
class PriorOfTable(PriorWithSteps):
    """A prior of raw rows, with the model that it is for and the roles of the columns.

    Parameters
    ----------
    steps, prior : FrozenSteps, Prior
        As of every prior behind steps.
    model : estimator
        Not fitted.
    task : str or list of str
        Name of the task column; a list where more is known of tasks, outermost first.
    target : str
        Name of the target.
    kinds : mapping of str to str
        Each column that the steps use, and what it holds: "number", "date" or "category".
    units : mapping of str to str
        Currency or unit of each column of numbers that has one, the target among them.
    categories : mapping of str to tuple
        What each column of categories held.
    context : list of str
        Names of the columns that describe tasks.
    drift : bool
        Whether tasks drift along their own ids.
    """

    model: Any
    task: str | list[str]
    target: str
    kinds: Mapping[str, str]
    units: Mapping[str, str]
    categories: Mapping[str, tuple[Any, ...]]
    context: list[str]
    drift: bool

    @property
    def roles(self) -> Roles:
        """What columns of a table are for."""
        return Roles(
            (self.task,) if isinstance(self.task, str) else tuple(self.task),
            self.target,
            None,
            tuple(self.context),
            self.drift,
        )


def with_table(prior: Any, collection: Collection, model: Any) -> PriorOfTable:
    """Return a prior that was learned from a collection, with what there is to know of it.

    Parameters
    ----------
    prior : Prior
        Learned by `learn_from_all`.
    collection : Collection
        The table.
    model : estimator
        What solves one task.

    Returns
    -------
    PriorOfTable
        A prior that can do all that the first can.
    """
    steps, inner = split_prior(prior)
    target = collection.names[1]
    task: Any = collection.task if collection.of_tasks else collection.names[0]
    kinds = dict.fromkeys(map(str, collection.numbers), "number")
    kinds |= dict.fromkeys(map(str, collection.categories), "category")
    kinds |= {name: column.kind for name, column in collection.read.items()}
    units = {name: column.unit for name, column in collection.read.items()} | {target: collection.unit}
    categories = {str(name): tuple(collection.X[name].dropna().unique().tolist()) for name in collection.categories}
    return PriorOfTable(
        steps, inner, model, task, target, kinds, units, categories, collection.context, collection.drift
    )
