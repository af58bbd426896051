"""What to try next: candidates of a space, given the trials so far and what past tasks taught."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmeta.tasks._warn_caller import warn_caller
from skmeta.tuning._candidates import CandidateEncoder
from skmeta.tuning._exploration import N_TRUSTED, evenness, untried_levels
from skmeta.tuning._methods import METHODS, TaskAlone
from skmeta.tuning._past_tasks import PastTasks
from skmeta.tuning._pool import Pool
from skmeta.tuning._space import Space
from skmeta.tuning._surrogates.portfolio import greedy_portfolio
from skmeta.tuning._surrogates.scores import relative_noise, standardized
from skmeta.tuning._trial import Trial


class Suggestion(NamedTuple):
    """A candidate to try: its parameters, where it comes from, and the score expected of it with its deviation."""

    params: dict[str, Any]
    origin: str
    mean: float
    sd: float


class Suggester:
    """Suggests candidates, and remembers them: scores come in the order of the suggestions.

    The first candidate of a search that has a past is the one that past tasks expect most of (before any score is
    known, as many as are asked for are a portfolio); every later one maximizes the acquisition function, the expected
    improvement under the posterior of its score. Without a past the first are an initial design, spread over the
    space. What failed counts as the worst score.

    A past may mislead, and a model knows little of what was never tried. So a method that ``explores`` tries, after
    three trials where the past points to, one where nothing was tried; such ones too as long as all trials failed; and
    each branch and each value of a short list within the first eight, if a trial can have one of each.

    Parameters
    ----------
    space : Space
        Where candidates come from.
    past : PastTasks or None
        Models of past tasks.
    method : {"auto", "task_gp", "rgpe", "portfolio", "gp"}
        How it is decided.
    rng : numpy.random.Generator
        All that is random comes from it.
    estimator : estimator, default=None
        Today's: what it has beside the searched parameters, the past may have searched.
    extra : list of dict, default=()
        Candidates of the space beside those that are drawn.
    candidates : list of dict, default=None
        The only candidates, if none are to be drawn.
    """

    def __init__(
        self,
        space: Space,
        past: PastTasks | None,
        method: str,
        rng: np.random.Generator,
        estimator: Any = None,
        extra: Sequence[dict[str, Any]] = (),
        candidates: list[dict[str, Any]] | None = None,
    ) -> None:
        self._space = space
        kind = TaskAlone if past is None else METHODS[method]
        self._past = past if kind.uses_past else None
        self._encoder = CandidateEncoder(space, self._past, estimator)
        self._method = kind(self._encoder, rng)
        self._pool = Pool(space, self._encoder, rng, list(extra), candidates)
        self._tried = self._encoder.encode([])
        if self._past is None:
            self._pool.lead_with_design(TaskAlone.n_unmodelled)
        self._in_space: list[bool] = []  # of what was tried: whether it is a candidate of the space
        self._before = np.empty((2, 0))  # scores and errors of a search that was broken off

    def update(self, trials: list[Trial]) -> None:
        """Count trials as suggested: their scores come with all others'.

        Parameters
        ----------
        trials : list of Trial
            Some may have values that the space does not have.
        """
        adopted = [_as_candidate(self._space, trial) for trial in trials]
        params = [trial.all_params if found is None else found for trial, found in zip(trials, adopted, strict=True)]
        self._in_space += [found is not None for found in adopted]
        self._tried += self._encoder.encode(params)
        self._pool.remove(params)

    def resume_from(self, trials: list[Trial]) -> list[Suggestion]:
        """Go on with a search that was broken off; its trials are not tried again, but for the best.

        Parameters
        ----------
        trials : list of Trial
            Earlier ones on the same data.

        Returns
        -------
        list of Suggestion
            The best candidate, to be among the results of this search too; none if the space has none of them.
        """
        failed = [trial for trial in trials if not trial.is_scored]
        ranked = sorted((trial for trial in trials if trial.is_scored), key=lambda trial: trial.mean_test_score)
        again = [trial for trial in ranked if _as_candidate(self._space, trial) is not None][-1:]
        others = [trial for trial in failed + ranked if trial not in again]
        self.update(others + again)
        self._before = np.array([(t.mean_test_score, t.standard_error) for t in others]).reshape(-1, 2).T
        # What was counted last is the one to try again.
        return [Suggestion(self._tried.params[-1], "portfolio", t.mean_test_score, t.standard_error) for t in again]

    def suggest(self, n: int, scores: ArrayLike, errors: ArrayLike) -> list[Suggestion]:
        """Say what to try next.

        Parameters
        ----------
        n : int
            How many.
        scores, errors : array-like of shape (n_tried,)
            Scores of all that was suggested so far, in order, nan where it failed; and their standard errors.

        Returns
        -------
        list of Suggestion
            As many, or what is left of a finite space.
        """
        seen, noise = np.append(self._before, np.array([scores, errors], dtype=np.float64), axis=1)
        known, n_first = np.isfinite(seen), self._method.n_unmodelled
        is_modelled = bool(known.any()) and len(seen) >= n_first
        all_failed = not known.any() and len(seen) >= max(n_first, 1)
        suggestions: list[Suggestion] = []
        if is_modelled:
            seen = np.where(known, seen, _worst(seen[known]))
            places = np.flatnonzero(self._in_space)
            self._pool.refresh([self._tried.params[i] for i in places], seen[places])
        while len(suggestions) < n and self._pool.fill():
            if self._method.explores and (all_failed or self._goes_elsewhere(len(seen))):
                new = self._elsewhere()
            else:
                new = self._by_acquisition(seen, noise) if is_modelled else self._without_scores()
            suggestions.append(new)
            # Several at a time: until it is known, a score is taken to be what is expected of it.
            expected = seen.mean() if is_modelled and np.isnan(new.mean) else new.mean
            seen, noise = np.append(seen, expected), np.append(noise, np.nan)
        return suggestions

    def _without_scores(self) -> Suggestion:
        """The next of a portfolio, or of the initial design."""
        if self._past is None:
            return self._take(0, "random")
        chosen = greedy_portfolio(self._pool.candidates.past_means, 1, self._tried.past_means)
        return self._take(chosen[0], "portfolio")

    def _goes_elsewhere(self, n_trials: int) -> bool:
        """Whether the past has been trusted long enough; a space without numbers has its levels tried anyway."""
        return n_trials == N_TRUSTED and self._past is not None and not self._encoder.space.is_level.all()

    def _elsewhere(self) -> Suggestion:
        """The candidate where nothing was tried: of those with most new levels, the one that makes trials most even."""
        is_number = ~self._encoder.space.is_level
        worth = evenness(self._tried.points[:, is_number], self._pool.candidates.points[:, is_number])
        return self._take(int(self._new_levels_first(worth).argmax()), "exploration")

    def _by_acquisition(self, scores: NDArray[np.float64], errors: NDArray[np.float64]) -> Suggestion:
        """The candidate of largest expected improvement; where a search explores, see the class."""
        usual = 1.0 if self._past is None else float(np.exp(self._past.log_scale[0]))
        seen, center, scale = standardized(scores, usual)
        pool = self._pool.candidates
        posterior = self._method.posterior(self._tried, pool, seen, relative_noise(errors), scale)
        worth = posterior.expected_improvement(seen.max())
        if self._method.explores and len(scores) >= N_TRUSTED:
            worth = self._new_levels_first(worth)
        i = int(worth.argmax())
        mean, sd = posterior.moments(i)
        return self._take(i, "model", center + scale * mean, scale * sd)

    def _new_levels_first(self, worth: NDArray[np.float64]) -> NDArray[np.float64]:
        """What candidates are worth, minus infinity but for those of a branch, or else with most values, not yet tried."""
        space, tried, points = self._encoder.space, self._tried.points, self._pool.candidates.points
        for columns in (space.is_branch, space.is_level):
            n_new = untried_levels(tried, points, space.groups, columns)
            if n_new.any():
                return np.where(n_new == n_new.max(), worth, -np.inf)
        return worth

    def _take(self, i: int, origin: str, mean: float = np.nan, sd: float = np.nan) -> Suggestion:
        taken = self._pool.take(i)
        self._tried += taken
        self._in_space.append(True)
        return Suggestion(taken.params[0], origin, float(mean), float(sd))


def _worst(scores: NDArray[np.float64]) -> float:
    """The score that a failed trial counts as: the worst, or one that is worse, if there is no other."""
    return float(scores.min() if np.ptp(scores) > 0 else scores[0] - max(abs(scores[0]), 1.0))


def _as_candidate(space: Space, trial: Trial) -> dict[str, Any] | None:
    """The candidate of the space that a trial was, of the branch with its names if there is one; else None."""
    same = Space(tuple(branch for branch in space.branches if branch.keys() == trial.params.keys()))
    found = same.adopt(trial.params)
    return space.adopt(trial.all_params) if found is None else found


def suggester_for(
    space: Space,
    prior: Any,
    method: str,
    rng: np.random.Generator,
    estimator: Any,
    candidates: list[dict[str, Any]] | None = None,
) -> Suggester:
    """The suggester of a search.

    Parameters
    ----------
    space : Space
        Today's.
    prior : HyperparameterPrior or None
        What past tuning taught.
    method, rng, estimator, candidates
        As for `Suggester`.

    Returns
    -------
    Suggester
        It.

    Warns
    -----
    UserWarning
        If the prior knows none of the parameters that are searched: the search is as without it.
    """
    if prior is not None and not set(prior.searched) & set(space.names):
        warn_caller(
            f"prior: wanted one that knows a parameter of this search, {list(space.names)}, found one that knows "
            f"{list(prior.searched)}; the search starts cold.{_renaming(prior.searched, space.names)}"
        )
        prior = None
    if prior is None or not METHODS[method].uses_past:
        return Suggester(space, None, method, rng, estimator, candidates=candidates)
    return Suggester(space, prior.past, method, rng, estimator, prior.adopted(space), candidates)


def _renaming(known: Iterable[str], searched: Iterable[str]) -> str:
    """The way out where names are the same but for the step of a Pipeline, in which either search was."""
    last = {name.rpartition("__")[2]: name for name in searched}
    names = {name: last[name.rpartition("__")[2]] for name in known if name.rpartition("__")[2] in last}
    return (
        f" If these are the same ones: HyperparameterPrior.from_history(prior.history.renamed({names}))."
        if names
        else ""
    )
