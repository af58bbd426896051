"""What a Gaussian process or a kernel ridge of a new task starts from, and the plain process that comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process.kernels import DotProduct, WhiteKernel
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures

from skmeta._inference.linalg import square_root
from skmeta.fallback import SharedModelPrior
from skmeta.fallback._shared_model_prior import CorrectedModels
from skmeta.tasks import Tasks

Array = NDArray[np.float64]

_SURE = (
    1e8  # guard: standard deviations of the noise by which a posterior mean is known; its square is as good as infinite
)


@dataclass(frozen=True, eq=False, repr=False)
class GaussianProcessPrior(SharedModelPrior):
    r"""A function of all past tasks, and a Gaussian process of a task's deviations from it.

    .. math:: y \approx f(x) + d_t(x) + e, \qquad d_t \sim GP(m, \varphi(x)^\top \Sigma\, \varphi(x'))

    as a linear model of the columns :math:`(f, \varphi, 1)`, so that its evidence is the marginal likelihood in closed form.
    The plain result of a `GaussianProcessRegressor` is a Pipeline that ends in one: it predicts the standard deviation of a new
    observation by ``return_std``. That of a `KernelRidge` ends in a Ridge.

    Parameters
    ----------
    model, outputs, columns, correction, linear_model, description
        As in `SharedModelPrior`.
    """

    def _corrected(self, estimator: Any, tasks: Tasks, rows: Tasks, n_jobs: int | None) -> CorrectedModels:
        return Processes(self, estimator, tasks, super()._corrected(estimator, tasks, rows, n_jobs).corrected)


class Processes(CorrectedModels):
    """The shared function with the process of each task."""

    def estimator(self, code: int) -> Any:
        """A plain Pipeline: what makes the columns, frozen, and a fitted process, or a fitted linear model."""
        linear = self.corrected.estimator(code)
        if "return_std" not in signature(self.model.predict).parameters or np.ndim(linear.intercept_):
            return super().estimator(code)
        coef = np.r_[linear.intercept_, linear.coef_]
        covariance = np.roll(self.corrected.covariance_of(code), (1, 1), axis=(0, 1))  # the constant first
        noise = self.corrected.noise[code, 0] if code >= 0 else self.corrected.prior.noise_of(0)
        return Pipeline(
            [("shared", FrozenEstimator(self.prior.inputs)), *_process(self.model, coef, covariance, noise)]
        )


def _process(model: Any, coef: Array, covariance: Array, noise: float) -> list[tuple[str, Any]]:
    r"""Fitted steps for columns :math:`z`, ``(1, z)' w`` being the mean and ``(1, z)' V (1, z)`` the variance of a process.

    The process is :math:`u^\top (w / c, V^{1/2})^\top (1, z)` with the kernel of a dot product, :math:`u \sim N(0, I)`. One
    made-up row that is far out in the first coordinate alone says that :math:`u_1 = c`; all else is the posterior already.
    scikit-learn takes the variance for the difference of two sums that have the mean's square over :math:`c^2` in them: with
    a large :math:`c` that is not lost to rounding beside a mean far from zero.
    """
    to_process = np.column_stack([coef / _SURE, square_root(covariance)])
    kernel = DotProduct(sigma_0=0.0, sigma_0_bounds="fixed") + WhiteKernel(noise, "fixed")
    process = clone(model).set_params(kernel=kernel, optimizer=None, normalize_y=False, alpha=1e-10 * noise)
    far = _SURE * np.sqrt(noise) * np.eye(1, to_process.shape[1])
    process.fit(far, [_SURE * (far[0, 0] ** 2 + noise + process.alpha) / far[0, 0]])
    return [
        ("constant", PolynomialFeatures(1).fit(np.zeros((1, len(coef) - 1)))),
        ("posterior", FunctionTransformer(np.dot, kw_args={"b": to_process})),
        ("process", process),
    ]
