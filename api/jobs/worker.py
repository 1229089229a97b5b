"""How does the worker live: it takes jobs, sees to those of dead workers, and puts in force what has become due.

It is a process of its own, so that computing does not stall the service: `gridkeeper worker`, or a child of
`gridkeeper serve` that ends with it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import procrastinate
from procrastinate.exceptions import JobAborted

from api.jobs.running import run_job
from api.jobs.uploads import drop_old
from gis.errors import CancelledError, GridkeeperError
from gis.store.connect import connect
from gis.store.jobs import QUEUE, STALLED_S, TASK, sweep
from gis.store.rehoming import take_effect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["child_worker", "run_worker"]

HEARTBEAT_S = 5.0
ROUND_S = 30.0
"""Seconds between two rounds through the house."""
AT_ONCE = 2
"""Jobs at the same time; those of one district run one after the other."""
GRACE_S = 1.0
"""Seconds that a running job has when the worker stops; then it is put back into the queue."""
STOP_S = 6.0
RESTART_S = 2.0

_log = logging.getLogger(__name__)


def run_worker(url: str, spool: Path, *, stalled_s: float = STALLED_S, leave_with_stdin: bool = False) -> None:
    """Work until a signal (or the end of standard input) says to stop.

    Parameters
    ----------
    url : str
        libpq address of the role that serves.
    spool : Path
        Where uploads wait.
    stalled_s : float
        Seconds without a heartbeat after which another worker counts as dead.
    leave_with_stdin : bool
        Stop when standard input ends: who started this worker is gone.
    """
    # outcomes are kept with the jobs
    logging.getLogger("procrastinate.worker").addFilter(
        lambda line: not str(getattr(line, "action", "")).startswith("job_")
    )
    asyncio.run(_work(_app(url, spool), url, spool, stalled_s, leave_with_stdin))


def _app(url: str, spool: Path) -> procrastinate.App:
    options = "-c timezone=UTC -c search_path=procrastinate,public"
    connector = procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=4, kwargs={"options": options})
    app = procrastinate.App(connector=connector)

    # who is interrupted because the worker stops is put back; any other fault is for a person to judge
    @app.task(
        name=TASK, queue=QUEUE, pass_context=True, retry=procrastinate.RetryStrategy(retry_exceptions={JobAborted})
    )
    def run(context: procrastinate.JobContext) -> None:
        try:
            run_job(url, int(context.job.id or 0), spool, context.should_abort)
        except CancelledError as fault:
            raise JobAborted from fault

    return app


async def _work(app: procrastinate.App, url: str, spool: Path, stalled_s: float, leave_with_stdin: bool) -> None:
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=[QUEUE],
                name=f"gridkeeper-{os.getpid()}",
                concurrency=AT_ONCE,
                shutdown_graceful_timeout=GRACE_S,
                update_heartbeat_interval=min(HEARTBEAT_S, stalled_s / 3),
                stalled_worker_timeout=stalled_s,
                fetch_job_polling_interval=2.0,
                abort_job_polling_interval=1.0,
            )
        )
        others = [asyncio.create_task(_rounds(url, spool, stalled_s))]
        if leave_with_stdin:
            others.append(asyncio.create_task(_stdin_ends()))
        await asyncio.wait([worker, *others[1:]], return_when=asyncio.FIRST_COMPLETED)
        fault = worker.exception() if worker.done() else None
        for task in (worker, *others):
            task.cancel()
        await asyncio.gather(worker, *others, return_exceptions=True)
        if fault is not None:
            raise fault


async def _rounds(url: str, spool: Path, stalled_s: float) -> None:
    """Go through the house at once and then again and again; what fails is told and tried the next time."""
    while True:
        try:
            await asyncio.to_thread(_round, url, spool, stalled_s)
        except GridkeeperError as fault:
            _log.warning("%s", fault)
        except Exception:  # noqa: BLE001  # tried again
            _log.exception("A round failed")
        await asyncio.sleep(min(ROUND_S, stalled_s / 2))


def _round(url: str, spool: Path, stalled_s: float) -> None:
    with connect(url) as connection:
        sweep(connection, stalled_s)
        take_effect(connection, patient=False)
    drop_old(spool)


async def _stdin_ends() -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def read() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=read, daemon=True).start()
    await ended.wait()


# ------------------------------------------------------------------------------------------ beside the server
@contextmanager
def child_worker() -> Iterator[None]:
    """Keep a worker running beside this process until the block ends; one that dies is started anew."""
    stopping = threading.Event()
    keeper = threading.Thread(target=_keep, args=(stopping,), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stopping.set()
        keeper.join()


def _keep(stopping: threading.Event) -> None:
    while not stopping.is_set():
        process = _start()
        while process.poll() is None and not stopping.wait(0.2):
            pass
        _end(process)
        stopping.wait(RESTART_S)


def _start() -> subprocess.Popen[Any]:
    command = [sys.executable, "-c", "from api.cli import main; main()", "worker", "--with-parent"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # noqa: S603


def _end(process: subprocess.Popen[Any]) -> None:
    """Ask by closing its input; a worker that computes on is killed: its job is taken up again."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
