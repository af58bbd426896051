"""Our searches on tables, and the random one beside them."""

from functools import partial

import numpy as np

from skmeta import HyperparameterPrior, TrialHistory
from skmeta.tuning._methods import METHODS as OURS
from skmeta.tuning._space import Space
from skmeta.tuning._suggester import suggester_for


def past_trials(table, sources):
    """What the past tasks have tried, as a history."""
    history = TrialHistory()
    for task, tried in sources.items():
        trials = [table.configs[i] | {"score": float(table.scores[task, i])} for i in tried]
        history.add(trials, task=task)
    return history


def random(table, target, sources, seed, n_trials):
    """Random configs."""
    return np.random.default_rng(seed).permutation(len(table.configs))[:n_trials].tolist()


def advised(method, table, target, sources, seed, n_trials):
    """What `WarmStartSearchCV` would try, if the table's configs were all candidates."""
    prior = None if method == "gp" else HyperparameterPrior.from_history(past_trials(table, sources))
    space = Space.of(table.distributions)
    places = {space.key(config): i for i, config in enumerate(table.configs)}
    suggester = suggester_for(space, prior, method, np.random.default_rng(seed), None, table.configs)
    picks, scores = [], []
    for _ in range(n_trials):
        (suggestion,) = suggester.suggest(1, scores, np.full(len(scores), np.nan))
        picks.append(places[space.key(suggestion.params)])
        scores.append(float(table.scores[target, picks[-1]]))
    return picks


METHODS = {"random": random} | {f"skmeta_{method}": partial(advised, method) for method in OURS}
COLD = {"random", "skmeta_gp"}
