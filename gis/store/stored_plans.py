"""What is a stored plan to the pure rooms: its cells, and its grids with their codes?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.codes import community_grid_profile
from gis.errors import ConflictError, NotFoundError
from gis.partition import Plan
from gis.partition.flags import grid_flags
from gis.partition.loads import loads_of
from gis.plans import serial_of
from gis.store.copying import fetch_frame, objects
from gis.store.levels import cells_of_level
from gis.store.locating import NETWORK
from gis.store.networks import read_level
from gis.store.origins import Origin, read_origin, succeeding
from gis.store.queries import query
from gis.store.reading import cells_of_plan, read_cells, report_from
from gis.store.weighing import weighed_cells

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    import geopandas as gpd

    from gis.graph import Tessellation
    from gis.remarks import Report
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.networks import StoredLevel
    from gis.store.reading import StoredCells

__all__ = ["PlanHead", "StoredPlan", "plan_of", "read_head", "read_plan", "renumbered", "used_codes", "with_cell"]


@dataclass(frozen=True)
class PlanHead:
    """What a plan of the store is for, without its cells.

    Parameters
    ----------
    base_version : int or None
        Version in force when it was begun; None for a first plan.
    settings : dict
        ``target``, ``minimum``, ``maximum`` ...
    """

    id: int
    network_id: int
    network: str
    level: int
    status: str
    as_of: dt.date
    base_version: int | None
    settings: dict[str, Any]
    tessellation_id: int

    @property
    def is_first(self) -> bool:
        """Whether it was begun where no grids were in force."""
        return self.base_version is None


@dataclass(frozen=True)
class StoredPlan:
    """A plan of the store, as the pure rooms see it.

    Parameters
    ----------
    of : StoredLevel
        Its level of its network.
    cells : StoredCells
        All that it has, as that level sees them (`gis.store.levels.cells_of_level`).
    at : datetime
        When its buildings stand: now, or when it takes effect.
    plan : Plan
        With the codes its grids have, or would be published with.
    keys : ndarray of str, shape (grids,)
        What each grid is called in the plan: a code of the base, or ``new-1`` ...
    base : ndarray of str or None, shape (cells,)
        Code of the grid each cell belonged to when it was begun; None for a first plan and for cells that came later.
    origin : Origin or None
        Where its households and its ground came from; None for a first plan.
    """

    id: int
    of: StoredLevel
    status: str
    as_of: dt.date
    base_version: int | None
    cells: StoredCells
    at: dt.datetime
    plan: Plan
    measures: dict[str, Any]
    keys: np.ndarray
    base: np.ndarray
    origin: Origin | None

    @property
    def network_id(self) -> int:
        """Number of its network."""
        return self.of.network_id

    @property
    def network(self) -> str:
        """Code of its network."""
        return self.of.network.code

    @property
    def level(self) -> int:
        """Its level of the network."""
        return self.of.level.level

    @property
    def kind(self) -> str:
        """What its grids are."""
        return self.of.level.kind

    @property
    def tessellation(self) -> Tessellation:
        """The cells it is a map of."""
        return self.cells.tessellation

    @property
    def is_first(self) -> bool:
        """Whether it was begun where no grids were in force."""
        return self.base_version is None


def read_head(
    connection: Connection, place: District, plan_id: int | None = None, *, network: str = NETWORK, level: int = 1
) -> PlanHead:
    """Read what a plan is for, of the newest proposal of a network level by default.

    Raises
    ------
    ConflictError
        There is no proposal.
    NotFoundError
        The district has no such plan.
    """
    return _read_row(connection, place, plan_id, network, level)[0]


def _read_row(
    connection: Connection, place: District, plan_id: int | None, network: str, level: int
) -> tuple[PlanHead, tuple[Any, ...]]:
    """Give a plan's head, and its report, codes and moment as they were published."""
    if plan_id is None:
        values = {"district": place.id, "network": network, "level": level}
        row = connection.execute(query("plans.newest_draft"), values).fetchone()
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
    number, network_id, code, at_level, status, as_of, base_version, settings, made, *others = row
    head = PlanHead(number, network_id, code, at_level, status, as_of, base_version, settings, made)
    return head, tuple(others)


def read_plan(
    connection: Connection,
    place: District,
    plan_id: int | None = None,
    *,
    network: str = NETWORK,
    level: int = 1,
    now: dt.datetime,
) -> StoredPlan:
    """Read a plan back, the newest proposal of a network level by default.

    Its households are those of the buildings that stand now; of a published plan, when it takes effect.

    Raises
    ------
    ConflictError
        There is no proposal.
    NotFoundError
        The district has no such plan.
    SerialsUsedUpError
        A community of a draft has no code left for a new grid.
    """
    head, (stored, codes, effective) = _read_row(connection, place, plan_id, network, level)
    plan_id, as_of, base_version, settings = head.id, head.as_of, head.base_version, head.settings
    at = effective or now
    of = read_level(connection, place, head.network, head.level)
    cells = read_cells(connection, place, as_of=as_of, at=at, cells=cells_of_plan(connection, plan_id))
    cells = weighed_cells(connection, place, cells, settings, as_of=as_of, at=at, duty=of.duty, required=False)
    cells = cells_of_level(connection, place, cells, of.level.division_level)
    members = fetch_frame(connection, query("plans.plan_cells"), {"plan": plan_id})
    keys, base = (objects(members[name]) for name in ("grid_code", "base_code"))
    links = _links(cells, stored["links"])
    origin = None if base_version is None else _origin(connection, place, plan_id, cells, base, as_of, at)
    if codes is None:
        codes = {key: key for key in set(keys)}
        if origin is not None:
            table = cells.tessellation.cells
            middle = table.geometry.centroid
            codes = succeeding(
                origin,
                table["community_id"].to_numpy(object),
                keys,
                np.column_stack([middle.x, middle.y]),
                used=used_codes(connection, plan_id),
                renumber=renumbered(connection, plan_id),
                code_profile=of.level.code_profile,
            )
    plan, order = plan_of(cells, keys, codes, links, settings, report_from(stored["report"]), of.level.code_profile)
    if base_version is None:
        plan.grids["flags"] = [list(stored["flags"].get(code, [])) for code in plan.grids["grid_code"]]
    return StoredPlan(
        id=plan_id,
        of=of,
        status=head.status,
        as_of=as_of,
        base_version=base_version,
        cells=cells,
        at=at,
        plan=plan,
        measures=stored["measures"] or {},
        keys=order,
        base=base,
        origin=origin,
    )


def _links(cells: StoredCells, stored: list[list[int]]) -> np.ndarray:
    """Bring pairs of cell numbers to positions; those that lie elsewhere are left out."""
    pairs = np.array(stored, np.int64).reshape(-1, 2)
    pairs = pairs[np.isin(pairs, cells.ids).all(axis=1)]
    return np.searchsorted(cells.ids, pairs).astype(np.int32)


def used_codes(connection: Connection, plan_id: int) -> dict[str, list[str]]:
    """Every code ever used in a plan's communities, by community."""
    used: dict[str, list[str]] = {}
    for community, code in connection.execute(query("drafts.used_codes"), {"plan": plan_id}):
        used.setdefault(community, []).append(code)
    return used


def renumbered(connection: Connection, plan_id: int) -> list[str]:
    """Communities whose grids a draft numbers anew."""
    return [row[0] for row in connection.execute(query("drafts.renumbered"), {"plan": plan_id})]


def _origin(
    connection: Connection,
    place: District,
    plan_id: int,
    cells: StoredCells,
    base: np.ndarray,
    as_of: dt.date,
    at: dt.datetime,
) -> Origin:
    table = cells.tessellation.cells
    return read_origin(
        connection,
        place,
        plan_id,
        ids=cells.ids,
        base=base,
        households=table["households"].to_numpy(float),
        shapes=np.asarray(table.geometry.array, object),
        as_of=as_of,
        at=at,
    )


def plan_of(
    cells: StoredCells,
    keys: np.ndarray,
    codes: Mapping[str, str],
    links: np.ndarray,
    settings: dict[str, Any],
    report: Report,
    profile: str,
) -> tuple[Plan, np.ndarray]:
    """Make the plan's arrays again: grids by community and code; and their keys in that order."""
    table = cells.tessellation.cells
    names, grid_of = np.unique(keys.astype(str), return_inverse=True)
    community = table["community_id"].to_numpy(object)[np.unique(grid_of, return_index=True)[1]]
    code = np.array([codes[name] for name in names], object)
    order = np.lexsort((code.astype(str), community.astype(str)))
    rank = np.empty(len(names), np.int32)
    rank[order] = np.arange(len(names))
    position = rank[grid_of]
    grids = pd.DataFrame(
        {
            "community_id": community[order],
            "serial": [
                serial_of(c, community_grid_profile(parent, profile), parent) or 0
                for c, parent in zip(code[order], community[order], strict=True)
            ],
            "grid_code": code[order],
            "households": np.bincount(position, table["households"].to_numpy(float), len(names)),
            "buildings": np.bincount(position, table["buildings"].to_numpy(float), len(names)).astype(int),
        }
    )
    if "load" in table:
        grids["load"] = np.bincount(position, loads_of(cells.tessellation), len(names))
    grids["flags"] = grid_flags(cells.tessellation, position, len(names), links, settings)
    return Plan(position, grids, links, report, settings), names[order]


def with_cell(buildings: gpd.GeoDataFrame, tessellation: Tessellation) -> gpd.GeoDataFrame:
    """Leave out what stands in no cell, and what was found to be no building but the ground round others."""
    ground = {remark.code for remark in tessellation.report.remarks if remark.rule == "not_a_building"}
    held = set(tessellation.building_cell["building_id"]) - ground
    return buildings[buildings["building_id"].isin(held)]
