"""The command line, which says whether knowledge transfers among one's datasets, and applies what was learned."""

from __future__ import annotations

import argparse
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn, TextIO

from sklearn.exceptions import ConvergenceWarning

from skmeta import report

DESCRIPTION = (
    "Does knowledge transfer among your datasets? Hold some out, give a few of their rows back, and compare "
    "models of their own, one for all, boosting, and ones that start warm. Without a file: on Parkinson's "
    "telemonitoring, which comes with skmeta."
)


EPILOG = "To use a prior that --save wrote: python -m skmeta apply PRIOR FILE --out PREDICTIONS"
APPLY = (
    "Predict every row of a table by a prior that --save wrote. Rows whose target is known teach what is particular to "
    "their task; where none is, the prior speaks alone."
)


class Arguments(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Leave with status 2."""
        raise ValueError(f"{message} (see python -m skmeta --help)")


def add_columns(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what columns are for."""
    parser.add_argument(
        "--task",
        metavar="COLUMN",
        action="append",
        help="says which task a row belongs to: store, patient, site; of nested tasks once for each level, outermost first: "
        "--task region --task store",
    )
    parser.add_argument("--target", metavar="COLUMN", help="what to predict; text and a few whole numbers are classes")
    parser.add_argument(
        "--order", metavar="COLUMN", help="give the first rows back and test the later ones: a forecast"
    )
    parser.add_argument(
        "--context",
        metavar="COLUMN",
        action="append",
        default=[],
        help="describes tasks, such as their size or city, and is no feature of rows; may be given several times",
    )
    parser.add_argument(
        "--drift",
        action="store_true",
        help="tasks drift: their own ids are dates or numbers, and the next is near the last; each is predicted from earlier "
        "ones alone",
    )


def read_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options, checked as far as that goes without the data."""
    parser = Arguments("python -m skmeta", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=False)
    parser.add_argument("file", nargs="?", help="a CSV or Parquet file, one row per observation of a task")
    add_columns(parser)
    parser.add_argument(
        "--estimator",
        metavar="NAME",
        help=f"{', '.join(report.names())}; a class of scikit-learn by its name; or "
        "package.module:Class for one of your own",
    )
    parser.add_argument("--plot", metavar="FILE", help="write the curves to a .png, .pdf or .svg file")
    parser.add_argument("--save", metavar="FILE", help="write the prior of all tasks to a .skops or .joblib file")
    parser.add_argument("--json", action="store_true", help="write the answer as JSON")
    options = parser.parse_args(argv)
    if options.file is None and (options.task or options.target or options.context or options.drift):
        parser.error("file: wanted one with --task and --target, found none")
    if options.file is not None and not (options.task and options.target):
        parser.error("--task, --target: wanted a COLUMN of each for a file, found one missing")
    report.check_outputs(options.plot, options.save)
    return options


def read_apply_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Return the options of ``apply``."""
    parser = Arguments("python -m skmeta apply", description=APPLY, allow_abbrev=False)
    parser.add_argument(
        "prior", help="a .skops or .joblib file that --save wrote; from others .skops alone, see --trust"
    )
    parser.add_argument(
        "file", help="a CSV or Parquet file with the columns of the one that the prior was learned from"
    )
    parser.add_argument(
        "--out", metavar="FILE", required=True, help="write the table and its predictions to a .csv or .parquet file"
    )
    parser.add_argument(
        "--trust",
        action="store_true",
        help="the file of the prior is your own: read all that it holds, even what can run any code",
    )
    options = parser.parse_args(argv)
    report.check_outputs(out=options.out)
    return options


def run_apply(options: argparse.Namespace) -> str:
    """Return what was done, having written the predictions."""
    frame, notes = report.apply_prior(report.load_prior(options.prior, options.trust), options.file)
    report.save_table(frame, options.out)
    return "\n".join([*notes, f"Written to {options.out}."])


def show_progress(stream: TextIO) -> Any:
    """Return what `report.compare` calls: on a terminal one line that changes, else a line each time."""
    began = time.perf_counter()

    def progress(done: int, total: int) -> None:
        line = f"comparing: {done / total:.0%} done, {time.perf_counter() - began:.0f} s"
        if stream.isatty():
            stream.write("\r\x1b[K" + line if done < total else "\r\x1b[K")
        else:
            stream.write(line + "\n")
        stream.flush()

    return progress


def run(options: argparse.Namespace) -> str:
    """Return the answer, having written the files that were asked for."""
    if options.file is None:
        collection = report.read_embedded(options.order)
    else:
        roles = {"task": options.task, "target": options.target, "order": options.order, "context": options.context}
        roles["drift"] = options.drift
        collection = report.read_file(options.file, **roles)
    collection, model = report.settle(collection, options.estimator)
    report.choose_shots(collection.counts, collection.names[0])  # raises before anything is computed
    warm = report.learn_from_all(collection, model)
    curve = report.compare(collection, model, n_jobs=-1, progress=show_progress(sys.stderr))
    if options.plot:
        report.save_plot(collection, curve, options.plot)
    if options.save:
        report.save_prior(report.with_table(warm.prior_, collection, model), options.save)
        said = report.why_not_applied(options.save)
        if said:
            print(f"note: {said}", file=sys.stderr)
    write = report.as_json if options.json else report.as_text
    return write(collection, model, curve, report.judge(curve), warm)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, default=None
        Arguments; those of the process if None.

    Returns
    -------
    int
        Exit status: 0, 2 after an error, 130 after Ctrl-C, 143 after SIGTERM.
    """
    try:
        with report.stopped_by(signal.SIGINT, signal.SIGTERM), warnings.catch_warnings():
            # Models of one task's few rows stop early or diverge: that is part of what is compared.
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", RuntimeWarning)
            argv = sys.argv[1:] if argv is None else argv
            applies = argv[:1] == ["apply"]
            print(run_apply(read_apply_arguments(argv[1:])) if applies else run(read_arguments(argv)))
    except KeyboardInterrupt as stop:
        print("\r\x1b[Kinterrupted" if sys.stderr.isatty() else "interrupted", file=sys.stderr)
        return 128 + (stop.args[0] if stop.args else signal.SIGINT)
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
