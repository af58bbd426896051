"""What does a search cost beside its fits: a suggestion, a prior, and a whole search?

50 past tasks of 50 trials, five hyperparameters. The whole search is compared with RandomizedSearchCV on a model that
does nothing for half a second a fit.
"""

import time

import numpy as np
from _common import Table, clocked, read_arguments
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator
from sklearn.model_selection import RandomizedSearchCV

from skmeta import HyperparameterPrior, TrialHistory, WarmStartSearchCV
from skmeta.tuning._space import Space
from skmeta.tuning._suggester import suggester_for

SPACE = {
    "a": loguniform(1e-3, 1e3),
    "b": uniform(0, 1),
    "c": randint(1, 100),
    "d": ["x", "y", "z"],
    "e": uniform(0, 1),
}


class Sleeper(BaseEstimator):
    """Scores a quadratic after ``seconds``."""

    def __init__(self, a=1.0, b=0.5, c=1, d="x", e=0.5, seconds=0.5):
        self.a, self.b, self.c, self.d, self.e, self.seconds = a, b, c, d, e, seconds

    def fit(self, X, y=None):
        time.sleep(self.seconds)
        return self

    def score(self, X, y=None):
        return -((np.log10(self.a) - 1) ** 2) - 5 * (self.b - 0.3) ** 2 - 0.01 * self.c


def past(n_tasks, n_trials):
    """Trials on tasks whose optimum moves."""
    history, space, rng = TrialHistory(), Space.of(SPACE), np.random.default_rng(0)
    for task in range(n_tasks):
        move = 0.2 * rng.normal(size=2)
        trials = [
            params | {"score": -((np.log10(params["a"]) - 1 - move[0]) ** 2) - 5 * (params["b"] - 0.3 - move[1]) ** 2}
            for params in space.sample(n_trials, rng)
        ]
        history.add(trials, task=task)
    return history


def suggestions(prior, n_trials):
    """Seconds of each suggestion of a search."""
    suggester = suggester_for(Space.of(SPACE), prior, "auto", np.random.default_rng(0), None)
    seconds, scores = [], []
    for _ in range(n_trials):
        (suggestion,), took = clocked(lambda: suggester.suggest(1, scores, np.full(len(scores), np.nan)))
        seconds.append(took)
        scores.append(Sleeper(**suggestion.params).score(None))
    return np.array(seconds)


def main():
    args = read_arguments(__doc__)
    n_tasks, n_iter = (10, 3) if args.quick else (50, 15)
    history = past(n_tasks, 50)
    prior, seconds = clocked(lambda: HyperparameterPrior.from_history(history), 3)
    table = Table(f"Cost beside the fits, {n_tasks} past tasks of 50 trials", ["what", "value"])
    table.add("making the prior, ms a past task", 1000 * seconds / n_tasks)
    for name, found in (("with a prior", prior), ("without", None)):
        took = 1000 * suggestions(found, 30)
        table.add(f"a suggestion {name}, ms, median of trials 5 to 30", float(np.median(took[4:])))
    X = np.zeros((20, 1))
    options = {"n_iter": n_iter, "cv": 5, "random_state": 0}
    _, usual = clocked(lambda: RandomizedSearchCV(Sleeper(), SPACE, **options).fit(X))
    _, ours = clocked(lambda: WarmStartSearchCV(Sleeper(), SPACE, prior=prior, **options).fit(X))
    table.add(f"search of {n_iter} trials of five fits of 0.5 s, over RandomizedSearchCV", ours / usual)
    table.show()


if __name__ == "__main__":
    main()
