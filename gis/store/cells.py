"""How do cells get into the store, with their neighbours and the buildings they carry?"""

from __future__ import annotations

from dataclasses import asdict, replace
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
    from concurrent.futures import Executor

    import psycopg

    from gis.graph import Tessellation
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.reading import Ground

__all__ = ["tessellate_district"]


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
                f"New buildings joined the cells they stand in. To begin anew: gridkeeper remove {place.code}",
            )
        as_of = as_of or place.as_of or local_date(clock(), place.time_zone)
        ground = read_frames(connection, place, at=clock(), as_of=as_of)
        if not len(ground.communities):
            raise ConflictError(
                f"District {place.code} has no communities.", "Import its divisions with a level community first."
            )
        settings = replace(settings or CellSettings(), metric_crs=place.metric_crs)
        made = tessellate(
            ground.communities[["community_id", "name", "geometry"]],
            ground.buildings.drop(columns=["id"]),
            barriers=_or_none(ground.barriers),
            compounds=_or_none(ground.compounds),
            landcover=_or_none(ground.landcover),
            settings=settings,
            executor=executor,
            progress=progress,
        )
        tessellation_id = _store(connection, place, ground, made, settings=settings, clock=clock)
        report = made.report
        report.counts.setdefault("cells", len(made.cells))
        report.counts.setdefault("pairs", len(made.adjacency.pairs))
        derive_streets(connection, place, clock=clock)
        located = relocate(connection, place, progress=progress, clock=clock)
        report.remarks.extend(located.remarks)
    return Step(report, tessellation_id=tessellation_id)


def _or_none(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    return frame if len(frame) else None


def _store(
    connection: Connection,
    place: District,
    ground: Ground,
    made: Tessellation,
    *,
    settings: CellSettings,
    clock: Clock,
) -> int:
    values = {
        "district": place.id,
        "now": clock(),
        "settings": Jsonb(plain(asdict(settings))),
        "report": Jsonb(plain(made.report.as_dict())),
    }
    row = connection.execute(query("cells.insert_tessellation"), values).fetchone()
    tessellation_id = int(row[0]) if row else 0
    with connection.cursor() as cursor:
        _copy(cursor, place, ground, made, tessellation_id)
        cursor.execute(query("cells.forget_older"), {"district": place.id, "tessellation": tessellation_id})
    return tessellation_id


def _copy(
    cursor: psycopg.Cursor[Any], place: District, ground: Ground, made: Tessellation, tessellation_id: int
) -> None:
    cells = made.cells
    ids = reserve_ids(cursor, query("cells.reserve_cell_ids"), len(cells))
    communities = dict(zip(ground.communities["community_id"], ground.communities["id"], strict=True))
    buildings = dict(zip(ground.buildings["building_id"], ground.buildings["id"], strict=True))
    shapes = to_stored(np.asarray(cells.geometry.array, object), place.metric_crs)
    rows = gpd.GeoDataFrame(
        {
            "id": ids,
            "tessellation_id": tessellation_id,
            "community_id": [communities[code] for code in cells["community_id"]],
            "block_no": cells["block_id"].to_numpy(np.int64),
            "building_id": pd.array([buildings.get(code) for code in cells["building_id"]], dtype="Int64"),
            "compound_code": cells["compound_id"].to_numpy(object),
            "area_m2": cells.geometry.area.to_numpy(),
        },
        geometry=shapes,
        crs=4490,
    )
    copy_frame(cursor, "cell", rows)
    held = made.building_cell
    copy_frame(
        cursor,
        "building_cell",
        pd.DataFrame(
            {
                "tessellation_id": tessellation_id,
                "building_id": [buildings[code] for code in held["building_id"]],
                "cell_id": ids[held["cell"].to_numpy(np.int64)],
            }
        ),
    )
    near = made.adjacency
    copy_frame(
        cursor,
        "cell_edge",
        pd.DataFrame(
            {
                "cell_a": ids[near.pairs[:, 0]],
                "cell_b": ids[near.pairs[:, 1]],
                "length_m": near.length,
                "follows": np.asarray(FOLLOWS, object)[near.follows],
                "link": near.link,
            }
        ),
    )
