"""All peers side by side on one page: ``python -m benchmarks`` measures what is not yet measured and writes it.

Each cell (methods side by side on one draw) is stored as soon as it is measured, in ``benchmarks/.results``, under the last
commit that touched the library or what measures it. A second call reads what is stored and measures the rest: it goes on where
an interrupted one stopped. Cells are measured anew where a version or the machine has changed.
"""

import argparse
import os
import shlex
import sys
import warnings
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # seconds that compare
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow, which ADAPT imports, talks

from _common import say
from _page_facts import commit_of, environment, reasons_of
from _page_few_shots import FEW_SHOTS
from _page_groups import CARS, WAGES
from _page_nets import NETS
from _page_reml import REML
from _page_scale import SCALE
from _page_searches import SEARCHES
from _page_sections import Setting
from _page_store import Store, measured
from _page_text import page

SECTIONS = {section.name: section for section in (WAGES, CARS, REML, FEW_SHOTS, SEARCHES, NETS, SCALE)}


def arguments(argv):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="docs/benchmarks.rst", help="the page")
    parser.add_argument(
        "--only", default=",".join(SECTIONS), help=f"sections of {', '.join(SECTIONS)}, with commas between them"
    )
    parser.add_argument("--seeds", type=int, default=3, help="draws of each line")
    parser.add_argument("--quick", action="store_true", help="a small run, to see that it works")
    parser.add_argument("--results", default=str(FOLDER / ".results"), help="the folder of what was measured")
    args = parser.parse_args(argv)
    unknown = sorted(set(args.only.split(",")) - set(SECTIONS))
    if unknown:
        parser.error(f"--only: wanted some of {', '.join(SECTIONS)}, found {', '.join(unknown)}")
    return args


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    args = arguments(argv)
    setting = Setting(args.seeds, args.quick)
    sections = [SECTIONS[name] for name in args.only.split(",")]
    reasons = reasons_of({package for section in sections for package in section.packages})
    facts = environment()
    commit = commit_of(FOLDER.parent)
    warnings.simplefilter("ignore")  # of convergence, in fits that are cut short for all alike
    results = []
    for section in sections:
        versions = {name: reasons[name] for name in section.packages}
        store = Store(Path(args.results) / commit, facts | {"peers": versions})
        results.append((section, measured(store, section, setting, say)))
    command = shlex.join(["python", "-m", "benchmarks", *argv])
    text = page(command, {"Date": f"{date.today():%d %B %Y}", "Commit": commit} | facts, results, reasons)
    Path(args.out).write_text(text, "utf-8")
    say(f"written: {args.out}")


if __name__ == "__main__":
    main()
