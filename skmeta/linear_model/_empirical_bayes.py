"""Empirical Bayes: a Gaussian prior on linear coefficients, learned from a collection of tasks."""

from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from joblib import effective_n_jobs
from sklearn.linear_model import Ridge
from sklearn.utils import check_scalar

from skmeta._inference.believed import FELLOW, KINDS, ODD_LEVEL, ODD_NOISE, STRANGER
from skmeta._inference.coefficient_law import CoefficientLaw, ContextualEffects
from skmeta._inference.computation import cheaper_in_rows
from skmeta._inference.gaussian_em import fit_gaussian, initial_guess
from skmeta._inference.in_columns import InColumns
from skmeta._inference.in_rows import read_in_rows
from skmeta._inference.laplace_em import fit_laplace
from skmeta._inference.mixture import learn_shares
from skmeta._inference.moments import column_scales
from skmeta._inference.selection import candidates, choose, kinds_held_out
from skmeta._inference.sums import read_sums
from skmeta._inference.units import standardised, units_of
from skmeta._inference.wide_em import learn_wide
from skmeta._inference.working import RowsAtHand
from skmeta.base import Learner, register
from skmeta.linear_model._adapt import check_likelihood, engine_rows
from skmeta.linear_model._data import check_known_columns, match_features, read_collection
from skmeta.linear_model._families import FAMILIES, family_of
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._wide import as_wide, from_wide, is_wide
from skmeta.tasks._numbers import column_list

_MANY = 2000  # tasks beyond which sweeps over all of them start where those over the tasks looked at ended
_POLISH = 3  # sweeps over all tasks that are then enough


@register(*FAMILIES)
class EmpiricalBayes(Learner):
    r"""Learn where linear coefficients lie and how they vary between tasks, by empirical Bayes.

    .. math:: y_t = X_t w_t + e_t, \quad w_t \sim N(\mu, \Sigma), \quad e_t \sim N(0, \sigma_t^2 I)

    The mean :math:`\mu`, the covariance :math:`\Sigma` and the noises are estimated by EM on each task's sufficient
    statistics, the mean's uncertainty integrated out (REML); for other likelihoods, on working responses around each
    task's posterior mode (Laplace). How often held-out tasks look odd, in their level, in their noise or altogether,
    becomes the prior's ``level_weight``, ``noise_weight`` and ``vague_weight``, which bound the harm that a misleading
    past can do. Effects between tasks, of the columns' means on the intercept, are kept only where held-out tasks
    become more probable by more than a standard error.

    Parameters
    ----------
    covariance : {"auto", "factor", "full", "diagonal", "spherical"}, default="auto"
        Shape of :math:`\Sigma` for standardised columns; the intercept always has a scale of its own. "factor" is low
        rank plus diagonal, the rank chosen; "auto" takes whatever makes held-out tasks most probable.
    rank : int, default=None
        Rank of "factor" (and of the factors that "auto" tries); None chooses by the evidence of held-out tasks.
    noise : {"task", "shared"}, default="task"
        Whether tasks may differ in noise. With "task" their noises get a learned law of their own, which collapses to
        one shared noise unless they differ by more than two standard errors. Only for squared-error models.
    pseudo_tasks : float, default=None
        Weight of the hyper-prior that keeps few tasks from overfitting, in tasks. None: by shape (two for diagonals;
        as many as coefficients for "full", none once there are four times as many tasks). Zero is plain REML.
    max_iter : int, default=20
        Sweeps of EM over the tasks. Stopping early is itself a regulariser.
    tol : float, default=1e-4
        Stop when nothing moves by more than this share in a sweep.

    Attributes
    ----------
    structure_ : str
        The shape that was chosen at the last call of `learn`, one an output.
    scores_ : dict of str to float
        Log-evidence of held-out tasks under each shape tried (of the last output).

    References
    ----------
    N. M. Laird and J. H. Ware (1982), Random-effects models for longitudinal data, Biometrics 38, equations 3.8, 3.9.
    G. K. Smyth (2004), Linear models and empirical Bayes methods, SAGMB 3(1), section 6.2 (the noises).
    Y. Mundlak (1978), On the pooling of time series and cross section data, Econometrica 46, equation 2.4 (effects
    between tasks).

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skmeta import EmpiricalBayes, WarmStartRegressor
    >>> from skmeta.datasets import make_related_regression
    >>> X, y, truth = make_related_regression(n_tasks=50, n_features=3, random_state=0)
    >>> learner = EmpiricalBayes(covariance="full")
    >>> model = WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(X, y)
    >>> model.prior_.covariance.shape
    (4, 4)
    """

    def __init__(self, covariance="auto", *, rank=None, noise="task", pseudo_tasks=None, max_iter=20, tol=1e-4):
        self.covariance = covariance
        self.rank = rank
        self.noise = noise
        self.pseudo_tasks = pseudo_tasks
        self.max_iter = max_iter
        self.tol = tol

    def learn(self, estimator, tasks, prior=None, *, n_jobs=None, progress=None):
        """Learn a prior from a collection.

        Parameters
        ----------
        estimator : linear estimator
            The model that each task is to be solved by; it says what kind of target there is.
        tasks : Tasks
            The collection.
        prior : GaussianPrior, default=None
            What was known before: it counts as the ``n_tasks`` it was learned from (at least one).
        n_jobs : int, default=None
            Threads for the sweeps over the tasks; the answer does not depend on it.
        progress : callable, default=None
            Not called yet.

        Returns
        -------
        GaussianPrior
            What is known now.
        """
        self._check_parameters()
        data = read_collection(estimator, tasks, classes=None if prior is None else prior.classes)
        if prior is None:
            check_known_columns(data)
        else:
            check_likelihood(prior, estimator, data.Y.shape[1])
            prior = match_features(prior, data.feature_names, data.X.shape[1])
        jobs = effective_n_jobs(n_jobs)
        if is_wide(data.X.shape[1], data.tasks):
            return self._learn_wide(estimator, data, prior, jobs)
        quadratic = family_of(estimator).likelihood == "gaussian"
        if quadratic and not cheaper_in_rows(data.tasks.counts, data.X.shape[1] + 1):
            sums = read_sums(data.X, data.Y, data.tasks.order, data.tasks.starts, data.weight)
            one_target = data.n_targets is None
            return self._learn_sums(sums, estimator, prior, jobs, data.feature_names, one_target)
        frame = prior if prior is not None and prior.centre is not None else _frame(estimator, data)
        past = None if prior is None else _past_states(prior, frame)
        rows = engine_rows(frame, data, estimator)
        if quadratic:
            parts = read_in_rows(rows)
            states, evidence = self._fit_linear(parts, past, jobs)
        else:
            states, evidence, parts = self._fit_generalised(rows, estimator, past, jobs)
        learned = _as_prior(frame, states, data.feature_names)
        return replace(learned, **_kinds(learned, evidence, parts, prior))

    def learn_statistics(self, statistics, estimator=None, prior=None, *, n_jobs=None):
        """Learn a prior from sufficient statistics: what `learn` makes of the rows that they are of.

        Parameters
        ----------
        statistics : SufficientStatistics
            The collection, its parts added up.
        estimator : linear estimator, default=None
            The model that each task is to be solved by, one of squared error; None is ``Ridge()``.
        prior : GaussianPrior, default=None
            What was known before: it counts as the ``n_tasks`` it was learned from (at least one).
        n_jobs : int, default=None
            Threads for the sweeps over the tasks; the answer does not depend on it.

        Returns
        -------
        GaussianPrior
            What is known now.
        """
        self._check_parameters()
        estimator = Ridge() if estimator is None else estimator
        _check_squared_error(estimator)
        if prior is not None:
            check_likelihood(prior, estimator, statistics.n_outputs)
            prior = match_features(prior, statistics.feature_names, statistics.n_features)
        else:
            _check_columns_somewhere(statistics)
        names, one_target = statistics.feature_names, statistics.target_mean.ndim == 1
        return self._learn_sums(statistics.sums(), estimator, prior, effective_n_jobs(n_jobs), names, one_target)

    def _learn_sums(self, sums, estimator, prior, n_jobs, names, one_target):
        """The prior of tasks with squared error, of which their sums say all there is to know."""
        frame = prior if prior is not None and prior.centre is not None else None
        frame = frame or _frame_of(units_of(sums, centred=estimator.fit_intercept), names, one_target)
        units = [frame.units(k) for k in range(frame.n_outputs)]
        moments = standardised(sums, units, intercept=estimator.fit_intercept)
        past = None if prior is None else _past_states(prior, frame)
        parts = [InColumns(moments.output(k)) for k in range(moments.n_outputs)]
        states, choices = self._fit_linear(parts, past, n_jobs)
        learned = _as_prior(frame, states, names)
        return replace(learned, **_kinds(learned, choices, parts, prior))

    def _learn_wide(self, estimator, data, prior, n_jobs):
        """Columns outnumber rows by far: the dual, where a covariance is a diagonal or has a few factors."""
        if self.covariance == "full":
            raise ValueError(
                f"EmpiricalBayes(covariance='full'): wanted 'auto', 'factor', 'diagonal' or 'spherical' for "
                f"{data.X.shape[1]} columns, more than any task has rows; found 'full'."
            )
        frame = prior if prior is not None and prior.centre is not None else _frame(estimator, data)
        rows, loss = engine_rows(frame, data, estimator), family_of(estimator).loss(estimator, data.Y.shape[1])
        past = as_wide(prior) if prior is not None and prior.is_wide else None
        options = {"rank": self.rank, "n_iter": self.max_iter, "past": past, "n_jobs": n_jobs}
        wide = learn_wide(rows, loss, covariance=self.covariance, **options)
        self.structure_, self.scores_ = "factor" if wide.factor.shape[2] else "diagonal", {}
        return from_wide(frame, wide, data.feature_names)

    def _fit_linear(self, parts, past, n_jobs):
        choices = [self._choose(part, noise=self.noise) for part in parts]
        states = [
            self._sweep(part, choice, past and past[k], n_jobs)
            for k, (part, choice) in enumerate(zip(parts, choices, strict=True))
        ]
        return states, choices

    def _sweep(self, part, choice, past, n_jobs):
        """EM on all tasks; where they are very many, on some of them first, which leaves little to do."""
        options = {"tol": self.tol, "past": past, "noise": self.noise, "n_jobs": n_jobs}
        if part.n_tasks <= _MANY:
            start = past or initial_guess(part, choice.contextual)
            return fit_gaussian(part, choice.structure, n_iter=self.max_iter, start=start, **options)
        start = past or choice.states[0]
        start = fit_gaussian(part.take(choice.tasks), choice.structure, n_iter=self.max_iter, start=start, **options)
        return fit_gaussian(part, choice.structure, n_iter=min(self.max_iter, _POLISH), start=start, **options)

    def _fit_generalised(self, rows, estimator, past, n_jobs):
        loss = family_of(estimator).loss(estimator, rows.Y.shape[1])
        first = self._candidates(rows.width, rows.n_tasks)[-1:] * rows.Y.shape[1]
        choices = {}

        def pick(k, part, start):
            choices[k] = self._choose(part, noise="shared" if loss.dispersed else "known", start=start)
            return choices[k].structure

        learned = fit_laplace(
            RowsAtHand(rows, loss),
            first,
            n_iter=max(self.max_iter, 5),
            choose=pick,
            past=past,
            n_jobs=n_jobs,
            tol=self.tol,
        )
        return learned.laws, [choices[k] for k in range(len(choices))], learned.tasks

    def _candidates(self, p, n_tasks):
        return candidates(self.covariance, p, n_tasks, self.rank, self.pseudo_tasks)

    def _choose(self, part, **options):
        choice = choose(part, self._candidates(part.width, part.n_tasks), **options)
        self.structure_, self.scores_ = str(choice.structure), choice.scores
        return choice

    def _check_parameters(self):
        words = ("auto", "factor", "full", "diagonal", "spherical")
        if self.covariance not in words:
            raise ValueError(f"EmpiricalBayes(covariance=...): wanted one of {words}, found {self.covariance!r}.")
        if self.noise not in ("task", "shared"):
            raise ValueError(f"EmpiricalBayes(noise=...): wanted 'task' or 'shared', found {self.noise!r}.")
        if self.rank is not None:
            check_scalar(self.rank, "rank", Integral, min_val=1)
        if self.pseudo_tasks is not None:
            check_scalar(self.pseudo_tasks, "pseudo_tasks", Real, min_val=0)
        check_scalar(self.max_iter, "max_iter", Integral, min_val=1)
        check_scalar(self.tol, "tol", Real, min_val=0)


def _frame(estimator, data):
    """An empty prior that holds the units: where columns and targets lie and how far they spread."""
    family, n_outputs = family_of(estimator), data.Y.shape[1]
    d = data.X.shape[1]
    centre, scale = column_scales(data.X, data.weight, centred=not is_wide(d, data.tasks))
    centre = centre if estimator.fit_intercept else np.zeros(d)
    level = np.average(data.Y, axis=0, weights=data.weight)
    spread = np.sqrt(np.average((data.Y - level) ** 2, axis=0, weights=data.weight))
    likelihood = "multinomial" if family.classifies and n_outputs > 1 else family.likelihood
    if likelihood == "gaussian":
        level = level if estimator.fit_intercept else 0.0 * level
        spread = np.where(spread > 1e-12 * np.maximum(np.abs(level), 1e-300), spread, 1.0)
    else:
        level, spread = family.loss(estimator, n_outputs).link(level), np.ones(n_outputs)
    shape = (d + 1,) if data.n_targets is None and n_outputs == 1 else (n_outputs, d + 1)
    outputs = (lambda v: v[0]) if len(shape) == 1 else (lambda v: v)
    return GaussianPrior(
        np.zeros(shape),
        np.ones(shape),
        centre=centre,
        scale=scale,
        likelihood=likelihood,
        classes=data.classes,
        target_centre=outputs(level),
        target_scale=outputs(spread),
        feature_names=data.feature_names,
    )


def _check_squared_error(estimator):
    likelihood = family_of(estimator).likelihood
    if likelihood != "gaussian":
        raise ValueError(
            f"estimator: wanted one of squared error for sufficient statistics, such as Ridge(), found "
            f"{type(estimator).__name__}, whose {likelihood} likelihood they do not determine; learn from the rows."
        )


def _check_columns_somewhere(statistics):
    nowhere = np.flatnonzero(np.isnan(statistics.mean).all(axis=0))
    if len(nowhere):
        raise ValueError(
            f"X: Input X contains NaN in every row of column(s) {column_list(statistics.feature_names, nowhere)}; wanted "
            "at least one task that has them. Leave them out."
        )


def _frame_of(units, names, one_target):
    """An empty prior that holds the units of squared errors."""
    shape = (len(units[0].scale) + 1,) if one_target else (len(units), len(units[0].scale) + 1)
    level, spread = (np.array([getattr(u, name) for u in units]) for name in ("target_centre", "target_scale"))
    return GaussianPrior(
        np.zeros(shape),
        np.ones(shape),
        centre=units[0].centre,
        scale=units[0].scale,
        likelihood="gaussian",
        target_centre=level[0] if one_target else level,
        target_scale=spread[0] if one_target else spread,
        feature_names=names,
    )


def _past_states(prior, frame):
    """What was known, as states of the engine in the units of ``frame``."""
    states = []
    for k in range(prior.n_outputs):
        units = frame.units(k)
        mean, covariance = prior.output("mean", k, 1).copy(), prior.dense_covariance(k)
        if not prior.knows_intercept:
            mean[-1] = units.target_centre - mean[:-1] @ units.centre
            covariance[-1, -1] = 10.0 * units.target_scale**2
        effects = None if prior.between is None else ContextualEffects(*prior.engine_between(units, k), 1.0)
        within = units.to_engine(mean) - (0.0 if effects is None else np.r_[effects.without_rows, 0.0])
        own = (
            None if prior.mean_covariance is None else units.covariance_to_engine(prior.output("mean_covariance", k, 2))
        )
        noise = float(prior.output("noise", k, 0)) / units.target_scale**2
        states.append(
            CoefficientLaw(
                within,
                units.covariance_to_engine(covariance),
                noise,
                float(prior.output("noise_dof", k, 0)),
                max(prior.n_tasks, 1.0),
                max(prior.n_rows, 1.0),
                own,
                contextual=effects,
            )
        )
    return states


def _as_prior(frame, states, names):
    """The learned states, in the units of the data."""
    units = [frame.units(k) for k in range(len(states))]
    pairs = list(zip(units, states, strict=True))
    one = frame.mean.ndim == 1

    def stacked(values):
        return values[0] if one else np.stack(values)

    mean = stacked([u.to_data(s.expected) for u, s in pairs])
    contextual = any(s.contextual is not None for s in states)  # of several outputs, some may have no such effects
    effects = [s.contextual or ContextualEffects(0.0 * u.scale, 0.0 * u.scale + 1.0) for u, s in pairs]
    return replace(
        frame,
        mean=mean,
        covariance=stacked([u.covariance_to_data(s.covariance) for u, s in pairs]),
        mean_covariance=stacked([u.covariance_to_data(s.mean_covariance) for u, s in pairs]),
        noise=stacked([np.asarray(s.noise * u.target_scale**2) for u, s in pairs]),
        noise_dof=stacked([np.asarray(s.noise_dof) for _, s in pairs]),
        between=stacked([e.coef * u.target_scale / u.scale for u, e in zip(units, effects, strict=True)])
        if contextual
        else None,
        between_ratio=stacked([e.variance_ratio for e in effects]) if contextual else None,
        n_tasks=states[0].n_tasks,
        n_rows=states[0].n_rows,
        feature_names=names,
    )


def _kinds(learned, choices, parts, prior):
    """How often held-out tasks looked odd, by kind; with a prior, both experiences count."""
    kinds = list(KINDS) if learned.likelihood == "gaussian" else [FELLOW, STRANGER]
    found = np.zeros((len(parts), len(KINDS)))
    for k, (choice, part, believed) in enumerate(zip(choices, parts, learned.believed, strict=True)):
        found[k, kinds] = learn_shares(kinds_held_out(part, choice, believed)[:, kinds])
    shares, n_new = found.mean(axis=0), len(parts[0].n_rows)
    if prior is not None and prior.n_tasks > 0:
        seen = np.array([0.0, prior.level_weight, prior.noise_weight, prior.vague_weight])
        shares = (shares * n_new + seen * prior.n_tasks) / (n_new + prior.n_tasks)
    names = {ODD_LEVEL: "level_weight", ODD_NOISE: "noise_weight", STRANGER: "vague_weight"}
    return {name: float(shares[kind]) for kind, name in names.items()}
