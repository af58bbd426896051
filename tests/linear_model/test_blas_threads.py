"""How many threads BLAS has: one while small matrices are computed with, as many as before for large ones and afterwards."""

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from skmeta.linear_model._blas_threads import for_matrices_of

pytestmark = pytest.mark.quick


def blas_threads():
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def test_small_matrices_have_one_thread():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with for_matrices_of(10):
            assert blas_threads() == {1}
        with for_matrices_of(10_000):
            assert blas_threads() == before
        with pytest.raises(ZeroDivisionError), for_matrices_of(10):
            1 / 0  # noqa: B018 - what is raised on the way
        assert blas_threads() == before == {2}
