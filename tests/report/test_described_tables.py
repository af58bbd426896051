"""Tables of tasks that are described, on the command line: described stores start nearer, and the answer says by how much."""

import json
import re

import numpy as np
import pytest
from described import CONTEXT, make_stores
from shops import run

pd = pytest.importorskip("pandas")


def test_a_store_of_known_size_and_city_starts_nearer(few_fits_once, capsys, tmp_path):
    table, y, _ = make_stores()
    path = tmp_path / "stores.csv"
    table.assign(sales=y).to_csv(path, index=False)
    argv = (path, "--task", "store", "--target", "sales")
    said = [each for name in CONTEXT for each in ("--context", name)]
    status, out, _ = run(capsys, *argv, *said)
    assert status == 0 and "task='store', context=['size', 'city']): " in out
    (sentence,) = re.findall(r"\n(.*) of what differs between tasks\.\n", out)
    shares = [int(n) for n in re.findall(r"(\d+) %", sentence)]
    assert len(shares) == 2 and sum(shares) > 50
    errors = json.loads(run(capsys, *argv, *said, "--json")[1])["errors"]
    assert errors["warm"][0] < 0.7 * min(errors[name][0] for name in ("own", "pooled"))


def test_a_saved_prior_reads_what_describes_new_stores(few_fits_once, capsys, tmp_path):
    (table, y, _), (new, _, _) = make_stores(), make_stores(3, first=100)
    for name, each in (("past", table.assign(sales=y)), ("new", new)):
        each.to_csv(tmp_path / f"{name}.csv", index=False)
    said = [each for name in CONTEXT for each in ("--context", name)]
    saved, out = tmp_path / "prior.joblib", tmp_path / "out.csv"
    argv = (tmp_path / "past.csv", "--task", "store", "--target", "sales", *said)
    assert run(capsys, *argv, "--save", saved)[0] == 0
    assert run(capsys, "apply", saved, "--trust", tmp_path / "new.csv", "--out", out)[0] == 0
    import joblib
    from sklearn.linear_model import Ridge

    found, prior = pd.read_csv(out)["prediction"], joblib.load(saved)
    for _, own in new.groupby("store"):
        expected = prior.given(size=own["size"].iloc[0], city=own["city"].iloc[0]).zero_shot(Ridge())
        np.testing.assert_allclose(found[own.index], expected.predict(own[["x0", "x1"]]))
