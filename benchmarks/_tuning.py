"""Searches on tables of scores: the table, what past tasks have shown of it, the picks and their regret."""

import json
import time
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import loguniform, randint, rankdata, uniform

N_PAST_TRIALS = 50


class LogInteger:
    """Whole numbers from ``low`` to ``high``, their logarithms even: what SciPy has no distribution for."""

    def __init__(self, low, high):
        self.numbers = loguniform(low, high + 1)

    def rvs(self, size=None, random_state=None):
        return np.floor(self.numbers.rvs(size=size, random_state=random_state)).astype(int)

    def cdf(self, x):
        return self.numbers.cdf(np.floor(x) + 1)


@dataclass(frozen=True)
class Parameter:
    """What is searched: one of ``choices``, or (they are None) a number from ``low`` to ``high``."""

    low: float | None
    high: float | None
    log: bool
    integer: bool
    choices: tuple | None

    @cached_property
    def distribution(self):
        """As a search of scikit-learn takes it."""
        if self.choices is not None:
            return list(self.choices)
        if self.integer:
            return LogInteger(self.low, self.high) if self.log else randint(self.low, self.high + 1)
        return loguniform(self.low, self.high) if self.log else uniform(self.low, self.high - self.low)

    def encode(self, values):
        """Columns in which two choices are as far from each other as the two ends of a number's range."""
        if self.choices is not None:
            return np.array([[value == choice for choice in self.choices] for value in values]) * np.sqrt(0.5)
        numbers = np.array([np.nan if value is None else value for value in values], dtype=float)
        return np.nan_to_num(self.distribution.cdf(numbers), nan=0.5)


def encode(space, configs):
    """Configs in the unit cube: numbers by the cdf of their distribution, inactive ones in the middle."""
    return np.column_stack([found.encode([config.get(name) for config in configs]) for name, found in space.items()])


@dataclass(frozen=True, eq=False)
class Table:
    """Scores ``(n_tasks, n_configs)`` from 0 to 1, higher is better, of ``configs`` (raw values by name) in ``space``.

    ``targets`` are the tasks that are searched. The others are their past; if there are no others, all but the
    target itself.
    """

    name: str
    configs: list
    scores: np.ndarray
    space: dict
    targets: tuple

    @cached_property
    def distributions(self):
        return {name: parameter.distribution for name, parameter in self.space.items()}

    @cached_property
    def encoded(self):
        return encode(self.space, self.configs)

    def past_tasks(self, target):
        tasks = set(range(len(self.scores)))
        return sorted(tasks - set(self.targets) or tasks - {target})


def read_table(folder, name, n_targets=None, unit=1.0):
    """The table stored as ``name``.npz and ``name``.space.json; ``n_targets`` of its tasks are targets (None: all).

    Scores are divided by ``unit``. Tasks in which no config is better than another are left out.
    """
    space = {
        key: Parameter(
            found["lower"],
            found["upper"],
            bool(found["log"]),
            found["type"] == "uniform_int",
            found["choices"] and tuple(found["choices"]),
        )
        for key, found in json.loads((Path(folder) / f"{name}.space.json").read_text()).items()
        if key != "_conditions"
    }
    with np.load(Path(folder) / f"{name}.npz") as file:
        raw, scores = json.loads(str(file["raw"])), file["Y"].astype(float) / unit
    rows = [dict(zip(raw, values, strict=True)) for values in zip(*raw.values(), strict=True)]
    configs = [{key: value for key, value in row.items() if value is not None} for row in rows]
    keep = sorted({tuple(sorted(config.items())): i for i, config in reversed(list(enumerate(configs)))}.values())
    scores = scores[:, keep][np.ptp(scores[:, keep], axis=1) > 1e-3]
    targets = np.random.default_rng(0).permutation(len(scores))[:n_targets]
    return Table(name, [configs[i] for i in keep], scores, space, tuple(sorted(targets.tolist())))


def write_table(folder, name, space, configs, tasks, scores):
    """Stores what ``read_table`` reads: raw values by parameter, None where a parameter is inactive."""
    raw = {key: [config.get(key) for config in configs] for key in space}
    np.savez_compressed(Path(folder) / f"{name}.npz", raw=json.dumps(raw), Y=np.asarray(scores), tasks=tasks)
    stored = {
        key: {
            "type": "categorical" if found.choices else "uniform_int" if found.integer else "uniform_float",
            "log": found.log,
            "lower": found.low,
            "upper": found.high,
            "choices": found.choices,
        }
        for key, found in space.items()
    }
    (Path(folder) / f"{name}.space.json").write_text(json.dumps(stored, indent=1))


# What past tasks have shown. --------------------------------------------------------------------------


def draw_past(table, target, rng, n_sources=None):
    """Past task to the configs that it has tried: its own random ``N_PAST_TRIALS``, the same for every method.

    Fewer past tasks are the first of the many.
    """
    n_configs = len(table.configs)
    tasks = rng.permutation(table.past_tasks(target)).tolist()
    tried = rng.permuted(np.tile(np.arange(n_configs), (len(tasks), 1)), axis=1)[:, :N_PAST_TRIALS]
    return dict(list(zip(tasks, tried, strict=True))[:n_sources])


def permute_past(table, target, rng):
    """The table with the scores of every other task dealt out anew among the configs: a past that says nothing."""
    scores = rng.permuted(table.scores, axis=1)
    scores[target] = table.scores[target]
    return replace(table, scores=scores)


def flip_past(table, target, rng):
    """The table with the scores of every other task turned: the worst configs were told to be the best."""
    scores = table.scores.max() + table.scores.min() - table.scores
    scores[target] = table.scores[target]
    return replace(table, scores=scores)


MISLEADING = {"permuted": permute_past, "flipped": flip_past}


def winners(table, sources, n=5):
    """The configs that were the best in most past tasks; ties go to the better mean rank where they were tried."""
    wins, ranks, counts = np.zeros((3, len(table.configs)))
    for task, tried in sources.items():
        scores = table.scores[task, tried]
        wins[tried[np.argmax(scores)]] += 1
        ranks[tried] += rankdata(scores) / len(tried)
        counts[tried] += 1
    return np.lexsort((-ranks / np.maximum(counts, 1), -wins))[:n].tolist()


# Picks and their regret. ------------------------------------------------------------------------------


def nearest_untried(table, config, tried):
    """The config of the table, none of ``tried``, that is nearest to a proposed one in the unit cube."""
    distance = np.sum((table.encoded - encode(table.space, [config])) ** 2, axis=1)
    distance[tried] = np.inf
    return int(np.argmin(distance))


def search(table, target, peer, n_trials):
    """The picks of a peer that proposes by ``ask()``: the nearest config is evaluated, and ``tell`` says which it was."""
    tried = []
    for _ in range(n_trials):
        index = nearest_untried(table, peer.ask(), tried)
        tried.append(index)
        peer.tell(table.configs[index], float(table.scores[target, index]))
    return tried


def regret(scores, picked):
    """100 (best − incumbent) / (best − worst) after each pick."""
    return 100.0 * (scores.max() - np.maximum.accumulate(scores[picked])) / np.ptp(scores)


def run_once(table, run, target, seed, n_trials, misled, n_sources):
    """``(regret after each trial, seconds)`` of one search; what it is given does not depend on the method."""
    rng = np.random.default_rng([seed, target])
    method_seed = int(rng.integers(2**31))
    sources = draw_past(table, target, rng, n_sources)
    given = MISLEADING[misled](table, target, rng) if misled else table
    start = time.perf_counter()
    picked = run(given, target, sources, method_seed, n_trials)
    seconds = time.perf_counter() - start
    if len(picked) != n_trials or len(set(picked)) != n_trials:
        raise ValueError(f"wanted {n_trials} different configs, found {picked}")
    return regret(table.scores[target], picked), seconds


def regrets(table, run, *, n_seeds, n_trials, misled=None, n_sources=None, n_jobs=1):
    """``(regret (n_targets, n_seeds, n_trials), mean seconds a search)`` of one method; ``misled`` is one of `MISLEADING`."""
    found = Parallel(n_jobs=n_jobs)(
        delayed(run_once)(table, run, target, seed, n_trials, misled, n_sources)
        for target in table.targets
        for seed in range(n_seeds)
    )
    curves, seconds = zip(*found, strict=True)
    return np.reshape(curves, (len(table.targets), n_seeds, n_trials)), float(np.mean(seconds))
