"""Mixed effects: how far learned means and covariances are from the true ones, and what they cost, beside REML."""

import _peers
import mixed_models
import numpy as np
from _page_sections import Cell, Section, side_by_side

SIZES = {"3 effects": (3, 100), "6 effects": (6, 200)}
TINY = 1e-16  # of two doubles that are the same
MAX_STATSMODELS = 3  # effects; of more it takes minutes a fit


def reml(n_effects, n_tasks, seed):
    """Errors against the law that was drawn, and the largest difference to skmeta's own end of the iteration."""
    X, y = mixed_models.draw(n_effects, seed, n_tasks)
    law = mixed_models.law(n_effects, seed)
    peers = {"mixedlm": _peers.mixedlm_reml}
    peers |= {"statsmodels": _peers.statsmodels_reml} if n_effects <= MAX_STATSMODELS else {}
    learners = {"skmeta": {}, "skmeta, to the end": mixed_models.SWEEPS["to the end"]}
    methods = {name: lambda options=options: mixed_models.ours(X, y, **options) for name, options in learners.items()}
    methods |= {name: lambda fit=fit: fit(X, y) for name, fit in peers.items() if not _peers.missing(name)}
    ended = mixed_models.ours(X, y, **learners["skmeta, to the end"])

    def errors(call):
        found = call()
        far = max(mixed_models.difference(ended, found), TINY)
        return errors_of(*found[:2], law), {"log10 of the difference": float(np.log10(far))}

    return side_by_side({name: lambda call=call: errors(call) for name, call in methods.items()})


def errors_of(mean, covariance, law):
    return {
        "mean": float(np.linalg.norm(mean - law[0])),
        "covariance": float(np.linalg.norm(covariance - law[1])),
    }


def cells(setting):
    sizes = list(SIZES.items())[: 1 if setting.quick else None]
    return [
        Cell(f"{name}, {n_tasks} tasks", f"seed {seed}", lambda seed=seed, q=q, n=n_tasks: reml(q, n, seed))
        for name, (q, n_tasks) in sizes
        for seed in range(setting.seeds)
    ]


REML = Section(
    "reml",
    "Mixed effects: a full covariance by REML",
    "Is the covariance that skmeta learns the one of a mixed model's REML, and what does either cost?",
    "Made up: slopes and an intercept that vary together by a full covariance, 20 rows a task, noise of one (``draw`` in "
    "``benchmarks/mixed_models.py``). Hyper-priors are off, one noise for all tasks: the same model as the peers'.",
    "Distance of the learned mean and covariance from the true ones (Frobenius)",
    ("mixedlm", "statsmodels"),
    cells,
    notes=(
        'skmeta stops after 20 sweeps, as is its default; "to the end" has as many as it takes.',
        '"log10 of the difference" is to skmeta\'s own end, of the largest of: means in standard deviations of the '
        "effects, relative "
        "standard deviations, correlations. A model that is the same has -3 or less.",
        "statsmodels takes minutes where there are 6 effects: it is run on 3.",
    ),
)
