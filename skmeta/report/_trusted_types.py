"""Which types a saved prior may hold: classes of skmeta and scikit-learn, and a list of others."""

from __future__ import annotations

from importlib import import_module
from inspect import isclass

# What steps call or hold beside classes of skmeta and scikit-learn: numbers in, numbers out.
NUMPY = ("asarray", "clip", "dot", "dtype", "exp", "expand_dims", "log", "pad", "reshape", "square", "take")
POOLING = ("max", "mean", "median", "min", "sum")  # of FeatureAgglomeration
SPARSE = ("csc.csc_array", "csc.csc_matrix", "csr.csr_array", "csr.csr_matrix")
SCORES = ("chi2", "f_classif", "f_regression", "r_regression")  # of SelectKBest and its kind
MUTUAL_INFORMATION = ("mutual_info_classif", "mutual_info_regression")
NAMES = {
    "pandas.to_datetime",
    "operator.itemgetter",
    "scipy.special._ufuncs.logit",
    "scipy.interpolate._bsplines.BSpline",
    "scipy._lib.array_api_compat.numpy._aliases.asarray",  # a BSpline holds it
    "sklearn.cluster._kmeans._kmeans_single_elkan",  # a BisectingKMeans holds one of these
    "sklearn.cluster._kmeans._kmeans_single_lloyd",
    *(f"numpy.{name}" for name in (*NUMPY, *POOLING)),
    *(f"scipy.sparse._{name}" for name in SPARSE),
    *(f"sklearn.feature_selection._univariate_selection.{name}" for name in SCORES),
    *(f"sklearn.feature_selection._mutual_info.{name}" for name in MUTUAL_INFORMATION),
}

# Packages and modules that no fitted model is made of. They hold classes that read pickles or connect to other machines.
REFUSED = {"_testing", "callback", "conftest", "datasets", "estimator_checks", "externals", "tests"}


def is_trusted(name: str) -> bool:
    """Whether a file may name this type: it is in the list, or a class that skmeta or scikit-learn define there.

    A name that begins with ``sklearn.`` is not enough. Modules hold what they import, so that
    ``sklearn.utils._testing.check_output`` is `subprocess.check_output`, which starts any program. Nor is it enough that
    scikit-learn defines the class: ``sklearn.callback`` connects to the address that an object of it names, and takes what
    comes from there as a pickle.

    Parameters
    ----------
    name : str
        Dotted name, as of ``skops.io.get_untrusted_types``.

    Returns
    -------
    bool
        Whether a file that holds it may be loaded.
    """
    if name in NAMES:
        return True
    module, _, attribute = name.rpartition(".")
    parts = module.split(".")
    if parts[0] not in ("skmeta", "sklearn") or not REFUSED.isdisjoint(parts):
        return False
    try:
        found = getattr(import_module(module), attribute, None)
    except ImportError:
        return False
    return isclass(found) and found.__module__ == module
