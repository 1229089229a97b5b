"""How is long work queued, followed, cancelled, and taken up again when its worker died?

procrastinate keeps the queue in a schema of its own; the table `job` says what was asked, how far it is and what came
of it. Nothing here loads geometry libraries: a worker that waits is small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from procrastinate import SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job as QueuedJob
from procrastinate.manager import JobManager
from procrastinate.sql import queries as procrastinate_queries
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from gis.errors import ConflictError, NotFoundError
from gis.store.queries import query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.store.connect import Connection

__all__ = [
    "ENDED",
    "QUEUE",
    "STALLED_S",
    "TASK",
    "NewJob",
    "Swept",
    "cancel_job",
    "count_communities",
    "count_workers",
    "queue_job",
    "read_job",
    "read_jobs",
    "retry_job",
    "sweep",
    "write_fault",
    "write_progress",
    "write_result",
]

QUEUE = "gridkeeper"
TASK = "gridkeeper.run"
"""The one task of the queue: it reads in `job` what it is to do."""

STALLED_S = 30.0
"""Seconds without a heartbeat after which a worker counts as dead."""
ATTEMPTS = 2
"""How often a job is begun whose workers die."""
ENDED = ("succeeded", "failed", "cancelled")

Row = dict[str, Any]

_queue = JobManager(SyncPsycopgConnector())


@dataclass(frozen=True)
class NewJob:
    """What is asked.

    Parameters
    ----------
    kind : str
    district : str
        Its jobs run one after the other.
    options : mapping
        What the kind needs to know, as JSON.
    person : str
    title : str
        What it works on: names of files, a plan.
    alone : bool
        Refused while another of its kind waits for the district: it would do the same again.
    verified : bool
        Whether the person has proved to be that.
    """

    kind: str
    district: str
    options: Mapping[str, Any]
    person: str
    title: str = ""
    alone: bool = False
    verified: bool = False


def queue_job(connection: Connection, asked: NewJob) -> int:
    """Put a job into the queue, in one transaction with what is asked; give its number.

    Raises
    ------
    ConflictError
        The same waits already.
    """
    only = f"{asked.district}/{asked.kind}" if asked.alone else None
    job = QueuedJob(
        id=None,
        queue=QUEUE,
        lock=f"district {asked.district}",
        queueing_lock=only,
        task_name=TASK,
    )
    try:
        with connection.transaction():
            connection.execute(query("jobs.enter_queue"))
            number = int(_queue.defer_job(job, connection=connection).id or 0)
            connection.execute(
                query("jobs.insert"),
                {
                    "id": number,
                    "kind": asked.kind,
                    "district": asked.district,
                    "title": asked.title,
                    "person": asked.person,
                    "verified": asked.verified,
                    "options": Jsonb(dict(asked.options)),
                },
            )
    except AlreadyEnqueued:
        row = connection.execute(query("jobs.queued_twin"), {"lock": only}).fetchone()
        raise ConflictError(
            f"Job {row[0] if row else '?'} waits to do the same for {asked.district}.",
            "Follow that one, or cancel it first.",
        ) from None
    return number


def read_jobs(connection: Connection, district: str | None = None, limit: int = 100) -> list[Row]:
    """Read jobs, the newest first: columns of ``jobs.jobs``."""
    return _rows(connection, {"id": None, "district": district, "limit": limit})


def read_job(connection: Connection, number: int) -> Row:
    """Read one job.

    Raises
    ------
    NotFoundError
        There is no such job.
    """
    rows = _rows(connection, {"id": number, "district": None, "limit": 1})
    if not rows:
        raise NotFoundError(f"There is no job {number}.", "`gridkeeper job list` lists them.")
    return rows[0]


def cancel_job(connection: Connection, number: int) -> Row:
    """Take a waiting job out of the queue, or ask a running one to stop at its next step; it leaves nothing behind.

    Raises
    ------
    ConflictError
        It has ended.
    NotFoundError
        There is no such job.
    """
    state = read_job(connection, number)["state"]
    with connection.transaction():
        connection.execute(query("jobs.enter_queue"))
        stopped = _queue.cancel_job_by_id(number, abort=True, connection=connection)
    if not stopped:
        raise ConflictError(f"Job {number} has ended: {state}.", "Nothing is left to be cancelled.")
    return read_job(connection, number)


def retry_job(connection: Connection, number: int, person: str | None = None) -> int:
    """Ask for the same again, as a new job; give its number.

    Raises
    ------
    ConflictError
        It has not ended, or it succeeded.
    NotFoundError
        There is no such job.
    """
    row = read_job(connection, number)
    if row["state"] not in {"failed", "cancelled"}:
        raise ConflictError(f"Job {number} is {row['state']}.", "Only what failed or was cancelled is tried again.")
    again = NewJob(
        row["kind"], row["district"], row["options"], person or row["person"], row["title"], alone=row["alone"]
    )
    return queue_job(connection, again)


def count_workers(connection: Connection, seconds: float = STALLED_S) -> int:
    """Count the workers that are alive."""
    row = connection.execute(query("jobs.workers"), {"seconds": seconds}).fetchone()
    return int(row[0]) if row else 0


# ------------------------------------------------------------------------------------------ while it runs
def count_communities(connection: Connection, district: str) -> float:
    """Count the communities of a district; infinitely many where it is not known yet."""
    row = connection.execute(query("jobs.communities"), {"district": district}).fetchone()
    return float(row[0]) if row else float("inf")


def write_progress(connection: Connection, number: int, label: str, done: int, total: int) -> None:
    """Say how far a job is."""
    connection.execute(query("jobs.set_progress"), {"id": number, "label": label, "done": done, "total": total})


def write_result(connection: Connection, number: int, result: Mapping[str, Any]) -> None:
    """Keep what came of a job: in the transaction of its work, so that a job that did it is known to have."""
    connection.execute(query("jobs.set_result"), {"id": number, "result": Jsonb(dict(result))})


def write_fault(connection: Connection, number: int, fault: Mapping[str, Any]) -> None:
    """Keep why a job failed: message, remedy, report."""
    connection.execute(query("jobs.set_fault"), {"id": number, "fault": Jsonb(dict(fault))})


@dataclass(frozen=True)
class Swept:
    """Jobs whose worker had died: what was done about each."""

    finished: list[int]
    again: list[int]
    failed: list[int]


def sweep(connection: Connection, seconds: float = STALLED_S) -> Swept:
    """See to the jobs of dead workers, in one transaction.

    A job that had committed its work is done; any other left nothing and is begun again, once; what was to be cancelled
    is.
    """
    swept = Swept([], [], [])
    with connection.transaction():
        connection.execute(query("jobs.enter_queue"))
        for number, attempts, cancelled, finished in connection.execute(query("jobs.stalled"), {"seconds": seconds}):
            if finished:
                swept.finished.append(number)
                _finish(connection, number, "succeeded")
            elif cancelled:
                swept.failed.append(number)
                _finish(connection, number, "aborted")
            elif attempts + 1 < ATTEMPTS:
                swept.again.append(number)
                again = {"job_id": number, "retry_at": None}
                again |= {"new_priority": None, "new_queue_name": None, "new_lock": None}
                connection.execute(procrastinate_queries["retry_job"], again)
            else:
                swept.failed.append(number)
                write_fault(
                    connection,
                    number,
                    {
                        "message": f"The worker died {attempts + 1} times while this job ran; nothing of it was kept.",
                        "remedy": "See the log of the server (is there enough memory?), then retry the job.",
                    },
                )
                _finish(connection, number, "failed")
        connection.execute(query("jobs.forget_silent_workers"), {"seconds": seconds})
    return swept


def _finish(connection: Connection, number: int, status: str) -> None:
    connection.execute(procrastinate_queries["finish_job"], {"job_id": number, "status": status, "delete_job": False})


def _rows(connection: Connection, values: Mapping[str, Any]) -> list[Row]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query("jobs.jobs"), values).fetchall()
