"""Draw README's picture, the shot curve of the embedded collection: ``python docs/images/shot_curve.py``."""

import sys
from pathlib import Path

import matplotlib

from skmeta import report

PICTURE = Path(__file__).with_suffix(".svg")


def draw(path=PICTURE):
    """Write the picture of what ``python -m skmeta`` prints."""
    collection, model = report.settle(report.read_embedded())
    with matplotlib.rc_context({"savefig.bbox": "tight"}):
        report.save_plot(report.compare(collection, model), str(path))


if __name__ == "__main__":
    draw(*sys.argv[1:])
