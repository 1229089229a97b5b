"""How do the grids of other networks go on when a publication replaces cells under them?

Every network of a district stands on the same cells. A new cell goes to the grid that had its building, else to the one
that had most of its ground. A grid keeps its code; where its polygon changes it gets a version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from psycopg.types.json import Jsonb

from gis.clock import local_date
from gis.errors import ConflictError
from gis.plans import lineage
from gis.store.copying import copy_frame, fetch_frame, fetch_geo_frame, plain, reserve_ids
from gis.store.metric import to_metric
from gis.store.origins import trace
from gis.store.postings import begin_postings, end_postings
from gis.store.queries import query
from gis.store.reading import read_cells

if TYPE_CHECKING:
    import datetime as dt

    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.origins import Pieces

__all__ = ["Change", "carry_over", "require_none_later"]


@dataclass(frozen=True)
class Change:
    """A publication that replaces cells.

    Parameters
    ----------
    publication, version : int
    network_id, level : int
        Where it was published.
    gone, made : ndarray of int64
        Cells that end and begin.
    effective, now : datetime
    by : str
    """

    publication: int
    version: int
    network_id: int
    level: int
    gone: np.ndarray
    made: np.ndarray
    effective: dt.datetime
    now: dt.datetime
    by: str

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the statements."""
        return {
            "network": self.network_id,
            "level": self.level,
            "gone": self.gone.tolist(),
            "made": self.made.tolist(),
            "effective": self.effective,
        }


def require_none_later(connection: Connection, change: Change) -> None:
    """See that no other network begins a version on these cells later: it would stand on cells that are gone.

    Raises
    ------
    ConflictError
    """
    later = connection.execute(query("carrying.begins_later"), change.parameters).fetchone()
    if later:
        raise ConflictError(
            f"Version {later[1]} of network {later[0]} takes effect at {later[2]:%Y-%m-%d %H:%M %Z} on cells that end "
            f"at {change.effective:%Y-%m-%d %H:%M %Z}.",
            f"Publish for a later moment, or withdraw that version of network {later[0]} first.",
        )


def carry_over(connection: Connection, place: District, change: Change) -> list[dict[str, Any]]:
    """Let the grids of all other networks and levels go on, inside the caller's transaction.

    The cells must have their periods already.

    Returns
    -------
    list of dict
        ``network``, ``level``, ``version`` and ``opened`` codes of each level in which a polygon changed.
    """
    told = []
    levels = connection.execute(query("carrying.other_levels"), change.parameters).fetchall()
    heirs: dict[int, np.ndarray] = {}
    for network, code, level, kind, *limits in reversed(levels):  # the finest level decides for those above it
        carried = _Level(network, code, level, kind, dict(zip(("target", "minimum", "maximum"), limits, strict=True)))
        done = _carry_level(connection, place, change, carried, heirs)
        if done:
            told.append(done)
    return told[::-1]


@dataclass(frozen=True)
class _Level:
    network: int
    code: str
    level: int
    kind: str
    limits: dict[str, int]


def _carry_level(
    connection: Connection, place: District, change: Change, level: _Level, heirs: dict[int, np.ndarray]
) -> dict[str, Any] | None:
    values = {**change.parameters, "network": level.network, "level": level.level}
    members = fetch_frame(connection, query("carrying.members"), values)
    grid_of = dict(zip(members["cell_id"].tolist(), members["grid_id"].tolist(), strict=True))
    stays = np.setdiff1d(members["cell_id"].to_numpy(np.int64), change.gone)
    ids = np.union1d(stays, change.made)
    as_of = place.as_of or local_date(change.now, place.time_zone)
    cells = read_cells(connection, place, as_of=as_of, at=change.effective, cells=ids)
    table = cells.tessellation.cells
    made = np.flatnonzero(np.isin(ids, change.made))
    was = fetch_geo_frame(connection, query("cells.shapes"), {"cells": change.gone.tolist()})
    pieces = trace(
        connection,
        ids=ids,
        made=made,
        households=table["households"].to_numpy(float),
        shapes=np.asarray(table.geometry.array, object),
        replaced=change.gone,
        was=to_metric(np.asarray(was.geometry.array, object), place.metric_crs),
        as_of=as_of,
        at=change.effective,
    )
    own = np.array([grid_of.get(cell) for cell in ids.tolist()], object)
    before = np.array([grid_of.get(cell) for cell in change.gone.tolist()], object)
    if level.network not in heirs:
        heirs[level.network] = _heirs(pieces, made, before, len(ids))
    heir = heirs[level.network]
    after = own.copy()
    after[made] = [before[heir[k]] if heir[k] >= 0 else None for k in range(len(made))]
    connection.execute(query("carrying.end_memberships"), values)
    return _write(connection, place, change, level, ids, after, pieces.take(own, before), pieces)


def _heirs(pieces: Pieces, made: np.ndarray, before: np.ndarray, n: int) -> np.ndarray:
    """Say whose place each new cell takes (row of the cells before; -1: nobody's), grid by grid, then cell by cell."""
    row = np.full(n, -1, np.int64)
    row[made] = np.arange(len(made))
    weight: dict[int, dict[int, np.ndarray]] = {}
    for cell, old, people, area in zip(pieces.cell, pieces.before, pieces.households, pieces.area, strict=True):
        if row[cell] >= 0 and old >= 0:
            holds = np.array([area == 0, people, area], float)  # a piece without ground is a building
            mine = weight.setdefault(int(row[cell]), {})
            mine[int(old)] = mine.get(int(old), np.zeros(3)) + holds
    heir = np.full(len(made), -1, np.int64)
    for k, mine in weight.items():
        total: dict[Any, np.ndarray] = {}
        for old, holds in mine.items():
            total[before[old]] = total.get(before[old], np.zeros(3)) + holds
        grid = max(total, key=lambda g: (total[g][0] > 0, *total[g][1:], str(g)))
        heir[k] = max((old for old in mine if before[old] == grid), key=lambda old: (*mine[old], -old))
    return heir


def _write(
    connection: Connection,
    place: District,
    change: Change,
    level: _Level,
    ids: np.ndarray,
    after: np.ndarray,
    came: np.ndarray,
    pieces: Pieces,
) -> dict[str, Any] | None:
    """Give grids whose polygon changed a version; the others only get their new cells."""
    numbers = sorted({grid for grid in (*after, *came) if grid is not None})
    old = fetch_geo_frame(connection, query("carrying.grids"), {"grids": numbers})
    shapes = fetch_geo_frame(connection, query("cells.shapes"), {"cells": ids.tolist()}).geometry.to_numpy()
    united = {grid: shapely.coverage_union_all(shapes[after == grid]) for grid in numbers if (after == grid).any()}
    alike = [n in united and _same(united[n], shape) for n, shape in zip(old["id"], old.geometry, strict=True)]
    closed = old[~np.array(alike, bool)]
    opened = closed[closed["id"].isin(list(united))]
    moment = {"effective": change.effective, "network": level.network, "level": level.level}
    fresh = np.array([cell in set(change.made.tolist()) for cell in ids.tolist()], bool)
    _join(connection, moment, ids, after, fresh & np.isin(after, old["id"][np.array(alike, bool)].tolist()))
    if not len(closed):
        return None
    ended = closed["id"].tolist()
    for name in ("close_grids", "close_memberships"):
        connection.execute(query(f"publishing.{name}"), {**moment, "grids": ended})
    with connection.cursor() as cursor:
        new = reserve_ids(cursor, query("plans.reserve_grid_ids"), len(opened))
    number = dict(zip(opened["id"].tolist(), new.tolist(), strict=True))
    by_code = dict(zip(opened["code"], new.tolist(), strict=True))
    moved, without = end_postings(connection, ended, by_code, moment)
    report = {
        "codes": {code: code for code in opened["code"]},
        "unchanged": 0,
        "opened": sorted(opened["code"]),
        "kept_codes": sorted(opened["code"]),
        "new_codes": [],
        "withdrawn_codes": sorted(set(closed["code"]) - set(opened["code"])),
        "postings_ended": without,
        "carried_with": str(change.publication),
    }
    plan_id = _plan(connection, place, change, level, ids, after, opened)
    values = {"plan": plan_id, "now": change.now, "by": change.by, "checks": Jsonb([]), "report": Jsonb(plain(report))}
    row = connection.execute(query("plans.insert_publication"), {**moment, **values}).fetchone()
    publication, version = (int(row[0]), int(row[1])) if row else (0, 0)
    with connection.cursor() as cursor:
        copy_frame(cursor, "grid", _rows(place, change, level, opened, new, united, publication))
    versions = np.array([number.get(grid) for grid in after], object)
    _join(connection, moment, ids, versions, versions != None)  # noqa: E711 - cell by cell
    went = _lineage(came, after[pieces.cell], pieces, ended, number)
    with connection.cursor() as cursor:
        copy_frame(cursor, "grid_lineage", went)
    begin_postings(connection, moved, moment)
    return {"network": level.code, "level": level.level, "version": version, "opened": report["opened"]}


def _same(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    """Whether two grids are the same ground, vertex by vertex."""
    parts = [shapely.normalize(shapely.multipolygons(shapely.get_parts(shape))) for shape in (one, other)]
    return bool(shapely.to_wkb(parts[0]) == shapely.to_wkb(parts[1]))


def _join(
    connection: Connection, moment: dict[str, Any], ids: np.ndarray, grids: np.ndarray, which: np.ndarray
) -> None:
    """Let cells belong to grids from the moment on."""
    values = {"cells": ids[which].tolist(), "grids": [int(grid) for grid in grids[which]]}
    connection.execute(query("carrying.insert_memberships"), {**moment, **values})


def _plan(
    connection: Connection,
    place: District,
    change: Change,
    level: _Level,
    ids: np.ndarray,
    after: np.ndarray,
    opened: gpd.GeoDataFrame,
) -> int:
    """Record the assignment as a plan of its own, published at once."""
    code_of = dict(zip(opened["id"].tolist(), opened["code"], strict=True))
    keys = np.array([code_of.get(grid) for grid in after], object)
    held = keys != None  # noqa: E711 - cell by cell
    values: dict[str, Any] = {"network": level.network, "level": level.level, "cells": ids[held].tolist()}
    where = connection.execute(query("carrying.divisions"), values).fetchall()
    values["divisions"] = [row[0] for row in where]
    versions = connection.execute(query("carrying.newest_versions"), values).fetchall()
    row = connection.execute(
        query("drafts.insert_draft"),
        {
            **values,
            "tessellation": where[0][1],
            "as_of": place.as_of or local_date(change.now, place.time_zone),
            "base": max((v for _, v in versions if v is not None), default=None),
            "now": change.now,
            "settings": Jsonb(level.limits),
            "report": Jsonb({"report": {"title": "carried", "source": place.code}, "flags": {}, "links": []}),
            "title": f"Cells replaced by version {change.version}",
            "by": change.by,
        },
    ).fetchone()
    plan_id = int(row[0]) if row else 0
    base = keys.copy()
    base[np.isin(ids, change.made)] = None
    rows = {"plan_id": plan_id, "cell_id": ids[held], "grid_code": keys[held], "base_code": base[held]}
    with connection.cursor() as cursor:
        copy_frame(cursor, "plan_cell", pd.DataFrame(rows))
    scope = {"plan": plan_id, "divisions": [d for d, _ in versions], "versions": [v for _, v in versions]}
    connection.execute(query("drafts.insert_scope"), scope)
    connection.execute(query("plans.set_status"), {"plan": plan_id, "status": "published"})
    step = {"plan": plan_id, "name": "publish", "person": change.by, "verified": False, "now": change.now}
    connection.execute(query("drafts.insert_step"), {**step, "reason": None})
    return plan_id


def _rows(
    place: District,
    change: Change,
    level: _Level,
    opened: gpd.GeoDataFrame,
    new: np.ndarray,
    united: dict[int, shapely.Geometry],
    publication: int,
) -> gpd.GeoDataFrame:
    shapes = [shapely.multipolygons(shapely.get_parts(united[grid])) for grid in opened["id"]]
    return gpd.GeoDataFrame(
        {
            "id": new,
            "network_id": level.network,
            "level": level.level,
            **{name: opened[name].to_list() for name in ("code", "kind", "name", "division_id", "flags", "colour")},
            "publication_id": publication,
            "origin": "carried",
            "area_m2": shapely.area(to_metric(np.array(shapes, object), place.metric_crs)),
            "valid": f"[{change.effective.isoformat()},)",
        },
        geometry=shapes,
        crs=4490,
    )


def _lineage(
    came: np.ndarray, went: np.ndarray, pieces: Pieces, ended: list[int], number: dict[int, int]
) -> pd.DataFrame:
    """Where the households and the ground of grids that ended went."""
    names = sorted({grid for grid in (*came, *went) if grid is not None})
    at = {grid: i for i, grid in enumerate(names)}
    old_of, new_of = (np.array([at.get(grid, -1) for grid in grids], np.int64) for grids in (came, went))
    table = lineage(old_of, new_of, pieces.households, pieces.area)
    old, new = (np.array([names[i] for i in table[column]], np.int64) for column in ("old", "new"))
    keep = np.isin(old, ended)
    return pd.DataFrame(
        {
            "from_grid": old[keep],
            "to_grid": [number.get(grid, grid) for grid in new[keep].tolist()],
            "household_share": table["household_share"].to_numpy()[keep],
            "area_share": table["area_share"].to_numpy()[keep],
        }
    )
