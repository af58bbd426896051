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


def farthest(scores, others):
    """How far apart two models may be at most, in points of a hundred: the mean difference and two of its standard errors."""
    away = 100 * np.subtract(scores, others)
    return abs(away.mean()) + 2 * away.std(ddof=1) / np.sqrt(len(away))


def test_models_are_alike_only_if_many_folds_say_so():
    assert farthest([0.51, 0.49, 0.52, 0.48], [0.5] * 4) < 2.5
    assert farthest([0.9, 0.1, 0.9, 0.1], [0.5] * 4) > 45  # no difference on average, and nothing is known
    assert farthest([0.6, 0.6, 0.61, 0.61], [0.5] * 4) > 10


@pytest.mark.statistics
def test_past_alphabets_tell_new_characters_apart(run):
    scores = run("plot_1_image_classification")["scores"]
    assert gain(scores["warm", 1], scores["own", 1]) > 2
    assert gain(scores["warm", 1], scores["pooled", 1]) > 2


@pytest.mark.statistics
def test_pairs_of_texts_gain_over_an_own_model_and_are_as_well_told_apart_by_a_pooled_one(run):
    curve = run("plot_2_semantic_matching")["curve"]
    assert gain(curve["warm"][0], curve["own"][0]) > 2
    assert farthest(curve["warm"][0], curve["pooled"][0]) < 5  # a judgement in twenty


@pytest.mark.statistics
def test_sentences_are_picked_better_than_by_an_own_model_and_at_last_than_by_a_pooled_one(run):
    own, pooled, warm = run("plot_3_text_summarisation")["found"].mean(axis=-1)
    assert gain(warm[:, 0], own[:, 0]) > 2
    assert gain(warm[:, 3], pooled[:, 3]) > 2
