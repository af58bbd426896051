"""A mapping from task ids to plain estimators that are made when asked for."""

from collections.abc import Mapping

import numpy as np

from skmeta.tasks import lookup_tasks


class TaskEstimators(Mapping):
    """Read-only mapping id -> plain fitted estimator: many tasks do not mean many objects."""

    def __init__(self, ids, make):
        self._ids = ids
        self._make = make

    def __getitem__(self, task):
        code = int(lookup_tasks(self._ids, np.array([task]))[0])
        if code < 0:
            raise KeyError(f"no task {task!r} among the {len(self._ids)} that were adapted to")
        return self._make(code)

    def __iter__(self):
        return iter(self._ids.tolist())

    def __len__(self):
        return len(self._ids)

    def __repr__(self):
        return f"TaskEstimators({len(self)} tasks, made when asked for)"
