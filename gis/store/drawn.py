"""What plan is a file of grids that were drawn elsewhere: which cells has each, and in which division does it lie?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.codes import community_grid_profile
from gis.errors import ConflictError
from gis.partition import Plan
from gis.partition.flags import grid_flags
from gis.plans import grid_name, serial_of
from gis.plans.differences import Old
from gis.plans.matching import Match, match_cells
from gis.store.metric import to_metric
from gis.store.queries import query
from gis.store.stored_plans import StoredPlan

if TYPE_CHECKING:
    import datetime as dt

    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.networks import StoredLevel
    from gis.store.reading import Ground, StoredCells
    from gis.store.write import BatchLike

__all__ = ["Divisions", "drawn_grids", "match_grids", "plan_of_grids"]


def drawn_grids(batch: BatchLike, place: District) -> gpd.GeoDataFrame:
    """The grids of a file in metres, in the order of their codes."""
    frame = batch.frame.sort_values("code", kind="stable").reset_index(drop=True)
    shapes = to_metric(np.asarray(frame["geometry"], object), place.metric_crs)
    return gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs=place.metric_crs)


def match_grids(cells: StoredCells, ground: Ground, drawn: gpd.GeoDataFrame, polygons: np.ndarray) -> tuple[Match, Old]:
    """Match the cells of a district to mended polygons; and what its numbers stand for."""
    table, held = cells.tessellation.cells, cells.tessellation.building_cell
    shapes = np.asarray(table.geometry.array, object)
    footprint = dict(zip(ground.buildings["building_id"], ground.buildings.geometry, strict=True))
    held = held[held["building_id"].isin(footprint)]
    inner = gpd.GeoSeries(shapely.point_on_surface(shapes), crs=table.crs).to_crs(4490)
    old = Old(
        codes=drawn["code"].to_numpy(object),
        cells=cells.ids,
        community=table["community_id"].to_numpy(object),
        households=table["households"].to_numpy(float),
        area_m2=shapely.area(shapes),
        spots=np.column_stack([inner.x, inner.y]),
        buildings=held["building_id"].to_numpy(object),
        building_cell=held["cell"].to_numpy(np.int64),
    )
    match = match_cells(
        shapes,
        polygons,
        community=old.community,
        footprints=np.array([footprint[code] for code in old.buildings], object),
        cell_of=old.building_cell,
        households=held["households"].to_numpy(float),
    )
    return match, old


@dataclass(frozen=True)
class Divisions:
    """The communities that get grids, each with the division of the network's level that it lies in.

    Parameters
    ----------
    communities : list of int
        Numbers.
    of : dict
        Code of the division by code of the community.
    numbers : dict
        Number of the division by its code.
    since : datetime or None
        When the youngest of them began.
    """

    communities: list[int]
    of: dict[str, str]
    numbers: dict[str, int]
    since: dt.datetime | None

    @classmethod
    def read(
        cls, connection: Connection, place: District, of: StoredLevel, cells: StoredCells, match: Match
    ) -> Divisions:
        """Find the divisions of the cells that have a grid.

        Raises
        ------
        ConflictError
            A community lies in no division of the level.
        """
        codes = cells.tessellation.cells["community_id"].to_numpy(object)[match.grid_of >= 0]
        values = {"district": place.id, "codes": sorted(set(codes)), "division_level": of.level.division_level}
        found = connection.execute(query("grids.divisions"), values).fetchall()
        lost = [community for community, _, division, *_ in found if division is None]
        if lost:
            raise ConflictError(
                f"Community {lost[0]} lies in no {of.level.division_level}, inside of which grids of this level stay.",
                "Import the divisions of that level first.",
            )
        return cls(
            communities=[number for _, number, *_ in found],
            of={community: division for community, _, division, *_ in found},
            numbers={division: number for _, _, division, number, _ in found},
            since=max((since for *_, since in found if since is not None), default=None),
        )

    def outlines(self, cells: StoredCells) -> gpd.GeoDataFrame:
        """Unions of the communities' cells by division: what grids are to fill and to stay inside of."""
        table = cells.tessellation.cells
        division = np.array([self.of.get(code, "") for code in table["community_id"]], object)
        shapes = np.asarray(table.geometry.array, object)
        names = sorted(set(division) - {""})
        unions = [shapely.coverage_union_all(shapes[division == name]) for name in names]
        return gpd.GeoDataFrame({"community_id": names}, geometry=unions, crs=table.crs)


def plan_of_grids(
    place: District,
    of: StoredLevel,
    cells: StoredCells,
    drawn: gpd.GeoDataFrame,
    row_of: np.ndarray,
    inside: Divisions,
    *,
    as_of: dt.date,
    at: dt.datetime,
) -> StoredPlan:
    """Make the plan that the file is, of the cells that have a grid and the grids that have cells."""
    rows, grid_of = np.unique(row_of, return_inverse=True)
    table = cells.tessellation.cells
    lies = _largest(grid_of, [inside.of[code] for code in table["community_id"]], table.geometry.area.to_numpy())
    told = drawn.iloc[rows]
    codes = told["code"].to_numpy(object)
    profiles = [community_grid_profile(parent, of.level.code_profile) for parent in lies]
    serials = [serial_of(c, profile, parent) or 0 for c, profile, parent in zip(codes, profiles, lies, strict=True)]
    names = [grid_name(n, place.time_zone) if n else code for n, code in zip(serials, codes, strict=True)]
    grids = pd.DataFrame(
        {
            "community_id": lies,
            "serial": serials,
            "grid_code": codes,
            "households": np.bincount(grid_of, table["households"].to_numpy(float), len(rows)),
            "buildings": np.bincount(grid_of, table["buildings"].to_numpy(float), len(rows)).astype(int),
            "name": [_text(given) or name for given, name in zip(told["name"], names, strict=True)],
            "kind": [_text(kind) or of.level.kind for kind in told["kind"]],
            "division_id": [inside.numbers[code] for code in lies],
        }
    )
    none = np.empty((0, 2), np.int32)
    grids["flags"] = grid_flags(cells.tessellation, grid_of, len(rows), none, {"maximum": of.level.maximum})
    return StoredPlan(
        id=0,
        of=of,
        status="published",
        as_of=as_of,
        base_version=None,
        cells=cells,
        at=at,
        plan=Plan(
            grid_of.astype(np.int32),
            grids,
            none,
            cells.tessellation.report,
            {name: getattr(of.level, name) for name in ("target", "minimum", "maximum")},
        ),
        measures={},
        keys=codes,
        base=np.full(len(row_of), None, object),
        origin=None,
    )


def _text(value: object) -> str | None:
    """Read a cell of a frame, where nothing may be None or not a number."""
    return value if isinstance(value, str) and value else None


def _largest(grid_of: np.ndarray, division: list[str], area: np.ndarray) -> list[str]:
    """The division that holds most of each grid; of equals the lower code."""
    names, at = np.unique(np.asarray(division, str), return_inverse=True)
    table = np.zeros((int(grid_of.max()) + 1, len(names)))
    np.add.at(table, (grid_of, at), area)
    return [str(names[i]) for i in table.argmax(axis=1)]
