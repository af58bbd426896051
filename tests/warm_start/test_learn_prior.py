"""What learn_prior says where there is no dask, and of a frame in memory."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from skmeta import learn_prior

pytestmark = pytest.mark.quick


def test_dask_is_named_where_it_is_missing(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(
        ImportError, match=r"learn_prior: wanted dask, found it not installed; pip install 'skmeta\[dask\]'"
    ):
        learn_prior(tmp_path, Ridge(), task="store", target="y")


def test_a_path_of_nothing_is_said_to_be_one(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"data: wanted a Parquet file or a folder of such, found nothing at .*sales"
    ):
        learn_prior(tmp_path / "sales.parquet", Ridge(), task="store", target="y")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sales.csv", r"found \.csv, .*sales\.csv; read it by dask\.dataframe\.read_csv and give the frame"),
        ("sales.xlsx", r"found \.xlsx, .*sales\.xlsx; give a frame of dask"),
        ("sales", r"found another one, .*sales; give a frame of dask"),
    ],
)
def test_a_file_of_another_format_is_named_with_its_reader(tmp_path, name, words):
    """Whatever it is called: a file of Parquet begins with a mark, and what is not here is left to dask."""
    (tmp_path / name).write_text("store,y\na,1.0\n")
    with pytest.raises(ValueError, match=rf"data: wanted a Parquet file, {words}"):
        learn_prior(str(tmp_path / name), Ridge(), task="store", target="y")


@pytest.mark.parametrize("data", [pd.DataFrame({"store": ["a"], "y": [1.0]}), np.ones((2, 2))])
def test_a_frame_in_memory_is_fitted_there(data):
    kind = type(data).__name__
    with pytest.raises(
        TypeError, match=rf"data: wanted a path .* or a frame of dask, found {kind}; .*fit\(X, y\)\.prior_"
    ):
        learn_prior(data, Ridge(), task="store", target="y")
