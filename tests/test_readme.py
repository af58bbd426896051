"""README is true: its python blocks run as they stand, its picture can be drawn, its links lead somewhere."""

import re
import runpy
import tomllib
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from skmeta import __main__, __version__, report
from skmeta.model_selection import ShotCurve
from skmeta.report._text import LABELS

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


def blocks(language):
    """What stands between fences of a language, first line to last."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("block", blocks("python"), ids=["parameters", "hyperparameters", "any estimator"])
def test_a_block_runs_as_it_stands(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # nothing beside the package is needed
    exec(compile(block, "README.md", "exec"), {"__name__": "__main__"})


def test_the_first_block_is_the_two_commands():
    commands = [line.partition("#")[0].strip() for line in blocks("")[0].splitlines()]
    assert commands == ["pip install . && python -m skmeta", "pip install '.[test]' && pytest"]


@pytest.mark.statistics
def test_the_text_is_what_the_command_prints(capsys):
    assert __main__.main([]) == 0
    assert [capsys.readouterr().out] == blocks("text")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / page).read_text("utf-8"))
    files = [link for link in links if not link.startswith("https://")]
    assert files
    assert [link for link in files if not (ROOT / link).exists()] == []


def test_the_picture_can_be_drawn_and_stands_where_readme_shows_it(tmp_path, monkeypatch):
    names = runpy.run_path(str(ROOT / "docs" / "images" / "shot_curve.py"))
    assert f"({names['PICTURE'].relative_to(ROOT)})" in (ROOT / "README.md").read_text("utf-8")
    assert names["PICTURE"].exists()
    asked = []

    def compare(collection, model):  # which takes a while and has tests of its own
        asked.append(collection.counts.size)
        return ShotCurve(np.ones((5, 2, 3)), tuple(LABELS), (0, 5), "neg_root_mean_squared_error", n_tasks=42)

    monkeypatch.setattr(report, "compare", compare)
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # letters, not their outlines
        names["draw"](tmp_path / "curve.svg")
    plt.close("all")
    assert asked == [42]
    assert all(f">{label}<" in (tmp_path / "curve.svg").read_text("utf-8") for label in LABELS.values())


def test_the_version_is_the_same_everywhere():
    assert f"version: {__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == __version__
