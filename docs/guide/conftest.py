"""Pages draw their pictures when they are tested too; no figure stays open for the next test."""

import pytest

collect_ignore = ["conftest.py"]  # doctest would import it


@pytest.fixture(autouse=True)
def no_open_figures():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")
