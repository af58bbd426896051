"""The command that writes the benchmark page goes on where it stopped, and what it writes is reStructuredText."""

import csv
import os
import re
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
KEY = {"Versions": "1", "Machine": "that one"}


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    """The command puts its folder on the path and limits threads, for itself alone."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    monkeypatch.setattr(os, "environ", dict(os.environ))


@pytest.fixture
def page():
    return import_module("_page_text")


@pytest.fixture
def sections():
    return import_module("_page_sections")


@pytest.fixture
def stores():
    return import_module("_page_store")


def found(error, seconds=1.0, **also):
    return {"errors": {"error": error}, "seconds": seconds, "also": also}


def section_of(sections, runs, **changes):
    """A section whose cells are ``runs``, functions by case and draw."""
    made = [sections.Cell(*names, run) for names, run in runs.items()]
    fields = {
        "name": "made-up",
        "title": "Made up",
        "question": "Why?",
        "data": "None.",
        "error": "Error",
        "packages": (),
    }
    return sections.Section(**fields | {"cells": lambda setting: made} | changes)


# It goes on where it stopped -----------------------------------------------------------------------------------


def interrupted_once(sections):
    """A section of three cells, the second of which is interrupted the first time, and what was run."""
    ran = []

    def cell(name):
        ran.append(name)
        if ran == ["a", "b"]:
            raise KeyboardInterrupt
        return {"skmeta": found(1.0)}

    return section_of(sections, {(name, "seed 0"): lambda name=name: cell(name) for name in "abc"}), ran


def test_a_second_call_reads_what_is_finished_and_runs_what_was_interrupted(sections, stores, tmp_path):
    section, ran = interrupted_once(sections)
    store, setting = stores.Store(tmp_path, KEY), sections.Setting(1, quick=False)
    with pytest.raises(KeyboardInterrupt):
        stores.measured(store, section, setting, lambda text: None)
    assert ran == ["a", "b"]
    said = []
    results = stores.measured(stores.Store(tmp_path, KEY), section, setting, said.append)
    assert ran == ["a", "b", "b", "c"] and len(said) == 2
    assert [(cell.case, each) for cell, each in results] == [(name, {"skmeta": found(1.0)}) for name in "abc"]
    stores.measured(stores.Store(tmp_path, KEY), section, setting, said.append)
    assert ran == ["a", "b", "b", "c"] and len(said) == 2


@pytest.mark.parametrize("change", [{"key": KEY | {"Versions": "2"}}, {"quick": True}], ids=["a version", "the size"])
def test_a_cell_that_was_measured_with_other_things_is_run_anew(sections, stores, tmp_path, change):
    ran = []
    section = section_of(sections, {("a", "seed 0"): lambda: ran.append("a") or {"skmeta": found(1.0)}})
    for key, quick in ((KEY, False), (change.get("key", KEY), change.get("quick", False))):
        stores.measured(stores.Store(tmp_path, key), section, sections.Setting(1, quick), lambda text: None)
    assert ran == ["a", "a"]


def test_a_cell_that_is_half_written_is_not_read(stores, tmp_path, monkeypatch):
    def ended(*paths):
        raise KeyboardInterrupt

    store = stores.Store(tmp_path, KEY)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", ended)
        store.write({"skmeta": found(1.0)}, "made-up", "a")
    assert store.read("made-up", "a") is None


# What is compared ----------------------------------------------------------------------------------------------


def test_a_peer_that_fails_has_its_reason_and_skmeta_may_not_fail(sections):
    def broken():
        raise ValueError("no such thing\nin two lines")

    results = sections.side_by_side({"skmeta": lambda: {"error": 1.0}, "other": broken})
    assert results["other"] == {"failed": "ValueError: no such thing"} and results["skmeta"]["errors"] == {"error": 1.0}
    with pytest.raises(ValueError, match="no such thing"):
        sections.side_by_side({"skmeta": broken})


def test_a_ratio_has_the_error_of_many_drawn_ratios(sections):
    rng = np.random.default_rng(0)
    base = rng.normal(10.0, 1.0, (2000, 20))
    ratios = [sections.ratio_of_means(1.5 * b + rng.normal(size=20), b) for b in base]
    means, errors = np.transpose(ratios)
    assert means.mean() == pytest.approx(1.5, abs=4.0 * means.std() / 2000**0.5)
    assert errors.mean() == pytest.approx(means.std(), rel=0.05)
    assert np.isnan(sections.ratio_of_means([1.0], [0.0])[0]) and np.isnan(sections.ratio_of_means([1.0], [2.0])[1])


# What is written -----------------------------------------------------------------------------------------------


def written(page, sections):
    """A page with a row that loses, one that fails with a text full of marks, and a peer that is not there."""
    runs = {("few rows", f"seed {seed}"): None for seed in range(3)}
    section = section_of(sections, runs, packages=("there", "gone"), notes=("A note on ``it``.",))
    methods = {
        "skmeta": [found(2.0, 1.0, peak=3.0), found(2.2, 1.1, peak=3.0), found(1.9, 1.0, peak=3.0)],
        "better, slower": [found(1.0, 5.0), found(1.0, 5.0), found(1.1, 5.0)],
        "worse": [found(4.0, 3.0), found(4.4, 3.3), found(3.8, 3.0)],
        "broken": [{"failed": "ValueError: a *star, `ticks`, a_ and |bars|"}] * 3,
    }
    each = [{name: draws[i] for name, draws in methods.items()} for i in range(3)]
    results = [(section, list(zip(section.cells(None), each, strict=True)))]
    reasons = {"there": ("1.0", ""), "gone": ("", "not installed (pip install 'skmeta[bench]')")}
    return page.page("python -m benchmarks", {"Date": "today"}, results, reasons)


def tables_in(text):
    """Title and lines of each csv-table, as cells."""
    for title, body in re.findall(
        r"^\.\. csv-table:: (.+)\n    :header-rows: 1\n\n((?:    .+\n)+)", text, re.MULTILINE
    ):
        yield title, list(csv.reader(line.strip() for line in body.splitlines()))


def test_ratios_come_first_and_rows_that_lose_stay(page, sections):
    (first, ratios), (second, errors) = tables_in(written(page, sections))
    assert first == "Ratios to skmeta: error" and second == "Error"
    assert ratios[0] == ["", "method", "error", "CPU s"] and [row[1] for row in ratios[1:]] == [
        "better, slower",
        "worse",
    ]
    assert [cell.split(" ± ")[0] for cell in ratios[2]] == ["", "worse", "2", "3"]
    assert [row[1] for row in errors[1:]] == ["skmeta", "better, slower", "worse", "broken"] and errors[4][
        2
    ] == "failed"
    text = written(page, sections)
    assert "*Smaller errors than skmeta's:* few rows, error: better, slower (0.508 ±" in text
    assert "*Fewer seconds than skmeta:* none." in text
    assert "Not run: gone: not installed" in text and "there 1.0." in text and "seed 0; seed 1; seed 2" in text


def faults(text):
    """What docutils would object to: short rules, torn tables, marks that do not close."""
    lines = text.splitlines()
    for title, rule in pairwise(lines):
        if re.fullmatch(r"([=-])\1{3,}", rule) and len(rule) != len(title):
            yield f"rule of {title!r}"
    for title, rows in tables_in(text):
        if len({len(row) for row in rows}) != 1:
            yield f"table {title!r}"
    if text.count(".. csv-table::") != len(list(tables_in(text))):
        yield "a table without lines"
    for line in lines:
        bare = re.sub(r"\\.|``[^`]+``|\*\*[^*]+\*\*|\*[^*]+\*", "", line.removeprefix("* "))
        if not line.startswith("    ") and re.search(r"[*`|]|\w_\b", bare):
            yield f"marks in {line!r}"


def test_the_page_is_restructuredtext(page, sections):
    text = written(page, sections)
    assert list(faults(text)) == []
    for harm in (
        text.replace("-------", "------", 1),
        re.sub(r'"worse","2 [^"]*"', '"worse"', text),
        text.replace("``it``", "``it`"),
        text.replace("\\*star", "*star"),
    ):
        assert len(list(faults(harm))) == 1


def test_the_page_in_the_documentation_is_what_the_command_wrote():
    text = (ROOT / "docs" / "benchmarks.rst").read_text("utf-8")
    assert list(faults(text)) == []
    assert "This page was written by a command" in text and "$ python -m benchmarks" in text


def test_sections_stand_in_the_list_of_benchmarks_and_in_the_extras():
    command = import_module("benchmarks.__main__")
    facts, peers = import_module("_page_facts"), import_module("_peers")
    text = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    assert [name for name in command.SECTIONS if f"`{name}`" not in text] == []
    needed = {package for section in command.SECTIONS.values() for package in section.packages}
    listed = {package for packages in facts.EXTRAS.values() for package in packages}
    assert needed - set(facts.NOT_BUILT) <= listed and needed <= set(peers.MODULES)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for extra, packages in facts.EXTRAS.items():
        wanted = re.search(rf"^{extra} = \[(.*?)\]\s*(#.*)?$", project, re.MULTILINE | re.DOTALL)[1]
        assert [package for package in packages if f'"{package}>=' not in wanted] == []


def test_an_unknown_section_is_named(capsys):
    with pytest.raises(SystemExit):
        import_module("benchmarks.__main__").main(["--only", "wages,nothing"])
    assert "--only: wanted some of wages, cars" in capsys.readouterr().err
