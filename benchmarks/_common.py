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
    """A table printed at the end, one line a row; columns are right-aligned except the first ``n_names``."""

    def __init__(self, title, header, n_names=1):
        self.title, self.n_names = title, n_names
        self.rows = [[str(h) for h in header]]

    def add(self, *cells):
        self.rows.append([f"{c:.4g}" if isinstance(c, float) else str(c) for c in cells])
        say("  ".join(self.rows[-1]))

    def show(self, *notes):
        widths = [max(len(row[i]) for row in self.rows if i < len(row)) for i in range(len(self.rows[0]))]
        print(f"\n{self.title}\n")
        for row in self.rows:
            cells = [
                c.ljust(w) if i < self.n_names else c.rjust(w)
                for i, (c, w) in enumerate(zip(row, widths, strict=False))
            ]
            print("  ".join(cells).rstrip())
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
