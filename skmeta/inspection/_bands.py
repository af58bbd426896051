"""Bands from quantile to quantile: never beyond what was seen, so never below zero for errors."""

from __future__ import annotations


def checked_quantiles(quantiles: tuple[float, float]) -> tuple[float, float]:
    """Return the two ends of a band, if they are such.

    Raises
    ------
    ValueError
        If they are not two shares, the lower one first.
    """
    low, high = quantiles if len(quantiles) == 2 else (1.0, 0.0)
    if not 0 <= low < high <= 1:
        raise ValueError(
            f"quantiles: wanted two shares between 0 and 1, the lower first, found {quantiles!r}; the middle half is "
            "(0.25, 0.75)."
        )
    return low, high


def between_quantiles(quantiles: tuple[float, float], of: str) -> str:
    """Return what a band shows, in words."""
    low, high = (f"{100 * each:g}" for each in quantiles)
    share = "middle half" if quantiles == (0.25, 0.75) else f"{low} to {high} %"
    return f"{share} of {of}"
