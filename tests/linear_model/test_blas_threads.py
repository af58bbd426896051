"""How many threads BLAS has: one while small matrices are computed with, as many as before for large ones and afterwards."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from skmeta.linear_model import _blas_threads
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


ORDERS = pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first in, first out", "first in, last out"])


@ORDERS
def test_limits_that_overlap_leave_as_many_threads_as_there_were(order):
    with threadpool_limits(2, user_api="blas"):
        held = [for_matrices_of(10), for_matrices_of(20)]
        for each in held:
            each.__enter__()
            assert blas_threads() == {1}
        for k in order:
            held[k].__exit__(None, None, None)
        assert blas_threads() == {2}
        with for_matrices_of(10):  # and it can be set again
            assert blas_threads() == {1}


class OfTheProcess:
    """A controller whose limits any thread of Python sets, as those of threadpoolctl before it knew a controlling thread."""

    n_threads = 2

    @contextmanager
    def limit(self, *, limits, user_api):
        found, self.n_threads = self.n_threads, limits
        yield
        self.n_threads = found


@ORDERS
def test_so_do_limits_of_several_threads(order, monkeypatch):
    controller = OfTheProcess()
    monkeypatch.setattr(_blas_threads, "threadpool_controller", lambda: controller)
    held = [for_matrices_of(10), for_matrices_of(20)]
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        pools = [one, other]
        for each, pool in zip(held, pools, strict=True):
            pool.submit(each.__enter__).result()
            assert controller.n_threads == 1
        for k in order:
            pools[k].submit(held[k].__exit__, None, None, None).result()
    assert controller.n_threads == 2
