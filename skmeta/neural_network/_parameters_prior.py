"""What the next task's training starts from: the learned parameters of an estimator, as arrays by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmeta._dataframe import make_frame
from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._matching import not_for
from skmeta.neural_network._adapted_parameters import AdaptedParameters
from skmeta.neural_network._other_packages import package_of
from skmeta.neural_network._parameters import is_net, parameters_of
from skmeta.tasks import Tasks
from skmeta.tasks._words import shown

Array = NDArray[Any]

_SETTINGS = ("activation", "loss")  # parameters of estimators under which weights mean something else
_OWN_NAMES = ("coef", "intercept")  # what names of scikit-learn's arrays begin with; packages of nets have their own


@dataclass(frozen=True, eq=False, repr=False)
class ParametersPrior(Prior):
    r"""Learned parameters of an estimator, from which its own training starts in each new task.

    .. math:: \theta_t = \mathrm{train}(\theta_0;\, X_t, y_t)

    where :math:`\mathrm{train}` is what the estimator's ``fit`` does from these arrays on: its solver, learning rate, number
    of iterations, penalty and batches are the estimator's own, and they are the brake too, as there is no penalty towards
    :math:`\theta_0`. A task without rows has :math:`\theta_0` itself. The plain result is a fitted estimator with the
    user's parameters.

    Estimators are nets (`MLPRegressor`, `MLPClassifier`) of the same layers, activation and loss, those of skorch and
    scikeras with arrays of the same names and shapes, or any other with
    ``coef_`` and ``intercept_`` that goes on from them under ``warm_start`` or ``partial_fit``, such as `SGDClassifier`.
    One that knows no start is fitted to the rows of its task as ever, and has the learned arrays where there are none.

    Parameters
    ----------
    names : sequence of str
        Of the arrays: ``coefs_0``, ``coefs_1``, ..., ``intercepts_0``, ... of a net, as in ``state_dict()`` of one of torch, as
        in ``path`` of one of keras, else ``coef_`` and ``intercept_``.
    arrays : sequence of ndarray
        :math:`\theta_0`, finite, in that order.
    fits : str
        Name of the class of estimators.
    activation : str, default=""
        Activation of a net's hidden layers; "" for estimators without one.
    out_activation : str, default=""
        Activation of its output, ``out_activation_``.
    loss : str, default=""
        Name of the loss; "" for estimators without one.
    step_sizes : sequence of ndarray, default=()
        A learned step size of each weight, in the shapes of ``arrays``, instead of ``learning_rate_init``; for nets with
        ``solver="sgd"``. None at all leaves steps to the estimator.
    weight_unit : float, default=1
        Mean weight of the rows learned from; weights of other rows are read in this unit.
    n_columns : int, default=0
        Columns of rows, for nets whose arrays do not tell; 0 where that is not known.
    n_tasks, n_rows, feature_names, classes, class_prior, class_weight
        As in `Prior`.

    References
    ----------
    A. Nichol, J. Achiam and J. Schulman (2018), On first-order meta-learning algorithms, arXiv 1803.02999.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from skmeta.neural_network import ParametersPrior
    >>> x = np.linspace(-1.0, 1.0, 40)[:, None]
    >>> old = MLPRegressor(hidden_layer_sizes=8, solver="lbfgs", random_state=0).fit(x, x.ravel() ** 2)
    >>> prior = ParametersPrior.from_estimator(old)
    >>> prior
    ParametersPrior(MLPRegressor 1-8-1 relu, written by hand)
    >>> net = MLPRegressor(hidden_layer_sizes=8, solver="lbfgs", max_iter=5)
    >>> bool(np.all(prior.zero_shot(net).predict(x) == old.predict(x)))
    True
    """

    names: tuple[str, ...] = ()
    arrays: tuple[Array, ...] = ()
    fits: str = ""
    activation: str = ""
    out_activation: str = ""
    loss: str = ""
    step_sizes: tuple[Array, ...] = ()
    weight_unit: float = 1.0
    n_columns: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(str(name) for name in self.names))
        for name in ("arrays", "step_sizes"):
            object.__setattr__(self, name, tuple(_as_numbers(each, name) for each in getattr(self, name)))
        _check_shapes(self.names, self.arrays, self.step_sizes)
        super().__post_init__()

    def _freeze(self) -> None:
        super()._freeze()
        for array in (*self.arrays, *self.step_sizes):
            array.flags.writeable = False

    def __repr__(self) -> str:
        learned = super().__repr__().removeprefix(f"{type(self).__name__}(")
        kind = " ".join([self.fits, "-".join(map(str, self.layer_sizes)), self.activation]).strip()
        return f"{type(self).__name__}({kind}{', a step size a weight' if self.step_sizes else ''}, {learned}"

    @classmethod
    def from_estimator(cls, model: Any, **more: Any) -> Self:
        """Make a prior of the parameters of a fitted estimator: those of a net trained before, say.

        Parameters
        ----------
        model : estimator
            Fitted.
        **more
            Fields of the prior, such as ``n_tasks``.

        Returns
        -------
        ParametersPrior
            Its classes and the names of its columns are those of the estimator.

        Raises
        ------
        TypeError
            If its parameters are no arrays.
        """
        parameters = parameters_of(model)
        known: dict[str, Any] = {
            "feature_names": getattr(model, "feature_names_in_", None),
            "classes": getattr(model, "classes_", None),
            "out_activation": getattr(model, "out_activation_", ""),
            **{name: setting(model, name) for name in _SETTINGS},
        }
        if package_of(model) is not None:
            known["n_columns"] = getattr(model, "n_features_in_", 0)
        names, arrays = tuple(parameters), tuple(parameters.values())
        return cls(names, arrays, type(model).__name__, **(known | more))

    @property
    def parameters(self) -> dict[str, Array]:
        """The arrays by name, read-only."""
        return dict(zip(self.names, self.arrays, strict=True))

    @property
    def named_step_sizes(self) -> dict[str, Array]:
        """Step sizes by the names of the arrays; empty where there are none."""
        return dict(zip(self.names, self.step_sizes, strict=False))

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Units of each layer of a net, from columns of rows to outputs; empty for other estimators."""
        weights = [array for name, array in self.parameters.items() if name.startswith("coefs_")]
        return (*(array.shape[0] for array in weights), weights[-1].shape[1]) if weights else ()

    @property
    def n_features_in(self) -> int | None:
        """Number of columns of rows that it is about."""
        if "coef_" in self.names:
            return self.parameters["coef_"].shape[-1]
        return self.layer_sizes[0] if self.layer_sizes else self.n_columns or None

    @property
    def n_outputs(self) -> int:
        """Number of targets of a regressor."""
        return self.arrays[-1].shape[-1] if self.arrays[-1].ndim else 1

    def check_is_of(self, estimator: Any) -> None:
        """Raise for an estimator of another class, or one whose layers, activation or loss are others.

        Parameters
        ----------
        estimator : estimator
            The model of one task.

        Raises
        ------
        TypeError
            If it is of another class.
        ValueError
            If it is built otherwise.
        """
        if self.fits not in [cls.__name__ for cls in type(estimator).__mro__]:
            raise not_for(self, self.fits, estimator)
        if is_net(estimator):
            _check_same("hidden_layer_sizes", self.layer_sizes[1:-1], hidden_layer_sizes(estimator))
        for name in _SETTINGS:
            _check_same(name, getattr(self, name), setting(estimator, name))
        if self.step_sizes and getattr(estimator, "solver", "sgd") != "sgd":
            raise ValueError(
                f"solver: wanted 'sgd', as the prior has a step size of each weight, found {shown(estimator.solver)}; use "
                "solver='sgd', or learn a prior by Reptile()."
            )

    def check_arrays(self, model: Any) -> None:
        """Raise unless the net of another package has arrays of these names and shapes; `check_is_of` asked all others.

        Parameters
        ----------
        model : estimator
            Untrained.

        Raises
        ------
        ValueError
            If it is built otherwise; with the arrays that differ.
        """
        if package_of(model) is None:
            return
        wanted = {(name, array.shape) for name, array in self.parameters.items()}
        found = {(name, array.shape) for name, array in parameters_of(model).items()}
        if wanted != found:
            raise ValueError(
                f"estimator: wanted a {type(model).__name__} with the arrays {_listed(wanted - found)}, as the prior was "
                f"learned with, found {_listed(found - wanted)}; build the same net, or learn a prior anew."
            )

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Train a clone of ``estimator`` on each of some tasks, from the learned parameters on.

        Parameters
        ----------
        estimator : estimator
            Of the class that the prior is for.
        tasks : Tasks
            The tasks; a class that one of them lacks keeps its output unit.
        n_jobs : int, default=None
            Parallel jobs over tasks.

        Returns
        -------
        AdaptedParameters
            Plain fitted estimators.

        Raises
        ------
        TypeError
            If ``estimator`` is of another class.
        ValueError
            If it is built otherwise, or the number of targets is another one.
        """
        self.check_is_of(estimator)
        return AdaptedParameters(self, estimator, tasks, n_jobs)

    def to_frame(self) -> Any:
        """What was learned, a row a weight.

        Returns
        -------
        DataFrame
            Of pandas: the name of the array, the place in it, the number, and the step size where there are some.
        """
        places = [np.indices(np.atleast_2d(array.T).T.shape).reshape(2, -1) for array in self.arrays]
        sizes = [array.size for array in self.arrays]
        columns = {
            "parameter": np.repeat(self.names, sizes),
            "row": np.concatenate([place[0] for place in places]),
            "column": np.concatenate([place[1] for place in places]),
            "value": np.concatenate([array.ravel() for array in self.arrays]),
        }
        if self.step_sizes:
            columns["step_size"] = np.concatenate([array.ravel() for array in self.step_sizes])
        return make_frame(columns, "prior.to_frame()")


def _listed(arrays: set[tuple[str, tuple[int, ...]]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in sorted(arrays)) or "none of these"


def setting(estimator: Any, name: str) -> str:
    """A parameter of an estimator that says what its weights mean; "" where it has none."""
    package = package_of(estimator)
    if package is not None:
        return package.loss_name(estimator) if name == "loss" else ""
    value = getattr(estimator, name, "")
    return value if isinstance(value, str) else ""


def hidden_layer_sizes(estimator: Any) -> tuple[int, ...]:
    """Units of the hidden layers of a net."""
    return tuple(int(n) for n in np.ravel(estimator.hidden_layer_sizes))


def _check_same(name: str, wanted: Any, found: Any) -> None:
    if wanted != found:
        raise ValueError(
            f"{name}: wanted {shown(wanted)}, as the prior was learned with, found {shown(found)}; set {name} to that, or "
            "learn a prior anew."
        )


def _as_numbers(value: Any, name: str) -> Array:
    """A copy as an array of floats."""
    array = np.array(value)
    array = array if array.dtype.kind == "f" else array.astype(float)
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name}: wanted finite numbers, found nan or infinity; take weights of training that converged."
        )
    return array


def _check_shapes(names: Sequence[str], arrays: Sequence[Array], step_sizes: Sequence[Array]) -> None:
    """Raise unless arrays and names belong together, and layers follow each other."""
    shapes = dict(zip(names, [array.shape for array in arrays], strict=False))
    n_layers = len(names) // 2
    is_linear = set(names) == {"coef_", "intercept_"}
    nets = [f"coefs_{k}" for k in range(n_layers)] + [f"intercepts_{k}" for k in range(n_layers)]
    is_other = len({*names}) == len(names) > 0 and not any(name.startswith(_OWN_NAMES) for name in names)
    if len(names) != len(arrays) or not (is_linear or is_other or (n_layers and list(names) == nets)):
        raise ValueError(
            f"names: wanted coefs_0, ..., intercepts_0, ... of a net, or coef_ and intercept_, an array each, found "
            f"{list(names)} for {len(arrays)} arrays; ParametersPrior.from_estimator(fitted) takes those of an estimator."
        )
    if step_sizes and [each.shape for each in step_sizes] != [each.shape for each in arrays]:
        raise ValueError("step_sizes: wanted one array for each of arrays, of its shape, found others; leave them out.")
    for k in range(0 if is_linear or is_other else n_layers):
        width = shapes[f"coefs_{k}"][-1]
        following = shapes.get(f"coefs_{k + 1}", (width,))[0]
        if shapes[f"intercepts_{k}"] != (width,) or following != width:
            raise ValueError(
                f"arrays: wanted intercepts and the next layer's rows for the {width} columns of coefs_{k}, found shapes "
                f"{shapes}; take all arrays from one net."
            )
