"""The picture of a shot curve: score on new tasks against the number of rows known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from skmeta.inspection._axes import axes_for, title_of
from skmeta.model_selection import ShotCurve, shot_curve


class ShotCurveDisplay:
    """Score of each model on new tasks against the number of rows known of them.

    Make it by `from_curve` or `from_estimators`, which draw it at once.

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
        The standard deviation over folds, if `std_display_style` is ``"fill_between"``.
    errorbar_ : list of matplotlib ErrorbarContainer, or None
        The same, if `std_display_style` is ``"errorbar"``.

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
    >>> display = ShotCurveDisplay.from_curve(curve)
    >>> display.ax_.get_ylabel()
    'Root mean squared error'
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
        std_display_style: str | None = "fill_between",
        line_kw: dict[str, Any] | None = None,
        fill_between_kw: dict[str, Any] | None = None,
        errorbar_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.
        negate_score : bool, default=None
            Whether to turn the sign of the scores. If None, scores named ``neg_...`` are shown as the errors
            they are.
        score_name : str, default=None
            Name on the y axis, in place of that of the display.
        std_display_style : {"fill_between", "errorbar"} or None, default="fill_between"
            How to show the standard deviation over folds; None leaves it out.
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
        if std_display_style not in ("fill_between", "errorbar", None):
            raise ValueError(
                f"std_display_style: wanted 'fill_between', 'errorbar' or None, found {std_display_style!r}."
            )
        negate = self.curve.is_error if negate_score is None else negate_score
        ax = axes_for(self, ax)
        self.ax_, self.figure_ = ax, ax.figure
        self._draw_means(-1 if negate else 1, line_kw or {})
        self._draw_spreads(std_display_style, fill_between_kw or {}, errorbar_kw or {})
        self._label(score_name or self.score_name or title_of(self.curve.scoring, negate))
        return self

    def _draw_means(self, sign: int, line_kw: dict[str, Any]) -> None:
        style = {"marker": "o", **line_kw}
        self.lines_ = [
            self.ax_.plot(self.curve.n_shots, means, label=name, **style)[0]
            for name, means in zip(self.curve.names, sign * self.curve.mean, strict=True)
        ]

    def _draw_spreads(self, style: str | None, fill_between_kw: dict[str, Any], errorbar_kw: dict[str, Any]) -> None:
        self.fill_between_, self.errorbar_ = None, None
        curves = [
            (np.asarray(line.get_ydata()), std, line.get_color())
            for line, std in zip(self.lines_, self.curve.std, strict=True)
        ]
        shots = self.curve.n_shots
        if style == "fill_between":
            self.fill_between_ = [
                self.ax_.fill_between(
                    shots,
                    mean - std,
                    mean + std,
                    **{"color": color, "alpha": 0.15, "lw": 0, **fill_between_kw},
                )
                for mean, std, color in curves
            ]
        elif style == "errorbar":
            self.errorbar_ = [
                self.ax_.errorbar(shots, mean, std, **{"color": color, "ls": "none", "capsize": 3, **errorbar_kw})
                for mean, std, color in curves
            ]

    def _label(self, score_name: str) -> None:
        ax = self.ax_
        ax.set_xscale("symlog", linthresh=1)  # zero shots have a place, 1 to 2 as much room as 10 to 20
        ax.set_xticks(self.curve.n_shots, labels=[str(n) for n in self.curve.n_shots])
        ax.set_xticks([], minor=True)
        ax.set_xlabel("Rows known of a new task")
        ax.set_ylabel(score_name)
        ax.legend()

    @classmethod
    def from_curve(cls, curve: ShotCurve, *, score_name: str | None = None, ax: Any = None, **plot_kw: Any) -> Self:
        """Draw what `shot_curve` returned.

        Parameters
        ----------
        curve : ShotCurve
            The scores.
        score_name : str, default=None
            Name on the y axis. If None, it is made from ``curve.scoring``.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.
        **plot_kw : dict
            Further keyword arguments of `plot`.

        Returns
        -------
        display : ShotCurveDisplay
            The display, drawn.
        """
        return cls(curve, score_name=score_name).plot(ax, **plot_kw)

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
        task, n_shots, n_splits, order, scoring, n_jobs, random_state : object
            As in `skmeta.model_selection.shot_curve`.
        **plot_kw : dict
            Keyword arguments of `from_curve`, such as ``ax``.

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
        )
        return cls.from_curve(curve, **plot_kw)
