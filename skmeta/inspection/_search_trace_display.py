"""The picture of a hyperparameter search: the best score so far, trial by trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, product
from operator import itemgetter
from typing import Any, Self

import numpy as np

from skmeta.inspection._axes import axes_for, title_of
from skmeta.tasks._words import listed, shown
from skmeta.tuning._trial_sources import read_trials

_MARKERS = {"portfolio": "s", "model": "o", "exploration": "D", "random": "^"}


class SearchTraceDisplay:
    """Best score so far of each search against the number of trials, and where each trial came from.

    Make it by `from_searches`, which draws it at once. A filled marker is a trial that was better than all before
    it, a hollow one a trial that was not; what failed has none.

    Parameters
    ----------
    scores : dict of str to ndarray of shape (n_trials,)
        For each search the scores of its trials in the order in which they were made, nan for one that failed.
    origins : dict of str to sequence of str, default=None
        Where each trial came from, for the searches of which that is known: "portfolio", "model", "exploration" or "random".
    rounds : dict of str to sequence of int, default=None
        The round of each trial, for searches in which each round is scored on other rows than the one before, as
        in successive halving. What is best so far is so within a round.
    scoring : str, default="score"
        What the scores are.
    score_name : str, default=None
        Name on the y axis. If None, it is made from `scoring`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the traces.
    figure_ : matplotlib Figure
        Figure with the traces.
    lines_ : list of matplotlib Line2D
        The best score so far, one line a search.
    markers_ : list of matplotlib Line2D
        The markers, for each search those of one origin together, filled ones and hollow ones apart.

    See Also
    --------
    skmeta.WarmStartSearchCV : A search that starts from past ones.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import RandomizedSearchCV
    >>> from sklearn.svm import SVC
    >>> from skmeta.inspection import SearchTraceDisplay
    >>> search = RandomizedSearchCV(SVC(), {"C": loguniform(0.01, 100)}, n_iter=5, random_state=0)
    >>> search = search.fit(*load_iris(return_X_y=True))
    >>> display = SearchTraceDisplay.from_searches({"random": search})
    >>> display.ax_.get_ylabel()
    'Best accuracy so far'
    >>> bool(display.lines_[0].get_ydata()[-1] == search.best_score_)
    True
    """

    def __init__(
        self,
        scores: Mapping[str, Any],
        *,
        origins: Mapping[str, Sequence[str]] | None = None,
        rounds: Mapping[str, Sequence[int]] | None = None,
        scoring: str = "score",
        score_name: str | None = None,
    ) -> None:
        self.scores = scores
        self.origins = origins
        self.rounds = rounds
        self.scoring = scoring
        self.score_name = score_name

    def plot(
        self,
        ax: Any = None,
        *,
        negate_score: bool | None = None,
        score_name: str | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the traces.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.
        negate_score : bool, default=None
            Whether to turn the sign of the scores. If None, scores named ``neg_...`` are shown as the errors
            they are.
        score_name : str, default=None
            Name on the y axis, in place of that of the display.
        line_kw : dict, default=None
            Keyword arguments of the ``ax.plot`` that draws the lines.

        Returns
        -------
        display : SearchTraceDisplay
            The display, with the artists as attributes.
        """
        negate = self.scoring.startswith("neg_") if negate_score is None else negate_score
        ax = axes_for(self, ax)
        self.ax_, self.figure_ = ax, ax.figure
        self.lines_: list[Any] = []
        self.markers_: list[Any] = []
        for name, scores in self.scores.items():
            self._draw(name, np.asarray(scores, dtype=float), -1 if negate else 1, line_kw or {})
        self._label(score_name or self.score_name or f"Best {_lowered(title_of(self.scoring, negate))} so far")
        return self

    def _draw(self, name: str, scores: np.ndarray, sign: int, line_kw: dict[str, Any]) -> None:
        trials, is_finite = np.arange(1, len(scores) + 1), np.isfinite(scores)
        best, is_new = _best_so_far(np.where(is_finite, scores, np.nan), (self.rounds or {}).get(name))
        (line,) = self.ax_.plot(trials, sign * best, **{"label": name, "drawstyle": "steps-post", **line_kw})
        self.lines_.append(line)
        origins = np.asarray((self.origins or {}).get(name, [""] * len(scores)))
        for origin, filled in product(dict.fromkeys(origins.tolist()), (True, False)):
            some = (origins == origin) & (is_new == filled) & is_finite
            style = _marker(origin, line.get_color(), filled)
            self.markers_ += self.ax_.plot(trials[some], sign * best[some], **style)

    def _label(self, score_name: str) -> None:
        ax = self.ax_
        met = {origin for origins in (self.origins or {}).values() for origin in origins}
        for origin in (origin for origin in _MARKERS if origin in met):
            ax.plot([], [], label=f"{origin} trial", **_marker(origin, "grey", True))
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel("Trials")
        ax.set_ylabel(score_name)
        ax.legend()

    @classmethod
    def from_searches(
        cls,
        searches: Any,
        *,
        metric: str | None = None,
        score_name: str | None = None,
        ax: Any = None,
        **plot_kw: Any,
    ) -> Self:
        """Draw fitted searches beside each other.

        Parameters
        ----------
        searches : dict of str to fitted search, or fitted search
            Any that have ``cv_results_``, such as `WarmStartSearchCV`, `RandomizedSearchCV` or
            `HalvingGridSearchCV`. Of a search over many tasks pass one, ``search.searches_[task]``.
        metric : str, default=None
            Which of several scores; by default the one by which a search refitted.
        score_name : str, default=None
            Name on the y axis. If None, it is made from what the searches were scored by.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.
        **plot_kw : dict
            Further keyword arguments of `plot`.

        Returns
        -------
        display : SearchTraceDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If what is passed is no search, or searches have no names.
        NotFittedError
            If a search is not fitted.
        ValueError
            If a search is one over many tasks, if it has several scores of which none is named, or if searches
            were scored differently.
        """
        if isinstance(searches, list | tuple):
            raise TypeError(
                f"searches: wanted a dict from names to fitted searches, found a {type(searches).__name__} of "
                f"{len(searches)}; name each: {{'warm': search, 'cold': other}}."
            )
        named = searches if isinstance(searches, Mapping) else {type(searches).__name__: searches}
        if not named:
            raise ValueError("searches: wanted at least one fitted search, found none.")
        trials = {name: _trials_of(name, search, metric) for name, search in named.items()}
        results = {name: search.cv_results_ for name, search in named.items()}
        return cls(
            {name: np.array([trial.mean_test_score for trial in made]) for name, made in trials.items()},
            origins={name: table["origin"].tolist() for name, table in results.items() if "origin" in table},
            rounds={name: list(table["iter"]) for name, table in results.items() if "n_resources" in table},
            scoring=_one_scoring({name: made[0].scoring for name, made in trials.items()}),
            score_name=score_name,
        ).plot(ax, **plot_kw)


def _best_so_far(scores: np.ndarray, rounds: Sequence[int] | None) -> tuple[np.ndarray, np.ndarray]:
    """The best score up to each trial, nan before the first that did not fail; and which were better than all before."""
    rounds = [0] * len(scores) if rounds is None else rounds
    parts = [[i for i, _ in trials] for _, trials in groupby(enumerate(rounds), itemgetter(1))]
    bests = [np.fmax.accumulate(scores[part]) for part in parts]
    before = [np.append(np.nan, best[:-1]) for best in bests]
    best = np.concatenate(bests)
    return best, (scores == best) & (np.concatenate(before) != best)


def _trials_of(name: str, search: Any, metric: str | None) -> list[Any]:
    """The trials of one fitted search over one dataset."""
    if isinstance(search, type) or not hasattr(search, "get_params"):
        raise TypeError(
            f"searches: wanted fitted searches, found {shown(search)} as {name!r}; pass one search or a dict from names "
            "to searches."
        )
    if "task" in getattr(search, "cv_results_", ()):
        raise ValueError(
            f"searches: wanted searches on one dataset each, found {name!r}, which searched {listed(search.searches_)}; "
            "pass one of them, search.searches_[task]."
        )
    return read_trials(search, name, metric)


def _one_scoring(scorings: Mapping[str, str | None]) -> str:
    """What all searches were scored by, as a word."""
    if len(set(scorings.values())) > 1:
        found = ", ".join(f"{name!r} by {scoring!r}" for name, scoring in scorings.items())
        raise ValueError(
            f"searches: wanted searches scored alike, found {found}; draw them apart, or name by metric one that all have."
        )
    scoring = next(iter(scorings.values()))
    return scoring if scoring is not None and scoring.isidentifier() else "score"


def _lowered(title: str) -> str:
    """A title within a sentence."""
    return title[:1].lower() + title[1:]


def _marker(origin: str, color: Any, filled: bool) -> dict[str, Any]:
    style = {"linestyle": "none", "marker": _MARKERS.get(origin, "."), "color": color}
    return style if filled else {**style, "markerfacecolor": "white", "markersize": 4}
