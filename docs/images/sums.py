"""Draw where rows stay and what travels, for two pages of the guide: ``python docs/images/sums.py``."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

FOLDER = Path(__file__).parent
PLACES = {
    "sums_of_hospitals": ("hospital A", "hospital B", "hospital C"),
    "sums_of_partitions": ("partition 1", "partition 2", "partition 3"),
}
BACK = {"sums_of_hospitals": "the prior, to each", "sums_of_partitions": "coefficients of this sweep"}


def box(ax, x, y, width, text, color):
    """One box with its text in the middle."""
    ax.add_patch(FancyBboxPatch((x, y), width, 0.5, boxstyle="round,pad=0.05", facecolor=color, edgecolor="0.4"))
    ax.text(x + width / 2, y + 0.25, text, ha="center", va="center")


def arrow(ax, start, end, **style):
    """An arrow from one place to another."""
    ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "0.3"} | style)


def draw(name, path=None):
    """Write one picture."""
    fig, ax = plt.subplots(figsize=(7, 2.8), layout="constrained")
    for number, place in enumerate(PLACES[name]):
        y = 1.9 - 0.9 * number
        ax.text(0, y + 0.25, place, ha="left", va="center", weight="bold")
        box(ax, 1.3, y, 0.9, "rows", "#dddddd")
        box(ax, 2.9, y, 0.9, "sums", "#cfe3f5")
        arrow(ax, (2.28, y + 0.25), (2.82, y + 0.25))
        arrow(ax, (3.88, y + 0.25), (5.02, 1.3 - 0.05 * number))
    box(ax, 5.1, 1.0, 0.9, "prior", "#f5d9c6")
    ax.annotate(
        BACK[name], (0.6, -0.15), (5.55, -0.15), va="center", ha="center",
        arrowprops={"arrowstyle": "->", "color": "0.3", "linestyle": "--"},
    )  # fmt: skip
    arrow(ax, (5.55, 0.92), (5.55, 0.0), linestyle="--")
    ax.set(xlim=(-0.1, 6.7), ylim=(-0.4, 2.6))
    ax.set_axis_off()
    fig.savefig(path or FOLDER / f"{name}.svg", metadata={"Date": None})
    plt.close(fig)


if __name__ == "__main__":
    for each in sys.argv[1:] or PLACES:
        draw(each)
