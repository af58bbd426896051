"""A family that reads where a task lies: its level is expected at that of its region, and moves by its size."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from skmeta import GaussianPrior
from skmeta.base import AdaptedEstimators, Learner, Prior
from skmeta.linear_model import Units
from skmeta.tasks import Tasks

REGIONS, STORES, ROWS = ["east", "north", "west"], ["a", "b", "c"], 6


@dataclass(frozen=True, eq=False, repr=False)
class PlacePrior(Prior):
    """Slopes of one law; the expected level is that of the innermost place that is known, and moves by the size."""

    slopes: np.ndarray
    levels: dict = field(default_factory=dict)  # from a path, as long as it is known, to a level
    places: tuple = ()
    asked: list = field(default_factory=list)  # what `given` was asked
    size: float = 0.0

    @property
    def context_names(self):
        return (*self.places, "size")

    def given(self, **known):
        assert set(known) <= set(self.context_names) and known
        self.asked.append(known)
        return self.at(known)

    def at(self, known):
        path = tuple(known[name] for name in self.places if name in known)
        while path not in self.levels:
            path = path[:-1]
        mean = np.r_[self.slopes, self.levels[path] + float(known.get("size", 0.0))]
        return GaussianPrior(mean, 0.5, feature_names=self.feature_names, units=Units(np.zeros(len(self.slopes))))

    def adapt_tasks(self, estimator, tasks, *, n_jobs=None):
        one = self.at({name: ids[0] for name, ids in tasks.levels.items()} if len(tasks) else {})
        return PlacedEstimators(self, estimator, tasks) if len(tasks) else one.adapt_tasks(estimator, tasks)


class PlacedEstimators(AdaptedEstimators):
    """Each task from the prior of its place."""

    def estimator(self, code):
        if code < 0:
            nothing = Tasks.none(self.tasks.feature_names, self.tasks.X.shape[1])
            return self.prior.at({}).adapt_tasks(self.model, nothing).estimator(-1)
        one = self.tasks.take([code])
        known = {name: ids[0] for name, ids in (one.levels | one.context).items()}
        return self.prior.at(known).adapt_tasks(self.model, one).estimator(0)


@dataclass(eq=False)
class PlaceLearner(Learner):
    """Levels are mean targets of the tasks at each place but the innermost; slopes are those of the prior, or zero."""

    depth: int = 1

    def learn(self, estimator, tasks, prior=None, *, n_jobs=None, progress=None):
        names = list(tasks.levels)[: self.depth]
        means = np.array([y.mean() for _, y, _ in tasks])
        levels = {} if prior is None else dict(prior.levels)
        for k in range(len(names) + 1):
            paths = list(zip(*(tasks.levels[name].tolist() for name in names[:k]), strict=True)) or [()] * len(tasks)
            levels |= {path: means[[each == path for each in paths]].mean() for path in set(paths)}
        n_tasks = len(tasks) + (0 if prior is None else prior.n_tasks)
        return PlacePrior(
            np.zeros(tasks.X.shape[1]), levels, tuple(names), n_tasks=n_tasks, feature_names=tasks.feature_names
        )


def make_places(seed=0):
    """A frame of stores a, b, c in each region, with two features; and targets whose level is the region's."""
    rng = np.random.default_rng(seed)
    region, store = (each.ravel() for each in np.meshgrid(REGIONS, STORES, indexing="ij"))
    frame = pd.DataFrame({"region": np.repeat(region, ROWS), "store": np.repeat(store, ROWS)})
    frame[["price", "width"]] = rng.normal(size=(len(frame), 2))
    return frame, frame["region"].map({"east": 10.0, "north": 20.0, "west": 30.0}).to_numpy() + rng.normal(
        size=len(frame)
    )
