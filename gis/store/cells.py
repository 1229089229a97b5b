"""How do cells get into the store, with their neighbours and the buildings they carry?"""

from __future__ import annotations

import re
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from psycopg.types.json import Jsonb

from gis.cells import CellSettings, tessellate
from gis.clock import Clock, local_date, utc_now
from gis.errors import ConflictError
from gis.graph import FOLLOWS
from gis.progress import Progress, quiet
from gis.store.copying import copy_frame, plain, reserve_ids
from gis.store.derivation import relocate
from gis.store.districts import lock
from gis.store.metric import to_stored
from gis.store.queries import query
from gis.store.reading import read_frames
from gis.store.step import Step
from gis.store.streets import derive_streets

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from concurrent.futures import Executor

    import psycopg

    from gis.graph import Adjacency, Tessellation
    from gis.remarks import Report
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.reading import Ground

__all__ = ["copy_cells", "copy_edges", "insert_making", "settings_from", "tessellate_district", "tessellate_ground"]


def tessellate_district(
    connection: Connection,
    district: str,
    *,
    settings: CellSettings | None = None,
    as_of: dt.date | None = None,
    executor: Executor | None = None,
    progress: Progress = quiet,
    clock: Clock = utc_now,
) -> Step:
    """Divide a district into cells and store them, in one transaction; things are located to them at once.

    Parameters
    ----------
    settings : CellSettings, optional
        Its `metric_crs` is always that of the district.
    as_of : date, optional
        Date of the household counts that decide about parts too small to stand alone; the newest by default.
    executor : Executor, optional
        Communities fan out over it.

    Raises
    ------
    ConflictError
        The district has no communities, or has grids in force: cells change only with a plan.
    NotFoundError
        No such district.
    """
    with lock(connection, district) as place:
        since = connection.execute(query("cells.in_force_since"), {"district": place.id}).fetchone()
        if since and since[0]:
            raise ConflictError(
                f"The grids of {place.code} are in force since {since[0]:%Y-%m-%d}: their cells do not change.",
                "New buildings joined the cells they stand in. To make cells anew where the ground changed: "
                f"open a draft, then gridkeeper plan renew {place.code} PLAN.",
            )
        as_of = as_of or place.as_of or local_date(clock(), place.time_zone)
        ground = read_frames(connection, place, at=clock(), as_of=as_of)
        if not len(ground.communities):
            raise ConflictError(
                f"District {place.code} has no communities.", "Import its divisions with a level community first."
            )
        settings = replace(settings or CellSettings(), metric_crs=place.metric_crs)
        made = tessellate_ground(ground, settings=settings, executor=executor, progress=progress)
        tessellation_id = insert_making(connection, place, settings, made.report, clock())
        shapes = to_stored(np.asarray(made.cells.geometry.array, object), place.metric_crs)
        with connection.cursor() as cursor:
            ids = copy_cells(cursor, tessellation_id, made.cells, shapes, ground, made.building_cell)
            copy_edges(cursor, ids[made.adjacency.pairs], made.adjacency)
            cursor.execute(query("cells.forget_older"), {"district": place.id, "tessellation": tessellation_id})
        report = made.report
        report.counts.setdefault("cells", len(made.cells))
        report.counts.setdefault("pairs", len(made.adjacency.pairs))
        derive_streets(connection, place, clock=clock)
        located = relocate(connection, place, progress=progress, clock=clock)
        report.remarks.extend(located.remarks)
    return Step(report, tessellation_id=tessellation_id)


def tessellate_ground(ground: Ground, **how: Any) -> Tessellation:
    """Make cells of what the store holds; `how` are keyword arguments of `gis.cells.tessellate`."""
    features: dict[str, Any] = {name: getattr(ground, name) for name in ("barriers", "compounds", "landcover")}
    how |= {name: frame if len(frame) else None for name, frame in features.items()}
    communities = ground.communities[["community_id", "name", "geometry"]]
    return tessellate(communities, ground.buildings.drop(columns=["id"]), **how)


def settings_from(stored: Mapping[str, Any], metric_crs: str) -> CellSettings:
    """Make settings again from what was stored with cells."""
    known = {field.name for field in fields(CellSettings)}
    values = {name: value for name, value in stored.items() if name in known}
    for name in ("block_classes", "hard_barriers"):
        given = values.get(name, [])
        values[name] = frozenset(_WORD.findall(given) if isinstance(given, str) else given)
    return CellSettings(**{**values, "metric_crs": metric_crs})


_WORD = re.compile(r"'(\w+)'")
"""A name in a set that was written as Python writes it."""


def insert_making(
    connection: Connection,
    place: District,
    settings: CellSettings,
    report: Report,
    now: dt.datetime,
    *,
    base: int | None = None,
) -> int:
    """Record a making of cells, of the whole district or (with a base) of what changed; its number."""
    plain_settings = {k: sorted(v) if isinstance(v, frozenset) else v for k, v in asdict(settings).items()}
    values = {
        "district": place.id,
        "base": base,
        "now": now,
        "settings": Jsonb(plain(plain_settings)),
        "report": Jsonb(plain(report.as_dict())),
    }
    row = connection.execute(query("cells.insert_tessellation"), values).fetchone()
    return int(row[0]) if row else 0


def copy_cells(
    cursor: psycopg.Cursor[Any],
    making: int,
    cells: gpd.GeoDataFrame,
    shapes: np.ndarray,
    ground: Ground,
    held: pd.DataFrame,
    *,
    valid: str = "(,)",
) -> np.ndarray:
    """Write cells and the buildings they hold.

    Parameters
    ----------
    cells : GeoDataFrame
        In metres, columns as in `gis.graph.Tessellation`.
    shapes : ndarray of Polygon
        The same in EPSG:4490.
    held : DataFrame
        ``building_id``, ``cell``: row of `cells`.
    valid : str
        When they are cells of the district.

    Returns
    -------
    ndarray of int64
        Their numbers, ascending.
    """
    ids = reserve_ids(cursor, query("cells.reserve_cell_ids"), len(cells))
    communities = dict(zip(ground.communities["community_id"], ground.communities["id"], strict=True))
    buildings = dict(zip(ground.buildings["building_id"], ground.buildings["id"], strict=True))
    rows = gpd.GeoDataFrame(
        {
            "id": ids,
            "tessellation_id": making,
            "community_id": [communities[code] for code in cells["community_id"]],
            "block_no": cells["block_id"].to_numpy(np.int64),
            "building_id": pd.array([buildings.get(code) for code in cells["building_id"]], dtype="Int64"),
            "compound_code": cells["compound_id"].to_numpy(object),
            "area_m2": cells.geometry.area.to_numpy(),
            "valid": valid,
        },
        geometry=shapes,
        crs=4490,
    )
    copy_frame(cursor, "cell", rows)
    pairs = {
        "tessellation_id": making,
        "building_id": [buildings[code] for code in held["building_id"]],
        "cell_id": ids[held["cell"].to_numpy(np.int64)],
    }
    copy_frame(cursor, "building_cell", pd.DataFrame(pairs))
    return ids


def copy_edges(cursor: psycopg.Cursor[Any], pairs: np.ndarray, near: Adjacency) -> None:
    """Write pairs of neighbours, by their numbers."""
    columns = {
        "cell_a": pairs[:, 0],
        "cell_b": pairs[:, 1],
        "length_m": near.length,
        "follows": np.asarray(FOLLOWS, object)[near.follows],
        "link": near.link,
    }
    copy_frame(cursor, "cell_edge", pd.DataFrame(columns))
