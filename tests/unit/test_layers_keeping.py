"""Is a derived thing made once, kept within bounds, and made again after a fault?"""

from __future__ import annotations

import asyncio

import pytest

from layers.keeping import Keeper


def test_asked_for_many_times_at_once_it_is_made_once():
    made = []

    async def make():
        made.append(1)
        await asyncio.sleep(0.01)
        return len(made)

    async def ask():
        keeper = Keeper(4)
        return await asyncio.gather(*(keeper.get("a", make) for _ in range(20)))

    assert asyncio.run(ask()) == [1] * 20


def test_a_fault_is_passed_on_and_not_kept():
    keeper = Keeper(4)

    async def fail():
        raise LookupError

    async def work():
        return "there"

    async def ask():
        with pytest.raises(LookupError):
            await keeper.get("a", fail)
        return await keeper.get("a", work)

    assert asyncio.run(ask()) == "there"


def test_the_least_recently_used_goes_first():
    keeper = Keeper(2)

    async def fill(keys):
        return [await keeper.get(key, lambda key=key: _give(key)) for key in keys]

    async def _give(key):
        made.append(key)
        return key

    made = []
    asyncio.run(fill("abacab"))
    assert made == list("abcb")
    assert len(keeper) == 2


def test_bytes_are_bounded_too():
    keeper = Keeper(100, max_bytes=1000)

    async def make():
        return b"x" * 400

    async def fill():
        for key in range(10):
            await keeper.get(key, make)

    asyncio.run(fill())
    assert len(keeper) == 2
