"""Whether arrays that scikit-learn's compiled code, or SciPy's, follows without checks lead nowhere but into themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

DECISION_TREES = ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor")
LEAF = -1  # as `sklearn.tree` marks a node without children


def about_tree(tree: Any) -> str | None:
    """What is wrong with the nodes of a ``Tree``; None if each path ends in a leaf and reads columns that there are.

    These are the checks of scikit-learn's pull request 34558: children stand behind their parent, so that there is no way
    back, and before the end, none has two parents, features are among the columns, and no path is longer than it is said.

    Parameters
    ----------
    tree : Tree
        As a decision tree holds it.

    Returns
    -------
    str or None
        What was found.
    """
    state = tree.__getstate__()
    nodes = state["nodes"]
    is_inner = nodes["left_child"] != LEAF
    if state["node_count"] != len(nodes) or tree.value.shape[1:] != (tree.n_outputs, tree.max_n_classes):
        return "arrays of other lengths than its nodes"
    wrong = _about_paths(nodes["left_child"], nodes["right_child"], nodes["feature"], is_inner, tree.n_features)
    return wrong or (None if _depth(nodes, is_inner) <= tree.max_depth else "a longer path than it says")


def about_decision_tree(model: Any) -> str | None:
    """What is wrong with a decision tree; None if its tree reads the columns that the model asks for."""
    if not hasattr(model, "tree_"):
        return None
    if type(model.tree_).__name__ != "Tree":
        return f"a {type(model.tree_).__name__} instead of a tree"
    return _about_columns(model) or (
        None if model.tree_.n_features == model.n_features_in_ else "a tree of another number of columns"
    )


def about_forest(model: Any) -> str | None:
    """What is wrong with a forest; None if it consists of decision trees of its own columns."""
    if not hasattr(model, "estimators_"):
        return None
    for each in model.estimators_:
        if type(each).__name__ not in DECISION_TREES or each.n_features_in_ != model.n_features_in_:
            return f"a {type(each).__name__} that is no decision tree of its columns"
    return _about_columns(model)


def about_gradient_boosting(model: Any) -> str | None:
    """What is wrong with a fitted GradientBoosting model; None if its trees add to as many columns as there are.

    Compiled code adds the value of each stage's k-th tree to the k-th column of what ``init_`` predicts.
    """
    if not hasattr(model, "estimators_"):
        return None
    trees = model.estimators_
    if trees.ndim != 2 or not trees.size:
        return "no table of trees"
    for each in trees.ravel():
        if type(each).__name__ not in DECISION_TREES or each.n_features_in_ != model.n_features_in_:
            return f"a {type(each).__name__} that is no decision tree of its columns"
        if each.tree_.value.shape[1:] != (1, 1):
            return "a tree of several values"
    return _about_columns(model) or (
        None if _starts_from(model) == trees.shape[1] else "trees of other columns than it predicts"
    )


def about_boosting(model: Any) -> str | None:
    """What is wrong with a fitted HistGradientBoosting model; None if its trees read raw columns that there are.

    Splits by categories are not known here: they go by tables of bits, and the command line makes columns of categories.
    """
    if not hasattr(model, "_predictors"):
        return None
    if vars(model).get("_in_fit") or vars(model).get("_preprocessor") is not None:
        return "a model that reads its columns in another way than as numbers"
    for predictor in [each for stage in model._predictors for each in stage]:
        nodes = predictor.nodes
        is_inner = nodes["is_leaf"] == 0
        wrong = _about_paths(nodes["left"], nodes["right"], nodes["feature_idx"], is_inner, model.n_features_in_)
        if wrong or nodes["is_categorical"][is_inner].any():
            return wrong or "a split by categories"
    return _about_columns(model)


def about_one_hot(encoder: Any) -> str | None:
    """What is wrong with a OneHotEncoder; None if each category has a column among those that it makes.

    It writes ones at the columns of categories, and SciPy does not check whether the table has these.

    Parameters
    ----------
    encoder : OneHotEncoder
        Fitted or not.

    Returns
    -------
    str or None
        What was found.
    """
    if not hasattr(encoder, "categories_"):
        return None
    if encoder.drop is not None or encoder._drop_idx_after_grouping is not None:
        return "a OneHotEncoder that drops categories"
    n_columns = encoder._n_features_outs
    n_features = len(encoder.categories_)
    grouped = [None] * n_features
    indices = encoder._infrequent_indices if encoder._infrequent_enabled else grouped
    mappings = encoder._default_to_infrequent_mappings if encoder._infrequent_enabled else grouped
    if not n_features == len(n_columns) == len(indices) == len(mappings):
        return "other numbers of columns than of categories"
    for known, mapping, index, width in zip(encoder.categories_, mappings, indices, n_columns, strict=True):
        codes = np.arange(len(known)) if mapping is None else mapping
        if (mapping is None) != (index is None) or not _are_columns(codes, width) or not _is_sorted(known):
            return "a category without a column"
    return None


def _starts_from(model: Any) -> int:
    """How many columns a GradientBoosting model predicts before its trees: one for numbers and two classes; 0 if unknown."""
    start, wanted = model.init_, "DummyClassifier" if is_classifier(model) else "DummyRegressor"
    if type(start).__name__ != wanted or start.n_outputs_ != 1:
        return 0
    if wanted == "DummyRegressor":
        return 1
    if start.strategy != "prior" or np.ndim(start.class_prior_) != 1:
        return 0
    n_classes = len(start.class_prior_)
    return n_classes if model._loss.is_multiclass else int(n_classes == 2)


def _about_paths(left: Any, right: Any, feature: Any, is_inner: NDArray[np.bool_], n_features: int) -> str | None:
    place, n_nodes = np.flatnonzero(is_inner), len(is_inner)
    if not n_nodes:
        return "a tree without nodes"
    children = np.array([left[is_inner], right[is_inner]], dtype=np.int64)
    if ((children <= place) | (children >= n_nodes)).any():
        return "a node whose child is none of the nodes behind it"
    if len(np.unique(children)) < children.size:
        return "a node that is a child twice"
    return None if _are_columns(feature[is_inner], n_features) else "a node that reads a column which there is not"


def _depth(nodes: Any, is_inner: NDArray[np.bool_]) -> int:
    """The length of the longest path."""
    depth, level = 0, np.flatnonzero(is_inner[:1])
    while len(level):
        depth += 1
        children = np.concatenate([nodes["left_child"][level], nodes["right_child"][level]])
        level = children[is_inner[children]]
    return depth


def _are_columns(indices: Any, n_columns: Any) -> bool:
    """Whether all indices are those of so many columns."""
    return isinstance(n_columns, int) and bool(np.all((np.asarray(indices) >= 0) & (np.asarray(indices) < n_columns)))


def _about_columns(model: Any) -> str | None:
    """None if a model says how many columns it reads, so that it refuses tables of others."""
    return None if type(model.n_features_in_) is int else "a number of columns that is no whole number"


def _is_sorted(categories: NDArray[Any]) -> bool:
    """Whether a search among categories finds each at its own place: numbers in order, NaN last; texts are looked up."""
    if categories.dtype == object:
        return True
    gaps = categories != categories  # noqa: PLR0124 - true of NaN alone, and defined for texts
    known = categories[~gaps]
    return bool(np.all(known[1:] > known[:-1]) and gaps[:-1].sum() == 0)
