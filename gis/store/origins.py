"""Which grids did a draft's households and ground come from, where its cells are not those it began with?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.plans import codes_of_plan
from gis.store.copying import fetch_geo_frame
from gis.store.queries import query
from gis.store.reading import in_metres

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["Origin", "read_origin", "succeeding"]

CRUMB_M2 = 1e-3
"""Less ground in common is arithmetic."""


@dataclass(frozen=True)
class Origin:
    """Pieces of a draft's cells by the grid they came from.

    Parameters
    ----------
    base : ndarray of str or None, shape (pieces,)
        Code of the grid; None for what no grid had.
    cell : ndarray of int64, shape (pieces,)
        Row of the draft's cells.
    households, area : ndarray of float, shape (pieces,)
        Area in m2.
    gone : ndarray of str
        Grids of the cells that the draft began with and does not hold any more, one a cell.
    gone_cells : ndarray of int64
        These cells.
    """

    base: np.ndarray
    cell: np.ndarray
    households: np.ndarray
    area: np.ndarray
    gone: np.ndarray
    gone_cells: np.ndarray


def read_origin(
    connection: Connection,
    place: District,
    plan_id: int,
    *,
    ids: np.ndarray,
    base: np.ndarray,
    households: np.ndarray,
    shapes: np.ndarray,
    as_of: dt.date,
    at: dt.datetime,
) -> Origin:
    """Trace the cells of a draft: households with their building, ground where it lay.

    Parameters
    ----------
    ids, base, households, shapes : ndarray, shape (cells,)
        Numbers, codes when the draft was begun (None for cells that came later), households, polygons in metres.
    as_of, at
        Date of the counts, moment at which buildings stand.
    """
    old = base != None  # noqa: E711 - cell by cell
    replaced = in_metres(fetch_geo_frame(connection, query("drafts.replaced"), {"plan": plan_id}), place.metric_crs)
    codes, cells = replaced["base_code"].to_numpy(object), replaced["cell_id"].to_numpy(np.int64)
    begun, made = np.flatnonzero(old), np.flatnonzero(~old)
    area = shapely.area(shapes)
    was = np.asarray(replaced.geometry.array, object)
    row, lay = shapely.STRtree(was).query(shapes[made], predicate="intersects")
    common = shapely.area(shapely.intersection(shapes[made[row]], was[lay]))
    row, lay, common = made[row[common > CRUMB_M2]], lay[common > CRUMB_M2], common[common > CRUMB_M2]
    rest = area[made] - np.bincount(row, common, len(ids))[made]
    values = {"cells": ids[made].tolist(), "replaced": cells.tolist(), "as_of": as_of, "at": at}
    people = connection.execute(query("drafts.people_of_cells"), values).fetchall() if len(made) else []
    code_of = dict(zip(cells.tolist(), codes, strict=True))
    number = {int(cell): int(i) for i, cell in zip(made, ids[made], strict=True)}
    nobody = np.full(len(made), None, object)
    came = np.array([None, *(code_of.get(b) for _, b, _ in people)], object)[1:]
    return Origin(
        base=np.concatenate([base[begun], codes[lay], nobody, came]),
        cell=np.concatenate([begun, row, made, np.array([number[a] for a, _, _ in people], np.int64)]),
        households=np.concatenate(
            [households[begun], np.zeros(len(row) + len(made)), np.array([n for *_, n in people], float)]
        ),
        area=np.concatenate([area[begun], common, np.maximum(rest, 0.0), np.zeros(len(people))]),
        gone=codes,
        gone_cells=cells,
    )


def succeeding(
    origin: Origin,
    community: np.ndarray,
    keys: np.ndarray,
    centre: np.ndarray,
    *,
    used: Mapping[str, Iterable[str]],
    renumber: Iterable[str] = (),
    code_profile: str,
) -> dict[str, str]:
    """Give every grid of a draft the code it would be published with.

    Parameters
    ----------
    community, keys : ndarray of str, shape (cells,)
    centre : ndarray of float, shape (cells, 2)
        Metres east and north.
    used, renumber, code_profile
        See `gis.plans.codes_of_plan`.
    """
    return codes_of_plan(
        community[origin.cell],
        origin.base,
        keys[origin.cell],
        households=origin.households,
        area=origin.area,
        centre=centre[origin.cell],
        used=used,
        renumber=renumber,
        code_profile=code_profile,
    )
