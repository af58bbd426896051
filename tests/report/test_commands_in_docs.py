"""Every command and every message that README and the documentation show is run, or is one that the checks run."""

import re
import shlex
import sys
import tomllib

import numpy as np
import pytest
from doc_blocks import DOCS, ROOT, commands, read_blocks

from skmeta import __main__
from skmeta.model_selection import _make_baselines
from skmeta.model_selection._make_baselines import booster
from skmeta.report import _files

pd = pytest.importorskip("pandas")
BLOCKS = read_blocks()
TWO_COMMANDS = ("README", "", 1)  # .ci/run runs them as they stand, tests/test_readme.py sees that they are these
SHELL = {block: text for block, text in BLOCKS.items() if block.language in ("", "console") and block != TWO_COMMANDS}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MODELS = re.compile(r"^>>> (.*)\n((?:^\.\.\. .*\n)*)", re.MULTILINE)  # what a page defines by prompts


def make_sales(n_stores=24, n_rows=9):
    rng, store = np.random.default_rng(0), np.repeat(np.arange(n_stores), n_rows)
    level = rng.normal(size=3)[store % 3] * 5.0 + rng.normal(size=n_stores)[store]
    table = pd.DataFrame({"store": [f"store {k}" for k in store], "region": [f"region {k % 3}" for k in store]})
    table["price"] = rng.uniform(1, 4, len(store))
    return table.assign(sales=20.0 + level - 3.0 * table["price"] + rng.normal(size=len(store)))


@pytest.fixture
def files(few_fits, tmp_path, monkeypatch):
    """The folder of a user who has what the commands name."""
    make_sales().to_csv(tmp_path / "sales.csv", index=False)
    make_sales().drop(columns="sales").assign(sales=None).to_csv(tmp_path / "new.csv", index=False)
    page = (DOCS / "guide" / "does_it_transfer.rst").read_text("utf-8")
    part = page[page.index("Put this in a file ``models.py``") : page.index("Then this command")]
    code = "".join(first + "\n" + rest.replace("... ", "") for first, rest in MODELS.findall(part))
    (tmp_path / "models.py").write_text(code)
    monkeypatch.setattr(_make_baselines, "booster", lambda model: type(booster(model))(max_iter=2))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("models", None)


# What a word at the beginning of a command means ----------------------------------------------------------------


def run_skmeta(argv):
    assert __main__.main(argv) == 0


def check_pip(argv):
    """The file, the extras and the groups of an installation are there."""
    options = PROJECT["project"]["optional-dependencies"]
    verb, *rest = [word for word in argv if word != "-e"]
    assert verb == "install" and rest
    if rest[0] == "--group":
        assert set(rest[1:]) <= set(PROJECT["dependency-groups"])
        return
    for target in rest:
        name, extras = re.fullmatch(r"(\.|skmeta)(?:\[([\w,]+)\])?", target).groups()
        assert name in (".", PROJECT["project"]["name"])
        assert set((extras or "").split(",")) - {""} <= set(options)


def check_run_elsewhere(argv):
    """`.ci/run` runs this word, and a marker is one that there is."""
    text = (ROOT / ".ci" / "run").read_text("utf-8")
    assert any(" ".join(argv[:1]) in line for line in text.splitlines())
    markers = {line.partition(":")[0] for line in PROJECT["tool"]["pytest"]["ini_options"]["markers"]}
    assert set(argv[argv.index("-m") + 1 :]) <= markers if "-m" in argv else True
    assert all(ROOT / word == DOCS for word in argv if word == "docs")


def check_benchmark(path, *argv):
    """The script is there, and reads these options."""
    (call,) = re.findall(r"read_arguments\(__doc__(.*)\)", (ROOT / path).read_text("utf-8"))
    assert {word.removeprefix("--") for word in argv if word.startswith("--")} <= {
        "quick",
        *re.findall(r"(\w+)=", call),
    }


def follow(command):
    first, *rest = shlex.split(command)
    if (
        command == "python -m skmeta"
    ):  # the embedded collection takes a while: .ci/run runs it, as README's first block says
        return check_run_elsewhere(["readme_commands"])
    if (first, *rest[:2]) == ("python", "-m", "skmeta"):
        return run_skmeta(rest[2:])
    if first == "skmeta":
        return run_skmeta(rest)
    if first == "python":
        return check_benchmark(*rest)
    return check_pip(rest) if first == "pip" else check_run_elsewhere([first, *rest])


def test_an_unknown_command_an_extra_and_an_option_that_are_none_fail():
    for command in ("make docs", "pip install '.[pandas]'", "pytest -m slow", "python benchmarks/safety.py --slowly"):
        with pytest.raises((AssertionError, AttributeError)):
            follow(command)


@pytest.mark.parametrize(
    "block", sorted({tuple(commands(text)) for text in SHELL.values()}), ids=lambda block: block[0]
)
def test_commands_are_followed(block, files, capsys):
    for command in block:
        follow(command)


# Messages and sentences -------------------------------------------------------------------------------------------


def shape(text):
    """One line, its figures taken out."""
    return re.sub(r"\d+(\.\d+)?", "0", " ".join(text.split()))


def a_missing_extra(files, monkeypatch, capsys):
    monkeypatch.setattr(_files, "find_spec", lambda name: None)
    assert __main__.main(["sales.csv", "--task", "store", "--target", "sales", "--save", "prior.skops"]) == 2


def regions(files, monkeypatch, capsys):
    make_sales(9, 5).to_csv("sales.csv", index=False)
    run_skmeta(["sales.csv", "--task", "region", "--task", "store", "--target", "sales"])


def an_order(files, monkeypatch, capsys):
    rng, day = np.random.default_rng(0), np.repeat(np.arange(30), 6)
    table = pd.DataFrame(
        {"date": pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D"), "price": rng.normal(size=180)}
    )
    table.assign(sales=np.cumsum(rng.normal(size=30))[day] + 0.1 * rng.normal(size=180)).to_csv(
        "sales.csv", index=False
    )
    run_skmeta(["sales.csv", "--task", "date", "--target", "sales"])


SAID = {
    ("install", "text", 1): a_missing_extra,
    ("does_it_transfer", "text", 1): regions,
    ("does_it_transfer", "text", 2): an_order,
}


@pytest.mark.parametrize("block", SAID, ids=lambda block: f"{block[0]} {block[2]}")
def test_what_a_page_quotes_is_said(block, files, monkeypatch, capsys):
    SAID[block](files, monkeypatch, capsys)
    said = capsys.readouterr()
    assert shape(BLOCKS[block]) in shape(said.out + said.err)


def test_an_extra_that_stands_for_others_has_them_all():
    """A boosting package comes alone, without the two others."""
    extras = PROJECT["project"]["optional-dependencies"]
    alone = ["lightgbm", "xgboost", "catboost"]
    assert extras["boosting"] == [f"skmeta[{','.join(alone)}]"]
    assert [[one.partition(">")[0] for one in extras[name]] for name in alone] == [[name] for name in alone]
