"""Links to scikit-learn's reference without a network: addresses follow from the names of what is installed.

``sphinx.ext.intersphinx`` reads a list of names that it would fetch. This writes that list, of the estimators and functions
of the scikit-learn at hand, so that a build needs nothing from elsewhere.
"""

import zlib
from pathlib import Path

from sklearn.utils.discovery import all_estimators, all_functions

ADDRESS = "https://scikit-learn.org/stable/"
HEADER = "# Sphinx inventory version 2\n# Project: scikit-learn\n# Version: stable\n# The remainder is compressed using zlib.\n"


def public_name(thing):
    """``sklearn.linear_model.Ridge`` of a class that lives in ``sklearn.linear_model._ridge``."""
    return ".".join([*(part for part in thing.__module__.split(".") if not part.startswith("_")), thing.__name__])


def inventory():
    """The file that intersphinx reads."""
    found = [(thing, "class") for _, thing in all_estimators()] + [(thing, "function") for _, thing in all_functions()]
    names = {public_name(thing): kind for thing, kind in found}
    lines = [f"{name} py:{kind} 1 modules/generated/{name}.html#$ -\n" for name, kind in sorted(names.items())]
    return HEADER.encode() + zlib.compress("".join(lines).encode())


def mapping(folder):
    """The setting of intersphinx, and the file that it names."""
    path = Path(folder) / "sklearn.inv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(inventory())
    return {"sklearn": (ADDRESS, str(path))}
