"""How does long work say how far it is, and fan out by community?"""

from __future__ import annotations

from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Progress", "fan_out", "quiet", "worker_pool"]

T = TypeVar("T")
R = TypeVar("R")


class Progress(Protocol):
    """Called as work goes on; `total` 0 means unknown."""

    def __call__(self, label: str, done: int, total: int) -> None:
        """Say that `done` of `total` steps of `label` are finished."""


def quiet(label: str, done: int, total: int) -> None:
    """Say nothing."""


@contextmanager
def worker_pool(jobs: int) -> Iterator[Executor | None]:
    """Give a process pool of `jobs` workers, or None where one worker is enough."""
    if jobs <= 1:
        yield None
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield pool


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
