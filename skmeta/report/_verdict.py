"""From a shot curve to a verdict: what borrowing gains beyond the noise between tasks, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from skmeta.model_selection import ShotCurve

MATERIAL = 0.01  # a smaller gain of one strategy over another is none
WORTHWHILE = 0.05  # what borrowing has to gain over what a task can do alone to be worth using
WORTH_FINDING = 0.10  # as long as a gain of so much is possible, it is too early to say that nothing is shared
# Most of a log loss is the entropy of the labels, which no model explains: one that tells much may save a hundredth of it.
WORTHWHILE_BY = {"neg_log_loss": MATERIAL}


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a shot curve says.

    Parameters
    ----------
    choice : {"warm", "pooled", "residual", "boosted", "nothing", "unclear"}
        What to do: the strategy that is as good as any; "nothing" that nothing is shared, so that tasks have
        their own models, and "unclear" that the noise between tasks hides the answer.
    errors : dict of str to ndarray of shape (n_shots,)
        Mean error of each strategy.
    n_shots : tuple of int
        Numbers of rows known of a new task.
    rival : list of str, of length n_shots
        The best of the other strategies.
    gain, noise : ndarray of shape (n_shots,)
        Share of the rival's error that warm saves, and half of its 95 % interval over the tasks.
    own_rows : ndarray of shape (n_shots,)
        Rows that a model of its own needs to be as good as warm, infinite if that many were not tried.
    """

    choice: str
    errors: dict[str, NDArray[np.float64]]
    n_shots: tuple[int, ...]
    rival: list[str]
    gain: NDArray[np.float64]
    noise: NDArray[np.float64]
    own_rows: NDArray[np.float64]

    @property
    def clear(self) -> NDArray[np.bool_]:
        """Where warm is better than all others, a model without rows too, by more than noise; of shape (n_shots,)."""
        return is_clear(self.gain, self.noise) & (self.own_rows > 0)


def judge(curve: ShotCurve) -> Verdict:
    """Return the verdict on a curve that `compare` made.

    Parameters
    ----------
    curve : ShotCurve
        Errors of "own", "pooled", "warm" and, if it has them, "residual" and "boosted".

    Returns
    -------
    Verdict
        What to do.
    """
    errors = floored(curve)
    rival, rival_errors = best_of_others(errors)
    gain, noise = relative_gain(rival_errors, errors["warm"])
    mean = {name: values.mean(axis=-1) for name, values in errors.items()}
    own_rows = rows_to_match(curve.n_shots, mean["own"], mean["warm"])
    worthwhile = WORTHWHILE_BY.get(curve.scoring, WORTHWHILE)
    return Verdict(choose(errors, worthwhile), mean, curve.n_shots, rival, gain, noise, own_rows)


def floored(curve: ShotCurve) -> dict[str, NDArray[np.float64]]:
    """Return the errors by model; a millionth of the error without any knowledge is as good as none."""
    floor = 1e-6 * -curve["own"][0].mean()
    return {name: np.maximum(-curve[name], floor) for name in curve.names}


def best_of_others(errors: dict[str, NDArray[np.float64]]) -> tuple[list[str], NDArray[np.float64]]:
    """Return, of errors ``(n_shots, n_tasks)``, the best but warm at each number of shots: names, and its errors.

    Of several as good as each other it is the first: rounding, which differs with the order of tasks, has no say.
    """
    others = [name for name in errors if name != "warm"]
    means = np.array([errors[name].mean(axis=-1) for name in others])
    best = np.argmax(means <= means.min(axis=0) * (1 + 1e-9), axis=0)
    names = [others[k] for k in best]
    return names, np.stack([errors[name][shot] for shot, name in enumerate(names)])


def relative_gain(
    others: NDArray[np.float64], ours: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Return the share of the others' mean error that we save, and half of its 95 % interval.

    With paired errors :math:`a_t, b_t` of tasks the gain is :math:`g = 1 - \bar b / \bar a`, and its standard
    error that of the mean of :math:`(b_t - (1 - g) a_t) / \bar a`.

    Parameters
    ----------
    others, ours : ndarray of shape (..., n_tasks)
        Errors on the same tasks.

    Returns
    -------
    gain, noise : ndarray of shape (...)
        Share of the error, and half the width of its interval.

    References
    ----------
    W. G. Cochran (1977), Sampling techniques, 3rd edition, section 2.11 (estimation of a ratio).
    """
    scale = others.mean(axis=-1, keepdims=True)
    ratio = ours.mean(axis=-1, keepdims=True) / scale
    n_tasks = others.shape[-1]
    deviation = ((ours - ratio * others) / scale).std(axis=-1, ddof=1)
    return 1 - ratio[..., 0], t.ppf(0.975, n_tasks - 1) * deviation / np.sqrt(n_tasks)


def is_clear(gain: Any, noise: Any) -> Any:
    """Whether a gain is worth having and no accident of the tasks at hand."""
    return gain > np.maximum(noise, MATERIAL)


def overall_gain(others: NDArray[np.float64], ours: NDArray[np.float64]) -> tuple[float, float]:
    """Return `relative_gain` of errors ``(n_shots, n_tasks)``, every number of shots counting the same."""
    scale = others.mean(axis=-1, keepdims=True)
    gain, noise = relative_gain((others / scale).mean(axis=0), (ours / scale).mean(axis=0))
    return float(gain), float(noise)


def choose(errors: dict[str, NDArray[np.float64]], worthwhile: float = WORTHWHILE) -> str:
    """Return the choice of a `Verdict` from errors ``(n_shots, n_tasks)``, zero shots first.

    A task alone has its own model, and the common mean. If no strategy is better than that by a `worthwhile` share and by
    more than noise, nothing is shared. If a simpler strategy that shares is as good as warm, it is chosen, unless at some
    number of shots warm beats all others, and at none is beaten.
    """
    known = {name: values[1:] for name, values in errors.items()}
    start = np.broadcast_to(errors["own"][0], known["own"].shape)
    own_is_better = known["own"].mean(axis=-1, keepdims=True) < start.mean(axis=-1, keepdims=True)
    alone = np.where(own_is_better, known["own"], start)
    shared = [overall_gain(alone, known[name]) for name in known if name != "own"]
    if not any(gain > max(noise, worthwhile) for gain, noise in shared):
        hopes = [gain + noise > WORTH_FINDING for gain, noise in shared]
        return "unclear" if any(hopes) else "nothing"
    if beats_somewhere(known["warm"], best_of_others(known)[1]):
        return "warm"
    simpler = [name for name in known if name not in ("own", "warm")]
    as_good = [name for name in simpler if not beats(known["warm"], known[name])]
    return max(as_good, key=lambda name: overall_gain(known["warm"], known[name]), default="warm")


def beats(ours: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Whether errors ``(n_shots, n_tasks)`` are better on the whole, or somewhere and nowhere worse."""
    return bool(is_clear(*overall_gain(others, ours)) or beats_somewhere(ours, others))


def beats_somewhere(ours: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Whether errors ``(n_shots, n_tasks)`` are better at some number of shots, and worse at none."""
    better, worse = is_clear(*relative_gain(others, ours)), is_clear(*relative_gain(ours, others))
    return bool(better.any() and not worse.any())


def rows_to_match(n_shots: tuple[int, ...], own: NDArray[np.float64], warm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many rows an own model needs for each of the errors of `warm`.

    Between the numbers of rows that were tried its error is a straight line, and more rows never count as a
    loss.

    Parameters
    ----------
    n_shots : tuple of int
        Numbers of rows tried, increasing.
    own, warm : ndarray of shape (n_shots,)
        Mean errors.

    Returns
    -------
    ndarray of shape (n_shots,)
        Rows, infinite where even the last of `own` is above the error.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.report._verdict import rows_to_match
    >>> rows_to_match((0, 10, 20), np.array([4.0, 2.0, 1.0]), np.array([3.0, 1.5, 0.5]))
    array([ 5., 15., inf])
    """
    falling = np.minimum.accumulate(own)
    needed = np.interp(-warm, -falling, n_shots)
    return np.where(warm < falling[-1], np.inf, np.where(warm >= falling[0], 0.0, needed))
