"""README is true: its python blocks run as they stand, its picture can be drawn, its links lead somewhere."""

import re
import runpy
import tomllib
from importlib import import_module
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.linear_model import Ridge

import skmeta
from skmeta import WarmStartRegressor, __main__, __version__, report
from skmeta.inspection._colors import colors_of
from skmeta.inspection._role_names import ROLE_NAMES
from skmeta.model_selection import ShotCurve

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


def drawn_numbers(picture):
    """The numbers of shots, and by colour the values of each line of an SVG, read off against its axes."""
    text = picture.read_text("utf-8")
    tick = r'<g id="{}tick_\d+">.*?<use [^>]*{}="([\d.]+)".*?<!-- (\S+) -->'
    places, shots = np.array(re.findall(tick.format("x", "x"), text, re.DOTALL), dtype=float).T
    scale = np.polyfit(*np.array(re.findall(tick.format("y", "y"), text, re.DOTALL), dtype=float).T, 1)
    paths = re.findall(r'<path d="([^"]*)" clip-path="[^"]*" style="fill: none; stroke: (#\w+)', text)
    found = {}
    for path, color in paths:
        x, y = np.array(re.findall(r"[ML] ([\d.]+) ([\d.]+)", path), dtype=float).T
        np.testing.assert_allclose(x, places, atol=1e-3)
        found[color] = np.polyval(scale, y)
    return shots.tolist(), found


@pytest.fixture
def drawing():
    yield runpy.run_path(str(ROOT / "docs" / "images" / "shot_curve.py"))
    plt.close("all")


def test_the_picture_can_be_drawn_and_stands_where_readme_shows_it(drawing, tmp_path, monkeypatch):
    assert f"({drawing['PICTURE'].relative_to(ROOT)})" in (ROOT / "README.md").read_text("utf-8")
    asked, values = [], np.arange(10.0).reshape(5, 2) ** 2 + 0.1

    def compare(collection, model):  # which takes a while and has tests of its own
        asked.append(collection.counts.size)
        return ShotCurve(-values[..., None], tuple(ROLE_NAMES), (0, 5), "neg_root_mean_squared_error", n_tasks=42)

    monkeypatch.setattr(report, "compare", compare)
    drawing["draw"](tmp_path / "curve.svg")
    assert asked == [42]
    assert all(f"<!-- {label} -->" in (tmp_path / "curve.svg").read_text("utf-8") for label in ROLE_NAMES.values())
    shots, lines = drawn_numbers(tmp_path / "curve.svg")
    assert shots == [0, 5]
    np.testing.assert_allclose(list(lines.values()), values, rtol=1e-4)
    np.testing.assert_array_equal(list(lines), [color.lower() for color in colors_of([*ROLE_NAMES.values()])])


@pytest.mark.statistics
def test_the_picture_shows_what_the_code_draws(drawing, tmp_path):
    drawing["draw"](tmp_path / "curve.svg")
    (stored_shots, stored), (shots, drawn) = map(drawn_numbers, (drawing["PICTURE"], tmp_path / "curve.svg"))
    assert stored_shots == shots == [0, 1, 2, 5, 10, 20] and len(drawn) == 5
    assert list(stored) == list(drawn)
    np.testing.assert_allclose(list(stored.values()), list(drawn.values()), rtol=1e-3)


def test_the_version_is_the_same_everywhere():
    assert f"version: {__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == __version__


ROOMS = ["compose", "inspection", "linear_model", "model_selection", "neural_network", "steps", "tuning"]


def test_what_is_written_in_a_row_is_imported_from_skmeta_or_the_row_says_from_where():
    rows = [line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    rooms = {room: import_module(f"skmeta.{room}").__all__ for room in ROOMS}
    said = 0
    for row in rows:
        for name in re.findall(r"\b([A-Z]\w+)[(.]", " ".join(re.findall(r"`[^`]+`", row))):
            homes = [f"skmeta.{room}" for room, names in rooms.items() if name in names]
            if homes and not hasattr(skmeta, name):
                assert any(f"`{home}`" in row for home in homes), (name, row)
                said += 1
    assert said > 3  # of which are PriorWithSteps and FrozenSteps


def test_rows_that_lack_a_column_are_predicted_as_the_row_says():
    """The prior speaks for the column; a plain estimator of scikit-learn does not know it."""
    rng = np.random.default_rng(0)
    X, y = np.c_[rng.normal(size=(40, 2)), np.repeat(np.arange(8.0), 5)], rng.normal(size=40)
    model = WarmStartRegressor(Ridge(), task=-1).fit(X, y)
    lacking = np.c_[X[:5, 0], np.full(5, np.nan)]
    again = WarmStartRegressor(Ridge(), prior=model.prior_).fit(lacking, y[:5])
    assert np.isfinite(again.predict(lacking)).all()
    plain = model.adapt(lacking, y[:5])
    with pytest.raises(ValueError, match="Input X contains NaN"):
        plain.predict(lacking)
    filled = np.where(np.isnan(lacking), X[:5, :2], lacking)
    np.testing.assert_allclose(again.estimator_.predict(filled), plain.predict(filled))


def test_a_prior_comes_back_from_its_dictionary_as_the_row_says():
    rng = np.random.default_rng(0)
    X, y = np.c_[rng.normal(size=(40, 2)), np.repeat(np.arange(8.0), 5)], rng.normal(size=40)
    prior = WarmStartRegressor(Ridge(), task=-1).fit(X, y).prior_
    back = type(prior).from_dict(prior.to_dict())
    np.testing.assert_array_equal(back.zero_shot(Ridge()).coef_, prior.zero_shot(Ridge()).coef_)
