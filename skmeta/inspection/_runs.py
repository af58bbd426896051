"""Runs of hyperparameter searches, read from fitted ones or from what they left, by the names of the searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._words import listed, shown
from skmeta.tuning._trial_sources import read_trials


class Runs(NamedTuple):
    """Searches by name: scores ``(n_trials,)`` or ``(n_seeds, n_trials)``, where trials came from, rounds, and the scoring."""

    scores: dict[str, NDArray[np.float64]]
    origins: dict[str, list[str]]
    rounds: dict[str, list[int]]
    scoring: str


def runs_of_searches(searches: Any, metric: str | None) -> Runs:
    """Return the runs of fitted searches.

    Parameters
    ----------
    searches : fitted search, or mapping of str to fitted search or list of them
        A list holds the runs of one search with several seeds.
    metric : str or None
        Which of several scores.

    Returns
    -------
    Runs
        One alone has the name of its class.
    """
    if isinstance(searches, list | tuple):
        raise TypeError(
            f"searches: wanted a dict from names to fitted searches, found a {type(searches).__name__} of "
            f"{len(searches)}; name each: {{'warm': search, 'cold': other}}."
        )
    named = searches if isinstance(searches, Mapping) else {type(searches).__name__: searches}
    seeds = {name: found if isinstance(found, list | tuple) else [found] for name, found in named.items()}
    for name, search in ((name, search) for name, made in seeds.items() for search in made):
        _check_is_search(name, search)
    return _runs(seeds, metric, "searches: wanted at least one fitted search")


def runs_of_results(results: Any, metric: str | None) -> Runs:
    """Return the runs that are told by ``cv_results_`` or by tables of trials.

    Parameters
    ----------
    results : mapping of str to mapping, frame or list of dict, or tuple of them
        A tuple holds the runs of one search with several seeds; a list is a table, with a dict for each trial.
    metric : str or None
        Which of several scores.

    Returns
    -------
    Runs
        As they are named.
    """
    if not isinstance(results, Mapping) or "params" in results:
        raise TypeError(
            f"results: wanted a dict from names to results, found {shown(results)}; name each: {{'warm': results}}."
        )
    seeds = {name: found if isinstance(found, tuple) else [found] for name, found in results.items()}
    return _runs(seeds, metric, "results: wanted at least one result")


def _runs(seeds: Mapping[str, Sequence[Any]], metric: str | None, wanted: str) -> Runs:
    """The scores of every search; origins and rounds of those that ran once, as no two seeds need to agree in them."""
    if not seeds or not all(map(len, seeds.values())):
        raise ValueError(f"{wanted}, found none.")
    trials = {name: [read_trials(run, name, metric) for run in made] for name, made in seeds.items()}
    tables = {name: getattr(made[0], "cv_results_", made[0]) for name, made in seeds.items() if len(made) == 1}
    return Runs(
        {name: _scores_of(made) for name, made in trials.items()},
        {name: list(table["origin"]) for name, table in tables.items() if "origin" in table},
        {name: list(table["iter"]) for name, table in tables.items() if "n_resources" in table},
        _one_scoring({name: made[0][0].scoring for name, made in trials.items()}),
    )


def _scores_of(runs: Sequence[Sequence[Any]]) -> NDArray[np.float64]:
    """The scores of each run, ``(n_trials,)`` of one, else ``(n_seeds, n_trials)``, nan after the end of a shorter one."""
    scores = np.full((len(runs), max(map(len, runs))), np.nan)
    for row, trials in zip(scores, runs, strict=True):
        row[: len(trials)] = [trial.mean_test_score for trial in trials]
    return scores[0] if len(runs) == 1 else scores


def _check_is_search(name: str, search: Any) -> None:
    """Raise for what is no search over one dataset."""
    if isinstance(search, type) or not hasattr(search, "get_params"):
        raise TypeError(
            f"searches: wanted fitted searches, found {shown(search)} as {name!r}; pass one search or a dict from names "
            "to searches, or to from_result what they left."
        )
    if "task" in getattr(search, "cv_results_", ()):
        raise ValueError(
            f"searches: wanted searches on one dataset each, found {name!r}, which searched {listed(search.searches_)}; "
            "pass one of them, search.searches_[task]."
        )


def _one_scoring(scorings: Mapping[str, str | None]) -> str:
    """What all were scored by, as a word."""
    if len(set(scorings.values())) > 1:
        found = ", ".join(f"{name!r} by {scoring!r}" for name, scoring in scorings.items())
        raise ValueError(
            f"searches: wanted searches scored alike, found {found}; draw them apart, or name by metric one that all have."
        )
    scoring = next(iter(scorings.values()))
    return scoring if scoring is not None and scoring.isidentifier() else "score"
