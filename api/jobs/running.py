"""How is one job run: its progress told, its outcome kept, and nothing half-done left?"""

from __future__ import annotations

import logging
import os
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from api.jobs.kinds import KINDS, Work
from api.jobs.uploads import drop_read
from gis.errors import CancelledError, GridkeeperError, InputError
from gis.progress import worker_pool
from gis.store.connect import connect
from gis.store.jobs import count_communities, read_job, write_fault, write_progress, write_result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gis.store.connect import Connection

__all__ = ["INTERVAL_S", "REMARKS_TOLD", "Teller", "run_job"]

INTERVAL_S = 0.33
"""Seconds between two lines about the same step."""
FEW = 3
"""So few communities are done sooner than other processes are ready."""
REMARKS_TOLD = 200
"""Remarks of a report kept with a job; counts and tally are whole, and imports keep more in their run."""

_log = logging.getLogger(__name__)


class Teller:
    """The progress of a job, on a connection of its own, so that it is seen while the work is not committed.

    It is also where a cancelled job ends: between steps, and between communities.

    Parameters
    ----------
    connection : Connection
    number : int
        Of the job.
    should_stop : callable
    """

    def __init__(self, connection: Connection, number: int, should_stop: Callable[[], bool]) -> None:
        self._connection, self._number, self._should_stop = connection, number, should_stop
        self._label, self._told_at = "", 0.0

    def __call__(self, label: str, done: int, total: int) -> None:
        """Tell how far a step is, a few times a second at most.

        Raises
        ------
        CancelledError
            Somebody asked the job to stop.
        """
        if self._should_stop():
            raise CancelledError("The job was cancelled; nothing of its last step was kept.", "Retry it to begin anew.")
        now = time.monotonic()
        if label == self._label and now - self._told_at < INTERVAL_S:
            return
        self._label, self._told_at = label, now
        write_progress(self._connection, self._number, label, done, total)


def run_job(url: str, number: int, spool: Path, should_stop: Callable[[], bool] = lambda: False) -> dict[str, Any]:
    """Do what a job asks for, and keep its outcome.

    Parameters
    ----------
    url : str
        libpq address of the role that serves.
    number : int
    spool : Path
        Where uploads wait.
    should_stop : callable
        Asked at every line of progress.

    Raises
    ------
    CancelledError
        It was asked to stop.
    GridkeeperError
        What the work raised; it is kept with the job.
    """
    with connect(url) as telling, connect(url) as connection:
        row = read_job(telling, number)
        kind = KINDS[row["kind"]]
        progress = Teller(telling, number, should_stop)
        cores = (os.cpu_count() or 1) if kind.fans_out and count_communities(telling, row["district"]) > FEW else 1
        try:
            progress(kind.name, 0, 0)
            with worker_pool(cores, "forkserver") as pool, connection.transaction() if kind.atomic else nullcontext():
                work = Work(connection, row["district"], row["person"], row["options"], progress, pool)
                result = _kept(kind.run(work))
                write_result(connection, number, result)
        except GridkeeperError as fault:
            write_fault(telling, number, _told(fault))
            raise
        except Exception:
            _log.exception("Job %s (%s of %s) failed", number, kind.name, row["district"])
            write_fault(
                telling, number, {"message": "Something unexpected happened.", "remedy": "See the worker's log."}
            )
            raise
    drop_read(spool, list(row["options"].get("paths", [])))
    return result


def _told(fault: GridkeeperError) -> dict[str, Any]:
    report = fault.report.as_dict() if isinstance(fault, InputError) and fault.report is not None else {}
    return _kept({"message": fault.message, "remedy": fault.remedy, **report})


def _in_chinese(remarks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Remarks with the Chinese words of their rules beside the English ones."""
    from gis.ingest.rule_words import rule_words  # noqa: PLC0415  # geometry libraries

    def words(remark: dict[str, Any]) -> dict[str, str]:
        said = zip(("message_zh", "remedy_zh"), rule_words(remark["rule"]), strict=True)
        return {name: text for name, text in said if text}

    return [words(remark) | remark for remark in remarks]  # what a remark says of its own is nearer


def _kept(told: dict[str, Any]) -> dict[str, Any]:
    """What JSON can say, with the first remarks of every report."""
    from gis.store.copying import plain  # noqa: PLC0415  # geometry libraries: only where there was work

    def short(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: _in_chinese(v[:REMARKS_TOLD]) if k == "remarks" else short(v) for k, v in value.items()}
        return [short(v) for v in value] if isinstance(value, list) else value

    shortened: dict[str, Any] = short(plain(told))
    return shortened
