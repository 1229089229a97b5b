"""How do new cells get into a draft: where the ground changed, and where a planner's line splits one?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from psycopg.types.json import Jsonb

from gis.cells.remade import Remade, on_lattice
from gis.cells.renew import Beside, renew_cells
from gis.cells.split import split_cell
from gis.errors import ConflictError, InputError
from gis.graph import Adjacency
from gis.plans import inherit_keys
from gis.progress import Progress, quiet
from gis.remarks import Report
from gis.store.cells import copy_cells, copy_edges, insert_making, settings_from, tessellate_ground
from gis.store.copying import copy_frame, fetch_geo_frame, plain
from gis.store.metric import to_metric, to_stored
from gis.store.queries import query
from gis.store.reading import in_metres, read_cells, read_frames
from gis.store.stored_plans import with_cell

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from concurrent.futures import Executor

    import geopandas as gpd

    from gis.cells import CellSettings
    from gis.plans import Draft
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.reading import Ground, StoredCells

__all__ = ["renewal_of", "split_of", "store_remade"]

NEAR_M = 0.1
"""Cells this near to a new one share vertices with it."""


def renewal_of(
    connection: Connection,
    place: District,
    row: Mapping[str, Any],
    draft: Draft,
    now: dt.datetime,
    *,
    executor: Executor | None = None,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Make the cells of a draft's communities anew where the ground has changed, and store them for the draft.

    Returns
    -------
    dict
        Payload of the edit, see `gis.plans.replay.Operation`.

    Raises
    ------
    ConflictError
        The ground has not changed, or cells reach over the border of a community that the draft does not hold.
    """
    progress("reading cells", 0, 0)
    before, ground = _before(connection, place, row, draft, now)
    settings = settings_from(before.settings, place.metric_crs)
    scope = sorted(set(before.tessellation.cells["community_id"]))
    fresh = tessellate_ground(ground, divide=scope, settings=settings, executor=executor, progress=progress)
    progress("comparing cells", 0, 0)
    remade = renew_cells(
        before.tessellation,
        fresh,
        settings,
        beside=_beside(connection, place, before, ground, scope),
        parents=_parents(connection, place, before),
    )
    progress("writing cells", 0, 0)
    payload = _stored(connection, place, row, draft, before, ground, remade, settings, fresh.report, now)
    if not payload["gone"] and not payload["made"] and not payload["moved"]:
        raise ConflictError(
            f"The cells of plan {row['id']} are as the ground is: nothing to make anew.",
            "Import what has changed first.",
        )
    return payload


def split_of(
    connection: Connection,
    place: District,
    row: Mapping[str, Any],
    draft: Draft,
    asked: Mapping[str, Any],
    now: dt.datetime,
) -> dict[str, Any]:
    """Split a cell of a draft along a line of EPSG:4490 (``cell``, ``line``: [[lon, lat] ...]), and store its children.

    Returns
    -------
    dict
        Payload of the edit, see `gis.plans.replay.Operation`.

    Raises
    ------
    InputError
        The cell is not of the plan; the line does not lead through it, or cuts a building.
    """
    at = draft.positions([asked["cell"]])
    points = np.asarray(asked["line"], float)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2 or not np.isfinite(points).all():
        raise InputError("That is no line.", "Give at least two points as longitude and latitude.")
    before, ground = _before(connection, place, row, draft, now)
    line = to_metric(np.array([shapely.LineString(points)], object), place.metric_crs)[0]
    settings = settings_from(before.settings, place.metric_crs)
    cell = int(np.searchsorted(before.ids, draft.cells[at[0]]))
    stock = with_cell(ground.buildings, before.tessellation)
    remade = split_cell(before.tessellation, cell, line, stock, settings)
    return _stored(connection, place, row, draft, before, ground, remade, settings, Report("split"), now)


def _before(
    connection: Connection, place: District, row: Mapping[str, Any], draft: Draft, now: dt.datetime
) -> tuple[StoredCells, Ground]:
    """Cells of a draft and the ground as it is, or as it is when communities of the draft begin later."""
    since = connection.execute(query("publishing.scope_since"), {"plan": row["id"]}).fetchone()
    at = max(now, since[0]) if since and since[0] else now
    cells = read_cells(connection, place, as_of=row["as_of"], at=at, cells=draft.cells[draft.present])
    return cells, read_frames(connection, place, at=at, as_of=row["as_of"])


def _beside(connection: Connection, place: District, before: StoredCells, ground: Ground, scope: list[str]) -> Beside:
    """Cells of other communities at the rim, and all other communities."""
    shapes = np.asarray(before.tessellation.cells.geometry.array, object)
    rim = shapely.union_all(np.asarray(before.tessellation.communities.geometry.array, object)).boundary
    box = shapely.box(*shapely.total_bounds(shapes))
    west, south, east, north = to_stored(np.array([box], object), place.metric_crs)[0].buffer(1e-5).bounds
    values = {"district": place.id, "cells": before.ids.tolist()}
    bounds = {"west": west, "south": south, "east": east, "north": north}
    frame = in_metres(fetch_geo_frame(connection, query("cells.beside"), {**values, **bounds}), place.metric_crs)
    shapely.prepare(rim)
    frame = frame[shapely.dwithin(frame.geometry.to_numpy(), rim, 1.0) | frame.geometry.intersects(rim).to_numpy()]
    others = ground.communities[~ground.communities["community_id"].isin(scope)]
    return Beside(np.asarray(frame.geometry.array, object), frame["community"].to_numpy(object), others)


def _parents(connection: Connection, place: District, before: StoredCells) -> list[tuple[shapely.Geometry, list[int]]]:
    """Retired cells whose ground is exactly that of cells which took their place."""
    values = {"cells": before.ids.tolist()}
    frame = in_metres(fetch_geo_frame(connection, query("cells.parents"), values), place.metric_crs)
    area = before.tessellation.cells.geometry.area.to_numpy()
    rows = [np.searchsorted(before.ids, cells) for cells in frame["cells"]]
    return [
        (shape, at.tolist())
        for shape, at in zip(frame.geometry, rows, strict=True)
        if abs(shape.area - area[at].sum()) < 1e-2
    ]


def _stored(
    connection: Connection,
    place: District,
    row: Mapping[str, Any],
    draft: Draft,
    before: StoredCells,
    ground: Ground,
    remade: Remade,
    settings: CellSettings,
    report: Report,
    now: dt.datetime,
) -> dict[str, Any]:
    """Write new cells, of the draft alone for the time being, and tell the edit that brings them."""
    table = before.tessellation.cells
    at = np.searchsorted(draft.cells, before.ids)
    stays = np.ones(len(table), bool)
    stays[remade.gone] = False
    area = table.geometry.area.to_numpy()
    share = remade.lineage
    held = remade.building_cell.merge(before.tessellation.building_cell, on="building_id", suffixes=("", "_before"))
    division = dict(zip(table["community_id"], draft.community[at], strict=True))  # that grids of the level stay inside
    own = np.array([None, *(division[code] for code in remade.cells["community_id"])], object)[1:]
    inherited = inherit_keys(
        draft.keys[at],
        draft.community[at],
        stays,
        np.column_stack([table["households"].to_numpy(float), area]),
        own,
        pd.DataFrame({"made": held["cell"], "before": held["cell_before"], "households": held["households"]}),
        share.assign(area=share["area_share"].to_numpy() * area[share["before"].to_numpy(np.int64)]),
    )
    moved = np.flatnonzero(stays & (inherited.kept != draft.keys[at]))
    making, ids = before.tessellation_id, np.empty(0, np.int64)
    if not remade.nothing:
        making = insert_making(connection, place, settings, report, now, base=before.tessellation_id)
        ids = store_remade(connection, place, making, before, ground, remade, settings)
        _keep_links(connection, int(row["id"]), before.ids, ids, remade)
    gone = before.ids[remade.gone]
    base = draft.base[at[remade.gone]]
    old = base != None  # noqa: E711 - cell by cell
    return {
        "tessellation": making,
        "gone": gone.tolist(),
        "was": _by_key(base[old], gone[old]),
        "made": _by_key(inherited.made, ids),
        "moved": _by_key(inherited.kept[moved], before.ids[moved]),
        "community": dict(zip(map(str, ids.tolist()), own, strict=True)),
    }


def _by_key(keys: np.ndarray, cells: np.ndarray) -> dict[str, list[int]]:
    return {str(key): cells[keys == key].tolist() for key in sorted(set(keys))}


def store_remade(
    connection: Connection,
    place: District,
    making: int,
    before: StoredCells,
    ground: Ground,
    remade: Remade,
    settings: CellSettings,
) -> np.ndarray:
    """Write new cells with their buildings, borders and lineage, valid at no time yet; their numbers."""
    with connection.cursor() as cursor:
        shapes = _degrees(connection, place, before, remade.cells, settings)
        ids = copy_cells(cursor, making, remade.cells, shapes, ground, remade.building_cell, valid="empty")
        number = np.concatenate([before.ids, ids])
        edges = remade.edges
        near = Adjacency(
            edges[["a", "b"]].to_numpy(np.int64),
            edges["length"].to_numpy(float),
            edges["follows"].to_numpy(np.int8),
            edges["link"].to_numpy(bool),
        )
        copy_edges(cursor, number[near.pairs], near)
        share = remade.lineage
        lineage = {
            "from_cell": before.ids[share["before"].to_numpy(np.int64)],
            "to_cell": ids[share["made"].to_numpy(np.int64)],
            "area_share": share["area_share"],
        }
        copy_frame(cursor, "cell_lineage", pd.DataFrame(lineage))
    return ids


def _degrees(
    connection: Connection, place: District, before: StoredCells, cells: gpd.GeoDataFrame, settings: CellSettings
) -> np.ndarray:
    """Bring new cells to stored coordinates: a vertex of a cell that was there is the same numbers again."""
    new = np.asarray(cells.geometry.array, object)
    shapes = np.asarray(before.tessellation.cells.geometry.array, object)
    near = np.unique(shapely.STRtree(shapes).query(new, predicate="dwithin", distance=NEAR_M)[1])
    known = fetch_geo_frame(connection, query("cells.shapes"), {"cells": before.ids[near].tolist()})
    stored = shapely.get_coordinates(known.geometry.to_numpy())
    metres = shapely.get_coordinates(
        on_lattice(to_metric(known.geometry.to_numpy(), place.metric_crs), settings.grid_m)
    )
    at = {xy.tobytes(): degrees for xy, degrees in zip(metres, stored, strict=True)}
    made = to_stored(new, place.metric_crs)
    pairs = zip(shapely.get_coordinates(new), shapely.get_coordinates(made), strict=True)
    xy = np.array([at.get(own.tobytes(), degrees) for own, degrees in pairs])
    return np.asarray(shapely.set_coordinates(made, xy), dtype=object)


def _keep_links(connection: Connection, plan_id: int, before: np.ndarray, ids: np.ndarray, remade: Remade) -> None:
    """Hold together what a plan holds together beyond common borders: a new cell takes the place of most of an old."""
    found = connection.execute(query("drafts.links"), {"plan": plan_id}).fetchone()
    links = list((found[0] if found else None) or [])
    share = remade.lineage.sort_values(["before", "area_share"])
    heir = dict(
        zip(
            before[share["before"].to_numpy(np.int64)].tolist(),
            ids[share["made"].to_numpy(np.int64)].tolist(),
            strict=True,
        )
    )
    more = [[heir.get(a, a), heir.get(b, b)] for a, b in links if a in heir or b in heir]
    if more:
        report = Jsonb(plain({"links": links + more}))
        connection.execute(query("drafts.set_report"), {"plan": plan_id, "report": report})
