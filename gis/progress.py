"""How does long work say how far it is, and fan out by community?"""

from __future__ import annotations

import os
import threading
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context, parent_process, set_forkserver_preload
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["UNTOLD", "Echo", "Progress", "Steps", "fan_out", "quiet", "worker_pool"]

T = TypeVar("T")
R = TypeVar("R")


class Progress(Protocol):
    """Called as work goes on; `total` 0 means unknown."""

    def __call__(self, label: str, done: int, total: int) -> None:
        """Say that `done` of `total` steps of `label` are finished."""


def quiet(label: str, done: int, total: int) -> None:
    """Say nothing."""


class Echo:
    """Progress that can say its last line again: where work that takes long may be cancelled.

    Parameters
    ----------
    progress : Progress
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._last: tuple[str, int, int] | None = None

    def __call__(self, label: str, done: int, total: int) -> None:
        """Say that `done` of `total` steps of `label` are finished."""
        self._last = (label, done, total)
        self._progress(label, done, total)

    def again(self) -> None:
        """Say the last line again."""
        if self._last is not None:
            self._progress(*self._last)


class Steps:
    """Work in named steps, told as each begins.

    Parameters
    ----------
    progress : Progress
    *names : str
        In their order; a step may be left out.
    """

    def __init__(self, progress: Progress, *names: str) -> None:
        self._progress, self._names = progress, names
        self._at = 0

    def __call__(self, name: str) -> None:
        """Say that a step begins; one that is not of this work is not told."""
        if name in self._names:
            self._at = self._names.index(name)
            self._progress(name, self._at, len(self._names))

    def end(self) -> None:
        """Say that all is done."""
        self._progress(self._names[self._at], len(self._names), len(self._names))


UNTOLD = Steps(quiet)
"""Steps that nobody follows."""


@contextmanager
def worker_pool(jobs: int, method: str | None = None) -> Iterator[Executor | None]:
    """Give a process pool of `jobs` workers, or None where one worker is enough.

    Parameters
    ----------
    method : str, optional
        How processes start, see `multiprocessing`: a program with threads must not fork.
    """
    if jobs <= 1:
        yield None
        return
    context = None if method is None else get_context(method)
    if method == "forkserver":
        set_forkserver_preload(["gis.cells", "gis.partition"])  # once, not in every process
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_parent) as pool:
        try:
            yield pool
        except BaseException:  # what was cancelled or failed does not wait for the rest
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _end_with_parent() -> None:
    """Let a worker end when the program that started it is killed: nobody else would tell it."""
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def fan_out(
    function: Callable[[T], R],
    items: Sequence[T],
    *,
    executor: Executor | None = None,
    progress: Progress = quiet,
    label: str = "",
) -> list[R]:
    """Apply a picklable `function` to every item, here or in `executor`; results in the order of `items`."""
    results: list[R | None] = [None] * len(items)
    progress(label, 0, len(items))
    if executor is None:
        for i, item in enumerate(items):
            results[i] = function(item)
            progress(label, i + 1, len(items))
    else:
        futures = {executor.submit(function, item): i for i, item in enumerate(items)}
        for done, future in enumerate(as_completed(futures), start=1):
            results[futures[future]] = future.result()
            progress(label, done, len(items))
    return results  # type: ignore[return-value]
