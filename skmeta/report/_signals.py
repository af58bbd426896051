"""What Ctrl-C and SIGTERM end: the run as a whole, quietly, and not its processes one by one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any, NoReturn


@contextmanager
def stopped_by(*signals: signal.Signals) -> Iterator[None]:
    """Let signals end the block by a KeyboardInterrupt that carries the signal's number.

    Parameters
    ----------
    *signals : signal.Signals
        Those that should.
    """

    def stop(number: int, frame: Any) -> NoReturn:
        raise KeyboardInterrupt(number)

    if threading.current_thread() is not threading.main_thread():  # where no signals arrive
        yield
        return
    before = {each: signal.signal(each, stop) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait until the block ends; processes that start in it never hear of it, and so have no complaints."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    # The standard library's tracker unblocks SIGINT once it runs (it starts with the first process of a pool), so it has
    # to run before.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
