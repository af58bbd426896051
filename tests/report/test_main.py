"""The command line: what it prints and writes, what it refuses, and how it is stopped."""

import io
import json
import os
import re
import signal
import subprocess
import sys

import joblib
import numpy as np
import pytest
from shops import ROOT, run
from sklearn.linear_model import Ridge
from variations import varied

from skmeta import WarmStartRegressor, __main__, report
from skmeta.inspection._role_names import ROLE_NAMES

pd = pytest.importorskip("pandas")


def test_a_table_of_related_tasks_gets_the_table_and_the_sentence(few_fits_once, capsys, shops):
    status, out, err = run(capsys, shops, "--task", "shop", "--target", "sales")
    assert status == 0
    rows = {line[:25].strip(): line[25:].split() for line in out.splitlines()}
    assert rows["root mean squared error"][:2] == ["0", "4"]
    errors = {name: np.array(rows[name][:2], float) for name in ROLE_NAMES.values()}
    others = np.min([values for name, values in errors.items() if name != "warm"], axis=0)
    np.testing.assert_allclose(
        100 * (1 - errors["warm"] / others), np.array(rows["gain of warm"][0:4:2], float), atol=0.6
    )
    assert "interpolation" in out
    assert out.strip().splitlines()[-1].startswith("Warm-start each new shop, by WarmStartRegressor(Ridge(),")
    lines = err.splitlines()
    assert [line.partition(",")[0] for line in lines] == [f"comparing: {done}% done" for done in (25, 50, 75, 100)]
    assert all(line.endswith(" s") for line in lines)
    assert "Warm has alpha=1, as it stands. The others, but for boosting, are fitted with alpha of " in out
    assert "with 0 rows the mean of other tasks" in out


def test_a_name_that_ends_in_a_full_stop_ends_a_sentence_once(few_fits, capsys, shops):
    pd.read_csv(shops).rename(columns={"shop": "Shop No."}).to_csv(shops, index=False)
    status, out, _ = run(capsys, shops, "--task", "Shop No.", "--target", "sales")
    assert status == 0
    assert "of a typical Shop No." in out.replace("\n", " ") and ".." not in out


def test_rows_in_order_are_a_forecast(few_fits, capsys, shops):
    status, out, _ = run(capsys, shops, "--task", "shop", "--target", "sales", "--order", "date")
    assert status == 0
    assert "The first rows by date are given back, later ones tested: a forecast." in out
    assert "interpolation" not in out


@varied("target", ["sales", "grade"])
def test_ids_and_target_alone_are_a_random_intercept(few_fits_once, capsys, tmp_path, target):
    """A task's own mean, the mean of all, and something between: nothing else is there to fit."""
    rng = np.random.default_rng(0)
    shop = np.repeat(np.arange(20), 6)
    sales = 3.0 + rng.normal(size=20)[shop] + rng.normal(size=120)
    table = pd.DataFrame({"shop": shop, "country": "NL", "sales": sales, "grade": np.where(sales > 3.0, "high", "low")})
    path, saved = tmp_path / "bare.csv", tmp_path / "prior.joblib"
    table[["shop", "country", target]].to_csv(path, index=False)
    argv = (path, "--task", "shop", "--target", target)
    status, out, _ = run(capsys, *argv, "--save", saved)
    assert status == 0 and "0 features" in out and "Left out, as they never change: country." in out
    errors = json.loads(run(capsys, *argv, "--json")[1])["errors"]
    np.testing.assert_allclose(errors["own"][1], errors["residual"][1], rtol=0.1)
    assert errors["warm"][1] < errors["pooled"][1]
    assert joblib.load(saved).n_tasks == 20


def test_json_has_the_numbers_of_the_text(few_fits_once, capsys, shops):
    argv = (shops, "--task", "shop", "--target", "sales")
    status, out, _ = run(capsys, *argv, "--json")
    answer = json.loads(out)
    assert status == 0
    assert answer["n_shots"] == [0, 4]
    assert set(answer["errors"]) == {"own", "pooled", "residual", "boosted", "warm"}
    best = [min(answer["errors"][name][k] for name in ("own", "pooled", "residual", "boosted")) for k in range(2)]
    np.testing.assert_allclose(answer["gain"], 1 - np.array(answer["errors"]["warm"]) / best)
    _, text, _ = run(capsys, *argv)
    assert text.strip().endswith(answer["advice"])
    assert answer["notes"][0] in text


def test_the_answer_is_the_same_twice_and_in_threads(few_fits, capsys, shops):
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
from skmeta.model_selection import _make_baselines
from skmeta.report import _compare
_compare.SHOTS, _compare.N_SPLITS, _make_baselines.STRENGTHS = (0, 5), 2, (1.0,)
with joblib.parallel_config(backend="sequential"):
    sys.exit(__main__.main([]))
"""


def test_the_embedded_run_needs_no_extras():
    done = subprocess.run([sys.executable, "-c", WITHOUT_EXTRAS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Parkinson's telemonitoring (embedded): 988 rows, 42 tasks (patient), 19 ")
    assert "interpolation" in done.stdout


def test_what_was_learned_from_all_tasks_is_saved(few_fits_once, capsys, shops, tmp_path):
    pytest.importorskip("skops")
    files = [tmp_path / "prior.skops", tmp_path / "prior.joblib"]
    for file, note in zip(files, ("", "note: .*a pickle, which can run any code; .* --trust"), strict=True):
        status, _, err = run(capsys, shops, "--task", "shop", "--target", "sales", "--save", file)
        assert status == 0 and re.search(note, err) and bool(note) == ("note:" in err)
    from skops.io import get_untrusted_types, load

    untrusted = get_untrusted_types(file=files[0])
    assert all(name.startswith(("skmeta.", "numpy.", "pandas.")) for name in untrusted)
    priors = [load(files[0], trusted=untrusted), joblib.load(files[1])]
    assert priors[0].n_tasks == 14
    table = report.read_file(shops, task="shop", target="sales")
    X, y = table.written.drop(columns="shop")[:5], table.y[:5]
    fitted = [WarmStartRegressor(Ridge(), prior=prior).fit(X, y).predict(X) for prior in priors]
    np.testing.assert_array_equal(*fitted)
    assert np.abs(fitted[0] - y).mean() < 0.5 * np.abs(y - table.y.mean()).mean()


def test_the_picture_is_drawn(few_fits_once, capsys, shops, tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    file = tmp_path / "curve.svg"
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # letters, not their outlines
        assert run(capsys, shops, "--task", "shop", "--target", "sales", "--plot", file)[0] == 0
    picture = file.read_text()
    assert all(f">{name}<" in picture for name in ROLE_NAMES.values())
    assert ">14 tasks (shop), 126 rows; errors on " in picture  # the words of ShotCurveDisplay


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
        "wanted a column with at least 3 tasks, found 2 in weather",
    ),
    (
        ["--task", "country", "--target", "sales"],
        "--task: wanted a column with at least 3 tasks, found 1 in country",
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
def test_an_error_is_one_line_and_status_2(few_fits, capsys, shops, options, message):
    status, out, err = run(capsys, shops, *options)
    assert (status, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert message in line


FILES = {
    "no.csv": (None, "no.csv: wanted a file, found none"),
    "table.xlsx": (b"", "wanted a CSV (.csv, .tsv, .txt) or Parquet (.parquet) file, found .xlsx"),
    "empty.csv": (b"", "empty.csv: wanted a table, found an empty file"),
    "blank.csv": (b"\n\n", "blank.csv: wanted a table, found what cannot be read as one: no columns"),
    "ragged.csv": (b"shop,sales\na,1\na,2,3\n", "ragged.csv: wanted a table, found what cannot be read as one: "),
    "packed.csv": (
        b"PK\x03\x04\x14\0\x06\0",
        "wanted a table, found what cannot be read as one: bytes that are no text",
    ),
    "gaps.csv": (b"shop,sales,price\na,,1\n,2,2\n", "wanted rows with a value in each of shop, sales, found none"),
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


def test_what_is_shared_is_worth_nothing_on_noise(few_fits, capsys, tmp_path):
    rng = np.random.default_rng(0)
    noise = pd.DataFrame(rng.normal(size=(400, 3)), columns=["a", "b", "y"]).assign(site=np.arange(400) % 25)
    noise.to_csv(tmp_path / "noise.csv", index=False)
    status, out, _ = run(capsys, tmp_path / "noise.csv", "--task", "site", "--target", "y")
    assert status == 0
    worth = " ".join(out.split("\n\n")[2].split())
    assert worth.startswith("With 4 rows of a new site, warm is no better than the mean of other tasks")
    assert "borrowing_" not in worth and "what was learned is set aside (prior_.set_aside)" in worth
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
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever started this process has made of it
from skmeta import __main__
from skmeta.report import _compare

def score(table, models, splits):
    time.sleep(1.0)  # in place of work, which takes longer

_compare.score_warm = _compare.score_rivals = score
sys.exit(__main__.main(sys.argv[1:]))
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups to signal")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_stopped_run_leaves_one_line_and_no_processes(shops, name):
    argv = [sys.executable, "-c", STOPPING, shops, "--task", "shop", "--target", "sales"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(argv, cwd=ROOT, start_new_session=True, **pipes) as process:
        assert process.stderr.readline().startswith("comparing: 10% done")
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


def test_handlers_of_signals_are_as_they_were(few_fits, capsys, shops):
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
    progress = __main__.show_progress(terminal)
    for done in (1, 2, 3):
        progress(done, 3)
    assert "\n" not in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")  # and it is gone at the end
