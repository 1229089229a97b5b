"""How does a proposal become a stored plan, and a stored plan arrays again?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from psycopg.types.json import Jsonb

from gis.clock import Clock, local_date, utc_now
from gis.codes import community_grid_profile
from gis.errors import ConflictError, NotFoundError
from gis.measures import plan_measures
from gis.partition import Plan, partition
from gis.progress import Progress, quiet
from gis.store.copying import copy_frame, fetch_frame, plain
from gis.store.districts import lock
from gis.store.locating import NETWORK
from gis.store.queries import query
from gis.store.reading import read_cells, read_frames, report_from
from gis.store.step import Step

if TYPE_CHECKING:
    import datetime as dt
    from concurrent.futures import Executor

    import geopandas as gpd

    from gis.graph import Tessellation
    from gis.remarks import Report
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.reading import StoredCells

__all__ = ["StoredPlan", "propose_plan", "read_plan", "with_cell"]


@dataclass(frozen=True)
class StoredPlan:
    """A plan of the store, as the pure rooms see it."""

    id: int
    network_id: int
    status: str
    as_of: dt.date
    base_version: int | None
    cells: StoredCells
    plan: Plan
    measures: dict[str, Any]

    @property
    def tessellation(self) -> Tessellation:
        """The cells it is a map of."""
        return self.cells.tessellation


def propose_plan(
    connection: Connection,
    district: str,
    *,
    target: float = 200,
    minimum: float | None = None,
    maximum: float | None = None,
    seed: int = 1,
    as_of: dt.date | None = None,
    executor: Executor | None = None,
    progress: Progress = quiet,
    clock: Clock = utc_now,
) -> Step:
    """Divide the newest cells of a district into grids and store the draft, in one transaction.

    Parameters
    ----------
    target, minimum, maximum, seed
        See `gis.partition.partition`.
    as_of : date, optional
        Date of the household counts; the newest by default.
    executor : Executor, optional
        Communities fan out over it.

    Returns
    -------
    Step
        With `plan_id` and `measures`.

    Raises
    ------
    ConflictError
        There are no cells yet.
    NotFoundError
        No such district.
    """
    with lock(connection, district) as place:
        as_of = as_of or place.as_of or local_date(clock(), place.time_zone)
        cells = read_cells(connection, place, as_of=as_of)
        plan = partition(
            cells.tessellation,
            target=target,
            minimum=minimum,
            maximum=maximum,
            seed=seed,
            executor=executor,
            progress=progress,
        )
        ground = read_frames(connection, place, at=clock(), as_of=as_of)
        buildings = with_cell(ground.buildings, cells.tessellation)
        measures = plan_measures(cells.tessellation, plan, buildings=buildings)
        network = _ensure_network(connection, place, plan)
        plan_id = _store_plan(connection, network, cells, plan, measures, as_of=as_of, clock=clock)
    return Step(plan.report, tessellation_id=cells.tessellation_id, plan_id=plan_id, measures=measures)


def with_cell(buildings: gpd.GeoDataFrame, tessellation: Tessellation) -> gpd.GeoDataFrame:
    """Leave out what stands in no cell, and what was found to be no building but the ground round others."""
    ground = {remark.code for remark in tessellation.report.remarks if remark.rule == "not_a_building"}
    held = set(tessellation.building_cell["building_id"]) - ground
    return buildings[buildings["building_id"].isin(held)]


def _ensure_network(connection: Connection, place: District, plan: Plan) -> int:
    names = {"name": "社区网格", "name_en": "Community grids"}
    row = connection.execute(
        query("plans.ensure_network"), {"district": place.id, "network": NETWORK, **names}
    ).fetchone()
    network = int(row[0]) if row else 0
    profiles = {community_grid_profile(code).name for code in plan.grids["community_id"].unique()}
    connection.execute(
        query("plans.ensure_level"),
        {
            "network": network,
            "profile": profiles.pop() if len(profiles) == 1 else "local",
            **{name: round(plan.settings[name]) for name in ("target", "minimum", "maximum")},
        },
    )
    return network


def _store_plan(
    connection: Connection,
    network: int,
    cells: StoredCells,
    plan: Plan,
    measures: dict[str, Any],
    *,
    as_of: dt.date,
    clock: Clock,
) -> int:
    codes = plan.grids["grid_code"].to_numpy(object)
    report = {
        "report": plan.report.as_dict(),
        "measures": measures,
        "flags": {code: flags for code, flags in zip(codes, plan.grids["flags"], strict=True) if flags},
        "links": cells.ids[plan.links].tolist(),
    }
    connection.execute(query("plans.discard_drafts"), {"network": network})
    values = {
        "network": network,
        "tessellation": cells.tessellation_id,
        "as_of": as_of,
        "base": None,
        "now": clock(),
        "settings": Jsonb(plain(plan.settings)),
        "report": Jsonb(plain(report)),
    }
    row = connection.execute(query("plans.insert_plan"), values).fetchone()
    plan_id = int(row[0]) if row else 0
    with connection.cursor() as cursor:
        rows = pd.DataFrame({"plan_id": plan_id, "cell_id": cells.ids, "grid_code": codes[plan.grid_of]})
        copy_frame(cursor, "plan_cell", rows)
        cursor.execute(query("plans.insert_scope"), {"plan": plan_id})
    return plan_id


def read_plan(connection: Connection, place: District, plan_id: int | None = None) -> StoredPlan:
    """Read a plan back, the newest draft by default.

    Raises
    ------
    ConflictError
        There is no draft.
    NotFoundError
        The district has no such plan.
    """
    if plan_id is None:
        row = connection.execute(query("plans.newest_draft"), {"district": place.id, "network": NETWORK}).fetchone()
        if row is None:
            raise ConflictError(
                f"District {place.code} has no draft to work on.", f"Make one first: gridkeeper propose {place.code}"
            )
        plan_id = int(row[0])
    row = connection.execute(query("plans.plan"), {"plan": plan_id, "district": place.id}).fetchone()
    if row is None:
        raise NotFoundError(
            f"District {place.code} has no plan {plan_id}.", "Leave the number out for the newest draft."
        )
    _, network, tessellation, status, as_of, base, settings, stored = row
    cells = read_cells(connection, place, as_of=as_of, tessellation_id=tessellation)
    members = fetch_frame(connection, query("plans.plan_cells"), {"plan": plan_id})
    return StoredPlan(
        id=plan_id,
        network_id=network,
        status=status,
        as_of=as_of,
        base_version=base,
        cells=cells,
        plan=_plan(cells, members, settings, stored, report_from(stored["report"])),
        measures=stored["measures"],
    )


def _plan(
    cells: StoredCells, members: pd.DataFrame, settings: dict[str, Any], stored: dict[str, Any], report: Report
) -> Plan:
    """Make the plan's arrays again from its memberships."""
    at = np.searchsorted(cells.ids, members["cell_id"].to_numpy(np.int64))
    table = cells.tessellation.cells
    codes, grid_of = np.unique(members["grid_code"].to_numpy(object).astype(str), return_inverse=True)
    position = np.full(len(table), -1, np.int32)
    position[at] = grid_of
    first = np.zeros(len(codes), np.int64)
    first[position[::-1]] = np.arange(len(table))[::-1]
    community = table["community_id"].to_numpy(object)[first]
    order = np.lexsort((codes, community.astype(str)))
    rank = np.empty(len(codes), np.int32)
    rank[order] = np.arange(len(codes))
    position = rank[position]
    flags = stored["flags"]
    grids = pd.DataFrame(
        {
            "community_id": community[order],
            "serial": [_serial(code, parent) for code, parent in zip(codes[order], community[order], strict=True)],
            "grid_code": codes[order].astype(object),
            "households": np.bincount(position, table["households"].to_numpy(float), len(codes)),
            "buildings": np.bincount(position, table["buildings"].to_numpy(float), len(codes)).astype(int),
            "flags": [list(flags.get(code, [])) for code in codes[order]],
        }
    )
    links = np.searchsorted(cells.ids, np.array(stored["links"], np.int64).reshape(-1, 2)).astype(np.int32)
    return Plan(position, grids, links, report, settings)


def _serial(code: str, community: str) -> int:
    return int(community_grid_profile(community).parse(code)["serial"])
