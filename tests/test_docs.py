"""The documentation: its code runs, its names are complete, and it needs nothing from a network."""

import inspect
import re
import runpy
from collections import Counter
from importlib import import_module
from pathlib import Path

import matplotlib
import pytest

import skmeta

pytestmark = pytest.mark.quick

DOCS = Path(__file__).parents[1] / "docs"
PUBLIC = [name for name in skmeta.__all__ if name != "__version__"]
PAGES = [*sorted(DOCS.glob("guide/*.rst")), DOCS / "index.rst"]
ROOMS = [
    *("cluster", "datasets", "discriminant_analysis", "ensemble", "gaussian_process", "inspection", "linear_model"),
    *("model_selection", "naive_bayes", "neighbors", "neural_network", "preprocessing", "tuning", "warm_start"),
]


def test_public_names_stand_in_the_api_reference():
    listed = set((DOCS / "api.rst").read_text("utf-8").split())
    top = set(PUBLIC)
    rooms = {f"{room}.{name}" for room in ROOMS for name in import_module(f"skmeta.{room}").__all__}
    assert sorted(top - listed) == []
    assert sorted(name for name in rooms if name.partition(".")[2] not in top and name not in listed) == []


def test_each_public_name_has_one_place_and_an_example():
    listed = re.findall(r"^    (\S+)$", (DOCS / "api.rst").read_text("utf-8"), flags=re.MULTILINE)
    assert [name for name, times in Counter(listed).items() if times > 1] == []
    assert [name for name in PUBLIC if ">>>" not in (inspect.getdoc(getattr(skmeta, name)) or "")] == []


def test_the_api_reference_lists_what_there_is():
    for name in re.findall(r"^    ([a-z_]+\.)?(\w+)$", (DOCS / "api.rst").read_text("utf-8"), flags=re.MULTILINE):
        module, thing = import_module(f"skmeta.{name[0]}".rstrip(".")), name[1]
        assert inspect.getdoc(getattr(module, thing))


def test_each_page_stands_in_the_index_once():
    listed = re.findall(r"^    (\w+)$", (DOCS / "guide" / "index.rst").read_text("utf-8"), flags=re.MULTILINE)
    listed += re.findall(r"^    guide/(\w+)$", (DOCS / "index.rst").read_text("utf-8"), flags=re.MULTILINE)
    assert sorted(listed) == sorted(page.stem for page in PAGES if page.parent.name == "guide")


# Pages that are a list, or words about the library itself; all others say what goes wrong.
WITHOUT_MISTAKES = {"contributing", "glossary", "index", "mathematics", "whats_new"}
GUIDE = {page.stem: page.read_text("utf-8") for page in DOCS.glob("guide/*.rst")}


@pytest.mark.parametrize("page", sorted(set(GUIDE) - WITHOUT_MISTAKES))
def test_a_page_says_what_goes_wrong(page):
    part = re.split(r"^What goes wrong.*\n-+\n", GUIDE[page], flags=re.MULTILINE)[1]
    assert ">>>" in part and "Traceback" in part


# Words ------------------------------------------------------------------------------------------------------------


def glossary():
    """Each term and what is said of it."""
    found = re.split(r"^    (\S.*)\n", GUIDE["glossary"].partition(".. glossary::\n")[2], flags=re.MULTILINE)[1:]
    return dict(zip(found[::2], found[1::2], strict=True))


def test_the_glossary_is_sorted_and_has_each_word_that_pages_refer_to():
    terms = list(glossary())
    assert terms == sorted(set(terms), key=str.lower)
    texts = [*GUIDE.values(), (DOCS / "index.rst").read_text("utf-8"), (DOCS / "api.rst").read_text("utf-8")]
    asked = {
        (one or other).strip()
        for text in texts
        for one, other in re.findall(r":term:`(?:[^`<]*<([^>]+)>|([^`<]+))`", text)
    }
    assert asked and asked <= set(terms)


@pytest.mark.parametrize(("term", "said"), glossary().items(), ids=glossary())
def test_a_term_names_a_page_that_uses_it(term, said):
    pages = re.findall(r":doc:`(\w+)`", said)
    word = r"[\s_-]+".join(map(re.escape, re.split("[ -]", term.partition(" of ")[0].removesuffix("s"))))
    assert pages and all(re.search(word, GUIDE[page], flags=re.IGNORECASE) for page in pages)


# Pictures that scripts beside them draw ---------------------------------------------------------------------------


def test_each_picture_is_shown_and_drawn_by_a_script(tmp_path):
    pages = "".join([*GUIDE.values(), (DOCS.parent / "README.md").read_text("utf-8")])
    scripts = {path: path.read_text("utf-8") for path in (DOCS / "images").glob("*.py")}
    for picture in (DOCS / "images").glob("*.svg"):
        assert f"images/{picture.name}" in pages
        assert any(picture.stem in (path.stem, *re.findall(r'"(\w+)":', text)) for path, text in scripts.items())


def test_the_pictures_of_sums_are_what_the_script_draws(tmp_path):
    names = runpy.run_path(str(DOCS / "images" / "sums.py"))
    for name, places in names["PLACES"].items():
        with matplotlib.rc_context({"svg.fonttype": "none"}):
            names["draw"](name, tmp_path / "drawn.svg")
        assert all(f">{place}<" in (tmp_path / "drawn.svg").read_text("utf-8") for place in places)
