"""The picture of a shot curve: score on new tasks against the number of rows known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np

from skmeta.inspection._axes import axes_for, better, title_of
from skmeta.inspection._bands import between_quantiles, checked_quantiles
from skmeta.inspection._colors import colors_of
from skmeta.inspection._free_place import legend_where_free
from skmeta.inspection._limits import limit_to_typical
from skmeta.inspection._role_names import names_in_words
from skmeta.model_selection import ShotCurve, shot_curve


class ShotCurveDisplay:
    """Score of each model on new tasks against the number of rows known of them.

    Lines are means over folds, bands the middle half of the folds. A model named by its role (warm, own, pooled, residual,
    boosted) has the same colour in all figures, and the legend calls it as ``python -m skmeta`` does. Make it by
    `from_estimators` or `from_result`, which draw it at once.

    Parameters
    ----------
    curve : ShotCurve
        The scores, as `shot_curve` returns them.
    score_name : str, default=None
        Name on the y axis. If None, it is made from ``curve.scoring``.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Figure with the curves.
    lines_ : list of matplotlib Line2D
        The mean score of each model, in the order of ``curve.names``.
    fill_between_ : list of matplotlib PolyCollection, or None
        From quantile to quantile over folds, if `band_style` is ``"fill_between"``.
    errorbar_ : list of matplotlib ErrorbarContainer, or None
        The same, if `band_style` is ``"errorbar"``.

    See Also
    --------
    skmeta.model_selection.shot_curve : Compute the scores.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.inspection import ShotCurveDisplay
    >>> from skmeta.model_selection import ShotCurve
    >>> scores = np.array([[[-4.0, -2.0], [-1.0, -1.0]], [[-2.0, -2.0], [-2.0, -2.0]]])
    >>> curve = ShotCurve(scores, ("own", "pooled"), (0, 5), "neg_root_mean_squared_error", n_tasks=6)
    >>> display = ShotCurveDisplay.from_result(curve)
    >>> display.ax_.get_ylabel()
    'Root mean squared error (lower is better)'
    >>> display.lines_[0].get_ydata()
    array([3., 1.])
    """

    def __init__(self, curve: ShotCurve, *, score_name: str | None = None) -> None:
        self.curve = curve
        self.score_name = score_name

    def plot(
        self,
        ax: Any = None,
        *,
        negate_score: bool | None = None,
        score_name: str | None = None,
        band_style: str | None = "fill_between",
        quantiles: tuple[float, float] = (0.25, 0.75),
        line_kw: dict[str, Any] | None = None,
        fill_between_kw: dict[str, Any] | None = None,
        errorbar_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made, with a title: the table's size, and how many tasks were held out.
        negate_score : bool, default=None
            Whether to turn the sign of the scores. If None, scores named ``neg_...`` are shown as the errors
            they are.
        score_name : str, default=None
            Name on the y axis, in place of that of the display.
        band_style : {"fill_between", "errorbar"} or None, default="fill_between"
            How to show how much folds differ; None leaves it out.
        quantiles : tuple of (float, float), default=(0.25, 0.75)
            The two ends of what is shown of the folds: shares of them that lie below.
        line_kw : dict, default=None
            Keyword arguments of the ``ax.plot`` that draws the means.
        fill_between_kw : dict, default=None
            Keyword arguments of ``ax.fill_between``.
        errorbar_kw : dict, default=None
            Keyword arguments of ``ax.errorbar``.

        Returns
        -------
        display : ShotCurveDisplay
            The display, with the artists as attributes.
        """
        if band_style not in ("fill_between", "errorbar", None):
            raise ValueError(f"band_style: wanted 'fill_between', 'errorbar' or None, found {band_style!r}.")
        bounds = checked_quantiles(quantiles)
        negate = self.curve.is_error if negate_score is None else negate_score
        self.ax_, self.figure_ = axes_for(self, ax)
        sign = -1 if negate else 1
        self._draw_means(sign, line_kw or {})
        bands = np.quantile(sign * self.curve.scores, bounds, axis=-1)
        self._draw_bands(band_style, bands, fill_between_kw or {}, errorbar_kw or {})
        names = names_in_words(self.curve.names)
        lines = dict(zip(names, sign * self.curve.mean, strict=True))
        limit_to_typical(
            self.ax_, lines, {} if band_style is None else dict(zip(names, np.moveaxis(bands, 0, 1), strict=True))
        )
        self._label(score_name or self.score_name or f"{title_of(self.curve.scoring, negate)} ({better(negate)})")
        said = between_quantiles(bounds, f"{self.curve.scores.shape[-1]} folds")
        if ax is None:
            self.ax_.set_title(_title(self.curve), fontsize="medium")
        legend_where_free(
            self.ax_,
            title=None if band_style is None else f"Line: mean; band: {said}",
            title_fontsize="small",
            alignment="left",
        )
        return self

    def _draw_means(self, sign: int, line_kw: dict[str, Any]) -> None:
        curve, names = self.curve, names_in_words(self.curve.names)
        self.lines_ = [
            self.ax_.plot(curve.n_shots, means, **{"label": name, "color": color, "marker": "o", **line_kw})[0]
            for name, color, means in zip(names, colors_of(curve.names), sign * curve.mean, strict=True)
        ]

    def _draw_bands(
        self, style: str | None, bands: Any, fill_between_kw: dict[str, Any], errorbar_kw: dict[str, Any]
    ) -> None:
        self.fill_between_, self.errorbar_ = None, None
        shots = self.curve.n_shots
        curves = [(line.get_color(), low, high) for line, low, high in zip(self.lines_, *bands, strict=True)]
        if style == "fill_between":
            self.fill_between_ = [
                self.ax_.fill_between(shots, low, high, **{"color": color, "alpha": 0.15, "lw": 0, **fill_between_kw})
                for color, low, high in curves
            ]
        elif style == "errorbar":
            middles = [((low + high) / 2, (high - low) / 2) for _, low, high in curves]
            self.errorbar_ = [
                self.ax_.errorbar(shots, middle, half, **{"color": color, "ls": "none", "capsize": 3, **errorbar_kw})
                for (color, *_), (middle, half) in zip(curves, middles, strict=True)
            ]

    def _label(self, score_name: str) -> None:
        ax = self.ax_
        ax.set_xscale("symlog", linthresh=1)  # zero shots have a place, 1 to 2 as much room as 10 to 20
        ax.set_xticks(self.curve.n_shots, labels=[str(n) for n in self.curve.n_shots])
        ax.set_xticks([], minor=True)
        ax.set_xlim(min(self.curve.n_shots) / 1.15 or -0.15, max(self.curve.n_shots) * 1.15 or 1.0)
        ax.set_xlabel("Rows known of a new task")
        ax.set_ylabel(score_name)

    @classmethod
    def from_result(
        cls, curve: ShotCurve | Sequence[ShotCurve], *, score_name: str | None = None, ax: Any = None, **plot_kw: Any
    ) -> Self:
        """Draw what `shot_curve` returned.

        Parameters
        ----------
        curve : ShotCurve, or sequence of them
            The scores; of several seeds, the same models at the same numbers of shots, whose folds are taken together.
        score_name : str, default=None
            Name on the y axis. If None, it is made from ``curve.scoring``.
        ax, plot_kw : object
            As in `plot`.

        Returns
        -------
        display : ShotCurveDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If several curves are not of the same models, shots and scoring.
        """
        whole = curve if isinstance(curve, ShotCurve) else _together(curve)
        return cls(whole, score_name=score_name).plot(ax, **plot_kw)

    @classmethod
    def from_estimators(
        cls,
        models: Mapping[str, Any],
        X: Any,
        y: Any,
        *,
        task: str | int | Sequence[str | int],
        n_shots: Sequence[int] = (0, 1, 2, 5, 10, 20),
        n_splits: int = 5,
        order: str | int | None = None,
        scoring: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        **plot_kw: Any,
    ) -> Self:
        """Score the models by `shot_curve` and draw the result.

        Parameters
        ----------
        models : dict of str to estimator
            The models, by name.
        X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
            The table, with its task column.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        task, n_shots, n_splits, order, scoring, n_jobs, random_state, verbose : object
            As in `skmeta.model_selection.shot_curve`.
        **plot_kw : dict
            Keyword arguments of `from_result`, such as ``ax``.

        Returns
        -------
        display : ShotCurveDisplay
            The display, drawn; ``display.curve`` has the scores.
        """
        curve = shot_curve(
            models,
            X,
            y,
            task=task,
            n_shots=n_shots,
            n_splits=n_splits,
            order=order,
            scoring=scoring,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
        )
        return cls.from_result(curve, **plot_kw)


def _title(curve: ShotCurve) -> str:
    """How much was scored, in words."""
    held_out = f"{'errors' if curve.is_error else 'scores'} on {curve.n_tasks:,} tasks held out"
    return held_out.capitalize() if curve.table is None else f"{curve.table.in_words}; {held_out}"


def _together(curves: Sequence[ShotCurve]) -> ShotCurve:
    """One curve with the folds of several."""
    made = [(curve.names, curve.n_shots, curve.scoring) for curve in curves]
    if len(set(made)) != 1:
        raise ValueError(
            f"curve: wanted one ShotCurve, or several of the same names, n_shots and scoring, found {len(set(made))} kinds "
            "of them; draw each by itself."
        )
    return replace(curves[0], scores=np.concatenate([curve.scores for curve in curves], axis=-1))
