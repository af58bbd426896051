"""Does knowledge transfer among my datasets? From a table to an answer."""

from skmeta.report._apply import apply_prior
from skmeta.report._collection import Collection
from skmeta.report._compare import choose_shots, compare, learn_from_all
from skmeta.report._estimators import settle
from skmeta.report._files import check_outputs, load_prior, save_plot, save_prior, save_table, why_not_applied
from skmeta.report._names import names
from skmeta.report._prior_of_table import with_table
from skmeta.report._read import read_embedded, read_file, read_table
from skmeta.report._signals import stopped_by
from skmeta.report._text import as_json, as_text, count
from skmeta.report._verdict import Verdict, judge

__all__ = [
    "Collection",
    "Verdict",
    "apply_prior",
    "as_json",
    "as_text",
    "check_outputs",
    "choose_shots",
    "compare",
    "count",
    "judge",
    "learn_from_all",
    "load_prior",
    "names",
    "read_embedded",
    "read_file",
    "read_table",
    "save_plot",
    "save_prior",
    "save_table",
    "settle",
    "stopped_by",
    "why_not_applied",
    "with_table",
]
