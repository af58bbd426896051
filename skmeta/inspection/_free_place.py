"""Where a legend stands: at a place in its axes where it covers nothing that is drawn, or beside them."""

from __future__ import annotations

from typing import Any

_PLACES = ("upper right", "lower right", "upper left", "lower left", "upper center", "lower center", "center right")
_MARGIN = 4.0  # points around a legend: half a marker on the line beside it


def legend_where_free(ax: Any, **legend_kw: Any) -> Any:
    """Draw the legend of axes where it covers no line, band, error bar or text, and return it.

    matplotlib's own ``loc="best"`` does not see bands. Where no place is free the legend is to the right of the axes, if the
    figure has a layout that makes room for it there.
    """
    figure = ax.figure
    figure.draw_without_rendering()  # until then nobody knows how large the axes are
    for place in _PLACES:
        legend = ax.legend(loc=place, **legend_kw)
        if not _covers(legend, ax):
            return legend
    if figure.get_layout_engine() is None:
        return ax.legend(loc="best", **legend_kw)
    return ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), **legend_kw)


def _covers(legend: Any, ax: Any) -> bool:
    """Whether a legend lies over what is drawn in its axes."""
    box = legend.get_window_extent().padded(_MARGIN * ax.figure.dpi / 72)
    lines = ((line.get_path(), line.get_transform(), False) for line in ax.lines)
    areas = ((path, each.get_transform(), True) for each in ax.collections for path in each.get_paths())
    drawn = ((path.transformed(transform), filled) for path, transform, filled in (*lines, *areas) if len(path))
    return any(path.intersects_bbox(box, filled) for path, filled in drawn) or any(
        text.get_window_extent().overlaps(box) for text in ax.texts
    )
