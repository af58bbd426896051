"""The picture of probabilities on new tasks: how often what they promise is so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.calibration import CalibrationDisplay

from skmeta.inspection._axes import axes_for
from skmeta.inspection._colors import colors_of
from skmeta.inspection._role_names import names_in_words
from skmeta.model_selection import NShotSplit
from skmeta.tasks import take_rows
from skmeta.tasks._words import listed, shown


class ShotCalibrationDisplay:
    """Calibration of classifiers on new tasks of which a few rows are known, by `sklearn.calibration.CalibrationDisplay`.

    Rows are put in bins by the probability that a model gives them; a calibrated model lies on the diagonal. A model named
    by its role (warm, own, pooled, boosted) has the same colour and name in all figures. Make it by `from_estimators` or
    `from_result`, which draw it at once.

    Parameters
    ----------
    y_true : array-like of shape (n_rows,)
        Labels of the rows of new tasks.
    y_prob : dict of str to array-like of shape (n_rows,)
        For each model the probability that it gives to `pos_label`.
    pos_label : str, int or bool, default=None
        The class that the probabilities are of. If None, the second of two in sorted order.
    n_shots : int, default=None
        How many rows were known of each task, for the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Figure with the curves.
    displays_ : list of CalibrationDisplay
        One a model, those of scikit-learn.

    Examples
    --------
    >>> from skmeta.inspection import ShotCalibrationDisplay
    >>> y_prob = {"warm": [0.1, 0.2, 0.8, 0.9], "own": [0.4, 0.5, 0.5, 0.6]}
    >>> display = ShotCalibrationDisplay.from_result(["ill", "ill", "well", "well"], y_prob, n_bins=2)
    >>> display.ax_.get_ylabel()
    "Fraction of positives (Positive class: 'well')"
    >>> display.displays_[0].prob_pred
    array([0.15, 0.85])
    """

    def __init__(
        self, y_true: Any, y_prob: Mapping[str, Any], *, pos_label: Any = None, n_shots: int | None = None
    ) -> None:
        self.y_true = y_true
        self.y_prob = y_prob
        self.pos_label = pos_label
        self.n_shots = n_shots

    def plot(
        self,
        ax: Any = None,
        *,
        n_bins: int = 10,
        strategy: str = "quantile",
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.
        n_bins : int, default=10
            Number of bins of rows.
        strategy : {"quantile", "uniform"}, default="quantile"
            Whether bins have as many rows each, or are as wide.
        line_kw : dict, default=None
            Keyword arguments of the ``ax.plot`` that draws the lines.

        Returns
        -------
        display : ShotCalibrationDisplay
            The display, with the artists as attributes.
        """
        y_true = np.asarray(self.y_true)
        pos_label = _positive(np.unique(y_true), self.pos_label)
        self.ax_, self.figure_ = axes_for(self, ax)
        names = names_in_words(list(self.y_prob))
        self.displays_ = [
            CalibrationDisplay.from_predictions(
                y_true == pos_label,
                y_prob,
                n_bins=n_bins,
                strategy=strategy,
                name=name,
                ax=self.ax_,
                **{"color": color, **(line_kw or {})},
            )
            for name, y_prob, color in zip(names, self.y_prob.values(), colors_of(list(self.y_prob)), strict=True)
        ]
        positive = f"(Positive class: {shown(pos_label)})"
        self.ax_.set(xlabel=f"Mean predicted probability {positive}", ylabel=f"Fraction of positives {positive}")
        if self.n_shots is not None:
            self.ax_.set_title(f"{self.n_shots} row{'' if self.n_shots == 1 else 's'} known of a new task")
        return self

    @classmethod
    def from_result(
        cls, y_true: Any, y_prob: Mapping[str, Any], *, pos_label: Any = None, ax: Any = None, **plot_kw: Any
    ) -> Self:
        """Draw probabilities that there are.

        Parameters
        ----------
        y_true : array-like of shape (n_rows,)
            Labels.
        y_prob : dict of str to array-like of shape (n_rows,)
            For each model the probability that it gives to `pos_label`.
        pos_label : str, int or bool, default=None
            The class that the probabilities are of. If None, the second of two in sorted order.
        ax, plot_kw : object
            As in `plot`.

        Returns
        -------
        display : ShotCalibrationDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there are not two classes and `pos_label` says none, or no row has it.
        """
        return cls(y_true, y_prob, pos_label=pos_label).plot(ax, **plot_kw)

    @classmethod
    def from_estimators(
        cls,
        models: Mapping[str, Any],
        X: Any,
        y: Any,
        *,
        task: str | int | Sequence[str | int],
        n_shots: int = 5,
        n_splits: int = 5,
        order: str | int | None = None,
        pos_label: Any = None,
        random_state: Any = None,
        ax: Any = None,
        **plot_kw: Any,
    ) -> Self:
        """Hold tasks out but for a few rows, as `NShotSplit` does, and draw what the models say of the others.

        Parameters
        ----------
        models : dict of str to classifier
            The models, by name; each sees the whole table, task column and all.
        X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
            The table, with its task column.
        y : array-like of shape (n_samples,)
            Labels.
        task : str, int or list of them
            The column of `X` that names the task of every row.
        n_shots : int, default=5
            Number of rows known of a new task.
        n_splits, order, random_state : object
            As in `skmeta.NShotSplit`.
        pos_label : str, int or bool, default=None
            The class whose probability is drawn. If None, the second of two in sorted order.
        ax, plot_kw : object
            As in `plot`.

        Returns
        -------
        display : ShotCalibrationDisplay
            The display, drawn.
        """
        for name, model in models.items():
            if not hasattr(model, "fit"):
                raise TypeError(
                    f"models: wanted a classifier by each name, found {type(model).__name__} for {name!r}; of several at "
                    f"different strengths, as `make_baselines` gives them, choose one: models[{name!r}][0]."
                )
        y = np.asarray(y)
        positive = _positive(np.unique(y), pos_label)
        splits = list(NShotSplit(task, n_shots, n_splits, order=order, random_state=random_state).split(X))
        y_true = np.concatenate([y[test] for _, test in splits])
        y_prob = {name: _probabilities(model, X, y, splits, positive) for name, model in models.items()}
        return cls(y_true, y_prob, pos_label=positive, n_shots=n_shots).plot(ax, **plot_kw)


def _probabilities(model: Any, X: Any, y: NDArray[Any], splits: list[Any], positive: Any) -> NDArray[np.float64]:
    """The probability of a class in the test rows of all splits; zero where the training rows do not show it."""
    parts = []
    for train, test in splits:
        fitted = clone(model).fit(take_rows(X, train), y[train])
        proba = fitted.predict_proba(take_rows(X, test))
        parts.append(proba[:, fitted.classes_ == positive].sum(axis=1))
    return np.concatenate(parts)


def _positive(classes: NDArray[Any], pos_label: Any) -> Any:
    """The class that probabilities are of."""
    if pos_label is None and len(classes) == 2:
        return classes[1]
    if pos_label is None or pos_label not in classes:
        found = "None" if pos_label is None else shown(pos_label)
        raise ValueError(
            f"pos_label: wanted one of the {len(classes)} classes {listed(classes)}, found {found}; say whose probability "
            "is drawn."
        )
    return pos_label
