"""The one verb of a prior: its tasks' own rows turn it into fitted models."""

import numpy as np
from joblib import effective_n_jobs
from scipy import sparse
from scipy.stats import norm
from sklearn.linear_model import QuantileRegressor
from sklearn.utils.parallel import Parallel, delayed

from skmeta._inference.believed import KINDS
from skmeta._inference.glm import linearise
from skmeta._inference.glm_mixture import glm_posterior
from skmeta._inference.mixture import joined, posterior, posterior_of_rows
from skmeta._inference.moments import Rows, batch_moments, collect_moments
from skmeta._inference.threads import blocks_of, run
from skmeta.linear_model import _data
from skmeta.linear_model._adapted import Adapted, present
from skmeta.linear_model._families import family_of
from skmeta.linear_model._shift import ShiftedTask, fitted_in_data_units, solve_shifted
from skmeta.linear_model._start import solve_from_start
from skmeta.linear_model._wide import adapt_wide

_CELLS = 1 << 20  # design entries up to which all tasks are adapted in one batch
_BLOCK = 1024  # tasks whose matrices are held at once
_CACHED = 1 << 14  # design entries whose copies under every component stay near the processor
_WEAKEST = 1e-13  # strength zero, with a thought for singular designs


def adapt_collection(prior, estimator, tasks, *, n_jobs=None):
    """Adapt ``estimator`` to each of some `Tasks`."""
    if len(tasks) == 0:
        return _without_tasks(prior, estimator)
    data = _data.read_collection(estimator, tasks, classes=prior.classes)
    prior = _data.match_features(prior, data.feature_names, data.X.shape[1])
    return adapt_tasks(prior, estimator, data, n_jobs=n_jobs, keep=True)


def _without_tasks(prior, estimator):
    """What is known of a task without rows, alone."""
    check_likelihood(prior, estimator, prior.n_outputs)
    prior = prior if estimator.fit_intercept else prior.through_origin()
    unseen = expected_coefficients(estimator, prior)
    n_targets = None if prior.mean.ndim == 1 else prior.n_outputs
    none = np.empty((0, *unseen.shape))
    return Adapted(
        prior,
        estimator,
        none,
        unseen,
        none[:, :, 0],
        none[:, 0, 0],
        n_targets,
        prior.classes,
        prior.feature_names,
        ids=np.empty(0, int),
    )


def expected_coefficients(estimator, prior):
    """``(K, p)`` coefficients of a task without rows; a quantile lies as far from the mean as the noise says."""
    coef = prior.mean.reshape(prior.n_outputs, -1).copy()
    if isinstance(estimator, QuantileRegressor) and estimator.fit_intercept:
        coef[:, -1] += np.sqrt(prior.noise) * norm.ppf(estimator.quantile)
    return coef


def check_likelihood(prior, estimator, n_outputs):
    """A prior speaks of one kind of target; raises if the estimator's is another."""
    family = family_of(estimator)
    wanted = "multinomial" if family.classifies and n_outputs > 1 else family.likelihood
    if prior.likelihood not in (None, wanted):
        raise ValueError(
            f"prior: wanted one learned for {wanted} targets ({type(estimator).__name__}), found one for "
            f"{prior.likelihood} targets; learn it anew with this estimator."
        )
    if family.classifies and prior.classes is None:
        raise ValueError(
            "prior: wanted GaussianPrior(classes=...) for a classifier, found no classes; coefficients belong to labels."
        )
    if prior.n_outputs != n_outputs:
        raise ValueError(f"prior: wanted coefficients for {n_outputs} output(s), found {prior.n_outputs}.")


def adapt_tasks(prior, estimator, data, *, n_jobs=None, keep=False):
    """Adapt ``estimator`` to every task of ``data``, whose columns are in the prior's order.

    With ``keep`` the result can tell noise, trust and posterior variances.
    """
    family = family_of(estimator)
    check_likelihood(prior, estimator, data.Y.shape[1])
    prior = prior if estimator.fit_intercept else prior.through_origin()
    rows, strengths = engine_rows(prior, data, estimator), _strengths(family, estimator, prior.n_outputs)
    noise = trust = evidence = fitted = None
    weighed = keep or family.how != "start"  # steps need a start alone
    if weighed and prior.is_wide:
        coef, noise, trust = adapt_wide(prior, estimator, family, rows, float(strengths[0]))
        evidence = rows if keep else None
    elif weighed:
        solve = _gaussian if family.likelihood == "gaussian" else _generalised
        coef, noise, trust, evidence, fitted = solve(prior, estimator, family, rows, strengths, n_jobs, keep)
    if family.how == "start":
        coef, fitted = _own_steps(estimator, prior, data, n_jobs)
    if not rows.intercept:
        coef[..., -1] = 0.0
    return Adapted(
        prior,
        estimator,
        coef,
        expected_coefficients(estimator, prior),
        noise,
        trust,
        data.n_targets,
        data.classes,
        data.feature_names,
        fitted,
        evidence,
        strengths,
        rows.intercept,
        rows if keep and family.classifies else None,
        data.tasks.ids,
    )


def engine_rows(prior, data, estimator):
    """The rows of ``data`` in the units of the prior."""
    units = [prior.units(k) for k in range(prior.n_outputs)]
    centre = np.array([u.target_centre for u in units])
    scale = np.array([u.target_scale for u in units])
    Y = (data.Y - centre) / scale
    tasks = data.tasks
    return Rows(
        data.X,
        Y,
        tasks.order,
        tasks.starts,
        units[0].centre,
        units[0].scale,
        data.weight,
        bool(estimator.fit_intercept),
    )


def _strengths(family, estimator, n_outputs):
    strength = np.maximum(np.asarray(family.strength(estimator), dtype=float), _WEAKEST)
    if strength.ndim and strength.shape != (n_outputs,):
        raise ValueError(
            f"{type(estimator).__name__}(alpha=...): wanted one number or one for each of {n_outputs} target(s), found "
            f"shape {strength.shape}."
        )
    return np.broadcast_to(strength, (n_outputs,))


def _gaussian(prior, estimator, family, rows, strengths, n_jobs, keep):
    """Closed form for every task and output at once; then, for classes with another penalty, their own solver."""
    batch = rows.batch(np.arange(rows.n_tasks)) if _few_rows(rows) else None
    collected = collect_moments(rows) if batch is None else batch_moments(*batch)
    moments = [collected.output(k) for k in range(prior.n_outputs)]
    taken = strengths if family.how == "posterior" else np.ones_like(strengths)
    found = [
        task_posterior(batch, part, b, k, s, effective_n_jobs(n_jobs))
        for k, (part, b, s) in enumerate(zip(moments, prior.believed, taken, strict=True))
    ]
    units = [prior.units(k) for k in range(prior.n_outputs)]
    means, fitted = [f.mean for f in found], None
    if family.how == "shift":
        means, fitted = _own_solvers(prior, estimator, family, strengths, rows, batch, moments, found, n_jobs)
    coef = np.stack([u.to_data(mean) for u, mean in zip(units, means, strict=True)], axis=1)
    noise = np.stack([f.noise * u.target_scale**2 for u, f in zip(units, found, strict=True)], axis=1)
    trust = np.mean([f.trust for f in found], axis=0)
    return coef, noise, trust, moments if keep else None, fitted


def _few_rows(rows):
    """Whether every task has fewer rows than columns, and all fit in one batch."""
    longest = np.diff(rows.starts).max()
    return longest < rows.width and rows.n_tasks * longest * rows.width <= _CELLS


def task_posterior(batch, moments, believed, k, strength, n_jobs=1):
    """Posterior of output ``k`` by whichever is smaller, a task's rows or its columns; many tasks by the block."""

    def by_columns(block):
        return posterior(moments.take(block), believed, strength=strength)

    def by_rows(block):
        Z, Y, weight = batch
        return posterior_of_rows(
            Z[block], Y[block, :, k], weight[block], moments.take(block), believed, strength=strength
        )

    # A flat intercept is a huge number in the rows' kernel, but only a small one in the columns' precision.
    if batch is None or believed.flat_intercept:
        return joined(run(by_columns, blocks_of(moments.n_tasks, _BLOCK), n_jobs))
    return joined(run(by_rows, blocks_of(moments.n_tasks, max(_CACHED // batch[0][0].size, 1)), n_jobs))


def _own_solvers(prior, estimator, family, strengths, rows, batch, moments, found, n_jobs):
    """Coefficients ``(n_tasks, p)`` of every output in the units of the engine, and each task's fitted attributes."""
    n, counts = rows.n_tasks, np.diff(rows.starts)

    def job(k, t):
        here, padded = (t, batch) if batch is not None else (0, rows.batch(np.array([t])))
        Z, Y, weight = (part[here, : counts[t]] for part in padded)
        own, some = found[k], moments[k].take(slice(t, t + 1))
        task = ShiftedTask(
            Z,
            Y[:, k],
            None if rows.weight is None else weight,
            some.n_rows,
            some.context,
            own.noise[t],
            np.bincount(prior.believed[k].kind, own.weights[t], minlength=len(KINDS)),
        )
        return estimator, family, strengths[k], prior.believed[k], task

    pairs = [(k, t) for k in range(prior.n_outputs) for t in range(n)]
    solved = in_parallel(solve_shifted, [job(k, t) for k, t in pairs], n_jobs)
    means = [np.stack([coef for coef, _ in solved[k * n : (k + 1) * n]]) for k in range(prior.n_outputs)]
    fitted = [fitted_in_data_units(f, prior.units(k)) for (k, _), (_, f) in zip(pairs, solved, strict=True)]
    if prior.mean.ndim == 1:
        return means, fitted
    by_task = [fitted[t::n] for t in range(n)]
    return means, [{name: np.array([one[name] for one in some]) for name in some[0]} for some in by_task]


def in_parallel(function, jobs, n_jobs):
    """``[function(*job) for job in jobs]``; a single job does not pay for a pool."""
    if len(jobs) == 1:
        return [function(*jobs[0])]
    return Parallel(n_jobs=n_jobs)(delayed(function)(*job) for job in jobs)


def _generalised(prior, estimator, family, rows, strengths, n_jobs, keep):
    loss = family.loss(estimator, prior.n_outputs)
    coef, weights = glm_posterior(rows, prior.believed, loss, strength=float(strengths[0]))
    units = [prior.units(k) for k in range(prior.n_outputs)]
    in_data = np.stack([u.to_data(coef[:, k]) for k, u in enumerate(units)], axis=1)
    noise = np.broadcast_to([b.level for b in prior.believed], in_data.shape[:2]).copy()
    return in_data, noise, weights[:, 0], linearise(rows, coef, loss) if keep else None, None


def _own_steps(estimator, prior, data, n_jobs):
    mean = prior.mean.reshape(prior.n_outputs, -1)
    labels = data.Y[:, 0] if data.classes is None else data.labels()
    X = data.X if sparse.issparse(data.X) else present(data.X, prior)

    def job(t):
        own = data.tasks.order[data.tasks.starts[t] : data.tasks.starts[t + 1]]
        return X[own], labels[own], None if data.weight is None else data.weight[own], data.classes

    models = in_parallel(solve_from_start, [(estimator, mean, *job(t)) for t in range(data.tasks.n_tasks)], n_jobs)
    return np.stack([_coefficients(model) for model in models]), [_other_attributes(model) for model in models]


def _other_attributes(model):
    return {name: v for name, v in vars(model).items() if name.endswith("_") and name not in ("coef_", "intercept_")}


def _coefficients(model):
    slopes = np.atleast_2d(model.coef_)
    return np.concatenate([slopes, np.reshape(model.intercept_, (-1, 1))], axis=1)
