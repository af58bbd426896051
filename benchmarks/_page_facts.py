"""What figures depend on: the commit, versions, the machine, and why a peer is not there."""

import hashlib
import os
import platform
import subprocess
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from _page_sections import first_line
from _peers import MODULES

import skmeta

EXTRAS = {
    "bench-linear": ("statsmodels", "mixedlm", "gpboost", "merf", "scikit-lego"),
    "bench-search": ("optuna", "scikit-optimize", "smac", "syne-tune"),
    "bench-nets": ("torch", "parallel-metalearn", "adapt"),
}
NOT_BUILT = {  # tried in November 2026 on Python 3.11
    "learn2learn": "0.2.0 does not build on Python 3.11 and later, as learn2learn/data/meta_dataset.c includes longintrepr.h",
}
WRITES = ("__main__", "_page_facts", "_page_text")  # the page, but measure nothing
CODE = ("skmeta", "benchmarks/*.py", *(f":(exclude)benchmarks/{name}.py" for name in WRITES))
UNDER_IT = ("scikit-learn", "numpy", "scipy")


@cache
def reason(package):
    """``(version, "")``, or ``("", why it cannot be imported)``."""
    try:
        found = version(package)
        import_module(MODULES[package])
    except PackageNotFoundError:
        extra = next((name for name, packages in EXTRAS.items() if package in packages), "")
        return "", NOT_BUILT.get(package) or f"not installed (pip install 'skmeta[{extra}]')"
    except Exception as error:
        return "", f"{found} cannot be imported: {first_line(error)}"
    return found, ""


def reasons_of(packages):
    return {package: reason(package) for package in sorted(packages)}


def environment():
    """Name to what figures were measured with."""
    ours = {"skmeta": skmeta.__version__} | {name: version(name) for name in UNDER_IT}
    versions = ", ".join(f"{name} {found}" for name, found in ours.items())
    return {"Versions": f"Python {platform.python_version()}, {versions}", "Machine": machine()}


def machine():
    return f"{processor()}, {os.cpu_count()} processors, {memory():.0f} GB, {platform.system()}"


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def memory():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def commit_of(root):
    """The last commit that touched the library or what measures it, marked where files differ from it."""

    def git(*words):
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
        return done.stdout.strip()

    found = git("log", "-1", "--format=%h", "--abbrev=12", "--", *CODE)
    changed = git("status", "--porcelain", "--", *CODE)
    if not (found and changed):
        return found or "unknown"
    state = changed + git("diff", "HEAD", "--", *CODE)
    return f"{found}-changed-{hashlib.sha256(state.encode()).hexdigest()[:8]}"
