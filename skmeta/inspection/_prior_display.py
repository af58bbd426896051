"""The picture of a prior: what tasks share of each coefficient, its mean, and how far it varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skmeta.base._pictures import Path, Spread
from skmeta.inspection._axes import axes_for
from skmeta.inspection._path import draw_path

_MANY, _MANY_LINES = 30, 5  # coefficients that are drawn, one below the other or as lines


def coefficient_moments(prior: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean of every coefficient and its standard deviation between tasks, of one shape, intercept last.

    Raises
    ------
    TypeError
        If the prior is not about coefficients: it has no mean and covariance.
    """
    if not (hasattr(prior, "mean") and hasattr(prior, "covariance")):
        hint = "; pass its prior_, or use PriorDisplay.from_estimator" if hasattr(prior, "fit") else ""
        raise TypeError(
            "prior: wanted one with a mean and a covariance of coefficients, such as a GaussianPrior or a fitted linear "
            f"model's prior_, found {type(prior).__name__}{hint}."
        )
    mean, sd, _ = Spread.of_prior(prior)
    return mean, sd


def coefficient_names(prior: Any) -> list[str]:
    """Return the names of a prior's columns: its own, or what the steps before it call them, or x0, x1, ..."""
    n_features = prior.mean.shape[-1] - 1
    steps = getattr(prior, "steps", None)
    names = prior.feature_names if steps is None else (prior.prior.feature_names or _names_out(steps))
    return [f"x{j}" for j in range(n_features)] if names is None or len(names) != n_features else list(names)


def _names_out(steps: Any) -> Sequence[str] | None:
    """Return what the last of some `FrozenSteps` calls its columns, None if one of them cannot tell."""
    names = steps.input_names
    for _, step in steps.steps:
        if step is None or isinstance(step, str):  # "passthrough"
            continue
        try:
            names = step.get_feature_names_out(names)
        except (AttributeError, TypeError, ValueError):  # no such method here or further in, or names unknown to it
            return None
    return names


class PriorDisplay:
    """What tasks share and what varies: mean of each coefficient, and its standard deviation between tasks.

    Where a prior knows more of how tasks belong together, it shows that: of nested tasks how coefficients differ at each
    level, and a dot for each region; of kinds of tasks where each lies; of tasks that drift the path of the coefficients.
    Make it by `from_estimator` or `from_prior`, which draw it at once.

    Parameters
    ----------
    mean : ndarray of shape (n_coefs,) or (n_outputs, n_coefs)
        Mean of every coefficient.
    sd : ndarray of the shape of `mean`
        Standard deviation of every coefficient between tasks.
    names : sequence of str, of length n_coefs
        Names of the coefficients.
    outputs : sequence of length n_outputs, default=None
        Names of the outputs or classes. If None, outputs are numbered.
    spreads : mapping of str to Spread, default=None
        Levels or kinds of tasks, by name: means, standard deviations and, if they are known, the means of single ones.
    path : Path, default=None
        How coefficients move in time; drawn in place of all else.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the coefficients.
    figure_ : matplotlib Figure
        Figure with the coefficients.
    errorbar_ : list of matplotlib ErrorbarContainer
        One for each output, and each of `spreads`: a point at the mean, a bar of one standard deviation to either side.
    members_ : list of matplotlib Line2D
        The dots of single regions, one list of them for each of `spreads` that knows some.
    lines_ : list of matplotlib Line2D
        One for each coefficient, of a `path`.
    fill_between_ : list of matplotlib PolyCollection
        One standard deviation to either side of each line.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.inspection import PriorDisplay
    >>> display = PriorDisplay(np.array([1.0, -2.0]), np.array([0.1, 3.0]), ["price", "intercept"]).plot()
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
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
    ) -> None:
        self.mean = mean
        self.sd = sd
        self.names = names
        self.outputs = outputs
        self.spreads = spreads
        self.path = path

    def plot(self, ax: Any = None, *, max_coefs: int | None = None, errorbar_kw: dict[str, Any] | None = None) -> Self:
        """Draw the coefficients, one below the other; those of a path as lines in time.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.
        max_coefs : int, default=None
            If there are more coefficients, only those which move a prediction most are drawn: those with the
            largest ``mean**2 + sd**2``, or of a path those that move most, in their own order. None is 30, of a path 5.
        errorbar_kw : dict, default=None
            Keyword arguments of ``ax.errorbar``.

        Returns
        -------
        display : PriorDisplay
            The display, with the artists as attributes.
        """
        self.ax_ = axes_for(self, ax)
        self.figure_ = self.ax_.figure
        self.errorbar_, self.members_ = [], []
        if self.path is not None:
            many = _MANY_LINES if max_coefs is None else max_coefs
            self.lines_, self.fill_between_ = draw_path(self.ax_, self.path, self.names, self._outputs, many)
            return self
        series = self._series()
        size = np.max([mean**2 + sd**2 for _, mean, sd, _ in series], axis=0)
        shown = np.sort(np.argsort(-size, kind="stable")[: _MANY if max_coefs is None else max_coefs])
        style = {"fmt": "o", "capsize": 3, **(errorbar_kw or {})}
        offsets = 0.6 * ((np.arange(len(series)) + 0.5) / len(series) - 0.5)
        for offset, (_, mean, sd, members) in zip(offsets, series, strict=True):
            y = np.arange(len(shown)) + offset
            self.errorbar_.append(self.ax_.errorbar(mean[shown], y, xerr=sd[shown], **style))
            if members is not None:
                color = self.errorbar_[-1].lines[0].get_color()
                self.members_ += self.ax_.plot(members[:, shown].T, y, ls="none", marker=".", color=color, alpha=0.4)
        self._label([self.names[j] for j in shown], [label for label, *_ in series])
        return self

    @property
    def _outputs(self) -> list[str]:
        n_outputs = len(np.atleast_2d(self.mean))
        return [str(each) for each in (range(n_outputs) if self.outputs is None else self.outputs)][:n_outputs]

    def _series(self) -> list[tuple[str, Any, Any, Any]]:
        """Label, means, deviations and means of single ones of all that has bars of its own."""
        found = []
        for name, spread in (self.spreads or {"": Spread(self.mean, self.sd)}).items():
            mean, sd, members = np.atleast_2d(spread.mean), np.atleast_2d(spread.sd), spread.members
            for k, output in enumerate(self._outputs):
                own = members[k] if members is not None and members.ndim > 2 else members
                label = ", ".join(part for part in (name, output if len(mean) > 1 else "") if part)
                found.append((label, mean[k], sd[k], own))
        return found

    def _label(self, names: list[str], labels: list[str]) -> None:
        ax, between = self.ax_, "" if self.spreads else " between tasks"
        ax.axvline(0.0, color="0.7", lw=1, zorder=0)
        ax.set_yticks(np.arange(len(names)), labels=names)
        ax.set_ylim(len(names) - 0.5, -0.5)  # the first column on top
        ax.set_xlabel(f"Coefficient: {'' if self.spreads else 'shared '}mean ± standard deviation{between}")
        if len(self.errorbar_) > 1:
            ax.legend(self.errorbar_, labels)

    @classmethod
    def from_prior(cls, prior: Any, *, ax: Any = None, **plot_kw: Any) -> Self:
        """Draw a prior over coefficients.

        Parameters
        ----------
        prior : Prior
            One with a ``mean`` and a ``covariance`` of coefficients, as those of linear models: learned
            (``model.prior_``) or written by hand.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.
        **plot_kw : dict
            Further keyword arguments of `plot`.

        Returns
        -------
        display : PriorDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If it is none about coefficients.
        """
        mean, sd = coefficient_moments(prior)
        names = [*coefficient_names(prior), "intercept"]
        # Priors that know more of how tasks belong together offer that; others have no such attributes.
        spreads, path = getattr(prior, "spreads", None), getattr(prior, "path", None)
        display = cls(mean, sd, names, outputs=prior.classes, spreads=spreads, path=path)
        return display.plot(ax, **plot_kw)

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None, **plot_kw: Any) -> Self:
        """Draw the prior of a fitted model.

        Parameters
        ----------
        estimator : WarmStartRegressor or WarmStartClassifier
            Fitted with a task column or a prior.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.
        **plot_kw : dict
            Further keyword arguments of `plot`.

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
        return cls.from_prior(prior, ax=ax, **plot_kw)
