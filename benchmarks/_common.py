"""What all benchmarks share: the command line, the table and the clock."""

import argparse
import sys
import time
import warnings

from sklearn.exceptions import ConvergenceWarning


def read_arguments(description, **options):
    """The command line; ``options`` are further flags with their defaults."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smaller run, to see that it works")
    for name, default in options.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    warnings.simplefilter("ignore", ConvergenceWarning)
    return parser.parse_args()


def say(text):
    """Progress, apart from the table."""
    print(text, file=sys.stderr, flush=True)


class Table:
    """A table printed at the end in Markdown, one line a row; columns are right-aligned except the first ``n_names``."""

    def __init__(self, title, header, n_names=1):
        self.title, self.n_names = title, n_names
        self.rows = [[str(h) for h in header]]

    def add(self, *cells):
        self.rows.append([f"{c:.4g}" if isinstance(c, float) else str(c) for c in cells])
        say("  ".join(self.rows[-1]))

    def show(self, *notes):
        widths = [max(3, *(len(row[i]) for row in self.rows if i < len(row))) for i in range(len(self.rows[0]))]
        names = [i < self.n_names for i in range(len(widths))]
        rule = [":" + "-" * (w - 1) if name else "-" * (w - 1) + ":" for w, name in zip(widths, names, strict=True)]
        print(f"\n## {self.title}\n")
        for row in (self.rows[0], rule, *self.rows[1:]):
            padded = row + [""] * (len(widths) - len(row))
            cells = [c.ljust(w) if name else c.rjust(w) for c, w, name in zip(padded, widths, names, strict=True)]
            print(f"| {' | '.join(cells)} |")
        print()
        for note in notes:
            print(f"* {note}")


def clocked(call, repeat=1):
    """``(value, seconds)``, the best time of ``repeat`` calls."""
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        value = call()
        seconds.append(time.perf_counter() - start)
    return value, min(seconds)


def percent(ratio):
    """A ratio as the excess over one, in per cent."""
    return f"{100.0 * (ratio - 1.0):+.1f}"
