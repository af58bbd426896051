"""What a saved prior may hold: a file that calls anything else is refused before it is read."""

import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import sklearn
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor

import skmeta
from skmeta import GaussianPrior
from skmeta.report import load_prior
from skmeta.report._trusted_types import NAMES, REFUSED, is_trusted

skops = pytest.importorskip("skops.io")
pytestmark = pytest.mark.quick

CALLS = [
    ("sklearn.utils._testing", "check_output"),  # subprocess.check_output, by the module that imports it
    ("skmeta.report._files", "_load_joblib"),  # a function of our own that loads what can run any code
    ("subprocess", "check_output"),
    ("builtins", "eval"),
    ("sklearn.callback._transport", "ListenerHandle"),  # what connects to an address and reads pickles from there
    ("sklearn.externals.array_api_extra._lib._helpers", "Unpickler"),
]
NO_CLASSES = [
    "sklearn.linear_model._ridge.Ridge.fit",  # a method is no class of a module
    "sklearn.no_such_module.Ridge",
    "sklearn.linear_model.Ridge",  # where it is imported, not where it is defined
    "skmeta.report._files.Path",
    "sklearn",
    "",
]


def calling(path, module, name, *args):
    """Write a file that calls a function with arguments as it is loaded."""
    with zipfile.ZipFile(io.BytesIO(skops.dumps(args))) as plain, zipfile.ZipFile(path, "w") as bent:
        for member in plain.namelist():
            text = plain.read(member)
            if member == "schema.json":
                content = json.loads(text)
                call = {"__module__": module, "__class__": name, "__loader__": "ConstructorFromReduceNode"}
                text = json.dumps(content | call | {"content": content, "__id__": 0})
            bent.writestr(member, text)


def test_the_attack_works_where_all_is_trusted(tmp_path):
    calling(tmp_path / "bent.skops", "sklearn.utils._testing", "check_output", ["echo", "called"])
    names = skops.get_untrusted_types(file=tmp_path / "bent.skops")
    assert skops.load(tmp_path / "bent.skops", trusted=names).strip() == b"called"


@pytest.mark.parametrize(("module", "name"), CALLS, ids=["imported", "own", "standard", "builtin", "address", "pickle"])
def test_a_file_that_calls_a_function_is_refused_and_calls_nothing(module, name, tmp_path):
    touched = tmp_path / "touched"
    calling(tmp_path / "bent.skops", module, name, ["touch", str(touched)])
    with pytest.raises(ValueError, match=f"found {module}.{name}; if you trust them"):
        load_prior(str(tmp_path / "bent.skops"))
    assert not touched.exists()


@pytest.mark.parametrize("name", NO_CLASSES)
def test_what_is_no_class_of_that_place_is_not_trusted(name):
    assert not is_trusted(name)


def test_all_that_priors_and_models_hold_is_trusted():
    X, y = np.eye(3), np.arange(3.0)
    models = [Ridge(), DecisionTreeRegressor(), KNeighborsRegressor(1, algorithm="kd_tree")]
    kept = [GaussianPrior(np.zeros(3), np.ones(3)), RBF(), *(model.fit(X, y) for model in models)]
    found = skops.get_untrusted_types(data=skops.dumps(kept))
    assert {name.partition(".")[0] for name in found} == {"skmeta", "sklearn"}
    assert all(map(is_trusted, found))


def test_no_name_of_the_list_runs_programs_or_reads_files():
    assert {name.partition(".")[0] for name in NAMES} == {"numpy", "operator", "pandas", "scipy", "sklearn"}
    arrays = ("sklearn.cluster._kmeans.", "sklearn.feature_selection._")
    assert all(name.startswith(arrays) for name in NAMES if name.startswith("sklearn."))


def reaching_out(package):
    """Modules that define classes, and start processes, connect, read pickles or open files."""
    packages = "ctypes|http|multiprocessing|pickle|shutil|socket|subprocess|tempfile|urllib"
    reaching = re.compile(rf"^\s*(?:import|from) (?:{packages})\b|(?<![\w.])(?:open|exec|eval)\(", re.MULTILINE)
    root = Path(package.__file__).parent
    for path in root.rglob("*.py"):
        module = ".".join(path.relative_to(root.parent).with_suffix("").parts)
        text = "" if REFUSED.intersection(module.split(".")) else path.read_text("utf-8")
        if "\nclass " in text and reaching.search(text):
            yield module


def test_classes_that_are_trusted_stand_in_modules_that_reach_for_nothing_outside():
    found = {*reaching_out(sklearn), *reaching_out(skmeta)}
    assert found == {
        "sklearn.feature_extraction.text",  # CountVectorizer(input="filename") reads files that cells of a table name
        "sklearn.tree._export",  # a function writes what it has drawn
        "sklearn.utils._repr_html.estimator",  # reads scripts of its own
        "skmeta.steps._frozen_steps",  # names an error of pickle
    }


def test_a_file_that_skops_did_not_write_is_told_by_its_name(tmp_path):
    (tmp_path / "prior.skops").write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"prior\.skops: wanted a file that skops wrote, found another kind"):
        load_prior(str(tmp_path / "prior.skops"))
