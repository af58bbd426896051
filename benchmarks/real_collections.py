"""Is warm the best of own, pooled, residual and warm at every number of rows of a new task, on real collections?

Root mean squared errors over that of the best of them (1.000), on the same test rows at every number of shots; the
peers' ratios are to the same best. "best" rows give its error in units of the target. "own" scales columns by all
training rows, "own, own scale" by those of the task: the better one counts.
"""

import _peers
import numpy as np
from _common import Table, percent, read_arguments
from _models import errors_by_shots, ridge, standard_models
from _real import real_collections
from sklearn.pipeline import make_pipeline

from skmeta.model_selection import OwnModel

SHOTS = (0, 1, 2, 5, 10, 20)


def own_models():
    """One model a task, its columns scaled by its own rows; in the standard models by all training rows."""
    whole = make_pipeline(ridge())  # a Pipeline in one is fitted whole to each task
    return {"own, own scale": OwnModel(whole, task=-1)}


def peers_for(X):
    """The peers that end in reasonable time on a collection of this shape."""
    narrow = X.shape[1] - 1 <= 6
    models = {
        ("scikit-lego", "scikit-lego"): _peers.Lego(),
        ("MERF", "merf"): _peers.Merf(),
        ("GPBoost" if narrow else "GPBoost, intercept", "gpboost"): _peers.GPBoost(slopes=narrow),
        ("MixedLM" if X.shape[1] <= 4 else "MixedLM, intercept", "statsmodels"): _peers.MixedLM(slopes=X.shape[1] <= 4),
    }
    return {name: model for (name, package), model in models.items() if not _peers.missing(package)}


def main():
    args = read_arguments(__doc__, seeds=0, data="", only="", peers=1)
    seeds = args.seeds or 1
    table = Table(
        "New tasks of real collections: error over the best of own, pooled, residual and warm",
        ["collection", "model", *SHOTS, "seconds"],
        2,
    )
    collections, absent = real_collections(args.data, args.quick)
    misses = []
    for found in collections:
        if args.only not in found.name:
            continue
        peers = peers_for(found.X) if args.peers and not args.quick else {}
        ours = own_models() | standard_models(ridge())
        models = ours | peers
        runs = [
            errors_by_shots(
                models, found.X, found.y, peers, n_shots=found.shots, n_splits=3, order=found.order, random_state=seed
            )
            for seed in range(seeds)
        ]
        errors = {
            name: np.mean([run[name][0] for run in runs], axis=0)
            if not isinstance(runs[0][name][0], str)
            else runs[0][name][0]
            for name in models
        }
        best = np.min([errors[name] for name in ours], axis=0)
        table.add(found.name, "best", *(float(b) for b in best), *[""] * (len(SHOTS) - len(best)), "")
        for name, value in errors.items():
            seconds = f"{np.mean([run[name][1] for run in runs]):.1f}"
            cells = [value] if isinstance(value, str) else [f"{r:.3f}" if r < 100 else "> 100" for r in value / best]
            table.add("", name, *cells, *[""] * (len(SHOTS) - len(cells)), seconds)
        misses += [
            f"{found.name} at {n} shots {percent(r)} %"
            for n, r in zip(found.shots, errors["warm"] / best, strict=True)
            if r > 1.01
        ]
    table.show(
        f"warm is more than 1 % behind the best in: {'; '.join(misses) or 'none'}",
        *_peers.not_installed("scikit-lego", "merf", "gpboost", "statsmodels"),
        *(f"not run: {name}" for name in absent),
    )


if __name__ == "__main__":
    main()
