"""The documentation: its code runs, its names are complete, and it needs nothing from a network."""

import ast
import inspect
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import pytest

import skmeta

pytestmark = pytest.mark.quick

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [*sorted(DOCS.glob("guide/*.rst")), DOCS / "index.rst"]
ROOMS = [
    *("cluster", "datasets", "discriminant_analysis", "ensemble", "gaussian_process", "inspection", "linear_model"),
    *("model_selection", "naive_bayes", "neighbors", "neural_network", "preprocessing", "tuning", "warm_start"),
]

# Blocks that only other packages can run, by page and how many, and who runs them.
ELSEWHERE = {
    "torch_and_keras": (2, "pytest -m nets"),
    "beyond_one_machine": (5, "dask, spark and ray; tests/linear_model with -m dask runs the same calls"),
    "does_it_transfer": (
        2,
        "tests/report/test_readme_table.py with -m statistics; tests/inspection draws the like of the second",
    ),
    "past_tuning": (3, "ConfigSpace, Optuna and a cluster; tests/tuning has stand-ins of the first two"),
}


def code_blocks(text):
    """The blocks of Python without prompts, which doctest does not see."""
    found = re.findall(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", text, flags=re.MULTILINE)
    return [dedent(block) for block in found]


def test_blocks_are_found():
    assert code_blocks(".. code-block:: python\n\n    x = 1\n\n    y = 2\n\nWords.\n") == ["x = 1\n\ny = 2\n\n"]


def test_code_without_prompts_is_only_what_needs_other_packages():
    found = {page.stem: len(code_blocks(page.read_text("utf-8"))) for page in PAGES}
    assert {page: number for page, number in found.items() if number} == {p: n for p, (n, _) in ELSEWHERE.items()}


@pytest.mark.parametrize("page", ELSEWHERE)
def test_code_that_needs_other_packages_is_python_and_imports_what_is_there(page):
    for block in code_blocks((DOCS / "guide" / f"{page}.rst").read_text("utf-8")):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "skmeta":
                assert all(_stands_in(node.module, alias.name) for alias in node.names)


def _stands_in(module, name):
    return hasattr(import_module(module), name) or find_spec(f"{module}.{name}") is not None


def test_public_names_stand_in_the_api_reference():
    listed = set((DOCS / "api.rst").read_text("utf-8").split())
    top = set(skmeta.__all__) - {"__version__"}
    rooms = {f"{room}.{name}" for room in ROOMS for name in import_module(f"skmeta.{room}").__all__}
    assert sorted(top - listed) == []
    assert sorted(name for name in rooms if name.partition(".")[2] not in top and name not in listed) == []


def test_the_api_reference_lists_what_there_is():
    for name in re.findall(r"^    ([a-z_]+\.)?(\w+)$", (DOCS / "api.rst").read_text("utf-8"), flags=re.MULTILINE):
        module, thing = import_module(f"skmeta.{name[0]}".rstrip(".")), name[1]
        assert inspect.getdoc(getattr(module, thing))


def test_each_page_stands_in_the_index_once():
    listed = re.findall(r"^    (\w+)$", (DOCS / "guide" / "index.rst").read_text("utf-8"), flags=re.MULTILINE)
    listed += re.findall(r"^    guide/(\w+)$", (DOCS / "index.rst").read_text("utf-8"), flags=re.MULTILINE)
    assert sorted(listed) == sorted(page.stem for page in PAGES if page.parent.name == "guide")


# A page whose question has an answer in code says what goes wrong; others are words, or tell it under another title.
WRONG = [
    *("counts", "rare_classes", "texts", "trees_first", "import_trials", "compared", "several_kinds_of_columns"),
    *(
        "one_model_per_store",
        "new_patient",
        "one_model_a_day",
        "nested_tasks",
        "new_classes",
        "neural_nets",
        "past_tuning",
    ),
]


@pytest.mark.parametrize("page", WRONG)
def test_a_page_says_what_goes_wrong(page):
    text = (DOCS / "guide" / f"{page}.rst").read_text("utf-8")
    part = re.split(r"^What goes wrong.*\n-+\n", text, flags=re.MULTILINE)[1]
    assert ">>>" in part and "Traceback" in part
