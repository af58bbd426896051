"""The house: rooms, the floors they stand on, and what may be imported where."""

import ast
import re
from copy import deepcopy
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pytest
from house import FUNCTIONS, ROOT, house, nodes_of, read_house

pytestmark = pytest.mark.quick

# The map. Imports point down only; rooms on one floor do not know each other.
FLOORS = {
    "__main__": 12,
    "__init__": 11,
    "report": 10,
    "inspection": 9,
    "warm_start": 8,
    "model_selection": 8,
    "discriminant_analysis": 7,
    "ensemble": 7,
    "gaussian_process": 7,
    "naive_bayes": 7,
    "neural_network": 7,
    "neighbors": 7,
    "cluster": 6,
    "fallback": 6,
    "linear_model": 5,
    "tuning": 5,
    "compose": 4,
    "steps": 4,
    "base": 3,
    "_task_models": 2,
    "tasks": 1,
    "datasets": 1,
    "preprocessing": 1,
    "_inference": 0,
    "_dataframe": 0,
    "_dask": 0,
    "_sklearn": 0,
    "_progress": 0,
}
FRAMES = {"pandas", "polars"}
FRAME_METHODS = {"iloc", "loc", "columns", "get_column_index", "to_series", "to_numpy", "dtypes"}
OPTIONAL = {"pandas", "polars", "pyarrow", "matplotlib", "skops", "dask", "torch", "skorch", "keras", "scikeras"}
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40
MAX_MEDIAN_LINES = 15
CONTRACT = {"base", "steps", "tasks", "_dataframe", "_dask", "_progress"}  # all that the shells may know
COMPOSITION = {"Pipeline", "TransformedTargetRegressor", "BaseEstimator"}  # what is no family
NOT_THE_FIELDS = {"believed", "fellow", "stranger", "caution", "Bell", "odd_level", "learn_shares"}


class Import(NamedTuple):
    """One imported name: ``from module import name``, the functions around it, innermost last."""

    module: str
    name: str | None
    functions: tuple
    line: int


# What a file imports ------------------------------------------------------------------------------


def absolute(module, node):
    """Dotted name of the module an ``ast.ImportFrom`` of `module` imports from."""
    if not node.level:
        return node.module
    package = module.name.split(".") if module.is_package else module.name.split(".")[:-1]
    base = package[: len(package) - node.level + 1]
    return ".".join(base + ([node.module] if node.module else []))


@cache
def imports_of(module):
    found = []
    for node, functions in nodes_of(module):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, None, functions, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            source = absolute(module, node)
            found += [Import(source, alias.name, functions, node.lineno) for alias in node.names]
    return found


def target_of(item, names):
    """The module of ours that `item` needs: ``from package import module`` needs the module."""
    dotted = f"{item.module}.{item.name}"
    return dotted if dotted in names else item.module


# The rules: each takes modules and yields complaints ------------------------------------------------


def rooms_on_the_map(modules):
    for module in modules:
        if module.room not in FLOORS:
            yield f"{module.name}: the room {module.room!r} is not on the map"


def imports_point_down(modules):
    names = {module.name for module in modules}
    for module in modules:
        for item in imports_of(module):
            target = target_of(item, names).split(".")
            room = target[1] if len(target) > 1 else "__init__"
            if target[0] != "skmeta" or room == module.room:
                continue
            if FLOORS.get(room, 99) >= FLOORS.get(module.room, 99):
                yield f"{module.name}:{item.line} imports {room}, which is not on a floor below {module.room}"


def no_cycles(modules):
    names = {module.name for module in modules}
    graph = {m.name: {target_of(item, names) for item in imports_of(m)} & names for m in modules}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield "modules import each other: " + " -> ".join(error.args[1])


def is_public_name(module, name):
    return not name.startswith("_") or name in getattr(import_module(module), "__all__", ())


def is_private(item):
    """Whether `item` reaches into scikit-learn behind what it exports."""
    if item.module.split(".")[0] != "sklearn":
        return False
    if any(part.startswith("_") for part in item.module.split(".")):
        return True
    return item.name is not None and not is_public_name(item.module, item.name)


def private_attributes(module):
    """Lines that read ``sklearn._x`` or ``sklearn.x._y`` as an attribute."""
    for node, _ in nodes_of(module):
        private = isinstance(node, ast.Attribute) and re.match("_[^_]", node.attr)
        if private and ast.unparse(node).startswith("sklearn."):
            yield node.lineno


def private_sklearn_in_one_file(modules):
    for module in modules:
        if module.room == "_sklearn":
            continue
        lines = [item.line for item in imports_of(module) if is_private(item)]
        for line in lines + list(private_attributes(module)):
            yield f"{module.name}:{line} uses a private name of scikit-learn: that belongs in _sklearn.py"


def callbacks_in_one_file(modules):
    for module in modules:
        for item in imports_of(module):
            dotted = f"{item.module}.{item.name}."
            if dotted.startswith("sklearn.callback.") and module.room != "_progress":
                yield f"{module.name}:{item.line} imports sklearn.callback: that belongs in _progress.py"


def frames_in_one_file(modules):
    for module in modules:
        if module.room == "_dataframe":
            continue
        for item in imports_of(module):
            if item.module.split(".")[0] in FRAMES:
                yield f"{module.name}:{item.line} imports {item.module}: that belongs in _dataframe.py"
        for node, _ in nodes_of(module):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("hasattr", "getattr"):
                name = getattr(node.args[1], "value", None)
                if name in FRAME_METHODS:
                    yield f"{module.name}:{node.lineno} asks whether something has {name}: that belongs in _dataframe.py"


def dask_in_one_file(modules):
    for module in modules:
        for item in imports_of(module):
            if item.module.split(".")[0] == "dask" and module.room != "_dask":
                yield f"{module.name}:{item.line} imports {item.module}: that belongs in _dask.py"


def matplotlib_in_plot(modules):
    for module in modules:
        for item in imports_of(module):
            allowed = "plot" in item.functions or (module.room == "inspection" and item.functions)
            if item.module.split(".")[0] == "matplotlib" and not allowed:
                yield f"{module.name}:{item.line} imports matplotlib outside a function that plots"


def optional_packages_inside_functions(modules):
    for module in modules:
        for item in imports_of(module):
            if item.module.split(".")[0] in OPTIONAL and not item.functions:
                yield f"{module.name}:{item.line} imports {item.module} at the top: it may not be installed"


def one_idea_in_the_first_line(modules):
    for module in modules:
        lines = (ast.get_docstring(module.tree, clean=False) or "").split("\n")
        if not lines[0].strip() or any(line.strip() for line in lines[1:2]):
            yield f"{module.name}: the docstring's first line should say which idea lives here, alone"


def files_of_a_good_size(modules):
    for module in modules:
        lines = module.text.count("\n")
        if lines > MAX_FILE_LINES:
            yield f"{module.name}: {lines} lines, {MAX_FILE_LINES} at most"


def lines_of_code(function):
    doc = ast.get_docstring(function, clean=False)
    return function.end_lineno - function.lineno + 1 - (doc.count("\n") + 1 if doc else 0)


def functions_of_a_good_size(modules):
    for module in modules:
        for node, _ in nodes_of(module):
            if isinstance(node, FUNCTIONS) and lines_of_code(node) > MAX_FUNCTION_LINES:
                where = f"{module.name}:{node.lineno} {node.name}"
                yield f"{where}: {lines_of_code(node)} lines, {MAX_FUNCTION_LINES} at most"


def functions_are_short(modules):
    sizes = [lines_of_code(node) for m in modules for node, _ in nodes_of(m) if isinstance(node, FUNCTIONS)]
    if sizes and median(sizes) >= MAX_MEDIAN_LINES:
        yield f"half of all functions have {median(sizes):.0f} lines or more, wanted fewer than {MAX_MEDIAN_LINES}"


def shells_know_the_contract_alone(modules):
    for module in modules:
        if module.room != "warm_start":
            continue
        for item in imports_of(module):
            parts = item.module.split(".")
            if parts[0] == "skmeta" and len(parts) > 1 and parts[1] not in CONTRACT | {"warm_start"}:
                yield f"{module.name}:{item.line} imports {item.module}: shells know no family"


def concrete_estimators_in_their_family(modules):
    for module in modules:
        if module.name.startswith("skmeta.linear_model._families."):
            continue
        known = {item.name for item in imports_of(module) if item.module.startswith("sklearn.") and item.name}
        known = {name for name in known if name[0].isupper() and not name.endswith("Mixin")} - COMPOSITION
        for node, _ in nodes_of(module):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance" and len(node.args) == 2:
                named = {part.id for part in ast.walk(node.args[1]) if isinstance(part, ast.Name)} & known
                if named:
                    yield f"{module.name}:{node.lineno} asks for {', '.join(sorted(named))}: that belongs into its family"


def words_of_the_field(modules):
    words = re.compile(rf"\b({'|'.join(NOT_THE_FIELDS)})s?\b")
    for module in modules:
        for word in sorted(set(words.findall(module.text))):
            yield f"{module.name} says {word!r}, which is no term of the field"


class Sorted(ast.NodeTransformer):
    """Puts what is listed in one order, so that equal tables are written alike."""

    def visit_Tuple(self, node):
        return ast.Tuple(sorted(map(self.visit, node.elts), key=ast.unparse), node.ctx)


def tables_have_one_home(modules):
    homes = {}
    for module in modules:
        for node in module.tree.body:
            value = getattr(node, "value", None)
            if isinstance(value, ast.DictComp | ast.SetComp | ast.Set) or getattr(value, "keys", ()):
                homes.setdefault(ast.unparse(Sorted().visit(deepcopy(value))), []).append(module.name)
    for table, names in homes.items():
        if len(names) > 1:
            yield f"{' and '.join(names)} each have the table {table:.60}: one of them is its home"


def warnings_point_at_the_caller(modules):
    for module in modules:
        if module.name == "skmeta.tasks._warn_caller":
            continue
        for node, _ in nodes_of(module):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("warn", "warn_explicit"):
                yield f"{module.name}:{node.lineno} counts frames by hand: warn_caller finds the user's line"


def no_promises(modules):
    for module in modules:
        for number, line in enumerate(module.text.splitlines(), 1):
            if re.search(r"\b(TODO|FIXME|XXX)\b", line):
                yield f"{module.name}:{number} {line.strip()}"


RULES = [
    rooms_on_the_map,
    imports_point_down,
    no_cycles,
    private_sklearn_in_one_file,
    callbacks_in_one_file,
    frames_in_one_file,
    dask_in_one_file,
    matplotlib_in_plot,
    optional_packages_inside_functions,
    one_idea_in_the_first_line,
    files_of_a_good_size,
    functions_of_a_good_size,
    functions_are_short,
    shells_know_the_contract_alone,
    concrete_estimators_in_their_family,
    words_of_the_field,
    tables_have_one_home,
    warnings_point_at_the_caller,
    no_promises,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_stands(rule):
    assert list(rule(read_house())) == []


def test_the_map_in_the_guide_is_this_one():
    text = (ROOT.parent / "docs" / "guide" / "contributing.rst").read_text("utf-8")
    found = re.findall(r"^    (\w+)(?:/|\.py) .* floor (\d+)$", text, flags=re.MULTILINE)
    assert {room: int(floor) for room, floor in found} == FLOORS
    assert [int(floor) for _, floor in found] == sorted(FLOORS.values(), reverse=True)


def test_all_that_linear_models_hand_out_stands_in_the_api_reference():
    listed = (ROOT.parent / "docs" / "api.rst").read_text("utf-8").split()
    names = import_module("skmeta.linear_model").__all__
    assert [name for name in names if not {name, f"linear_model.{name}"} & set(listed)] == []


def test_the_house_was_read():
    modules = read_house()
    assert {module.room for module in modules} == set(FLOORS)
    assert sum(item.module.startswith("skmeta") for module in modules for item in imports_of(module)) > 20


# The rules can fail: made-up houses that break each ------------------------------------------------


LONG_FUNCTION = "    def f():\n" + "        x = 1\n" * MAX_FUNCTION_LINES
BROKEN = [
    (rooms_on_the_map, {"cellar": "import numpy"}),
    (imports_point_down, {"base": "from skmeta.linear_model import EmpiricalBayes"}),
    (imports_point_down, {"linear_model": "", "linear_model.gaussian": "from ..warm_start import WarmStartRegressor"}),
    (imports_point_down, {"linear_model": "", "linear_model.gaussian": "def f():\n    from .. import warm_start"}),
    (imports_point_down, {"tasks": "import skmeta.datasets"}),
    (imports_point_down, {"model_selection": "from .warm_start import WarmStartRegressor"}),
    (imports_point_down, {"linear_model": "from skmeta import GaussianPrior"}),
    (no_cycles, {"tuning": "", "tuning.a": "from .b import f", "tuning.b": "from . import a"}),
    (no_cycles, {"tuning": "from .a import f", "tuning.a": "def f():\n    from skmeta.tuning import g"}),
    (private_sklearn_in_one_file, {"tasks": "from sklearn.model_selection._search import BaseSearchCV"}),
    (private_sklearn_in_one_file, {"tasks": "from sklearn.base import _fit_context"}),
    (private_sklearn_in_one_file, {"tasks": "import sklearn._loss"}),
    (private_sklearn_in_one_file, {"tasks": "import sklearn\nsklearn.base._fit_context"}),
    (callbacks_in_one_file, {"tuning": "from sklearn.callback import ProgressBar"}),
    (callbacks_in_one_file, {"tuning": "def f():\n    from sklearn import callback"}),
    (frames_in_one_file, {"tasks": "def f():\n    import pandas as pd"}),
    (frames_in_one_file, {"report": "def f():\n    from polars import DataFrame"}),
    (frames_in_one_file, {"tuning": "def f(X):\n    return hasattr(X, 'iloc')"}),
    (frames_in_one_file, {"base": "def f(X):\n    return getattr(X, 'columns', None)"}),
    (dask_in_one_file, {"tasks": "def f():\n    import dask.dataframe as dd"}),
    (matplotlib_in_plot, {"inspection": "import matplotlib.pyplot as plt"}),
    (matplotlib_in_plot, {"__main__": "def main():\n    import matplotlib"}),
    (optional_packages_inside_functions, {"tasks": "import pandas as pd"}),
    (one_idea_in_the_first_line, {"tasks": "import numpy"}),
    (one_idea_in_the_first_line, {"tasks": '"""\nTasks, late.\n"""'}),
    (one_idea_in_the_first_line, {"tasks": '"""Tasks and\nmuch else."""'}),
    (files_of_a_good_size, {"tasks": "x = 1\n" * (MAX_FILE_LINES + 1)}),
    (functions_of_a_good_size, {"tasks": "if True:\n" + LONG_FUNCTION}),
    (functions_of_a_good_size, {"tasks": "class A:\n" + LONG_FUNCTION}),
    (functions_are_short, {"tasks": "def f():\n" + "    x = 1\n" * MAX_MEDIAN_LINES}),
    (shells_know_the_contract_alone, {"warm_start": "from skmeta.linear_model import GaussianPrior"}),
    (
        concrete_estimators_in_their_family,
        {"report": "from sklearn.linear_model import Ridge\ndef f(x):\n    return isinstance(x, (int, Ridge))"},
    ),
    (words_of_the_field, {"tasks": "strangers = 1"}),
    (tables_have_one_home, {"tasks": "A = {k: 1 for k in (1, 2)}", "tuning": "_B: dict = {k: 1 for k in (2, 1)}"}),
    (tables_have_one_home, {"tasks": "A = {'x': 1}", "tuning": "_B = {'x': 1}"}),
    (warnings_point_at_the_caller, {"tasks": "import warnings\nwarnings.warn('x', UserWarning, stacklevel=3)"}),
    (warnings_point_at_the_caller, {"tasks": "from warnings import warn\ndef f():\n    warn('x')"}),
    (no_promises, {"tasks": "x = 1  # TO" + "DO: think"}),
]
SOUND = {
    "_inference": '"""Arrays."""\nimport numpy',
    "_sklearn": '"""Private names."""\nfrom sklearn.model_selection._search import BaseSearchCV',
    "tasks._warn_caller": '"""Where warnings point."""\nimport warnings\nwarnings.warn("x", UserWarning, 3)',
    "tasks": '"""Tasks.\n\nMore."""\nfrom sklearn.utils import _safe_indexing\ndef f(X):\n    return hasattr(X, "fit")',
    "_dataframe": '"""Frames."""\ndef f(X):\n    import pandas\n    return hasattr(X, "columns")',
    "linear_model": '"""Values."""\nfrom .gaussian import GaussianPrior',
    "linear_model.gaussian": '"""One value."""\nfrom .. import _inference\nfrom ..tasks import stack_tasks',
    "inspection": '"""Pictures."""\nclass Display:\n    def plot(self):\n        import matplotlib',
}


def test_every_rule_is_broken_once():
    assert {rule for rule, _ in BROKEN} == set(RULES)


@pytest.mark.parametrize(("rule", "texts"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_rule_sees_what_breaks_it(rule, texts):
    assert len(list(rule(house(texts)))) == 1


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_lets_a_sound_house_be(rule):
    assert list(rule(house(SOUND))) == []


def test_some_tests_of_every_room_are_quick():
    tests = Path(__file__).parent
    rooms = {path.parent for path in tests.glob("*/test_*.py")}
    quick = {path.parent for path in tests.glob("*/test_*.py") if "pytest.mark.quick" in path.read_text("utf-8")}
    assert quick == rooms and {path.name for path in rooms} <= set(FLOORS)


def test_a_docstring_does_not_count_as_code():
    doc = '"""' + "line\n" * MAX_FUNCTION_LINES + '"""'
    assert list(functions_of_a_good_size(house({"tasks": f"def f():\n    {doc}\n    return 1"}))) == []
