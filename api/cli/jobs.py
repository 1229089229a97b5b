"""How is work put into the background, followed, cancelled and tried again? And who does it: `gridkeeper worker`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli._store import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Background", "in_background", "register"]

Number = Annotated[int, typer.Argument(help="Number of the job, as `gridkeeper job list` lists it.")]
Background = Annotated[bool, typer.Option("--background", help="Put it into the queue and do not wait.")]

LOOK_S = 0.3
NOBODY = "No worker runs: it waits until `gridkeeper serve` or `gridkeeper worker` is started."

job_app = typer.Typer(help="Work in the background.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.add_typer(job_app, name="job")
    app.command()(worker)


def in_background(
    kind: str, district: str, options: Mapping[str, Any], *, person: str = "gridkeeper", title: str = ""
) -> None:
    """Queue a job and say how it is followed; what is not set is left out."""
    from api.jobs.kinds import KINDS  # noqa: PLC0415
    from gis.store.jobs import NewJob, count_workers, queue_job  # noqa: PLC0415

    asked = {name: value for name, value in options.items() if value is not None}
    with open_store() as connection:
        new = NewJob(kind, district, asked, person, title, alone=KINDS[kind].alone)
        number = queue_job(connection, new)
        alive = count_workers(connection)
    print(f"Job {number} is queued; see it: gridkeeper job follow {number}")
    if not alive:
        print(NOBODY)


@job_app.command("list")
def list_all(
    district: Annotated[str | None, typer.Option(help="Of this district only.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="So many at most.")] = 30,
) -> None:
    """List jobs, the newest first."""
    from rich.table import Table  # noqa: PLC0415

    from api.cli._show import console  # noqa: PLC0415
    from gis.store.jobs import count_workers, read_jobs  # noqa: PLC0415

    with open_store() as connection:
        rows, alive = read_jobs(connection, district, limit), count_workers(connection)
    table = Table("job", "district", "kind", "on", "state", "now", "by", "since")
    for row in rows:
        since = row["ended_at"] or row["started_at"] or row["created_at"]
        words = (row["district"], row["kind"], row["title"], row["state"], _now(row), row["person"])
        table.add_row(str(row["id"]), *words, f"{since:%Y-%m-%d %H:%M:%S}")
    console.print(table)
    print(f"{alive} worker{'s' if alive != 1 else ''} alive." if alive else NOBODY)


@job_app.command("show")
def show(number: Number) -> None:
    """Show a job with what came of it; exit code 1 when it failed, 7 when it was cancelled."""
    from gis.store.jobs import read_job  # noqa: PLC0415

    with open_store() as connection:
        _tell(read_job(connection, number))


@job_app.command("follow")
def follow(number: Number) -> None:
    """Show a job's progress until it ends, then what came of it."""
    from api.cli._show import progress_bars  # noqa: PLC0415
    from gis.store.jobs import ENDED, count_workers, read_job  # noqa: PLC0415

    with open_store() as connection:
        row = read_job(connection, number)
        if row["state"] == "queued" and not count_workers(connection):
            print(NOBODY)
        with progress_bars() as progress:
            while row["state"] not in ENDED:
                progress(_now(row) or row["state"], row["done"], row["total"])
                time.sleep(LOOK_S)
                row = read_job(connection, number)
    _tell(row)


@job_app.command("cancel")
def cancel(number: Number) -> None:
    """Take a job out of the queue, or stop it at its next step; it leaves nothing half-done."""
    from gis.store.jobs import cancel_job  # noqa: PLC0415

    with open_store() as connection:
        state = cancel_job(connection, number)["state"]
    print(f"Job {number} is cancelled." if state == "cancelled" else f"Job {number} stops at its next step.")


@job_app.command("retry")
def retry(number: Number) -> None:
    """Ask for the same again, as a new job."""
    from gis.store.jobs import retry_job  # noqa: PLC0415

    with open_store() as connection:
        again = retry_job(connection, number)
    print(f"Job {again} is queued; see it: gridkeeper job follow {again}")


def worker(
    *, with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True, help="End with standard input.")] = False
) -> None:
    """Do the jobs of the queue until interrupted; `gridkeeper serve` has a worker of its own."""
    import logging  # noqa: PLC0415

    from api.jobs.worker import run_worker  # noqa: PLC0415
    from api.settings import database_urls, read_settings  # noqa: PLC0415
    from gis.store.connect import connect  # noqa: PLC0415

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s worker %(levelname)s %(message)s")
    settings = read_settings()
    url = database_urls(settings).require_app()
    connect(url).close()  # a wrong role is told here
    if not with_parent:
        print("The worker waits for jobs; stop it with Ctrl-C.", flush=True)
    run_worker(url, settings.paths.uploads, leave_with_stdin=with_parent)


def _now(row: Mapping[str, Any]) -> str:
    if row["waits_for"]:
        return f"waits for job {row['waits_for']}"
    if row["state"] in {"running", "cancelling"}:
        return f"{row['label']} {row['done']}/{row['total']}" if row["total"] else str(row["label"])
    return ""


def _tell(row: Mapping[str, Any]) -> None:
    """Print a job; what failed ends this command too."""
    from rich.table import Table  # noqa: PLC0415

    from api.cli._show import console  # noqa: PLC0415

    console.print(f"Job {row['id']}, {row['kind']} of {row['district']} by {row['person']}: {row['state']}.")
    told = row["result"] or row["fault"] or {}
    reports = told.get("reports") or ([told["report"]] if "report" in told else [told] if "remarks" in told else [])
    for report in reports:
        counts = ", ".join(f"{name} {value:,.0f}" for name, value in report.get("counts", {}).items())
        console.print(f"{report.get('title', '')}: {counts}")
        remarks = [remark for remark in report.get("remarks", []) if remark["severity"] != "note"]
        table = Table("row", "rule", "what", "remedy", box=None)
        for remark in remarks[:20]:
            words = (remark["rule"], remark["message"], remark.get("remedy", ""))
            table.add_row(str(remark.get("row", "")), *words)
        if remarks:
            console.print(table)
    if row["state"] == "failed":
        fault = row["fault"] or {}
        console.print(f"{fault.get('message', 'It failed.')} {fault.get('remedy', '')}".strip())
        raise typer.Exit(1)
    if row["state"] == "cancelled":
        raise typer.Exit(7)
