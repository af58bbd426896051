"""What a saved prior may hold: a file that calls anything else is refused before it is read."""

import io
import json
import sys
import zipfile
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import skmeta
from skmeta.base import FrozenValue
from skmeta.report import load_prior
from skmeta.report._trusted_types import FUNCTIONS, is_trusted, names_of_parts, public_classes

skops = pytest.importorskip("skops.io")
pytestmark = pytest.mark.quick

CALLS = [
    ("sklearn.utils._testing", "check_output"),  # subprocess.check_output, by the module that imports it
    ("skmeta.report._files", "_load_joblib"),  # a function of our own that loads what can run any code
    ("subprocess", "check_output"),
    ("builtins", "eval"),
    ("sklearn.callback._transport", "ListenerHandle"),  # what connects to an address and reads pickles from there
    ("sklearn.externals.array_api_extra._lib._helpers", "Unpickler"),
    ("lightgbm.basic", "Booster"),  # reads the text of a model by code that does not expect others'
    ("joblib.memory", "Memory"),
    ("sklearn.ensemble._bagging", "BaggingRegressor"),  # a class of scikit-learn that is in no list
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


@pytest.mark.parametrize(("module", "name"), CALLS, ids=lambda name: name)
def test_a_file_that_calls_a_function_is_refused_and_calls_nothing(module, name, tmp_path):
    touched = tmp_path / "touched"
    calling(tmp_path / "bent.skops", module, name, ["touch", str(touched)])
    with pytest.raises(ValueError, match=f"found {module}.{name}; if you made the file yourself"):
        load_prior(str(tmp_path / "bent.skops"))
    assert not touched.exists()


def test_a_name_says_nothing_to_the_terminal(tmp_path):
    calling(tmp_path / "bent.skops", "subprocess", "\x1b[2Jrun\n")
    with pytest.raises(ValueError, match=r"found subprocess[.]\\x1b\[2Jrun\\n; if"):
        load_prior(str(tmp_path / "bent.skops"))


@pytest.mark.parametrize("name", NO_CLASSES)
def test_what_is_no_class_of_that_place_is_not_trusted(name):
    assert not is_trusted(name)


def test_all_that_is_listed_is_there_and_trusted():
    classes = {*public_classes().values(), *public_classes(unfitted=True).values()}
    assert all(map(is_trusted, {*classes, *names_of_parts(), *FUNCTIONS}))
    for name in {*names_of_parts(), *FUNCTIONS}:
        module, _, attribute = name.rpartition(".")
        assert hasattr(import_module(module), attribute), name
    assert not set(public_classes()) & set(public_classes(unfitted=True))


OPENED = []
sys.addaudithook(lambda event, args: OPENED and OPENED[0].append(event))


def events_of(function, *args):
    """What the interpreter reports while a function is called: files opened, programs started, modules read."""
    for _ in range(2):  # what a first call imports is no matter
        OPENED[:] = [[]]
        with suppress(Exception):  # most take no text
            function(*args)
    return set(OPENED.pop())


def test_no_function_of_the_list_opens_a_path_or_calls_what_it_gets(tmp_path):
    path = tmp_path / "rows.txt"
    path.write_text("1 2\n")
    load = import_module("numpy").loadtxt
    assert "open" in events_of(load, str(path))
    for name in FUNCTIONS:
        module, _, attribute = name.rpartition(".")
        function = getattr(import_module(module), attribute)
        for argument in (str(path), [str(path)], path, path.read_text, [path.read_text]):
            assert not events_of(function, argument) & {"open", "exec", "compile", "os.system", "subprocess.Popen"}, (
                name
            )


# Frozen values that no prior of the command line holds.
OTHERS = {
    "skmeta.base._prior.Prior": "a base class",
    "skmeta.linear_model._linear_prior.LinearPrior": "a base class",
    "skmeta.linear_model._structured._prior.StructuredPrior": "a base class",
    "skmeta.naive_bayes._counts.CountsPrior": "a base class",
    "skmeta.naive_bayes._naive_bayes_prior.NaiveBayesPrior": "a base class",
    "skmeta.cluster._gaussian_mixture.GaussianMixturePrior": "of clusters",
    "skmeta.cluster._k_means.KMeansPrior": "of clusters, whose compiled code takes centres as they are",
    "skmeta.cluster._own_clusters.OwnClusters": "of clusters",
    "skmeta.cluster._own_clusters.OwnKMeans": "of clusters",
    "skmeta.cluster._own_clusters.OwnMixture": "of clusters",
}
WITHOUT_PRIORS = ("skmeta.datasets", "skmeta.model_selection", "skmeta.tuning", "skmeta.warm_start")


def test_every_prior_is_listed_or_there_is_a_reason():
    packages = ("skorch", "scikeras", "dask", "__main__", "torch")  # of other packages
    for module in walk_packages(skmeta.__path__, "skmeta."):
        if not any(name in module.name for name in packages):
            import_module(module.name)
    kinds, todo = set(), [FrozenValue]
    while todo:
        todo += (found := todo.pop().__subclasses__())
        kinds |= {f"{kind.__module__}.{kind.__qualname__}" for kind in found}
    ours = {name for name in kinds if name.startswith("skmeta.") and not name.startswith(WITHOUT_PRIORS)}
    assert ours - names_of_parts() == set(OTHERS)


# Compiled modules that the modules of listed classes import, and why what a file holds does not reach them unchecked.
COMPILED = {
    "sklearn._loss._loss": "in fit alone",
    "sklearn.ensemble._gradient_boosting": "`about_gradient_boosting`",
    "sklearn.ensemble._hist_gradient_boosting._binning": "in fit alone: `about_boosting` refuses a model that is in it",
    "sklearn.ensemble._hist_gradient_boosting._gradient_boosting": "in fit alone",
    "sklearn.ensemble._hist_gradient_boosting._predictor": "`about_boosting`",
    "sklearn.linear_model._cd_fast": "in fit alone, where it starts from zeros: `warm_start` is refused",
    "sklearn.tree._criterion": "in fit alone",
    "sklearn.tree._splitter": "in fit alone",
    "sklearn.tree._tree": "`about_tree`",
    "sklearn.utils._bitset": "of splits by categories, which `about_boosting` refuses",
    "sklearn.utils._openmp_helpers": "counts threads",
    "sklearn.utils._seq_dataset": "in fit alone",
    "sklearn.utils.arrayfuncs": "in fit alone",
    "sklearn.utils.sparsefuncs_fast": "statistics of the rows that are fitted to",
}


def compiled(kind):
    """Compiled modules of scikit-learn that the modules which define a class import from."""
    for module in {base.__module__ for base in kind.__mro__ if base.__module__.startswith("sklearn.")}:
        for value in vars(sys.modules[module]).values():
            source = str(getattr(value, "__module__", None) or getattr(value, "__name__", None))
            file = getattr(sys.modules.get(source), "__file__", None) or ""
            if source.startswith("sklearn.") and Path(file).suffix in (".so", ".pyd"):
                yield source


def test_compiled_code_that_fitted_models_reach_is_known():
    parts = [name.rpartition(".") for name in names_of_parts() if name.startswith("sklearn.")]
    kinds = [*public_classes(), *(getattr(import_module(module), name) for module, _, name in parts)]
    assert {module for kind in kinds for module in compiled(kind)} == set(COMPILED)
