"""A saved prior on the next table: the same columns, tasks with some rows known and tasks with none."""

import joblib
import numpy as np
import pytest
from shops import run
from sklearn.linear_model import Ridge
from variations import varied

from skmeta import report

pd = pytest.importorskip("pandas")


def make_table(first, n_tasks, seed, classes=False):
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(n_tasks), 20)
    price = rng.uniform(1, 5, len(task)).round(2)
    sales = rng.normal(10, 3, n_tasks)[task] + 2 * price + rng.normal(0, 0.3, len(task))
    return pd.DataFrame(
        {
            "store": [f"s{first + k}" for k in task],
            "day": pd.date_range("2024-01-01", periods=20).strftime("%d.%m.%Y").tolist() * n_tasks,
            "price": [f"${value:,.2f}" for value in 1000 * price],
            "weather": rng.choice(["sun", "rain"], len(task)),
            "country": "NL",
            "sales": np.where(sales > 16, "high", "low") if classes else sales.round(3),
        }
    )


_LEARNED = {}


def learned_from(tmp_path, table, *key):
    """The prior of a table, learned once for all tests that name the same key: none may change it."""
    if key not in _LEARNED:
        table.to_csv(tmp_path / "old.csv", index=False)
        collection, model = report.settle(report.read_file(str(tmp_path / "old.csv"), task="store", target="sales"))
        _LEARNED[key] = report.with_table(report.learn_from_all(collection, model).prior_, collection, model)
    return _LEARNED[key]


def learned(few_fits, tmp_path, classes=False, ending="joblib"):
    path = tmp_path / f"prior.{ending}"
    report.save_prior(learned_from(tmp_path, make_table(0, 20, 0, classes), "classes", classes), str(path))
    return path


def new_table(tmp_path, classes=False):
    new = make_table(100, 4, 1, classes)
    known = new["store"].isin(["s100", "s101"]) & (np.arange(len(new)) % 20 < 8)
    new.assign(sales=new["sales"].where(known)).to_csv(tmp_path / "new.csv", index=False)
    return tmp_path / "new.csv", new["sales"], known


@pytest.mark.parametrize("ending", ["joblib", "skops"])
def test_known_rows_teach_and_other_tasks_have_the_prior(few_fits, capsys, tmp_path, ending):
    pytest.importorskip(ending)
    prior, (path, truth, _) = learned(few_fits, tmp_path, ending=ending), new_table(tmp_path)
    own = ["--trust"] if ending == "joblib" else []
    status, out, _ = run(capsys, "apply", prior, path, *own, "--out", tmp_path / "out.csv")
    assert status == 0
    assert (
        "80 rows of 4 tasks (store) predicted: 2 tasks by what 16 known rows of their own tell, 2 by the prior" in out
    )
    done, given = pd.read_csv(tmp_path / "out.csv"), pd.read_csv(path)
    pd.testing.assert_frame_equal(done.drop(columns="prediction"), given)
    errors = (done["prediction"] - truth).abs().groupby(done["store"]).mean()
    assert errors[["s100", "s101"]].max() < 0.5 < errors[["s102", "s103"]].max()


def test_a_task_is_predicted_as_its_adapted_estimator_does(few_fits, tmp_path):
    prior, (path, _, known) = joblib.load(learned(few_fits, tmp_path)), new_table(tmp_path)
    frame, _ = report.apply_prior(prior, str(path))
    new = pd.read_csv(path)
    for store, shots in (("s100", known), ("s103", np.zeros(len(new), bool))):
        of_store = new["store"] == store
        rows = new[of_store].drop(columns=["store", "sales"])
        known_rows = new[of_store & shots]
        model = (
            prior.adapt(Ridge(), known_rows.drop(columns=["store", "sales"]), known_rows["sales"])
            if len(known_rows)
            else prior.zero_shot(Ridge())
        )
        np.testing.assert_allclose(frame["prediction"][of_store].astype(float), model.predict(rows), rtol=1e-8)


def test_classes_have_probabilities(few_fits, tmp_path):
    prior, (path, truth, _) = joblib.load(learned(few_fits, tmp_path, classes=True)), new_table(tmp_path, classes=True)
    frame, _ = report.apply_prior(prior, str(path))
    proba = frame[["probability of high", "probability of low"]].to_numpy(float)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    known = frame["store"].isin(["s100", "s101"])
    assert (frame["prediction"] == truth)[known].mean() > 0.9


def test_the_target_may_be_missing_and_columns_stand_in_any_order(few_fits, tmp_path):
    prior, (path, _, _) = joblib.load(learned(few_fits, tmp_path)), new_table(tmp_path)
    expected, _ = report.apply_prior(prior, str(path))
    new = pd.read_csv(path).assign(extra=1)
    unknown = ~new["store"].isin(["s100", "s101"])
    new[["weather", "extra", "price", "store", "day"]].to_csv(tmp_path / "b.csv", index=False)
    found, notes = report.apply_prior(prior, str(tmp_path / "b.csv"))
    np.testing.assert_allclose(*(each["prediction"][unknown].astype(float) for each in (found, expected)), rtol=1e-9)
    assert "Not used, as the prior knows nothing of them: extra." in notes


STYLES = {
    "plain numbers": lambda new: new.assign(price=new["price"].str.replace("[$,]", "", regex=True)),
    "decimal commas": lambda new: new.assign(price=new["price"].str.translate(str.maketrans(",.", ".,"))),
    "another format of dates": lambda new: new.assign(
        day=pd.to_datetime(new["day"], dayfirst=True).dt.strftime("%Y-%m-%d")
    ),
    "NA for a target": lambda new: new.assign(sales=new["sales"].astype(object).where(new["sales"].notna(), "NA")),
}


@pytest.mark.parametrize("style", STYLES)
def test_the_style_of_cells_may_change(few_fits, tmp_path, style):
    prior, (path, _, _) = joblib.load(learned(few_fits, tmp_path)), new_table(tmp_path)
    expected, _ = report.apply_prior(prior, str(path))
    STYLES[style](pd.read_csv(path)).to_csv(tmp_path / "b.csv", index=False)
    found, _ = report.apply_prior(prior, str(tmp_path / "b.csv"))
    np.testing.assert_allclose(*(each["prediction"].astype(float) for each in (found, expected)), rtol=1e-9)


def test_a_target_of_which_nothing_is_known_is_none(few_fits, tmp_path):
    prior, (path, _, _) = joblib.load(learned(few_fits, tmp_path)), new_table(tmp_path)
    pd.read_csv(path).assign(sales="NA").to_csv(path, index=False)
    assert "0 tasks by what 0 known rows" in report.apply_prior(prior, str(path))[1][-1]


BAD = {
    "another unit": (
        lambda new: new.assign(price=new["price"].str.replace("$", "€")),
        "column price: wanted numbers in",
    ),
    "dates for numbers": (lambda new: new.assign(price=new["day"]), "column price: wanted numbers in"),
    "its own name": (lambda new: new.assign(prediction=1), "wanted no column called prediction"),
    "no column": (lambda new: new.drop(columns="price"), "found none named price; add them"),
    "no task": (
        lambda new: new.drop(columns="store"),
        "wanted a column store, which says of which task a row is, .*none; add it, of a new task any",
    ),
    "words for numbers": (
        lambda new: new.assign(sales="much"),
        "column sales: wanted numbers, as it held before, found 'much'",
    ),
    "a target in another unit": (lambda new: new.assign(sales=[f"{k} kg" for k in range(80)]), "found '0 kg'"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_table_of_another_kind_is_told(few_fits, tmp_path, kind):
    prior, (path, _, _) = joblib.load(learned(few_fits, tmp_path)), new_table(tmp_path)
    change, message = BAD[kind]
    change(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(ValueError, match=message):
        report.apply_prior(prior, str(path))


def test_files_that_are_no_priors_are_told(capsys, tmp_path):
    path, _, _ = new_table(tmp_path)
    joblib.dump({"a": 1}, tmp_path / "a.joblib")
    (tmp_path / "c.skops").write_bytes(b"no zip file")
    for prior, message, *own in (
        (tmp_path / "a.joblib", "found dict", "--trust"),
        (
            tmp_path / "a.joblib",
            "found a pickle, which can run any code; if you made the file yourself, say so by --trust",
        ),
        (tmp_path / "b.skops", "found none"),
        (tmp_path / "c.skops", "wanted a file that skops wrote, found another kind"),
        (path, "ends in .skops"),
    ):
        status, _, err = run(capsys, "apply", prior, path, *own, "--out", tmp_path / "out.csv")
        assert status == 2 and message in err


# Truths, categories and labels in another spelling -----------------------------------------------------------

OPEN = {
    "true and false": ["True", "False"],
    "true, false and more": ["True", "False", "on request"],
    "in small letters": ["true", "false"],
    "in capitals": ["TRUE", "FALSE"],
    "in small letters and more": ["true", "false", "on request"],
    "numbers as words": ["1", "2", "none of these"],
}
SPELLINGS = {
    "as they are": lambda cells: cells,
    "words": lambda cells: cells.map(str),
    "small letters": lambda cells: cells.map(str).str.lower(),
    "capitals": lambda cells: cells.map(str).str.upper().replace("ON REQUEST", "on request"),
    "ones": lambda cells: cells.map(str).str.lower().replace({"true": "1", "false": "0"}),
    "their type": lambda cells: cells.map(lambda cell: TRUTHS.get(cell.lower(), cell)),
}
TRUTHS = {"true": True, "false": False}


def with_open(tmp_path, few_fits, cells):
    """A prior of a table with a column of truths that matters, and a later table."""
    old, new = (
        make_table(first, n_tasks, seed)[["store", "price", "sales"]].assign(
            open=lambda frame: np.resize(cells, len(frame))
        )
        for first, n_tasks, seed in ((0, 20, 0), (100, 4, 1))
    )
    old["sales"] += 7.0 * (old["open"] == cells[0])
    return learned_from(tmp_path, old, "cells", *cells), new.drop(columns="sales")


@varied("ending", ["csv", "parquet"])
@varied("kind", OPEN, keep=3)
def test_truths_are_the_same_in_any_spelling(few_fits, tmp_path, kind, ending):
    pytest.importorskip("pyarrow")
    prior, new = with_open(tmp_path, few_fits, OPEN[kind])
    answers = {}
    for name, spelt in SPELLINGS.items():
        if (name == "ones" and len(OPEN[kind]) > 2) or (name in ("capitals", "small letters") and "numbers" in kind):
            continue  # where more was learned, 1 is another word
        if ending == "parquet" and name == "their type" and len(OPEN[kind]) > 2:
            continue  # which no Parquet file holds
        later = new.assign(open=spelt(new["open"]))
        path = tmp_path / f"new.{ending}"
        later.to_csv(path, index=False) if ending == "csv" else later.to_parquet(path)
        frame, notes = report.apply_prior(prior, str(path))
        answers[name] = frame["prediction"].to_numpy(float)
        assert not any(note.startswith("open:") for note in notes), (name, notes)
    (first, *others) = answers.values()
    for other in others:
        np.testing.assert_allclose(other, first, rtol=1e-9)
    if "numbers" not in kind:
        assert first[:: len(OPEN[kind])].mean() > first.mean() + 2  # the first word is what raises sales


def test_a_category_that_was_not_learned_is_told(few_fits, tmp_path):
    prior, new = with_open(tmp_path, few_fits, OPEN["true and false"])
    new.loc[[3, 5], "open"] = "maybe"
    new.to_csv(tmp_path / "new.csv", index=False)
    _, notes = report.apply_prior(prior, str(tmp_path / "new.csv"))
    assert notes[0] == (
        "open: 2 cells hold categories that the prior does not know, such as 'maybe', and count as none of those that it does."
    )


@varied("labels", [["true", "false"], ["1", "0"], ["True", "False"]], ids=str, keep=2)
@varied("learned_as", [["True", "False"], ["TRUE", "FALSE"], [True, False], ["0", "1"]], ids=str, keep=2)
def test_labels_are_the_same_in_any_spelling(few_fits, tmp_path, learned_as, labels):
    frames = []
    for first, n_tasks, seed, words in ((0, 20, 0, learned_as), (100, 4, 1, labels)):
        frame = make_table(first, n_tasks, seed)
        ranks = [sorted(map(str, words), key=str.lower).index(str(word)) for word in words]  # 0 and false come first
        frame["sales"] = np.where(frame["sales"] > 16, words[ranks.index(1)], words[ranks.index(0)])
        frames.append(frame)
    frames[1].to_csv(tmp_path / "new.csv", index=False)
    prior = learned_from(tmp_path, frames[0], "labels", *map(repr, learned_as))
    frame, _ = report.apply_prior(prior, str(tmp_path / "new.csv"))
    truths = make_table(100, 4, 1)["sales"] > 16
    said = frame["prediction"].map(str).str.lower().isin(["true", "1"])
    assert (said == truths).mean() > 0.9


def test_a_cell_that_is_no_label_counts_as_not_known_and_is_told(few_fits, tmp_path):
    old, new = (make_table(first, n_tasks, seed) for first, n_tasks, seed in ((0, 20, 0), (100, 4, 1)))
    for frame in (old, new):
        frame["sales"] = np.where(frame["sales"] > 16, "1", "0")
    new.assign(sales=new["sales"].where(np.arange(80) != 7, "soon")).to_csv(tmp_path / "new.csv", index=False)
    prior = learned_from(tmp_path, old, "labels", "'0'", "'1'")
    _, notes = report.apply_prior(prior, str(tmp_path / "new.csv"))
    assert "sales: 1 cells hold no value, such as 'soon', and count as not known." in notes
    assert "79 known rows" in notes[-1]


def test_a_label_that_was_not_learned_is_told(few_fits, tmp_path):
    prior, (path, _, _) = joblib.load(learned(few_fits, tmp_path, classes=True)), new_table(tmp_path, classes=True)
    pd.read_csv(path).assign(sales="middle").to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"y: wanted the classes that the prior knows, .* found new \['middle'\]"):
        report.apply_prior(prior, str(path))


def test_a_column_that_became_words_is_told_by_a_word(few_fits, tmp_path):
    prior, (path, _, _) = joblib.load(learned(few_fits, tmp_path)), new_table(tmp_path)
    new = pd.read_csv(path)
    new.assign(price=new["price"].where(np.arange(len(new)) % 3 > 0, "dear")).to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"column price: wanted numbers in \$, as it held before, found 'dear'"):
        report.apply_prior(prior, str(path))
