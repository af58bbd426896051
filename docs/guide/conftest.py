"""Pages draw their pictures and write their files when they are tested too; neither stays for the next test."""

import pytest

collect_ignore = ["conftest.py"]  # doctest would import it


@pytest.fixture(autouse=True)
def no_open_figures():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


@pytest.fixture(autouse=True)
def files_of_its_own(request, monkeypatch, tmp_path):
    if request.node.path.name == "security.rst":
        monkeypatch.chdir(tmp_path)
