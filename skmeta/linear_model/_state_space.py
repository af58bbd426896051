"""State space: a Gaussian prior on linear coefficients that drift, learned from one model a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from skmeta.linear_model._empirical_bayes import EmpiricalBayes
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._structured import drift_among
from skmeta.tasks import Tasks


class StateSpace(EmpiricalBayes):
    r"""Learn how linear coefficients drift from one task to the next, as one model a day does.

    .. math:: y_t = X_t w_t + e_t, \quad w_t = \mu + s_t + v_t, \quad
        s_t \sim N(0, \Sigma_s), \quad \mathrm{cor}(s_t, s_{t'}) = 2^{-|t - t'| / h}, \quad v_t \sim N(0, \Sigma_v)

    The ids of the tasks are dates or numbers, and gaps between them count. With ``task=["player", "season"]`` this goes for the
    last column, and every player has a mean of its own, :math:`\mu + u`. The half-life :math:`h`, the covariances and the
    noises are learned by EM and by a search on the evidence, all states integrated out by Kalman's filter and smoother; a
    random walk is the limit of a long half-life. Drift is taken only if it makes the tasks more probable by 4 nats (strong
    evidence, in the words of Kass and Raftery), and by more than its additional parameters explain (Schwarz's criterion).
    Otherwise the prior is that of `EmpiricalBayes`. ``benchmarks/drifting_tasks.py`` counts errors of both kinds. Descriptors
    of tasks, ``context=``, are not read where one task follows another, and a warning says so.

    A new task starts from the state at its time, ``prior_.given(date=...)``, forecast from the last known state. With
    ``prior=`` learning goes on from all states that it knows: scales and half-life are learned anew, shapes are kept. A prior
    without states, such as one written by hand, says that nothing drifts. Learning then goes on as by `EmpiricalBayes`, with a
    warning. How often tasks are unlike the others (`EmpiricalBayes`) is judged by forecasts of each task from those before it.
    A task that was learned from is predicted from its neighbours on both sides, later ones too: its residuals are no score of a
    forecast. An honest score holds out what comes later, as `sklearn.model_selection.TimeSeriesSplit` of rows in the order of
    time.

    Parameters
    ----------
    covariance : {"auto", "factor", "full", "diagonal", "spherical", "blocks"}, default="auto"
        Shape of each covariance, as in `EmpiricalBayes`; "auto" chooses by held-out tasks.
    blocks : dict of str to list of column names or positions, default=None
        Blocks of columns, as in `EmpiricalBayes`.
    varying : {"all", "intercept"} or list of column names or positions, default="all"
        Which coefficients vary between tasks, as in `EmpiricalBayes`.
    rank : int, default=None
        Rank of "factor".
    noise : {"task", "shared"}, default="task"
        Whether tasks may differ in noise.
    pseudo_tasks : float or {"held-out", "pac-bayes"}, default=None
        Weight of the hyper-prior that keeps few tasks from overfitting, in tasks; None: by shape.
    half_life : float, default=None
        The time after which half of a deviation is left, in days for dates; None: learned.
    max_iter : int, default=20
        Sweeps at most of EM over the tasks without drift, and rounds at most of sweeps and a search on the evidence with it.
    tol : float, default=1e-4
        Stop when a round of sweeps and search makes rows more probable by no more than this many nats each.

    Attributes
    ----------
    structure_ : str
        The shape that was learned of tasks without drift, at the last call, of the last output.
    scores_ : dict of str to float
        Log-evidence of held-out tasks under each shape tried, without drift, of the last output.

    References
    ----------
    R. E. Kalman (1960), A new approach to linear filtering and prediction problems, Journal of Basic Engineering 82.
    R. H. Shumway and D. S. Stoffer (1982), An approach to time series smoothing and forecasting using the EM algorithm,
    Journal of Time Series Analysis 3(4).
    R. E. Kass and A. E. Raftery (1995), Bayes factors, JASA 90, sections 3.2 and 4.1.3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from skmeta import StateSpace, WarmStartRegressor
    >>> rng = np.random.default_rng(0)
    >>> day = np.repeat(np.arange(60.0), 8)
    >>> slope = np.cumsum(0.3 * rng.normal(size=60))  # it walks
    >>> x = rng.normal(size=480)
    >>> y = slope[day.astype(int)] * x + 0.5 * rng.normal(size=480)
    >>> model = WarmStartRegressor(Ridge(), task=1, learner=StateSpace()).fit(np.column_stack([x, day]), y)
    >>> tomorrow = model.prior_.given(x1=60.0)
    >>> bool(abs(tomorrow.components[0].mean[0] - slope[-1]) < 0.3)
    True
    """

    follows_drift: ClassVar[str] = ""  # it does
    in_time: ClassVar[bool] = True
    n_components = 1  # drift is learned of tasks of one kind, in one order, which nothing else describes
    crossed = False
    context_model = None
    random_state = None

    def __init__(
        self,
        covariance: str = "auto",
        *,
        blocks: Mapping[str, Sequence[str] | Sequence[int]] | None = None,
        varying: str | Sequence[str] | Sequence[int] = "all",
        rank: int | None = None,
        noise: str = "task",
        pseudo_tasks: float | str | None = None,
        half_life: float | None = None,
        max_iter: int = 20,
        tol: float = 1e-4,
    ) -> None:
        self.covariance = covariance
        self.blocks = blocks
        self.varying = varying
        self.rank = rank
        self.noise = noise
        self.pseudo_tasks = pseudo_tasks
        self.half_life = half_life
        self.max_iter = max_iter
        self.tol = tol

    def learn_statistics(self, *args: Any, **kwargs: Any) -> Any:
        """Raise: sums do not say when.

        Parameters
        ----------
        *args, **kwargs
            As of `EmpiricalBayes.learn_statistics`.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(
            "statistics: wanted rows of tasks whose ids say when they were, found sums; learn from the rows with task=, of "
            "a frame of dask X.compute(), or without drift by EmpiricalBayes().learn_statistics."
        )

    def _weighed(self, tasks: Tasks) -> Tasks:
        return tasks

    def _structure_among(self, tasks: Tasks, past: GaussianPrior | None) -> Any:
        return drift_among(tasks, past, self.half_life)
