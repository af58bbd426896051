"""Described tasks as a prior: stores of a size, in a city, whose coefficients move with both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.messages import Messages
from skmeta.base import FrozenValue
from skmeta.base._keeps_rows import keeps_rows
from skmeta.base._plain import Reader, reader
from skmeta.base._prior import check_reads
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._structured._describer import Describer
from skmeta.linear_model._structured._explained import explains
from skmeta.linear_model._structured._nested_prior import NestedPrior
from skmeta.linear_model._structured._prior import Change, StructuredPrior
from skmeta.linear_model._structured._state import at_task, changed, in_blocks

Array = NDArray[np.float64]

_SAID = ("mean", "covariance", "mean_covariance")


@dataclass(frozen=True, eq=False, repr=False)
class ModelMap(FrozenValue):
    """Fitted regressors as the map from what describes a task to its coefficients.

    Parameters
    ----------
    models : tuple of FrozenEstimator
        One an output; from ``z (n, q)`` to deviations ``(n, p)`` in the units that the prior is worked with.
    to_data : ndarray of shape (p, p) or (n_outputs, p, p)
        What such deviations are multiplied by for those of the data.
    mean : ndarray of shape (p,) or (n_outputs, p)
        The mean deviation of past tasks, in units of the data.
    covariance : ndarray of shape (p, p) or (n_outputs, p, p)
        How much past tasks differ in it.
    name : str
        What the user calls the regressor.
    """

    models: tuple[Any, ...]
    to_data: Array
    mean: Array
    covariance: Array
    name: str

    def at(self, z: Array) -> Array:
        """The deviations of tasks of descriptors ``z (n, q)``, each of the shape of ``mean``."""
        outputs = [np.reshape(model.predict(z), (len(z), -1)) for model in self.models]
        found = np.stack(outputs, axis=1) if self.mean.ndim > 1 else outputs[0]
        return np.einsum("n...k,...kp->n...p", found, self.to_data)

    def laws(self, around: Sequence[GaussianPrior], z: Array, known: NDArray[np.bool_]) -> list[dict[str, Any]]:
        """The laws of described tasks; of one of which nothing is ``known``, that of the tasks learned from."""
        found = []
        for prior, shift, is_known in zip(around, self.at(z), known, strict=True):
            own = {name: getattr(prior, name) for name in _SAID}
            if is_known.any():
                found.append(own | {"mean": prior.mean + shift})
            else:
                more = {"mean": prior.mean + self.mean, "covariance": prior.covariance + self.covariance}
                found.append(own | more)
        return found

    def changed(self, vector: Change, matrix: Change) -> ModelMap:
        """After a change of the coefficients."""
        return ModelMap(self.models, vector(self.to_data), vector(self.mean), matrix(self.covariance), self.name)


def _inner_prior(state: Mapping[str, Any]) -> GaussianPrior:
    """An inner prior that was written to a dictionary: nested where it has levels."""
    kind: type[GaussianPrior] = NestedPrior if "levels" in state else GaussianPrior
    return kind.from_dict(state)


@dataclass(frozen=True, eq=False, repr=False)
class DescribedPrior(StructuredPrior):
    r"""A Gaussian prior of tasks that something is known of before their first row, such as the size of a store.

    .. math:: w_t \sim N(\mu + B z_t, \Sigma), \quad B_{\cdot j} \sim N(0, \tau_{g(j)}^2 I)

    in units in which columns and targets have variance one, ``z`` being standardised numbers and dummies of categories
    around their mean, and :math:`g(j)` the descriptor of column ``j``. Or ``w_t ~ N(\mu + f(z_t), \Sigma)`` for a regressor
    ``f``. `given` moves the mean to that of a described task; what is missing is taken to be at the mean of past tasks, and
    widens what is not known.

    Parameters
    ----------
    describer : Describer, default=None
        How descriptors become numbers.
    inner : GaussianPrior, default=None
        What else is known of tasks, descriptors at their means: a `NestedPrior` where there are levels. Of a linear map,
        its coefficients are followed by those of ``B``, column by column.
    model_map : ModelMap, default=None
        The regressor; None is the linear map.
    taken : bool, default=True
        Whether held-out tasks are more probable with the descriptors. If not, `given` reads them, and they change nothing.
    spread : ndarray of shape (q, q), default=None
        Mean of ``z z'`` over past tasks.
    shares : ndarray of shape (n_descriptors,), default=None
        Share of what differs between tasks that each descriptor explains; of a regressor None.
    share : float, default=0.0
        The same of all together.
    precision, pull : ndarray of shape (P, P) and (P,), with outputs a leading axis, default=None
        What past rows say of the coefficients with those of ``B``: their precision, and that times where they have their peak;
        learning on starts from it.
    effect_variance : ndarray of shape (q,), with outputs a leading axis, default=None
        Variances of the columns of ``B`` around zero, in units of the engine; learning on starts from them.

    References
    ----------
    D. V. Lindley and A. F. M. Smith (1972), Bayes estimates for the linear model, JRSS B 34, section 3.
    D. J. C. MacKay (1992), Bayesian interpolation, Neural Computation 4, equation 4.10 (the variances).
    """

    describer: Describer | None = None
    inner: GaussianPrior | None = None
    model_map: ModelMap | None = None
    taken: bool = True
    spread: Array | None = None
    shares: Array | None = None
    share: float = 0.0
    precision: Array | None = None
    pull: Array | None = None
    effect_variance: Array | None = None

    _nested: ClassVar[dict[str, Reader]] = GaussianPrior._nested | {
        "describer": reader(Describer),
        "inner": _inner_prior,
    }

    def __repr__(self) -> str:
        about = f", around {self._inner!r}" if self._inner_names else ""
        keeps = ", keeps descriptors of tasks" if self._keeps_rows else ""
        return f"DescribedPrior({self._said}, {self.n_tasks:.0f} tasks{keeps}{about})"

    @property
    def _keeps_rows(self) -> bool:
        return self.taken and self.model_map is not None and keeps_rows(self.model_map.models[0].estimator)

    @property
    def in_words(self) -> tuple[str, ...]:
        """What descriptors explain, such as "size explains 40 %, city 21 % of what differs between tasks"."""
        return (self._said, *self._inner.in_words)

    @property
    def _said(self) -> str:
        listed = ", ".join(self._names)
        if not self.taken:
            return f"{listed} {'explain' if len(self._names) > 1 else 'explains'} nothing of what differs between tasks"
        if self.model_map is not None:
            told = f"{self.model_map.name} of {listed} explains {100 * self.share:.0f} %"
        else:
            return explains(self.explained)[0]
        return f"{told} of what differs between tasks"

    @property
    def explained(self) -> dict[str, float]:
        """Share of what differs between tasks that each descriptor explains, the largest first; of a regressor all together."""
        if self.shares is None:
            return {", ".join(self._names): self.share}
        order = np.argsort(-self.shares, kind="stable")
        return {self._names[k]: float(self.shares[k]) for k in order}

    def inner_covariance(self, k: int) -> Array:
        """How tasks vary around what descriptors say, of output ``k``, followed by zeros for the effects."""
        return self._inner.dense_covariance(k)

    def said(self, k: int) -> Messages:
        """What past rows say of the coefficients of output ``k`` with their effects."""
        assert self.precision is not None and self.pull is not None
        precision, pull = (each[None] if self.one_target else each[k][None] for each in (self.precision, self.pull))
        return Messages(precision, pull, np.zeros(1))

    def variances_of_effects(self, k: int) -> tuple[float, ...]:
        """How large the effects of each column of descriptors on output ``k`` are, in units of the engine."""
        assert self.effect_variance is not None
        each = self.effect_variance if self.one_target else self.effect_variance[k]
        return tuple(each.tolist())

    @property
    def _names(self) -> list[str]:
        assert self.describer is not None
        found: list[str] = self.describer.names.tolist()
        return found

    @property
    def _inner(self) -> GaussianPrior:
        assert self.inner is not None
        return self.inner

    @property
    def _inner_names(self) -> tuple[str, ...]:
        return tuple(getattr(self._inner, "context_names", ()))

    @property
    def context_names(self) -> tuple[str, ...]:
        """The descriptors, and what the prior around which it stands reads."""
        return (*self._names, *self._inner_names)

    @property
    def telling_names(self) -> tuple[str, ...]:
        """Those that make a difference."""
        return self.context_names if self.taken else self._inner_names

    def given(self, **context: Any) -> GaussianPrior:
        """The prior of a described task.

        Parameters
        ----------
        **context : dict
            Descriptors by name; what is left out or missing is at the mean of past tasks. Other names are those of the
            levels above the task.

        Returns
        -------
        GaussianPrior
            Whose ``mean_covariance`` is what is not known of its mean.

        Raises
        ------
        TypeError
            If it reads no such name.
        """
        check_reads(self, context)
        return self.given_each({name: _one(value) for name, value in context.items()})[0]

    def given_each(self, context: Mapping[str, NDArray[Any]]) -> list[GaussianPrior]:
        """What `given` says of several tasks at once, see `StructuredPrior.given_each`."""
        assert self.describer is not None and self.spread is not None
        n = len(next(iter(context.values()))) if context else 1
        places = [{name: context[name][i] for name in self._inner_names if name in context} for i in range(n)]
        inner: list[Any] = [self._inner.given(**place) for place in places]
        if not self.taken:
            return [self.plain(**{name: getattr(one, name) for name in _SAID}) for one in inner]
        z, known = self.describer.encoded({name: context[name] for name in self._names if name in context}, n)
        if self.model_map is not None:
            return [self.plain(**law) for law in self.model_map.laws(inner, z, known)]
        doubt = self.spread * (~known[:, :, None] & ~known[:, None, :])
        return [self.plain(**at_task(*each, self.n_features + 1)) for each in zip(inner, z, doubt, strict=True)]

    def _changed(self, vector: Change, matrix: Change) -> dict[str, Any]:
        vectors, matrices = in_blocks(vector, matrix, self.n_features + 1)
        found: dict[str, Any] = {"inner": changed(self._inner, vectors, matrices)}
        if self.model_map is not None:
            found["model_map"] = self.model_map.changed(vector, matrix)
        if self.precision is not None and self.pull is not None:
            found |= {"precision": matrices(self.precision), "pull": vectors(self.pull)}
        return found


def _one(value: Any) -> NDArray[Any]:
    """A value as an array of it."""
    found = np.empty(1, dtype=object)
    found[0] = value
    return found
