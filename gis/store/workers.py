"""Which worker answers for which grid?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.clock import Clock, utc_now
from gis.remarks import Report
from gis.store.districts import District, lock
from gis.store.locating import NETWORK
from gis.store.queries import query

if TYPE_CHECKING:
    import datetime as dt

    from gis.store.connect import Connection

__all__ = ["post_workers"]


def post_workers(
    connection: Connection, district: str, *, network: str = NETWORK, level: int = 1, clock: Clock = utc_now
) -> Report:
    """Post workers to the grids of a network level in force, in one transaction.

    A worker who names a grid is posted there. Those who name a community only are posted one to a grid, to grids that
    have nobody, both in code order; the others are listed.

    Returns
    -------
    Report
        Counts ``posted`` and ``not_posted``; a remark for each worker without a grid, and the number of grids without
        a worker.
    """
    with lock(connection, district) as place:
        report = Report("post workers", place.code)
        post(connection, place, report, network=network, level=level, clock=clock)
    return report


def post(
    connection: Connection,
    place: District,
    report: Report,
    *,
    since: dt.datetime | None = None,
    network: str = NETWORK,
    level: int = 1,
    clock: Clock = utc_now,
) -> None:
    """Do the work of `post_workers` inside the caller's transaction; nothing where no grids are in force."""
    at = clock()
    values = {"district": place.id, "network": network, "level": level, "at": at}
    grids = connection.execute(query("workers.grids_to_staff"), values).fetchall()
    if not grids:
        return
    workers = connection.execute(query("workers.unposted"), {"district": place.id, "at": at}).fetchall()
    by_code = {code: number for number, code, *_ in grids}
    staffed = {number for number, _, _, _, is_staffed in grids if is_staffed}
    posted: list[tuple[int, int]] = []
    for worker, code, _, grid_code, _ in workers:
        if grid_code and grid_code in by_code:
            posted.append((worker, by_code[grid_code]))
        elif grid_code:
            report.add(
                "left_over",
                "worker_names_unknown_grid",
                f"Worker {code} names grid {grid_code}, which is not in force.",
                code=code,
                field="grid_code",
                remedy="Correct the grid code and import the workers again.",
            )
    staffed.update(grid for _, grid in posted)
    free: dict[str, list[int]] = {}
    for number, _, community, _, _ in reversed(grids):
        if number not in staffed:
            free.setdefault(community, []).append(number)
    for worker, code, _, grid_code, community in workers:
        if grid_code:
            continue
        if community and free.get(community):
            posted.append((worker, free[community].pop()))
        else:
            report.add(
                "left_over",
                "worker_without_grid",
                f"Worker {code} has no grid: community {community or '(none)'} has no grid without a worker.",
                code=code,
                field="community_code",
                remedy="Name a grid code for this worker.",
            )
    for worker, grid in posted:
        connection.execute(query("workers.insert_posting"), {"worker": worker, "grid": grid, "since": since or at})
    report.counts["posted"] = report.counts.get("posted", 0) + len(posted)
    report.counts["not_posted"] = len(workers) - len(posted)
    report.counts["grids_without_worker"] = sum(map(len, free.values()))
