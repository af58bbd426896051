"""How probable each kind is for the tasks of a fitted model, where its learner looked for kinds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skmeta.tasks._ids import as_list


class HasMemberships:
    """What a model adds whose learner may know kinds of tasks."""

    @property
    def memberships_(self) -> dict[Any, NDArray[np.float64]]:
        """How probable each kind is ``(n_kinds,)``, by the ids of the tasks learned from; what is missing to one is no kind."""
        check_is_fitted(self)
        known: Any = vars(self).get("_known")
        found = getattr(vars(self).get("learner_"), "memberships_", None)
        if found is None or not found.shape[1]:
            raise AttributeError(
                "memberships_: wanted a learner that looked for kinds in these tasks, found none; give one, such as "
                "EmpiricalBayes(n_components='auto')."
            )
        return dict(zip(as_list(known.tasks.ids), found, strict=True))
