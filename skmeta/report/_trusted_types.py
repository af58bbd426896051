"""Which types a saved prior may hold: classes of skmeta and scikit-learn, and a list of functions."""

from __future__ import annotations

from importlib import import_module
from inspect import isclass

# What the steps of a prior call beside skmeta's and scikit-learn's own.
NUMPY = ("asarray", "clip", "dot", "dtype", "exp", "expand_dims", "log", "pad", "reshape", "square", "take")
FUNCTIONS = {
    "pandas.to_datetime",
    "operator.itemgetter",
    "scipy.special._ufuncs.logit",
    *(f"numpy.{name}" for name in NUMPY),
}


def is_trusted(name: str) -> bool:
    """Whether a file may name this type: it is in the list, or a class that skmeta or scikit-learn define there.

    A name that begins with ``sklearn.`` is not enough. Modules hold what they import, so that
    ``sklearn.utils._testing.check_output`` is `subprocess.check_output`, which starts any program.

    Parameters
    ----------
    name : str
        Dotted name, as of ``skops.io.get_untrusted_types``.

    Returns
    -------
    bool
        Whether a file that holds it may be loaded.
    """
    if name in FUNCTIONS:
        return True
    module, _, attribute = name.rpartition(".")
    if module.partition(".")[0] not in ("skmeta", "sklearn"):
        return False
    try:
        found = getattr(import_module(module), attribute, None)
    except ImportError:
        return False
    return isclass(found) and found.__module__ == module
