"""Every transformer of scikit-learn: fitted it goes through save and load, those in no list as a file of one's own."""

from warnings import catch_warnings, simplefilter

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils import all_estimators

from skmeta import GaussianPrior
from skmeta.report import load_prior, save_prior
from skmeta.report._prior_of_table import PriorOfTable
from skmeta.report._trusted_types import public_classes
from skmeta.steps import FrozenSteps

skops = pytest.importorskip("skops.io")

REFUSED = {"Birch": "skops does not store what refers to itself, as its tree of clusters does"}
NO_STEPS = {
    "LabelBinarizer": "of targets",
    "LabelEncoder": "of targets",
    "MultiLabelBinarizer": "of targets",
    "TSNE": "transforms no new rows",
}
CLASSES, NUMBERS = [("one", LogisticRegression())], [("one", LinearRegression())]
PARAMETERS = {
    "CCA": {"n_components": 1},
    "ColumnTransformer": {"transformers": [("one", StandardScaler(), [0, 1])], "remainder": "passthrough"},
    "FeatureHasher": {"n_features": 8},
    "FeatureUnion": {"transformer_list": [("one", StandardScaler()), ("all", "passthrough")]},
    "GaussianRandomProjection": {"n_components": 2},
    "HashingVectorizer": {"n_features": 8},
    "PLSCanonical": {"n_components": 1},
    "PLSSVD": {"n_components": 1},
    "PatchExtractor": {"patch_size": (2, 2)},
    "RFE": {"estimator": LogisticRegression()},
    "RFECV": {"estimator": LogisticRegression(), "cv": 2},
    "RandomTreesEmbedding": {"n_estimators": 5},
    "SelectFromModel": {"estimator": LogisticRegression()},
    "SequentialFeatureSelector": {"estimator": LogisticRegression(), "cv": 2},
    "SparseCoder": {"dictionary": np.eye(4)},
    "SparseRandomProjection": {"n_components": 2},
    "StackingClassifier": {"estimators": CLASSES, "cv": 2},
    "StackingRegressor": {"estimators": NUMBERS, "cv": 2},
    "VotingClassifier": {"estimators": CLASSES},
    "VotingRegressor": {"estimators": NUMBERS},
}
TABLE = np.random.default_rng(0).uniform(0.1, 1.0, (12, 4))
TEXTS = ["a green apple", "green pears", "a pear", "red apples"] * 3
RECORDS = [{"colour": "red", "size": 1}, {"colour": "green", "size": 2}] * 6
ROWS = {
    "CountVectorizer": TEXTS,
    "DictVectorizer": RECORDS,
    "FeatureHasher": RECORDS,
    "HashingVectorizer": TEXTS,
    "IsotonicRegression": TABLE[:, 0],
    "KernelCenterer": TABLE @ TABLE.T,
    "PatchExtractor": TABLE.reshape(3, 4, 4),
    "TfidfVectorizer": TEXTS,
}


def fitted(name, kind):
    labels = TABLE[:, 0] > np.median(TABLE[:, 0])
    with catch_warnings():
        simplefilter("ignore")  # solvers that a dozen rows do not let converge
        step = clone(kind(**PARAMETERS.get(name, {})))
        return step.fit(ROWS.get(name, TABLE), None if name == "PatchExtractor" else labels)


def dense(found):
    return found.toarray() if sparse.issparse(found) else np.asarray(found)


def of_table(step):
    unknown = {key: {} for key in ("kinds", "units", "categories")}
    steps = FrozenSteps([("step", step)], input_names=["a"])
    return PriorOfTable(
        steps, GaussianPrior([1.0], covariance=1.0), LinearRegression(), "task", "y", **unknown, context=[], drift=False
    )


@pytest.mark.parametrize(("name", "kind"), [each for each in all_estimators("transformer") if each[0] not in NO_STEPS])
def test_a_transformer_is_saved_and_read_back(name, kind, tmp_path):
    step, rows, path = fitted(name, kind), ROWS.get(name, TABLE), str(tmp_path / "prior.skops")
    if name in REFUSED:
        with pytest.raises(skops.exceptions.UnsupportedTypeException):
            save_prior(of_table(step), path)
        return
    save_prior(of_table(step), path)
    is_listed = kind in public_classes()
    if not is_listed:
        with pytest.raises(ValueError, match=r"wanted a prior that is safe whoever made it, found .*--trust"):
            load_prior(path)
    again = load_prior(path, trust=not is_listed).steps.steps[0][1]
    assert type(again) is kind
    assert_array_equal(dense(again.transform(rows)), dense(step.transform(rows)))
