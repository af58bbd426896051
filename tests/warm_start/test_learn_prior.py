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


@pytest.mark.parametrize("data", [pd.DataFrame({"store": ["a"], "y": [1.0]}), np.ones((2, 2))])
def test_a_frame_in_memory_is_fitted_there(data):
    kind = type(data).__name__
    with pytest.raises(
        TypeError, match=rf"data: wanted a path .* or a frame of dask, found {kind}; .*fit\(X, y\)\.prior_"
    ):
        learn_prior(data, Ridge(), task="store", target="y")
