"""A scikit-learn net and its tasks as arrays: its layers, what its parameters say of training, its rows and targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils import check_array

from skmeta._inference.inner_training import Training
from skmeta._inference.network_rows import TaskTable, task_table
from skmeta._inference.networks import Network
from skmeta.neural_network._parameters import Array, is_net, layer_names
from skmeta.neural_network._step_sizes import AUTO_BATCH
from skmeta.tasks import Tasks
from skmeta.tasks._row_order import ranks_of_rows
from skmeta.tasks._words import shown


def check_is_net(learner: Any, estimator: Any) -> None:
    """Raise for an estimator that is no net of scikit-learn's, or that is trained by steps that no gradient goes through."""
    if not (is_net(estimator) and hasattr(estimator, "solver") and hasattr(estimator, "nesterovs_momentum")):
        raise TypeError(
            f"learner: wanted one for {type(estimator).__name__}, found {type(learner).__name__}, which is for MLPRegressor "
            "and MLPClassifier; leave learner out for that of the estimator's class, or use Reptile()."
        )
    wanted = ("sgd", "adam") if learner.takes_adam else ("sgd",)
    if estimator.solver not in wanted:
        raise ValueError(
            f"solver: wanted {' or '.join(map(repr, wanted))} for {type(learner).__name__}, found "
            f"{shown(estimator.solver)}; set the estimator's solver to that, or use Reptile(), which takes any."
        )


def network_of(net: Any) -> Network:
    """The layers of a fitted net."""
    units = (net.coefs_[0].shape[0], *(coef.shape[1] for coef in net.coefs_))
    return Network(units, net.activation, net.out_activation_)


def training_of(net: Any, *, own_rate: bool = True) -> Training:
    """What a net's parameters say of its training; without ``own_rate`` its steps do not change from epoch to epoch."""
    inverse = own_rate and net.learning_rate == "invscaling"
    return Training(
        net.learning_rate_init,
        net.momentum,
        net.nesterovs_momentum,
        net.alpha,
        AUTO_BATCH if net.batch_size == "auto" else net.batch_size,
        net.power_t if inverse else 0.0,
        (net.beta_1, net.beta_2, net.epsilon) if net.solver == "adam" else None,
    )


def table_of(tasks: Tasks, network: Network, classes: Any, estimator: Any) -> TaskTable:
    """Labelled rows, in the precision that the estimator would have; classes are outputs as it has them.

    Rows of a task stand in an order that their values alone make, so that draws do not depend on the order they came in.
    """
    X = check_array(
        tasks.X,
        accept_sparse="csr",
        dtype=(np.float64, np.float32),
        ensure_min_samples=0,
        input_name="X",
        estimator=estimator,
    )
    y = np.asarray(tasks.y)
    if classes is not None:
        y = y[:, None] == (classes if network.units[-1] > 1 else classes[1:])
    Y = np.reshape(y, (len(y), -1))
    weight = np.ones(len(y)) if tasks.sample_weight is None else tasks.sample_weight
    order = np.lexsort((weight, *Y.T, ranks_of_rows(X), tasks.codes))
    X = X[order] if isinstance(X, np.ndarray) else X[order].toarray()
    return task_table(X, Y[order], weight[order], tasks.starts)


def as_vector(network: Network, parameters: Mapping[str, Array]) -> Array:
    """Arrays by name as one vector."""
    n_layers = len(network.units) - 1
    arrays = [parameters[name] for name in layer_names(n_layers)]
    return network.pack(arrays[:n_layers], arrays[n_layers:])


def by_name(network: Network, vector: Array) -> dict[str, Array]:
    """One vector as arrays by name."""
    coefs, intercepts = network.unpack(vector)
    return dict(zip(layer_names(len(coefs)), [*coefs, *intercepts], strict=True))
