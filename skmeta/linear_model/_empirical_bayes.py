"""Empirical Bayes: a Gaussian prior on linear coefficients, learned from a collection of tasks."""

from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from joblib import effective_n_jobs
from sklearn.utils import check_scalar

from skmeta._inference.gaussian_em import Gaussian, fit_gaussian, initial_guess
from skmeta._inference.laplace_em import fit_laplace
from skmeta._inference.moments import collect_moments, column_scales
from skmeta._inference.selection import candidates, choose, evidence_held_out
from skmeta._inference.wide import WidePrior
from skmeta._inference.wide_em import learn_wide
from skmeta.base import Learner, register
from skmeta.linear_model._adapt import check_likelihood, engine_rows
from skmeta.linear_model._data import check_known_columns, read
from skmeta.linear_model._families import FAMILIES, family_of
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._mixture import component_names, held_out_components, learn_mixture_weights, robust_mixture
from skmeta.linear_model._units import ContextualEffects, Units

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
        prior : MixturePrior or GaussianPrior, default=None
            What was known before: it counts as the ``n_tasks`` it was learned from (at least one).
        n_jobs : int, default=None
            Threads for the sweeps over the tasks; the answer does not depend on it.
        progress : callable, default=None
            Called as ``progress(done, total)``.

        Returns
        -------
        MixturePrior
            What is known now: the learned prior among what stands beside it.
        """
        self._check_parameters()
        family, past = family_of(estimator), prior
        prior = None if prior is None else getattr(prior, "components", [prior])[0]
        data = read(tasks, estimator, family, None if prior is None else prior.classes)
        if prior is None:
            check_known_columns(data, tasks.feature_names)
        else:
            check_likelihood(prior, estimator, family)
            prior = prior.for_columns(tasks.feature_names, data.X.shape[1])
        frame = prior if prior is not None and prior.units is not None else _frame(estimator, tasks, data)
        likelihood = family.likelihood(estimator, frame.n_outputs)
        rows = engine_rows(tasks, data, [frame.engine_units(k, likelihood) for k in range(frame.n_outputs)], estimator)
        if is_wide(data.X.shape[1], tasks):
            return self._learn_wide(likelihood, data, frame, rows, prior, past, effective_n_jobs(n_jobs))
        states = None if prior is None else _past_states(prior, frame)
        fit = self._fit_linear if likelihood.quadratic else self._fit_generalised
        states, choices, parts = fit(rows, estimator, states, effective_n_jobs(n_jobs))
        learned = _as_prior(frame, states, tasks.feature_names)
        return robust_mixture(learned, _weights(learned, choices, parts, past))

    def _learn_wide(self, loss, data, frame, rows, prior, past, n_jobs):
        """Columns outnumber rows by far: the dual, where a covariance is a diagonal or has a few factors."""
        if self.covariance == "full":
            raise ValueError(
                f"EmpiricalBayes(covariance='full'): wanted 'auto', 'factor', 'diagonal' or 'spherical' for "
                f"{data.X.shape[1]} columns, more than any task has rows; found 'full'."
            )
        known = as_wide(prior, getattr(past, "named_weights", {})) if prior is not None and not prior.is_dense else None
        options = {"rank": self.rank, "n_iter": self.max_iter, "past": known, "n_jobs": n_jobs}
        wide = learn_wide(rows, loss, covariance=self.covariance, **options)
        self.structure_, self.scores_ = "factor" if wide.factor.shape[2] else "diagonal", {}
        return robust_mixture(from_wide(frame, wide, frame.feature_names), {"vague": wide.vague_weight})

    def _fit_linear(self, rows, estimator, past, n_jobs):
        moments = collect_moments(rows)
        parts = [moments.output(k) for k in range(moments.n_outputs)]
        choices = [self._choose(part, noise=self.noise) for part in parts]
        states = [
            self._sweep(part, choice, past and past[k], n_jobs)
            for k, (part, choice) in enumerate(zip(parts, choices, strict=True))
        ]
        return states, choices, parts

    def _sweep(self, part, choice, past, n_jobs):
        """EM on all tasks; where they are very many, on some of them first, which leaves little to do."""
        options = {"tol": self.tol, "past": past, "noise": self.noise, "n_jobs": n_jobs}
        if part.n_tasks <= _MANY:
            start = past or initial_guess(part, choice.levels)
            return fit_gaussian(part, choice.structure, n_iter=self.max_iter, start=start, **options)
        start = past or choice.states[0]
        start = fit_gaussian(part.take(choice.tasks), choice.structure, n_iter=self.max_iter, start=start, **options)
        return fit_gaussian(part, choice.structure, n_iter=min(self.max_iter, _POLISH), start=start, **options)

    def _fit_generalised(self, rows, estimator, past, n_jobs):
        loss = family_of(estimator).likelihood(estimator, rows.Y.shape[1])
        first = self._candidates(rows.width, rows.n_tasks)[-1:] * rows.Y.shape[1]
        choices = {}

        def pick(k, part, start):
            choices[k] = self._choose(part, noise="shared" if loss.dispersed else "known", start=start)
            return choices[k].structure

        learned = fit_laplace(
            rows, loss, first, n_iter=max(self.max_iter, 5), choose=pick, past=past, n_jobs=n_jobs, tol=self.tol
        )
        return learned.states, [choices[k] for k in range(len(choices))], learned.moments

    def _candidates(self, p, n_tasks):
        return candidates(self.covariance, p, n_tasks, self.rank, self.pseudo_tasks)

    def _choose(self, part, **options):
        choice = choose(part, self._candidates(part.cross.shape[1], part.n_tasks), **options)
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


_WIDE = 128  # columns beyond which no (p, p) matrix is made, if no task has as many rows


def is_wide(n_features, tasks):
    """Whether a collection is learned in the dual."""
    return n_features > _WIDE and tasks.counts.max(initial=0) < n_features


def _frame(estimator, tasks, data):
    """An empty prior that holds the units: where columns and targets lie and how far they spread."""
    family, n_outputs = family_of(estimator), data.Y.shape[1]
    d, likelihood = data.X.shape[1], family.likelihood(estimator, n_outputs)
    centre, scale = column_scales(data.X, data.weight, centred=not is_wide(d, tasks))
    centre = centre if estimator.fit_intercept else np.zeros(d)
    level = np.average(data.Y, axis=0, weights=data.weight)
    spread = np.sqrt(np.average((data.Y - level) ** 2, axis=0, weights=data.weight))
    if likelihood.quadratic:
        level = level if estimator.fit_intercept else 0.0 * level
        spread = np.where(spread > 1e-12 * np.maximum(np.abs(level), 1e-300), spread, 1.0)
    else:
        level, spread = likelihood.link(level), np.ones(n_outputs)
    one = data.n_targets is None and n_outputs == 1
    shape = (d + 1,) if one else (n_outputs, d + 1)
    return GaussianPrior(
        np.zeros(shape),
        np.ones(shape),
        units=Units(centre, scale, level[0] if one else level, spread[0] if one else spread),
        likelihood=family.kind_of(n_outputs),
        classes=data.classes,
        feature_names=tasks.feature_names,
    )


def _past_states(prior, frame):
    """What was known, as states of the engine in the units of ``frame``."""
    return [_past_state(prior, frame, k) for k in range(prior.n_outputs)]


def _past_state(prior, frame, k):
    units = frame.engine_units(k, frame.engine_likelihood)
    mean, covariance = prior.expected()[k], prior.dense_covariance(k)
    if not prior.knows_intercept:
        mean[-1] = units.target_centre - mean[:-1] @ units.centre
        covariance[-1, -1] = 10.0 * units.target_scale**2
    effects = prior.contextual_effects
    between, ratio = (None, None) if effects is None else effects.of_output(k, units)
    within = units.to_engine(mean)
    if between is not None:
        within = within - np.r_[between / (1.0 + ratio), 0.0]
    own = None if prior.mean_covariance is None else prior.mean_covariance
    own = own if own is None or prior.mean.ndim == 1 else own[k]
    return Gaussian(
        within,
        units.covariance_to_engine(covariance),
        prior.noise_of(k) / units.target_scale**2,
        float(np.broadcast_to(prior.noise_dof, (prior.n_outputs,))[k]),
        max(prior.n_tasks, 1.0),
        max(prior.n_rows, 1.0),
        None if own is None else units.covariance_to_engine(own),
        between=between,
        ratio=ratio,
    )


def _stacked(frame, values):
    return values[0] if frame.mean.ndim == 1 else np.stack(values)


def _as_prior(frame, states, names):
    """The learned states, in the units of the data."""
    units = [frame.engine_units(k, frame.engine_likelihood) for k in range(len(states))]
    pairs = list(zip(units, states, strict=True))

    def without_rows(state):
        known = state.between is not None
        return state.mean + (np.r_[state.between / (1.0 + state.ratio), 0.0] if known else 0.0)

    effects = [
        s if s.between is not None else replace(s, between=0.0 * u.scale, ratio=0.0 * u.scale + 1.0) for u, s in pairs
    ]
    contextual = None
    if any(s.between is not None for s in states):  # of several outputs, some may have no such effects
        coef = _stacked(frame, [s.between * u.target_scale / u.scale for u, s in zip(units, effects, strict=True)])
        contextual = ContextualEffects(coef, _stacked(frame, [s.ratio for s in effects]))
    return replace(
        frame,
        mean=_stacked(frame, [u.to_data(without_rows(s)) for u, s in pairs]),
        covariance=_stacked(frame, [u.covariance_to_data(s.covariance) for u, s in pairs]),
        mean_covariance=_stacked(frame, [u.covariance_to_data(s.mean_covariance) for u, s in pairs]),
        noise=_stacked(frame, [np.asarray(s.noise * u.target_scale**2) for u, s in pairs]),
        noise_dof=_stacked(frame, [np.asarray(s.noise_dof) for _, s in pairs]),
        contextual_effects=contextual,
        n_tasks=states[0].n_tasks,
        n_rows=states[0].n_rows,
        feature_names=names,
    )


def as_wide(prior, weights):
    """The prior in the units of the engine, without any ``(p, p)`` matrix."""
    kind = prior.engine_likelihood
    units = [prior.engine_units(k, kind) for k in range(prior.n_outputs)]
    parts = [prior.component(k, u, kind) for k, u in enumerate(units)]
    level = np.broadcast_to(prior.units.target_centre if prior.units else 0.0, (prior.n_outputs,))
    return WidePrior(
        mean=np.stack([c.mean for c in parts]),
        variance=np.stack([c.covariance.variance for c in parts]),
        factor=np.stack([c.covariance.factor for c in parts]),
        noise=np.array([c.noise.centre for c in parts]),
        level=0.0 * level if kind.quadratic else level,
        vague_weight=weights.get("vague", 0.0),
        n_tasks=prior.n_tasks,
        n_rows=prior.n_rows,
    )


def from_wide(frame, wide, feature_names):
    """A `GaussianPrior` in the units of the data, with the units of ``frame``."""
    units = [frame.engine_units(k, frame.engine_likelihood) for k in range(len(wide.mean))]
    factor = [u.spread_to_data(f) for u, f in zip(units, wide.factor, strict=True)]
    return replace(
        frame,
        mean=_stacked(frame, [u.to_data(m) for u, m in zip(units, wide.mean, strict=True)]),
        covariance=_stacked(frame, [u.covariance_to_data(v) for u, v in zip(units, wide.variance, strict=True)]),
        factor=_stacked(frame, factor) if wide.factor.shape[2] else None,
        noise=_stacked(frame, [np.asarray(s * u.target_scale**2) for u, s in zip(units, wide.noise, strict=True)]),
        n_tasks=wide.n_tasks,
        n_rows=wide.n_rows,
        feature_names=feature_names,
    )


def _weights(learned, choices, parts, past):
    """Mixture weights by name; with a prior, both experiences count."""

    def components(k):
        return lambda state: held_out_components(
            learned,
            k,
            mean=state.mean,
            covariance=state.covariance,
            noise=state.noise_law,
            effects=None if state.between is None else (state.between, state.ratio),
        )

    names = component_names(learned)
    evidence = [
        evidence_held_out(part, choice, components(k)) if choice.states else np.zeros((0, len(names)))
        for k, (choice, part) in enumerate(zip(choices, parts, strict=True))
    ]
    return learn_mixture_weights(names, evidence, len(parts[0].n_rows), past)
