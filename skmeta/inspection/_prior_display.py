"""The picture of a prior: what tasks share of each coefficient, its mean, and how far it varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skmeta.base._pictures import Path, Spread
from skmeta.inspection._axes import axes_for, with_one_below
from skmeta.inspection._coefficients import (
    coefficient_moments,
    coefficient_names,
    spread_of_columns,
    unit_of,
    unit_of_intercept,
)
from skmeta.inspection._colors import colors_of_parts
from skmeta.inspection._path import draw_path, moves_of
from skmeta.inspection._short_names import shortened
from skmeta.inspection._task_coefficients import coefficients_of_tasks

_MANY, _MANY_LINES = 30, 5  # coefficients that are drawn, one below the other or as lines
_BARS = "mean ± standard deviation between tasks"


class PriorDisplay:
    """What tasks share and what varies: mean of each coefficient, and its standard deviation between tasks.

    Where a prior knows more of how tasks belong together, it shows that: of nested tasks how coefficients differ at each
    level, and a dot for each region; of kinds of tasks where each lies; of tasks that drift the path of the coefficients.
    The intercept stands below on an axis of its own, as it is in units of the target. Of a fitted model each task is a dot: at
    the coefficients that the prior and the task's rows make most probable. (A plain classifier's ``coef_`` are these times its
    ``moderation_``, which is below one: nearer to zero, they would not lie around the mean.) Classes, levels and kinds have
    colours that no model has in other figures. Make it by `from_estimator` or `from_result`, which draw it at once.

    Parameters
    ----------
    mean : ndarray of shape (n_coefs,) or (n_outputs, n_coefs)
        Mean of every coefficient, the intercept last.
    sd : ndarray of the shape of `mean`
        Standard deviation of every coefficient between tasks.
    names : sequence of str, of length n_coefs
        Names of the coefficients. Those of pipeline steps before ``__`` are left out where names still differ.
    outputs : sequence of length n_outputs, default=None
        Names of the outputs or classes. If None, outputs are numbered.
    spreads : mapping of str to Spread, default=None
        Levels or kinds of tasks, by name: means, standard deviations and, if they are known, the means of single ones.
    path : Path, default=None
        How coefficients move in time; drawn in place of all else.
    tasks : ndarray of shape (n_drawn, n_coefs) or (n_outputs, n_drawn, n_coefs), default=None
        Coefficients of single tasks, drawn as dots; of classifiers before they are moderated.
    n_tasks : int, default=None
        How many tasks there are, if `tasks` holds only some of them.
    scales : ndarray of shape (n_coefs - 1,), default=None
        Standard deviations of the columns: one of them times its coefficient is what the column moves a prediction by. None is
        unknown.
    coef_name : str, default="Coefficient per unit of the column"
        Name on the axis of the coefficients.
    intercept_name : str, default="Intercept"
        Words at the axis of the intercept.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the coefficients.
    intercept_ax_ : matplotlib Axes or None
        Axes with the intercept; None if it is not drawn, and ``ax_`` where there is nothing else.
    figure_ : matplotlib Figure
        Figure with the coefficients.
    errorbar_, intercept_errorbar_ : list of matplotlib ErrorbarContainer
        One for each output, and each of `spreads`: a point at the mean, a bar of one standard deviation to either side.
    members_, intercept_members_ : list of matplotlib Line2D
        The dots of single tasks or regions, one list of them for each output and each of `spreads` that knows some.
    lines_, intercept_lines_ : list of matplotlib Line2D
        One for each coefficient, of a `path`.
    fill_between_ : list of matplotlib PolyCollection
        One standard deviation to either side of each line, the intercept's last.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.inspection import PriorDisplay
    >>> display = PriorDisplay(np.array([1.0, -2.0]), np.array([0.1, 3.0]), ["price", "intercept"]).plot()
    >>> [label.get_text() for ax in (display.ax_, display.intercept_ax_) for label in ax.get_yticklabels()]
    ['price', 'intercept']
    """

    def __init__(
        self,
        mean: NDArray[np.float64],
        sd: NDArray[np.float64],
        names: Sequence[str],
        *,
        outputs: Sequence[Any] | NDArray[Any] | None = None,
        spreads: Mapping[str, Spread] | None = None,
        path: Path | None = None,
        tasks: NDArray[np.float64] | None = None,
        n_tasks: int | None = None,
        scales: NDArray[np.float64] | None = None,
        coef_name: str = "Coefficient per unit of the column",
        intercept_name: str = "Intercept",
    ) -> None:
        self.mean = mean
        self.sd = sd
        self.names = names
        self.outputs = outputs
        self.spreads = spreads
        self.path = path
        self.tasks = tasks
        self.n_tasks = n_tasks
        self.scales = scales
        self.coef_name = coef_name
        self.intercept_name = intercept_name

    def _forget(self) -> None:
        """Of an earlier figure no artist is kept."""
        self.intercept_ax_: Any = None
        self.errorbar_: list[Any] = []
        self.intercept_errorbar_: list[Any] = []
        self.members_: list[Any] = []
        self.intercept_members_: list[Any] = []
        self.lines_: list[Any] = []
        self.intercept_lines_: list[Any] = []
        self.fill_between_: list[Any] = []

    def plot(
        self,
        ax: Any = None,
        *,
        max_coefs: int | None = None,
        intercept: bool = True,
        errorbar_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the coefficients, one below the other; those of a path as lines in time.

        Means are diamonds on their bars, single tasks round dots below them.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made, as high as there are coefficients and as wide as their names. The
            intercept takes its room from these axes, as a colour bar does; what is drawn on them again goes to the same two.
        max_coefs : int, default=None
            If there are more coefficients beside the intercept, only those that move a prediction most are drawn, in their
            own order: those with the largest ``scales**2 * (mean**2 + sd**2)``, of a path those whose means, times
            `scales`, move most. Where `scales` are unknown they count as ones, which are the coefficients with the largest
            numbers. The axis says how many of how many. None is 30, of a path 5.
        intercept : bool, default=True
            Whether to draw the intercept, on an axis of its own below.
        errorbar_kw : dict, default=None
            Keyword arguments of ``ax.errorbar``.

        Returns
        -------
        display : PriorDisplay
            The display, with the artists as attributes.
        """
        self.ax_, self.figure_ = axes_for(self, ax)
        self._forget()
        n_slopes = len(self.names) - 1
        if self.path is not None:
            shown = self._weightiest(moves_of(self.path)[:-1], _MANY_LINES if max_coefs is None else max_coefs)
            self._split(intercept, n_slopes, (2, 1))
            self._draw_path(shown)
            return self
        series = self._series()
        size = np.max([np.hypot(mean, sd) for _, mean, sd, _ in series], axis=0)
        shown = self._weightiest(size[:-1], _MANY if max_coefs is None else max_coefs)
        if ax is None:
            self._enlarge(len(shown), len(series))
        self._split(intercept, n_slopes, (max(len(shown), 2), 1))
        style = {"fmt": "D", "ms": 5, "capsize": 3, **(errorbar_kw or {})}
        self.errorbar_, self.members_ = self._draw(self.ax_, series, shown, style)
        if self.intercept_ax_ is not None:
            drawn = self._draw(self.intercept_ax_, series, [n_slopes], style)
            self.intercept_errorbar_, self.intercept_members_ = drawn
        self._label([label for label, *_ in series], self._chosen(shown))
        return self

    def _weightiest(self, sizes: NDArray[np.float64], n: int) -> NDArray[np.intp]:
        """Positions of the `n` coefficients that move a prediction most, in their own order."""
        moved = sizes if self.scales is None else sizes * self.scales
        return np.sort(np.argsort(-moved, kind="stable")[:n])

    def _chosen(self, shown: Any) -> str:
        """Which of many coefficients are drawn, in words; empty where all are."""
        n_slopes = len(self.names) - 1
        if len(shown) == n_slopes:
            return ""
        by = "with the largest numbers" if self.scales is None else "that move a prediction most"
        return f"{len(shown):,} of {n_slopes:,} coefficients: those {by}"

    def _split(self, intercept: bool, n_slopes: int, heights: tuple[int, int]) -> None:
        """Make room for the intercept below; where there is nothing else, it has all."""
        if not intercept:
            return
        self.intercept_ax_ = self.ax_
        if n_slopes:
            self.ax_, self.intercept_ax_ = with_one_below(self.ax_, heights, sharex=self.path is not None)

    def _enlarge(self, n_shown: int, n_series: int) -> None:
        """Give a new figure room, in inches, for every bar with its dots, and for the longest name beside the axis."""
        width, height = self.figure_.get_size_inches()
        longest = max(map(len, shortened(self.names)))
        height = max(height, 2.0 + (0.12 + 0.16 * n_series) * (n_shown + 1))
        self.figure_.set_size_inches(max(width, 3.5 + 0.085 * longest), height)

    def _draw(self, ax: Any, series: list[Any], shown: Any, style: dict[str, Any]) -> tuple[list[Any], list[Any]]:
        """Bars and dots of some coefficients, one below the other."""
        bars: list[Any] = []
        dots: list[Any] = []
        apart = 0.8 / len(series)
        offsets = apart * (np.arange(len(series)) + 0.3) - 0.4
        for offset, color, (_, mean, sd, members) in zip(offsets, colors_of_parts(len(series)), series, strict=True):
            y = np.arange(len(shown)) + offset
            bars.append(ax.errorbar(mean[shown], y, xerr=sd[shown], **{"color": color, **style}))
            if members is not None:
                color = bars[-1].lines[0].get_color()
                dot = {"ls": "none", "marker": ".", "ms": 7, "color": color, "alpha": 0.35, "mew": 0}
                dots += ax.plot(members[:, shown].T, y + 0.45 * apart, **dot)  # below the bar, not under it
        names = shortened(self.names)
        ax.axvline(0.0, color="0.7", lw=1, zorder=0)
        ax.set_yticks(np.arange(len(shown)), labels=[names[j] for j in shown])
        ax.set_ylim(max(len(shown), 1) - 0.5, -0.5)  # the first column on top
        return bars, dots

    @property
    def _outputs(self) -> list[str]:
        n_outputs = len(np.atleast_2d(self.mean))
        return [str(each) for each in (range(n_outputs) if self.outputs is None else self.outputs)][:n_outputs]

    def _series(self) -> list[tuple[str, Any, Any, Any]]:
        """Label, means, deviations and means of single ones of all that has bars of its own."""
        found = []
        for name, spread in (self.spreads or {"": Spread(self.mean, self.sd, self.tasks)}).items():
            mean, sd, members = np.atleast_2d(spread.mean), np.atleast_2d(spread.sd), spread.members
            for k, output in enumerate(self._outputs):
                own = members[k] if members is not None and members.ndim > 2 else members
                label = ", ".join(part for part in (name, output if len(mean) > 1 else "") if part)
                found.append((label, mean[k], sd[k], own))
        return found

    def _label(self, labels: list[str], chosen: str) -> None:
        axes = [self.ax_] if self.intercept_ax_ in (None, self.ax_) else [self.ax_, self.intercept_ax_]
        for ax, words in zip(axes, (self.coef_name, self.intercept_name), strict=False):
            ax.set_xlabel(words)
        if chosen and axes[0] is not self.intercept_ax_:
            self.ax_.set_xlabel(f"{self.coef_name}\n{chosen}")
        dots = (self.members_ or self.intercept_members_)[-1:]
        bars = self.errorbar_ or self.intercept_errorbar_
        # From the right end of the axes it reaches over their names, which are beside them: there is room for it.
        above: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1, 1), "frameon": False}
        if len(labels) == 1:
            self.ax_.legend([*bars, *dots], [_BARS, *[self._dots][: len(dots)]], **above)
            return
        above["ncols"] = max(1, min(3, 60 // (6 + max(map(len, labels)))))
        title = f"{_BARS[0].upper()}{_BARS[1:]}{f'; dots: {self._dots}' if dots else ''}"
        self.ax_.legend(bars, labels, title=title, title_fontsize="small", alignment="left", **above)

    @property
    def _dots(self) -> str:
        """What a dot is."""
        if self.spreads or self.tasks is None:
            return "single ones"
        drawn = self.tasks.shape[-2]
        return "single tasks" if self.n_tasks in (None, drawn) else f"{drawn:,} of {self.n_tasks:,} tasks"

    def _draw_path(self, shown: Any) -> None:
        path, names = self.path, shortened(self.names)
        for ax, name, which in ((self.ax_, "lines_", shown), (self.intercept_ax_, "intercept_lines_", [-1])):
            if ax is None or not len(which):
                continue
            lines, bands = draw_path(ax, path, names, self._outputs, which)  # type: ignore[arg-type]
            setattr(self, name, lines)
            self.fill_between_ += bands
            ax.legend(title=self._chosen(shown) if ax is self.ax_ and len(shown) else None, title_fontsize="small")
            ax.set_xlabel("Time")
        self.ax_.set_ylabel(f"{self.coef_name}:\nmean ± standard deviation")
        if self.intercept_ax_ not in (None, self.ax_):
            self.ax_.set_xlabel("")
            self.ax_.tick_params(labelbottom=False)

    @classmethod
    def from_result(cls, prior: Any, *, ax: Any = None, **plot_kw: Any) -> Self:
        """Draw a prior over coefficients.

        Parameters
        ----------
        prior : Prior
            One with a ``mean`` and a ``covariance`` of coefficients, as those of linear models: learned
            (``model.prior_``) or written by hand.
        ax, plot_kw : object
            As in `plot`.

        Returns
        -------
        display : PriorDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If it is none about coefficients.
        """
        return cls._of(prior).plot(ax, **plot_kw)

    @classmethod
    def _of(cls, prior: Any, model: Any = None) -> Self:
        """That of a prior, and of the tasks of the model that it was learned in."""
        mean, sd = coefficient_moments(prior)
        # Priors that know more of how tasks belong together offer that; others have no such attributes.
        spreads, path = getattr(prior, "spreads", None), getattr(prior, "path", None)
        single = None if model is None or spreads or path else coefficients_of_tasks(model, mean)
        return cls(
            mean,
            sd,
            [*coefficient_names(prior), "intercept"],
            outputs=prior.classes,
            spreads=spreads,
            path=path,
            tasks=single,
            n_tasks=None if single is None else len(model.estimators_),
            scales=spread_of_columns(prior),
            coef_name=unit_of(prior),
            intercept_name=unit_of_intercept(prior),
        )

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None, **plot_kw: Any) -> Self:
        """Draw the prior of a fitted model.

        Parameters
        ----------
        estimator : WarmStartRegressor or WarmStartClassifier
            Fitted with a task column or a prior.
        ax, plot_kw : object
            As in `plot`.

        Returns
        -------
        display : PriorDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the model was fitted without a task column and a prior.
        """
        check_is_fitted(estimator)
        prior = getattr(estimator, "prior_", None)
        if prior is None:
            raise ValueError(
                f"estimator: wanted a {type(estimator).__name__} with a prior_, found none; fit a WarmStartRegressor or "
                "WarmStartClassifier with a task column or a prior."
            )
        return cls._of(prior, estimator).plot(ax, **plot_kw)
