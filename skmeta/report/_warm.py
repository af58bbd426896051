"""The warm-started estimator of a collection, and the table as it takes it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from skmeta import _dataframe
from skmeta.linear_model import StateSpace
from skmeta.report._collection import Collection
from skmeta.warm_start import WarmStartClassifier, WarmStartRegressor


def warm_class(model: Any) -> Any:
    """Return the class that warm-starts `model`."""
    return WarmStartClassifier if is_classifier(model) else WarmStartRegressor


def warm_model(model: Any, **columns: Any) -> Any:
    """Return a warm-started `model`, not fitted."""
    return warm_class(model)(model, **columns)


def columns_of_tasks(table: Collection, otherwise: Any = None) -> dict[str, Any]:
    """Return the parameters that say which columns are of tasks; `otherwise` is the task column where there is but one."""
    if not table.of_tasks:
        return {"task": table.task if otherwise is None else otherwise}
    described = {"context": table.context} if table.context else {}
    return {"task": table.task} | described | ({"learner": StateSpace()} if table.drift else {})


def whole_table(table: Collection) -> Any:
    """Return the table from which all is learned, features included."""
    return table.X if table.written is None or not table.numbers + table.categories else table.written


def warm_table(table: Collection, Z: NDArray[np.float64]) -> Any:
    """Return features and tasks `Z` as they are, or, where more is known of tasks, a frame of the features and of that."""
    if not table.of_tasks:
        return Z
    features = {f"feature {j}": Z[:, j] for j in range(Z.shape[1] - 1)}
    return _dataframe.make_frame(features | {name: table.X[name].to_numpy() for name in table.of_tasks}, table.name)


def table_of_new_task(X: Any, table: Collection, learned: Any) -> Any:
    """Return what `warm_table` made with those columns of tasks alone which the prior that was `learned` reads."""
    if not table.of_tasks:
        return X[:, :-1]
    return X.drop(columns=[name for name in table.of_tasks if name not in learned.prior_.context_names])
