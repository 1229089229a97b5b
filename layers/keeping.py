"""How is something derived from the store kept for as long as its content version lasts, and no longer?"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

__all__ = ["Keeper"]

T = TypeVar("T")


class Keeper:
    """Keeps the most recently used derived things, each under a key that holds its content version.

    A thing asked for several times at once is derived once.

    Parameters
    ----------
    max_items : int
        How many things at most.
    max_bytes : int, optional
        How many bytes at most; counts ``bytes`` values only.
    """

    def __init__(self, max_items: int, *, max_bytes: int | None = None) -> None:
        self._kept: OrderedDict[Hashable, object] = OrderedDict()
        self._making: dict[Hashable, asyncio.Lock] = {}
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """Give what is kept under `key`; else make and keep it.

        Parameters
        ----------
        key : hashable
            Must change whenever the content does.
        make : callable
            Derives the thing; a fault in it is passed on and nothing is kept.
        """
        if key in self._kept:
            self._kept.move_to_end(key)
            return cast("T", self._kept[key])
        lock = self._making.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                if key not in self._kept:
                    self._keep(key, await make())
                return cast("T", self._kept[key])
        finally:
            if not lock.locked():
                self._making.pop(key, None)

    async def once(self, key: Hashable, make: Callable[[], Awaitable[object]]) -> None:
        """Have something made that is kept elsewhere: who asks while it is being made waits, and makes nothing."""
        lock = self._making.setdefault(key, asyncio.Lock())
        waited = lock.locked()
        try:
            async with lock:
                if not waited:
                    await make()
        finally:
            if not lock.locked():
                self._making.pop(key, None)

    def _keep(self, key: Hashable, value: object) -> None:
        self._kept[key] = value
        self._bytes += _size(value)
        while len(self._kept) > 1 and (
            len(self._kept) > self._max_items or (self._max_bytes is not None and self._bytes > self._max_bytes)
        ):
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= _size(dropped)


def _size(value: object) -> int:
    return len(value) if isinstance(value, bytes) else 0
