"""The picture of a hyperparameter search: the best score so far, trial by trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, product
from operator import itemgetter
from typing import Any, Self

import numpy as np

from skmeta.inspection._axes import axes_for, better, title_of
from skmeta.inspection._bands import between_quantiles, checked_quantiles
from skmeta.inspection._colors import colors_of
from skmeta.inspection._free_place import legend_where_free
from skmeta.inspection._limits import limit_to_typical
from skmeta.inspection._runs import Runs, runs_of_results, runs_of_searches

_MARKERS = {"portfolio": "s", "model": "o", "exploration": "D", "random": "^"}
_UNKNOWN = "P"  # of a trial that does not say where it came from


class SearchTraceDisplay:
    """Best score so far of each search against the number of trials, and where each trial came from.

    Make it by `from_searches` or `from_result`, which draw it at once. A filled marker is a trial that was better than all
    before it, a hollow one a trial that was not; what failed has none. Of a search that was run with several seeds the
    line is the median over them, the band the middle half. A search named by its role (warm, cold, random) has the same
    colour in all figures, and one bad trial does not squeeze the rest: what is not in view is told.

    Parameters
    ----------
    scores : dict of str to ndarray of shape (n_trials,) or (n_seeds, n_trials)
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
    fill_between_ : list of matplotlib PolyCollection
        From quantile to quantile over seeds, of each search that has several.
    markers_ : list of matplotlib Line2D
        The markers, for each search those of one origin together, filled ones and hollow ones apart; none for what there
        is not. The legend has what of them is in view.

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
    'Best accuracy so far (higher is better)'
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
        quantiles: tuple[float, float] = (0.25, 0.75),
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the traces.

        Parameters
        ----------
        ax, negate_score, score_name : object
            As in `ShotCurveDisplay.plot`.
        quantiles : tuple of (float, float), default=(0.25, 0.75)
            The two ends of a band: shares of the seeds that lie below.
        line_kw : dict, default=None
            Keyword arguments of the ``ax.plot`` that draws the lines.

        Returns
        -------
        display : SearchTraceDisplay
            The display, with the artists as attributes.
        """
        bounds = checked_quantiles(quantiles)
        negate = self.scoring.startswith("neg_") if negate_score is None else negate_score
        self.ax_, self.figure_ = axes_for(self, ax)
        sign = -1 if negate else 1
        self.lines_: list[Any] = []
        self.markers_: list[Any] = []
        self.fill_between_: list[Any] = []
        self._bands: dict[str, Any] = {}
        for (name, scores), color in zip(self.scores.items(), colors_of(list(self.scores)), strict=True):
            style = {"label": name, "color": color, "drawstyle": "steps-post", **(line_kw or {})}
            draw = self._draw_one if np.ndim(scores) == 1 else self._draw_seeds
            draw(name, sign * np.asarray(scores, dtype=float), sign, bounds, style)
        every = np.concatenate([np.ravel(scores) for scores in self.scores.values()])
        lines = {name: line.get_ydata() for name, line in zip(self.scores, self.lines_, strict=True)}
        limit_to_typical(self.ax_, lines, self._bands, among=sign * every)
        name = f"Best {_lowered(title_of(self.scoring, negate))} so far ({better(negate)})"
        self._label(score_name or self.score_name or name, bounds)
        return self

    def _draw_one(self, name: str, scores: np.ndarray, sign: int, _: Any, style: dict[str, Any]) -> None:
        """The line of one search, and its trials."""
        trials, is_finite = np.arange(1, len(scores) + 1), np.isfinite(scores)
        best, is_new = _best_so_far(np.where(is_finite, sign * scores, np.nan), (self.rounds or {}).get(name))
        (line,) = self.ax_.plot(trials, sign * best, **style)
        self.lines_.append(line)
        origins = np.asarray((self.origins or {}).get(name, [""] * len(scores)))
        for origin, filled in product(dict.fromkeys(origins.tolist()), (True, False)):
            some = (origins == origin) & (is_new == filled) & is_finite
            if some.any():
                marker = _marker(origin, line.get_color(), filled)
                self.markers_ += self.ax_.plot(trials[some], sign * best[some], **marker)

    def _draw_seeds(self, name: str, scores: np.ndarray, sign: int, bounds: Any, style: dict[str, Any]) -> None:
        """The median of a search with several seeds, and a band; no seed has a say before its first score."""
        finite = np.where(np.isfinite(scores), sign * scores, np.nan)
        best = sign * np.array([_best_so_far(each, (self.rounds or {}).get(name))[0] for each in finite])
        trials, known = np.arange(1, scores.shape[1] + 1), np.isfinite(best).any(axis=0)
        low, middle, high = np.full((3, len(trials)), np.nan)
        low[known], middle[known], high[known] = np.nanquantile(best[:, known], (bounds[0], 0.5, bounds[1]), axis=0)
        self._bands[name] = low, high
        self.lines_ += self.ax_.plot(trials, middle, **style)
        color = self.lines_[-1].get_color()
        self.fill_between_.append(self.ax_.fill_between(trials, low, high, color=color, alpha=0.15, lw=0, step="post"))

    def _label(self, score_name: str, bounds: tuple[float, float]) -> None:
        ax = self.ax_
        low, high = ax.get_ylim()
        seen = [line for line in self.markers_ if np.any((line.get_ydata() >= low) & (line.get_ydata() <= high))]
        shapes = {line.get_marker() for line in seen}
        for origin in (origin for origin, shape in _MARKERS.items() if shape in shapes):
            ax.plot([], [], label=f"{origin} trial", **_marker(origin, "grey", True))
        for filled, words in ((True, "filled: better than all before"), (False, "hollow: not better")):
            if any(_is_filled(line) == filled for line in seen):
                ax.plot([], [], label=words, **{**_marker("", "grey", filled), "marker": seen[0].get_marker()})
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel("Trials")
        ax.set_ylabel(score_name)
        title = f"Line: median; band: {between_quantiles(bounds, 'the seeds')}" if self.fill_between_ else None
        legend_where_free(ax, title=title, title_fontsize="small", alignment="left")

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
            `HalvingGridSearchCV`; of one that was run with several seeds a list. Of a search over many tasks pass one,
            ``search.searches_[task]``.
        metric : str, default=None
            Which of several scores; by default the one by which a search refitted.
        score_name : str, default=None
            Name on the y axis. If None, it is made from what the searches were scored by.
        ax, plot_kw : object
            As in `plot`.

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
        return cls._of(runs_of_searches(searches, metric), score_name).plot(ax, **plot_kw)

    @classmethod
    def from_result(
        cls,
        results: Mapping[str, Any],
        *,
        metric: str | None = None,
        score_name: str | None = None,
        ax: Any = None,
        **plot_kw: Any,
    ) -> Self:
        """Draw what searches left: their ``cv_results_``, or a table of trials that were noted elsewhere.

        Parameters
        ----------
        results : dict of str to mapping, frame or list of dict
            For each search what `TrialHistory.add` takes; of one that was run with several seeds a tuple of these, as a list
            is a table with a dict for each trial.
        metric, score_name, ax, plot_kw : object
            As in `from_searches`.

        Returns
        -------
        display : SearchTraceDisplay
            The display, drawn.

        Raises
        ------
        TypeError, ValueError
            If what is passed has no names or trials, or was scored differently.
        """
        return cls._of(runs_of_results(results, metric), score_name).plot(ax, **plot_kw)

    @classmethod
    def _of(cls, runs: Runs, score_name: str | None) -> Self:
        return cls(runs.scores, origins=runs.origins, rounds=runs.rounds, scoring=runs.scoring, score_name=score_name)


def _best_so_far(scores: np.ndarray, rounds: Sequence[int] | None) -> tuple[np.ndarray, np.ndarray]:
    """The best score up to each trial, nan before the first that did not fail; and which were better than all before."""
    rounds = [0] * len(scores) if rounds is None else rounds
    parts = [[i for i, _ in trials] for _, trials in groupby(enumerate(rounds), itemgetter(1))]
    bests = [np.fmax.accumulate(scores[part]) for part in parts]
    before = [np.append(np.nan, best[:-1]) for best in bests]
    best = np.concatenate(bests)
    return best, (scores == best) & (np.concatenate(before) != best)


def _lowered(title: str) -> str:
    """A title within a sentence."""
    return title[:1].lower() + title[1:]


def _marker(origin: str, color: Any, filled: bool) -> dict[str, Any]:
    style = {"linestyle": "none", "marker": _MARKERS.get(origin, _UNKNOWN), "color": color, "markersize": 6}
    return style if filled else {**style, "markerfacecolor": "white"}


def _is_filled(line: Any) -> bool:
    return bool(line.get_markerfacecolor() == line.get_color())
