"""The documentation: its code runs, its names are complete, and it needs nothing from a network."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

import skmeta

pytestmark = pytest.mark.quick

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [*sorted(DOCS.glob("guide/*.rst")), DOCS / "index.rst"]
ROOMS = [
    *("cluster", "datasets", "discriminant_analysis", "ensemble", "gaussian_process", "inspection", "linear_model"),
    *("model_selection", "naive_bayes", "neighbors", "neural_network", "preprocessing", "tuning", "warm_start"),
]


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
