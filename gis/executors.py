"""Where is work done that is fanned out by community: in processes of this machine, or on a Dask cluster?"""

from __future__ import annotations

import re
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from gis.errors import InputError
from gis.progress import worker_pool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from distributed import Client

__all__ = ["executor_at"]

WAIT_S = 15.0
"""Seconds that a cluster has to answer."""
ADDRESS = re.compile(r"dask://(?P<place>[^/\s]+:\d+)/?")
START = "Start one with `dask scheduler` and `dask worker HOST:PORT`, with gridkeeper[dask] installed on each machine."


@contextmanager
def executor_at(address: str | None, jobs: int = 1) -> Iterator[Executor | None]:
    """Give what `gis.progress.fan_out` takes: the plan is the same wherever it is made.

    Parameters
    ----------
    address : str or None
        ``dask://HOST:PORT`` of a Dask scheduler; None for this machine.
    jobs : int
        Processes of this machine; on a cluster its workers count.

    Raises
    ------
    InputError
        The address is none, its package is not installed, nobody answers there, or its workers have another version or
        get lost on the way.
    """
    if address is None:
        with worker_pool(jobs) as pool:
            yield pool
        return
    given = ADDRESS.fullmatch(address)
    if given is None:
        raise InputError(f"{address} is no address of a cluster.", "Write --executor dask://HOST:PORT.")
    try:
        from distributed import Client, KilledWorker  # noqa: PLC0415 - an extra
    except ImportError as fault:
        raise InputError(
            "A Dask cluster needs the package distributed.", "Install it: pip install gridkeeper[dask]."
        ) from fault
    try:
        client = Client(f"tcp://{given['place']}", timeout=WAIT_S, set_as_default=False)
    except (OSError, ValueError) as fault:
        raise InputError(f"No Dask scheduler answers at {given['place']}.", START) from fault
    with client:
        _look_at_workers(client, given["place"])
        executor = client.get_executor(pure=False)
        try:
            yield executor
        except (KilledWorker, CancelledError) as fault:
            raise InputError(f"The Dask cluster at {given['place']} was lost on the way.", START) from fault
        finally:
            executor.shutdown(wait=False)  # all is done, or nobody waits for it any more


def installed() -> str:
    """Version of the program where this is called."""
    return version("gridkeeper")


def _look_at_workers(client: Client, place: str) -> None:
    """Refuse a cluster without workers or with another program: its plans would not be ours."""
    try:
        client.wait_for_workers(1, timeout=WAIT_S)
    except TimeoutError as fault:
        raise InputError(f"The Dask scheduler at {place} has no workers.", START) from fault
    own = installed()
    for worker, found in client.run(installed, on_error="return").items():
        if found != own:
            told = f"version {found}" if isinstance(found, str) else "no gridkeeper"
            raise InputError(f"Worker {worker} has {told}, here it is {own}.", "Install the same on every machine.")
