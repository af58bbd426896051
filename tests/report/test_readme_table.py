"""The table in README is what the report computes of the embedded data, by the public parts that anybody may call."""

import re

import numpy as np
import pytest
from house import ROOT
from sklearn.linear_model import Ridge

from skmeta import report
from skmeta.datasets import load_parkinsons
from skmeta.inspection._role_names import ROLE_NAMES
from skmeta.model_selection import make_baselines
from skmeta.report._compare import draw_splits, score_rivals

SHOTS = (0, 1, 2, 5, 10, 20)


def readme_table():
    """Strategy to its errors as README prints them."""
    text = (ROOT.parent / "README.md").read_text("utf-8")
    rows = {
        name: re.search(rf"^{re.escape(label)} +([\d. ]+)", text, flags=re.MULTILINE)
        for name, label in ROLE_NAMES.items()
    }
    return {name: row[1].split()[: len(SHOTS)] for name, row in rows.items()}


def test_one_pooled_model_has_the_errors_of_the_table():
    shots = (0, 5, 20)
    table, models = report.read_embedded(), make_baselines(Ridge(), task=-1)["pooled"]
    parts = [score_rivals(table, models, splits).errors for splits in draw_splits(table, shots)]
    errors = np.concatenate(parts, axis=-1).mean(axis=-1).min(axis=0)
    assert [f"{error:#.4g}" for error in errors] == [readme_table()["pooled"][SHOTS.index(n)] for n in shots]


def test_a_frame_is_the_collection_that_is_embedded():
    frame, embedded = load_parkinsons(as_frame=True).frame, report.read_embedded()
    table = report.read_table(frame, task="patient", target="total_UPDRS", name=embedded.name)
    assert table.names == embedded.names and table.name == embedded.name
    np.testing.assert_array_equal(table.y, embedded.y)
    np.testing.assert_array_equal(table.X[table.numbers].to_numpy(), embedded.X[:, embedded.numbers])
    np.testing.assert_array_equal(table.index.codes, embedded.index.codes)


@pytest.mark.statistics
def test_the_lines_in_the_guide_print_the_table():
    frame = load_parkinsons(as_frame=True).frame
    collection, model = report.settle(report.read_table(frame, task="patient", target="total_UPDRS"))
    curve = report.compare(collection, model)
    found = {name: [f"{error:#.4g}" for error in -curve[name].mean(axis=-1)] for name in curve.names}
    assert found == readme_table()
