"""The applications in the gallery: short, drawn, and true of what their text says of the numbers."""

import ast
import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "examples" / "applications"
MAX_LINES = 40


def lines_of_code(text):
    """Lines of statements, without docstrings, comments and empty lines."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.stmt) and not is_text:
            found.update(range(node.lineno, node.end_lineno + 1))
    lines = [line.strip() for line in text.splitlines()]
    return sum(bool(lines[number - 1]) and not lines[number - 1].startswith("#") for number in found)


def test_lines_are_counted_by_hand():
    assert lines_of_code('"""Title\n=====\n"""\n\n# %%\n# Words.\nx = [\n    1,\n]  # why\n\nprint(x)\n') == 4


@pytest.mark.parametrize("path", sorted(FOLDER.glob("plot_*.py")), ids=lambda path: path.stem)
def test_an_application_is_short(path):
    assert lines_of_code(path.read_text("utf-8")) <= MAX_LINES


@pytest.fixture
def run(capsys):
    """The names that a page defines, once it has printed the three models and drawn one figure."""

    def run(name):
        try:
            found = runpy.run_path(str(FOLDER / f"{name}.py"))
            assert len(plt.get_fignums()) == 1
        finally:
            plt.close("all")
        printed = capsys.readouterr().out
        assert all(word in printed for word in ("own", "pooled", "warm", "±")) and "nan" not in printed
        return found

    return run


def gain(warm, other):
    """Mean of paired differences, in their standard errors."""
    away = np.subtract(warm, other)
    return away.mean() / (away.std(ddof=1) / np.sqrt(len(away)))


@pytest.mark.statistics
def test_past_alphabets_tell_new_characters_apart(run):
    scores = run("plot_1_image_classification")["scores"]
    assert gain(scores["warm", 1], scores["own", 1]) > 2
    assert gain(scores["warm", 1], scores["pooled", 1]) > 2


@pytest.mark.statistics
def test_pairs_of_texts_gain_over_an_own_model_and_not_over_a_pooled_one(run):
    curve = run("plot_2_semantic_matching")["curve"]
    assert gain(curve["warm"][0], curve["own"][0]) > 2
    assert abs(gain(curve["warm"][0], curve["pooled"][0])) < 2


@pytest.mark.statistics
def test_sentences_are_picked_better_than_by_an_own_model_and_at_last_than_by_a_pooled_one(run):
    own, pooled, warm = run("plot_3_text_summarisation")["found"].mean(axis=-1)
    assert gain(warm[:, 0], own[:, 0]) > 2
    assert gain(warm[:, 3], pooled[:, 3]) > 2
