"""How is an answer handed over piece by piece while it is still worked out?"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

from starlette.concurrency import run_in_threadpool

from gis.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from gis.progress import Progress

__all__ = ["pieces"]

T = TypeVar("T")


async def pieces(work: Callable[[Callable[[T], None], Progress], T]) -> AsyncIterator[T]:
    """Yield what `work` hands over, then what it returns.

    Parameters
    ----------
    work : callable
        Run in a worker thread with a function that takes a piece, and a progress that ends the work, at its next line,
        once nobody listens any more.
    """
    loop = asyncio.get_running_loop()
    ready: asyncio.Queue[T | None] = asyncio.Queue()
    gone = threading.Event()

    def tell(piece: T) -> None:
        loop.call_soon_threadsafe(ready.put_nowait, piece)

    def progress(label: str, done: int, total: int) -> None:
        del label, done, total
        if gone.is_set():
            raise CancelledError("Nobody waits for this any more.", "")

    def ended(task: asyncio.Future[T]) -> None:
        ready.put_nowait(None)
        if not task.cancelled():
            task.exception()  # asked here, so that one that nobody waits for is not complained about

    task = asyncio.ensure_future(run_in_threadpool(work, tell, progress))
    task.add_done_callback(ended)
    try:
        while (piece := await ready.get()) is not None:
            yield piece
        yield await task
    finally:
        gone.set()
