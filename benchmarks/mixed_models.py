"""Is a full covariance that is learned the one of a mixed model's REML, and how long do both take?

"difference" is the largest of: fixed effects in standard deviations of the random ones, standard deviations and the noise's
relative to the peer's, and correlations. Hyper-priors are off (``pseudo_tasks=0``), one noise for all tasks. "20 sweeps" is
what is learned by default, "to the end" has as many sweeps as it takes. Seconds are CPU seconds of one fit.
"""

import time

import _peers
import numpy as np
from _common import Table, read_arguments
from sklearn.linear_model import Ridge

from skmeta import EmpiricalBayes, WarmStartRegressor

SWEEPS = {"20 sweeps": {}, "to the end": {"max_iter": 5000, "tol": 1e-7}}


def cpu(call):
    start = time.process_time()
    return call(), time.process_time() - start


def draw(n_effects, seed, n_tasks=200, n=20):
    """A table of slopes and an intercept, ``n_effects`` in all, that vary together; the task is the last column."""
    rng = np.random.default_rng(seed)
    factor = draw_factor(rng, n_effects)
    task, X = np.repeat(np.arange(n_tasks), n), rng.normal(size=(n_tasks * n, n_effects - 1))
    W = 1.0 + rng.normal(size=(n_tasks, n_effects)) @ factor.T
    return np.c_[X, task], (X * W[task, :-1]).sum(axis=1) + W[task, -1] + rng.normal(size=n_tasks * n)


def draw_factor(rng, n_effects):
    return rng.normal(size=(n_effects, n_effects)) / np.sqrt(n_effects)


def law(n_effects, seed):
    """``(mean, covariance)`` of the effects that `draw` draws."""
    factor = draw_factor(np.random.default_rng(seed), n_effects)
    return np.ones(n_effects), factor @ factor.T


def ours(X, y, **options):
    """``(mean, covariance, noise)``, the intercept last, which alone is not a column of zeros where there are no others."""
    learner = EmpiricalBayes("full", pseudo_tasks=0.0, noise="shared", **options)
    learned = WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(X, y).prior_.components[0]
    last = slice(-X.shape[1], None)
    return learned.mean[last], learned.covariance[last, last], learned.noise


def difference(found, peer):
    (mean, covariance, noise), (mean2, covariance2, noise2) = found, peer
    sd, sd2 = np.sqrt(np.diag(covariance)), np.sqrt(np.diag(covariance2))
    off = covariance / np.outer(sd, sd) - covariance2 / np.outer(sd2, sd2)
    parts = (mean - mean2) / sd2, sd / sd2 - 1.0, off, np.atleast_1d(np.sqrt(noise / noise2) - 1.0)
    return max(np.abs(part).max() for part in parts)


def main():
    args = read_arguments(__doc__, seeds=0, slow=0)
    sizes, seeds = ((6,) if args.quick else (6, 11)), args.seeds or (1 if args.quick else 3)
    tables = {f"{q} effects, draw {seed}": draw(q, seed) for q in sizes for seed in range(seeds)}
    lacks = _peers.missing("mixedlm")
    tables |= {} if lacks else {name: _peers.reference_table(name) for name in ("sleepstudy", "dyestuff")}
    peers = {} if lacks else {"mixedlm": _peers.mixedlm_reml}
    peers |= {} if _peers.missing("statsmodels") or not args.slow else {"statsmodels": _peers.statsmodels_reml}
    table = Table("A full covariance by REML", ["data", "peer", "model", "difference", "seconds", "peer's", "ratio"], 3)
    for data, (X, y) in tables.items():
        for peer, reml in peers.items():
            theirs, slow = cpu(lambda reml=reml, X=X, y=y: reml(X, y))
            for name, options in SWEEPS.items():
                found, seconds = cpu(lambda options=options, X=X, y=y: ours(X, y, **options))
                cells = f"{difference(found, theirs):.1e}", f"{seconds:.2f}", f"{slow:.2f}", f"{seconds / slow:.2f}"
                table.add(data, peer, f"warm, {name}", *cells)
    table.show(
        "both are REML; sweeps of EM are slow where a random effect hardly varies",
        "statsmodels takes minutes: --slow 1",
        *_peers.not_installed("mixedlm", "statsmodels"),
    )


if __name__ == "__main__":
    main()
