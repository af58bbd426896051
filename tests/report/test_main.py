"""The command line, and the room behind it: reading tables, comparing strategies, and the verdict."""

import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ttest_1samp
from sklearn.base import is_classifier
from sklearn.linear_model import BayesianRidge, Lasso, LogisticRegression, PoissonRegressor, Ridge
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from skmeta import EmpiricalBayes, WarmStartClassifier, WarmStartRegressor, __main__, report
from skmeta.model_selection import NShotSplit, ShotCurve
from skmeta.report import _compare, _verdict
from skmeta.report._columns import make_features, read_column
from skmeta.report._estimators import holds_classes
from skmeta.report._read import Collection
from skmeta.report._verdict import beats, best_of_others, choose, judge, relative_gain, rows_to_match

pd = pytest.importorskip("pandas")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def quick(monkeypatch):
    """Few splits and strengths and sweeps, in this process."""
    learner = EmpiricalBayes("diagonal", max_iter=2)
    shells = {True: WarmStartClassifier, False: WarmStartRegressor}
    monkeypatch.setattr(_compare, "warm_class", lambda model: partial(shells[is_classifier(model)], learner=learner))
    monkeypatch.setattr(_compare, "SHOTS", (0, 4))
    monkeypatch.setattr(_compare, "N_SPLITS", 2)
    monkeypatch.setattr(_compare, "STRENGTHS", (1.0,))
    with joblib.parallel_config(backend="sequential"):
        yield


def make_shops(n_tasks=14, n_rows=9, spread=1.0, seed=0):
    """A shop table as users have them: text ids, dates, gaps, categories, and columns that say nothing."""
    rng = np.random.default_rng(seed)
    shop = np.repeat(np.arange(n_tasks), n_rows)
    n = len(shop)
    coef = rng.normal([3.0, -2.0, 5.0], spread, size=(n_tasks, 3))[shop]
    price, weather = rng.normal(size=n), rng.choice(["sun", "rain"], n)
    sales = price * coef[:, 0] + (weather == "sun") * coef[:, 1] + coef[:, 2] + 0.3 * rng.normal(size=n)
    day = np.tile(np.arange(n_rows), n_tasks)
    frame = pd.DataFrame(
        {
            "row": np.arange(n) + 100,
            "shop": [f"shop {k}" for k in shop],
            "address": [f"{k} Main Street" for k in shop],
            "date": (pd.Timestamp("2024-01-30") + pd.to_timedelta(day, unit="D")).strftime("%Y-%m-%d"),
            "price": np.where(rng.random(n) < 0.05, np.nan, price),
            "weather": np.where(rng.random(n) < 0.05, None, weather),
            "open": rng.random(n) < 0.5,
            "remark": [f"remark {k}" for k in range(n)],
            "country": "NL",
            "sales": sales,
        }
    )
    return frame.sample(frac=1, random_state=seed, ignore_index=True)


@pytest.fixture
def shops(tmp_path):
    path = tmp_path / "shops.csv"
    make_shops().to_csv(path, index=False)
    return str(path)


def make_collection(n_tasks=9, n_rows=8, seed=0, classes=0):
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.normal(size=(len(task), 2))
    y = X[:, 0] + task + 0.1 * rng.normal(size=len(task))
    y = np.digitize(X[:, 0], np.linspace(-0.5, 0.5, classes - 1)) if classes else y
    return Collection("made up", np.c_[X, task], y, 2, ("site", "target"), [0, 1], [])


def run(capsys, *argv):
    """Status, and what was written to stdout and stderr."""
    status = __main__.main([str(arg) for arg in argv])
    return status, *capsys.readouterr()


# The command line ---------------------------------------------------------------------------------------


def test_a_table_of_related_tasks_gets_the_table_and_the_sentence(quick, capsys, shops):
    status, out, err = run(capsys, shops, "--task", "shop", "--target", "sales")
    assert status == 0
    rows = {line[:25].strip(): line[25:].split() for line in out.splitlines()}
    assert rows["root mean squared error"][:2] == ["0", "4"]
    errors = {name: np.array(rows[name][:2], float) for name in report._text.LABELS.values()}
    others = np.min([values for name, values in errors.items() if name != "warm"], axis=0)
    np.testing.assert_allclose(
        100 * (1 - errors["warm"] / others), np.array(rows["gain of warm"][0:4:2], float), atol=0.6
    )
    assert "interpolation" in out
    assert out.strip().splitlines()[-1].startswith("Warm-start each new shop, by WarmStartRegressor(Ridge(),")
    lines = err.splitlines()
    assert (lines[0], lines[-1]) == ("[1/4] 0 rows known of a new shop", "[4/4] 4 rows known of a new shop")
    assert "Warm has alpha=1, as it stands. The others are fitted with alpha of " in out
    assert "with 0 rows the mean of other tasks" in out


def test_rows_in_order_are_a_forecast(quick, capsys, shops):
    status, out, _ = run(capsys, shops, "--task", "shop", "--target", "sales", "--order", "date")
    assert status == 0
    assert "The first rows by date are given back, later ones tested: a forecast." in out
    assert "interpolation" not in out


def test_json_has_the_numbers_of_the_text(quick, capsys, shops):
    argv = (shops, "--task", "shop", "--target", "sales")
    status, out, _ = run(capsys, *argv, "--json")
    answer = json.loads(out)
    assert status == 0
    assert answer["n_shots"] == [0, 4]
    assert set(answer["errors"]) == {"own", "pooled", "residual", "warm"}
    best = [min(answer["errors"][name][k] for name in ("own", "pooled", "residual")) for k in range(2)]
    np.testing.assert_allclose(answer["gain"], 1 - np.array(answer["errors"]["warm"]) / best)
    _, text, _ = run(capsys, *argv)
    assert text.strip().endswith(answer["advice"])
    assert answer["notes"][0] in text


def test_the_answer_is_the_same_twice_and_in_threads(quick, capsys, shops):
    argv = (shops, "--task", "shop", "--target", "sales", "--json")
    first = run(capsys, *argv)[1]
    with joblib.parallel_config(backend="threading", n_jobs=2):
        assert run(capsys, *argv)[1] == first


WITHOUT_EXTRAS = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("pandas", "polars", "pyarrow", "matplotlib", "skops"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import joblib
from skmeta import __main__
from skmeta.report import _compare
_compare.SHOTS, _compare.N_SPLITS, _compare.STRENGTHS = (0, 5), 2, (1.0,)
with joblib.parallel_config(backend="sequential"):
    sys.exit(__main__.main([]))
"""


def test_the_embedded_run_needs_no_extras():
    done = subprocess.run([sys.executable, "-c", WITHOUT_EXTRAS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Parkinson's telemonitoring (embedded): 988 rows, 42 tasks (patient), 19 ")
    assert "interpolation" in done.stdout


def test_what_was_learned_from_all_tasks_is_saved(quick, capsys, shops, tmp_path):
    pytest.importorskip("skops")
    files = [tmp_path / "prior.skops", tmp_path / "prior.joblib"]
    for file in files:
        assert run(capsys, shops, "--task", "shop", "--target", "sales", "--save", file)[0] == 0
    from skops.io import get_untrusted_types, load

    untrusted = get_untrusted_types(file=files[0])
    assert all(name.startswith(("skmeta.", "numpy.")) for name in untrusted)
    priors = [load(files[0], trusted=untrusted), joblib.load(files[1])]
    assert priors[0].n_tasks == 14
    table = report.read_file(shops, task="shop", target="sales")
    X, y = table.X.drop(columns="shop")[:5], table.y[:5]
    fitted = [WarmStartRegressor(Ridge(), prior=prior).fit(X, y).predict(X) for prior in priors]
    np.testing.assert_array_equal(*fitted)
    assert np.abs(fitted[0] - y).mean() < 0.5 * np.abs(y - table.y.mean()).mean()


def test_the_picture_is_drawn(quick, capsys, shops, tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    file = tmp_path / "curve.svg"
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # letters, not their outlines
        assert run(capsys, shops, "--task", "shop", "--target", "sales", "--plot", file)[0] == 0
    picture = file.read_text()
    assert all(f">{name}<" in picture for name in report._text.LABELS.values())


BAD = [
    (
        ["--task", "store", "--target", "sales"],
        "--task: wanted the name of a column, found store. There are: row, shop, ",
    ),
    (["--task", "shops", "--target", "sales"], "--task: wanted the name of a column, found shops. Did you mean shop?"),
    (["--task", "shop", "--target", "sale"], "--target: wanted the name of a column, found sale. Did you mean sales?"),
    (["--task", "shop", "--target", "sales", "--order", "data"], "Did you mean date"),
    (["--task", "shop", "--target", "sales", "--order", "weather"], "--order: wanted numbers or dates in weather"),
    (["--task", "shop", "--target", "shop"], "wanted different columns, found shop, shop"),
    (["--task", "shop"], "--task, --target: wanted a COLUMN of each"),
    (["--task", "shop", "--target", "sales", "--estimator", "laso"], "found laso. Did you mean lasso?"),
    (["--task", "shop", "--target", "sales", "--estimator", "logistic"], "wanted classes for Logistic"),
    (["--task", "shop", "--target", "weather", "--estimator", "ridge"], "wanted numbers for Ridge"),
    (["--task", "shop", "--target", "sales", "--estimator", "gamma"], "wanted positive targets"),
    (["--task", "remark", "--target", "sales"], "--task: wanted a column that groups rows, found 126 different"),
    (
        ["--task", "weather", "--target", "sales"],
        "wanted a column that tells at least 3 tasks apart, found 2 in weather",
    ),
    (
        ["--task", "country", "--target", "sales"],
        "--task: wanted a column that tells at least 3 tasks apart, found 1 in country",
    ),
    (["--task", "shop", "--target", "country"], "--target: wanted values that differ, found country to be 'NL'"),
    (
        ["--task", "shop", "--target", "sales", "--plot", "a.gif"],
        "--plot: wanted a file that ends in .png or .pdf or .svg",
    ),
    (["--task", "shop", "--target", "sales", "--save", "/no/such/a.skops"], "in a folder that exists"),
    (["--task", "shop", "--target", "sales", "--wrong"], "unrecognized arguments: --wrong"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=lambda value: " ".join(value[-2:]))
def test_an_error_is_one_line_and_status_2(quick, capsys, shops, options, message):
    status, out, err = run(capsys, shops, *options)
    assert (status, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert message in line


FILES = {
    "no.csv": (None, "no.csv: wanted a file, found none"),
    "table.xlsx": (b"", "wanted a CSV (.csv, .tsv, .txt) or Parquet (.parquet) file, found .xlsx"),
    "empty.csv": (b"", "empty.csv: wanted a table, found an empty file"),
    "blank.csv": (b"\n\n", "blank.csv: wanted a table, found what cannot be read as one: No columns to parse"),
    "ragged.csv": (b"shop,sales\na,1\na,2,3\n", "ragged.csv: wanted a table, found what cannot be read as one: "),
    "latin.csv": ("shop,sales,price\nCaf\xe9,1,2\n".encode("latin-1"), "wanted text in UTF-8"),
    "gaps.csv": (b"shop,sales,price\na,,1\n,2,2\n", "wanted rows with a value in each of shop, sales, found none"),
    "bare.csv": (b"shop,sales\na,1\na,2\nb,3\n", "columns beside shop and sales to predict from, found none."),
    "ids.csv": (b"shop,sales,address\na,1,x\na,2,x\nb,3,y\n", "found only address, of which none tells anything"),
    "words.csv": (
        b"shop,sales,price\n" + b"".join(b"%d,no. %d,1.%d\n" % (k % 9, k % 60, k) for k in range(540)),
        "found 60, such as 'no. 0', 'no. 1'",
    ),
    "inf.csv": (b"shop,sales,price\na,1,inf\na,2,1\nb,3,2\n", "column price: wanted finite numbers"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_one_line_too(capsys, tmp_path, name):
    content, message = FILES[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    status, _, err = run(capsys, tmp_path / name, "--task", "shop", "--target", "sales")
    assert status == 2
    (line,) = err.splitlines()
    assert message in line


@pytest.mark.parametrize(
    ("package", "argv", "extra"),
    [
        ("pandas", ["SHOPS", "--task", "shop", "--target", "sales"], "frames"),
        ("matplotlib", ["--plot", "a.png"], "plot"),
        ("skops", ["--save", "a.skops"], "save"),
    ],
)
def test_a_missing_extra_is_named(capsys, monkeypatch, shops, package, argv, extra):
    monkeypatch.setitem(sys.modules, package, None)
    status, _, err = run(capsys, *(shops if arg == "SHOPS" else arg for arg in argv))
    assert status == 2
    assert f"pip install 'skmeta[{extra}]'" in err
    assert len(err.splitlines()) == 1


def test_task_without_a_file_is_an_error(capsys):
    assert run(capsys, "--task", "patient")[0] == 2


def test_what_is_shared_is_worth_nothing_on_noise(quick, capsys, tmp_path):
    rng = np.random.default_rng(0)
    noise = pd.DataFrame(rng.normal(size=(400, 3)), columns=["a", "b", "y"]).assign(site=np.arange(400) % 25)
    noise.to_csv(tmp_path / "noise.csv", index=False)
    status, out, _ = run(capsys, tmp_path / "noise.csv", "--task", "site", "--target", "y")
    assert status == 0
    worth = " ".join(out.split("\n\n")[2].split())
    assert worth.startswith("With 4 rows of a new site, warm is no better than the mean of other tasks")
    assert "borrowing_" not in worth  # which is large, as the prior is sure that nothing matters
    assert "share nothing worth using" in out


MASKED = """
import signal
from sklearn.utils.parallel import Parallel, delayed
from skmeta.report._signals import uninterrupted

def is_blocked(job=None):
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])

with uninterrupted():
    results = Parallel(n_jobs=2, return_as="generator")(delayed(is_blocked)(job) for job in range(2))
print(*results, is_blocked())
"""

STOPPING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever started this process has made of it
from skmeta import __main__
sys.exit(__main__.main(sys.argv[1:]))
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups to signal")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_stopped_run_leaves_one_line_and_no_processes(shops, name):
    argv = [sys.executable, "-c", STOPPING, shops, "--task", "shop", "--target", "sales"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(argv, cwd=ROOT, start_new_session=True, **pipes) as process:
        assert process.stderr.readline().startswith("[1/")
        os.killpg(process.pid, getattr(signal, name))  # as a terminal does on Ctrl-C
        out, err = process.communicate(timeout=600)  # which waits for all who could still write
    assert process.returncode == 128 + getattr(signal, name)
    assert out == ""
    lines = [line for line in err.splitlines() if not line.startswith("[")]
    assert lines == ["interrupted"]


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Windows has no signal masks")
def test_processes_that_start_uninterrupted_never_hear_of_ctrl_c():
    # In a process of its own: what a pool starts with it, which once unblocked the signal, it starts once.
    done = subprocess.run([sys.executable, "-c", MASKED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "False"]


def test_handlers_of_signals_are_as_they_were(quick, capsys, shops):
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    run(capsys, shops, "--task", "shop", "--target", "nothing")
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def test_interrupting_is_one_line_and_status_130(capsys, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "compare", interrupt)
    assert run(capsys) == (130, "", "interrupted\n")


def test_progress_is_one_changing_line_on_a_terminal():
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    progress = __main__.show_progress(terminal, "shop")
    for done in (1, 2, 3):
        progress(done, 3, 5)
    assert "\n" not in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")  # and it is gone at the end


# Reading ------------------------------------------------------------------------------------------------


def test_columns_are_read_by_what_they_hold(shops):
    table = report.read_file(shops, task="shop", target="sales")
    assert (table.numbers, table.categories) == (["date", "price"], ["weather", "open"])
    assert table.notes == (
        "Left out, as they never change: country.",
        "Left out, as they only name rows or tasks: row, address, remark.",
        "Dates, counted in days since 1970-01-01: date.",
    )
    assert table.X["date"].min() == (pd.Timestamp("2024-01-30") - pd.Timestamp(0)).days
    assert sorted(table.X["shop"].unique()) == list(range(14))


def test_all_formats_give_the_same_table(shops, tmp_path):
    expected = report.read_file(shops, task="shop", target="sales")
    frame = make_shops()
    frame.to_csv(tmp_path / "a.csv.gz", index=False, sep=";")
    frame.to_csv(tmp_path / "a.tsv", index=False, sep="\t")
    frame.to_csv(tmp_path / "decimal.csv", index=False, sep=";", decimal=",")
    files = ["a.csv.gz", "a.tsv", "decimal.csv"]
    if pytest.importorskip("pyarrow"):
        frame.assign(date=pd.to_datetime(frame["date"])).to_parquet(tmp_path / "a.parquet")
        files.append("a.parquet")
    for file in files:
        table = report.read_file(str(tmp_path / file), task="shop", target="sales")
        assert (table.numbers, table.categories) == (expected.numbers, expected.categories)
        np.testing.assert_allclose(table.y, expected.y)
        for column in expected.X.columns:
            assert table.X[column].isna().equals(expected.X[column].isna())
            assert (table.X[column].dropna() == expected.X[column].dropna()).all() or column == "price"


def test_rows_without_target_or_task_are_left_out_and_told(tmp_path):
    frame = make_shops()
    frame.loc[:2, "sales"] = np.nan
    frame.loc[2:4, "shop"] = None
    frame.to_csv(tmp_path / "a.csv", index=False)
    table = report.read_file(str(tmp_path / "a.csv"), task="shop", target="sales")
    assert len(table.y) == len(frame) - 5
    assert table.notes[0] == "5 rows without shop or sales were left out."
    assert not np.isnan(table.y).any()
    assert "row" not in table.numbers  # gaps in it do not make it a measurement


def test_durations_are_numbers():
    kind, days = read_column(pd.Series(pd.to_timedelta([12, 36, None], "h"), name="age"))
    assert kind == "number"
    np.testing.assert_array_equal(days, [0.5, 1.5, np.nan])


@pytest.mark.parametrize("name", ["sgd", "logistic"])
def test_classifiers_by_name_give_probabilities_and_the_same_ones_twice(quick, name):
    table, model = report.settle(make_collection(classes=2), name)
    curves = [report.compare(table, model) for _ in range(2)]
    assert np.isfinite(curves[0].scores).all()
    np.testing.assert_array_equal(curves[0].scores, curves[1].scores)


DATES = [
    (["2024-01-13", "2024-03-02"], ["2024-01-13", "2024-03-02"]),
    (["13.01.2024", "02.03.2024"], ["2024-01-13", "2024-03-02"]),
    (["01/13/2024", "03/02/2024"], ["2024-01-13", "2024-03-02"]),
    (["02/03/2024", "13/01/2024"], ["2024-03-02", "2024-01-13"]),
    (["2024-01-13T12:00", "2024-03-02T00:00"], ["2024-01-13T12:00", "2024-03-02"]),
    (["2024-01", None], ["2024-01-01", "1970-01-01"]),
]


@pytest.mark.parametrize(("text", "dates"), DATES, ids=str)
def test_dates_become_days(text, dates):
    kind, days = read_column(pd.Series(text, name="date"))
    assert kind == "date"
    np.testing.assert_allclose(days, np.array(dates, dtype="M8[h]").astype(float) / 24 + 0 * days)


@pytest.mark.parametrize("text", [["2024-13-45"], ["1.2.3"], ["12-34"], ["2024-01-01", "soon"], ["1,5"]], ids=str)
def test_text_that_is_no_date_is_a_category(text):
    assert read_column(pd.Series(text))[0] == "category"


def test_features_have_no_gaps_and_take_what_they_have_not_seen():
    table = pd.DataFrame(
        {"a": [1.0, 2.0, np.nan, 4.0], "c": np.array(["x", np.nan, "y", "x"], object), "task": [0, 0, 1, 1]}
    )
    features = make_features(["a"], ["c"], task="task").fit(table)
    Z = features.transform(table)
    assert np.isfinite(Z).all()
    np.testing.assert_array_equal(Z[:, -1], table["task"])
    np.testing.assert_allclose(Z[:, 0].mean(), 0, atol=1e-12)
    new = pd.DataFrame({"a": [np.nan], "c": np.array(["z"], object), "task": [7]})
    assert features.transform(new).shape == (1, Z.shape[1])


# The target, and the estimator --------------------------------------------------------------------------

rng = np.random.default_rng(0)
TARGETS = {
    "text": (np.array(["a", "b", "c", "d"] * 9, object), True),
    "booleans": (rng.random(40) < 0.5, True),
    "two numbers": (np.arange(300) % 100 == 0, True),
    "0 and 1, rarely 1": ((np.arange(300) % 100 == 0).astype(int), True),
    "0.0 and 1.0": ((np.arange(40) % 2).astype(float), True),
    "three labels": (np.arange(60) % 3, True),
    "counts": (rng.poisson(2.0, 500), False),
    "rare counts": (rng.poisson(0.2, 500), False),
    "many whole numbers": (np.arange(100) % 11, False),
    "two fractions": (np.arange(40) % 2 / 2, False),
    "measurements": (rng.normal(size=40), False),
}


@pytest.mark.parametrize("name", TARGETS)
def test_classes_are_recognised_and_counts_are_not(name):
    y, classes = TARGETS[name]
    assert holds_classes(y) is classes
    model = report.settle(replace(make_collection(20, len(y) // 20), y=y[: len(y) // 20 * 20]))[1]
    assert type(model) is (LogisticRegression if classes else Ridge)


@pytest.mark.parametrize("name", report.NAMES)
def test_every_name_is_an_estimator_that_can_start_warm(name):
    table = make_collection(classes=2)
    table, model = report.settle(replace(table, y=table.y + 1), name)
    fitted = report.learn_from_all(table, model)
    assert type(fitted) in (WarmStartRegressor, WarmStartClassifier)
    assert name in type(fitted.estimators_[0].steps[-1][1]).__name__.lower()


def test_names_are_read_kindly():
    table = make_collection()
    assert type(report.settle(table, "Bayesian-Ridge")[1]) is BayesianRidge


def test_a_class_that_one_task_alone_has_is_left_out_and_told():
    table = make_collection(classes=3)
    y = np.where(np.arange(len(table.y)) < 2, "odd", np.array(["a", "b", "c"], object)[table.y])
    settled, _ = report.settle(replace(table, y=y))
    assert set(settled.y) == {"a", "b", "c"}
    assert len(settled.X) == len(settled.y) == len(y) - 2
    assert settled.notes == ("Left out, 2 rows of classes that one task alone has: odd.",)


def test_a_text_with_a_value_for_almost_every_row_is_no_class_and_the_target_is_told():
    table = make_collection()
    y = np.array([f"text {k}" for k in np.maximum(np.arange(len(table.y)), 20)], object)
    y[::8] = "text 20"  # which all tasks have
    with pytest.raises(ValueError, match=r"--target: wanted classes that several tasks have in target, found 45 of 72"):
        report.settle(replace(table, y=y))


# Comparing ----------------------------------------------------------------------------------------------


def test_a_fold_tests_the_same_rows_at_all_numbers_of_shots():
    table = make_collection()
    splits = list(_compare.draw_splits(table, (0, 2, 5)))
    tasks = table.X[:, 2]
    for fold in range(5):
        zero, two, five = splits[fold::5]
        assert set(zero[0]) < set(two[0]) < set(five[0])
        for n, (train, test) in zip((0, 2, 5), (zero, two, five), strict=True):
            np.testing.assert_array_equal(test, zero[1])
            assert not set(train) & set(test)
            for held in np.unique(tasks[test]):
                assert np.count_nonzero(tasks[train] == held) == n


def test_errors_are_those_of_models_fitted_by_hand(quick):
    """Own and pooled, refitted here from public parts: features of all training rows, errors by task."""
    table = make_collection()
    curve = report.compare(table, Ridge())
    splits = zip(
        NShotSplit(2, 0, 2, random_state=0).split(table.X),
        NShotSplit(2, 4, 2, random_state=0).split(table.X),
        strict=True,
    )
    expected = {"own": [], "pooled": []}
    for (others, _), (train, test) in splits:
        scaler = StandardScaler().fit(table.X[train, :2])
        tasks = table.X[:, 2]
        pooled = Ridge().fit(scaler.transform(table.X[train, :2]), table.y[train])
        for held in np.unique(tasks[test]):
            shots, rows = train[tasks[train] == held], test[tasks[test] == held]
            assert not set(shots) & set(others)
            own = Ridge().fit(scaler.transform(table.X[shots, :2]), table.y[shots])
            for name, model in (("own", own), ("pooled", pooled)):
                left = model.predict(scaler.transform(table.X[rows, :2])) - table.y[rows]
                expected[name].append(np.sqrt(np.mean(left**2)))
    for name, errors in expected.items():
        np.testing.assert_allclose(-curve[name][1], errors, rtol=1e-9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_unit_of_the_target_is_all_the_same_to_a_lasso(quick):
    table = make_collection()
    curve = report.compare(table, Lasso())
    scaled = report.compare(replace(table, y=1000 * table.y + 50), Lasso())
    np.testing.assert_allclose(scaled.scores, 1000 * curve.scores, rtol=1e-3)


def test_each_strategy_is_shown_at_its_best_strength(quick, monkeypatch):
    table = make_collection()
    single = []
    for strength in (0.01, 10.0):
        monkeypatch.setattr(_compare, "STRENGTHS", (strength,))
        single.append(report.compare(table, Ridge()))
    monkeypatch.setattr(_compare, "STRENGTHS", (0.01, 10.0))
    both = report.compare(table, Ridge())
    for name in ("own", "pooled", "residual"):
        means = [curve[name].mean(axis=-1) for curve in single]
        np.testing.assert_allclose(both[name].mean(axis=-1), np.max(means, axis=0))
    np.testing.assert_array_equal(both["warm"], single[0]["warm"])


def test_log_loss_is_that_of_scikit_learn_and_knows_unseen_classes():
    table = make_collection(classes=3)
    X, y = table.X[:, :2], table.y
    model = LogisticRegression().fit(X, y)
    errors = _compare.task_errors(model, X, y, table.X[:, 2])
    expected = [log_loss(y[rows], model.predict_proba(X[rows]), labels=[0, 1, 2])
                for rows in (table.X[:, 2] == k for k in range(9))]  # fmt: skip
    np.testing.assert_allclose(errors, expected)
    without = LogisticRegression().fit(X[y < 2], y[y < 2])
    chance = _compare.chance_given(without, X, y)
    np.testing.assert_array_equal(chance[y == 2], np.finfo(float).eps)
    np.testing.assert_allclose(chance[y == 1], without.predict_proba(X[y == 1])[:, 1])


def test_counts_leave_no_residuals_to_fit(quick):
    table = make_collection()
    counts = replace(table, y=np.random.default_rng(0).poisson(2.0, len(table.y)).astype(float))
    curve = report.compare(counts, PoissonRegressor())
    assert curve.names == ("own", "pooled", "warm")
    warm = report.learn_from_all(counts, PoissonRegressor())
    text = report.as_text(counts, PoissonRegressor(), curve, judge(curve), warm)
    assert "No pooled + own residual: PoissonRegressor cannot be fitted to residuals, which have a sign." in text
    assert "No pooled" not in report._text._header(table, Ridge(), report.compare(table, Ridge()))


@pytest.mark.parametrize(
    ("rows", "shots"),
    [
        ([30] * 9, (0, 1, 2, 5, 10, 20)),
        ([10] * 9, (0, 1, 2, 5)),
        ([30] * 4 + [3] * 5, (0, 1, 2)),
        ([2] * 3, (0, 1)),
    ],
)
def test_shots_leave_rows_to_test_in_half_of_the_tasks(rows, shots):
    assert _compare.choose_shots(np.array(rows), "site") == shots


def test_of_very_many_tasks_some_are_drawn(monkeypatch):
    monkeypatch.setattr(_compare, "MAX_TASKS", 4)
    table = make_collection()
    drawn = _compare.draw_tasks(table)
    assert len(np.unique(drawn.X[:, 2])) == 4
    assert len(drawn.y) == len(drawn.X) == 4 * 8


# The verdict --------------------------------------------------------------------------------------------


def errors_of(own, pooled, warm, residual=None, n_tasks=40, noise=0.05, seed=0):
    """Errors (n_shots, n_tasks) around given means; tasks that are hard are hard for every strategy."""
    rng = np.random.default_rng(seed)
    hard = rng.lognormal(0, 0.5, n_tasks)
    means = {"own": own, "pooled": pooled, "residual": own if residual is None else residual, "warm": warm}
    return {
        name: np.array(mean)[:, None] * hard * rng.lognormal(0, noise, (len(mean), n_tasks))
        for name, mean in means.items()
    }


VERDICTS = {
    "warm": ([4, 3, 2, 1.5], [2.9, 2.9, 2.9, 2.9], [2.9, 2, 1.2, 1]),
    "pooled": ([4, 3, 2, 1.5], [1, 1, 1, 1], [1, 1, 1, 1]),
    "residual": ([4, 4, 3, 2], [3, 3, 3, 3], [3, 1.5, 1.2, 1.1], [3, 1.5, 1.2, 1.1]),
    "nothing": ([2, 2.5, 1.5, 1], [2, 2, 2, 2], [2, 2, 1.5, 1]),
}


@pytest.mark.parametrize("choice", VERDICTS)
@pytest.mark.parametrize("seed", range(5))
def test_the_verdict_is_what_the_errors_say(choice, seed):
    assert choose(errors_of(*VERDICTS[choice], seed=seed)) == choice


def test_what_noise_hides_is_not_claimed():
    assert choose(errors_of(*VERDICTS["warm"], n_tasks=3, noise=1.0, seed=1)) == "unclear"


@given(arrays(float, (4, 3, 6), elements=st.floats(0.1, 10)), st.permutations(range(6)), st.floats(1e-3, 1e3))
def test_the_verdict_knows_no_order_of_tasks_and_no_unit(scores, order, unit):
    names = ("own", "pooled", "residual", "warm")

    def verdict(values):
        return judge(ShotCurve(-values, names, (0, 1, 5), "neg_log_loss", n_tasks=6))

    one, other = verdict(scores), verdict(unit * scores[:, :, order])
    assert one.rival == other.rival
    np.testing.assert_allclose(one.gain, other.gain, atol=1e-9)
    np.testing.assert_allclose(one.noise, other.noise, atol=1e-6)


def test_of_rivals_as_good_as_each_other_rounding_does_not_choose():
    own, pooled = np.full(6, 0.7), np.full(6, 0.7)
    own[1] = pooled[4] = 0.1  # one mean, but summed in another order
    for order in map(list, permutations(range(6))):
        errors = {"own": own[None, order], "pooled": pooled[None, order], "warm": own[None, order]}
        assert best_of_others(errors)[0] == ["own"]


def test_noise_is_that_of_a_paired_t_test():
    """Where all others have one error, the gain is a mean over tasks, and its interval scipy's."""
    ours = np.random.default_rng(0).normal(0.8, 0.1, 12)
    gain, noise = relative_gain(np.ones(12), ours)
    interval = ttest_1samp(1 - ours, 0).confidence_interval(0.95)
    np.testing.assert_allclose((gain - noise, gain + noise), interval)


def test_the_interval_covers_the_gain():
    rng = np.random.default_rng(0)
    hard = rng.lognormal(0, 0.5, (2000, 30))
    others, ours = hard * rng.lognormal(0, 0.3, hard.shape), 0.8 * hard * rng.lognormal(0, 0.3, hard.shape)
    gain, noise = relative_gain(others, ours)
    assert 0.92 < np.mean(np.abs(gain - 0.2) < noise) < 0.97


@given(st.lists(st.floats(0.01, 100), min_size=4, max_size=4, unique=True))
def test_rows_to_match_reads_the_own_curve_backwards(values):
    own, shots = np.sort(values)[::-1], (0, 1, 5, 20)
    np.testing.assert_allclose(rows_to_match(shots, own, own), shots)
    assert np.isinf(rows_to_match(shots, own, 0.99 * own[-1:])).all()
    assert rows_to_match(shots, own, 1.01 * own[:1]) == [0.0]


def test_more_own_rows_never_count_as_a_loss():
    rows = rows_to_match((0, 1, 5), np.array([2.0, 3.0, 1.0]), np.array([2.5, 1.5, 1.0]))
    np.testing.assert_allclose(rows, [0.0, 3.0, 5.0])


def test_errors_of_nothing_are_equal():
    scores = -np.array([[[1.0, 2.0]], [[1.0, 2.0]], [[1e-30, 0.0]]])
    curve = ShotCurve(scores, ("own", "pooled", "warm"), (0,), "neg_log_loss", n_tasks=2)
    np.testing.assert_array_equal(_verdict.floored(curve)["warm"], 1.5e-6)


@pytest.mark.parametrize("choice", ["warm", "pooled", "residual", "nothing", "unclear"])
def test_advice_is_one_sentence_about_the_user_s_tasks(choice):
    means = VERDICTS.get(choice, VERDICTS["warm"])
    errors = errors_of(*means)
    curve = ShotCurve(-np.stack(list(errors.values())), tuple(errors), (0, 1, 5, 20), "neg_log_loss", n_tasks=40)
    sentence = report._text.advice(make_collection(), Ridge(), replace(judge(curve), choice=choice))
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert sentence.count(". ") == 0
    assert ("share nothing worth using" in sentence) == (choice == "nothing")


def curve_of(errors, n_shots=(0, 1, 5, 20)):
    return ShotCurve(-np.stack(list(errors.values())), tuple(errors), n_shots, "neg_log_loss", n_tasks=40)


def test_a_gain_that_the_table_shows_is_not_denied_by_the_sentence():
    """A residual model that fails one task is hard to beat beyond noise, though not the best of the others."""
    errors = errors_of([4, 2, 1.6, 1.2], [4, 4, 4, 4], [4, 1.7, 1, 1], [4, 1.7, 1, 1])
    errors["residual"][1, 0] *= 10
    verdict = judge(curve_of(errors))
    assert verdict.clear.tolist() == [False, True, False, False]
    assert verdict.rival[1:] == ["own", "residual", "residual"]
    assert not beats(errors["warm"][1:], errors["residual"][1:])
    assert verdict.choice == "warm"
    sentence = report._text.advice(make_collection(), Ridge(), verdict)
    assert "with 1 row its error is" in sentence
    assert sentence.endswith("and its gain is more than noise with 1 row.")


@pytest.mark.parametrize("choice", ["pooled", "residual", "nothing", "unclear"])
def test_where_another_is_advised_the_gains_of_warm_are_told(choice):
    verdict = replace(judge(curve_of(errors_of(*VERDICTS["warm"]))), choice=choice)
    assert verdict.clear.tolist() == [False, True, True, True]
    assert "(except with 1, 5 and 20 rows)" in report._text.advice(make_collection(), Ridge(), verdict)


@pytest.mark.parametrize(("borrowed", "own_rows", "told"), [(30.0, 9.0, True), (0.1, 9.0, False), (30.0, 5.2, False)])
def test_borrowing_is_told_where_it_agrees_with_the_errors(borrowed, own_rows, told):
    verdict = replace(judge(curve_of(errors_of(*VERDICTS["warm"]))), own_rows=np.array([0, 5, own_rows, 40]))
    verdict = replace(verdict, gain=np.array([0, 0, 0.5, 0]), noise=np.full(4, 0.1))
    warm = SimpleNamespace(borrowing_=dict.fromkeys(range(3), borrowed))
    worth = report._text._worth(make_collection(), Ridge(), verdict, warm)
    assert worth.startswith(f"With 5 rows of a new site, warm is as good as a model of its own with {own_rows}.")
    assert ("borrowing_" in worth) == told


def test_where_own_models_beat_nothing_they_are_not_advised():
    errors = errors_of([1, 1.3, 1.1, 1.05], [1, 1, 1, 1], [1, 1, 1, 1])
    curve = ShotCurve(-np.stack(list(errors.values())), tuple(errors), (0, 1, 5, 20), "neg_log_loss", n_tasks=40)
    verdict = judge(curve)
    assert verdict.choice == "nothing"
    assert "nor is a Ridge of its own any better" in report._text.advice(make_collection(), Ridge(), verdict)
