"""Do searches over real scikit-learn fits find good hyperparameters sooner when they start from other datasets?

Datasets in turn are new, all others were tuned by a random search of 25 trials. The measure is the cross-validated
accuracy of the best so far after 1 to 15 trials, as the share of errors above the fewest that any search found on that
dataset, mean ± standard error over datasets and seeds. The space chooses a whole step: an SVC or a forest.
"""

import warnings

import numpy as np
from _common import Table, read_arguments, say
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine, make_classification
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skmeta import HyperparameterPrior, TrialHistory, WarmStartSearchCV

MODEL = Pipeline([("scale", StandardScaler()), ("model", SVC())])
SPACE = [
    {"model": [SVC()], "model__C": loguniform(1e-3, 1e3), "model__gamma": loguniform(1e-5, 10)},
    {
        "model": [ExtraTreesClassifier(n_estimators=20, random_state=0)],
        "model__max_features": uniform(0.1, 0.9),
        "model__min_samples_leaf": randint(1, 20),
    },
]
CHECKPOINTS = (1, 3, 5, 10, 15)


def datasets(n_made):
    """Rows and classes by name: real ones, at most 200 rows, and made ones of several difficulties."""
    found = {load.__name__: load(return_X_y=True) for load in (load_iris, load_wine, load_breast_cancer, load_digits)}
    for seed in range(n_made):
        rng = np.random.default_rng(seed)
        found[f"made {seed}"] = make_classification(
            200, int(rng.integers(6, 25)), n_informative=5, flip_y=rng.uniform(0, 0.1), random_state=seed
        )
    picks = {name: np.random.default_rng(0).permutation(len(y))[:200] for name, (_, y) in found.items()}
    return {name: (X[picks[name]], y[picks[name]]) for name, (X, y) in found.items()}


def best_so_far(search):
    return np.maximum.accumulate(search.cv_results_["mean_test_score"])


def searches(prior, n_iter, seed):
    """The rivals, by name."""
    common = {"n_iter": n_iter, "cv": 4, "random_state": seed, "refit": False}
    return {
        "RandomizedSearchCV": RandomizedSearchCV(MODEL, SPACE, **common),
        "WarmStartSearchCV, cold": WarmStartSearchCV(MODEL, SPACE, **common),
        "WarmStartSearchCV, warm": WarmStartSearchCV(MODEL, SPACE, prior=prior, **common),
    }


def main():
    args = read_arguments(__doc__, seeds=0)
    warnings.simplefilter("ignore")
    n_seeds, found = args.seeds or (1 if args.quick else 5), datasets(2 if args.quick else 12)
    past = {
        name: RandomizedSearchCV(MODEL, SPACE, n_iter=25, cv=4, random_state=i, refit=False).fit(*data)
        for i, (name, data) in enumerate(found.items())
    }
    curves = {}
    for name, data in found.items():
        history = TrialHistory()
        for other in found.keys() - {name}:
            history.add(past[other], task=other)
        prior = HyperparameterPrior.from_history(history)
        for seed in range(n_seeds):
            for rival, search in searches(prior, max(CHECKPOINTS), seed).items():
                curves.setdefault(rival, {}).setdefault(name, []).append(best_so_far(search.fit(*data)))
        say(name)
    fewest = {name: 1 - max(np.max(of[name]) for of in curves.values()) for name in found}
    table = Table("Errors above the fewest found, per cent of rows, by trials", ["search", *CHECKPOINTS])
    for rival, of in curves.items():
        above = 100 * np.concatenate([1 - np.array(runs) - fewest[name] for name, runs in of.items()])
        spread = above.std(axis=0, ddof=1) / np.sqrt(len(above))
        table.add(rival, *(f"{above[:, n - 1].mean():.2f} ± {spread[n - 1]:.2f}" for n in CHECKPOINTS))
    table.show(f"{len(found)} datasets, {n_seeds} seeds")


if __name__ == "__main__":
    main()
