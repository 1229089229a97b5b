"""What does the running service hold between requests?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gis.clock import Clock, utc_now
from layers.keeping import Keeper

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg_pool import AsyncConnectionPool

__all__ = ["State"]


@dataclass(frozen=True)
class State:
    """The pool, the clock and what was derived once for a version of the data.

    Parameters
    ----------
    pool : AsyncConnectionPool
        Read-only connections as ``gridkeeper_app``.
    database_url : str
        The same database, for steps that write in a worker thread.
    uploads : Path
        Where files that were handed over wait for their job.
    now : callable
        The one clock; tests give their own.
    answers, tiles, lattices : Keeper
        Derived answers, tiles, and what far tiles are gathered from, by content version.
    """

    pool: AsyncConnectionPool
    database_url: str
    uploads: Path
    now: Clock = utc_now
    answers: Keeper = field(default_factory=lambda: Keeper(256))
    tiles: Keeper = field(default_factory=lambda: Keeper(4096, max_bytes=64 * 2**20))
    lattices: Keeper = field(default_factory=lambda: Keeper(24))
