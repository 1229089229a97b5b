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

__all__ = ["Origin", "Pieces", "read_origin", "succeeding", "trace"]

CRUMB_M2 = 1e-3
"""Less ground in common is arithmetic."""
ITSELF, NOWHERE = -1, -2


@dataclass(frozen=True)
class Pieces:
    """Cells in pieces by where they came from.

    Parameters
    ----------
    cell : ndarray of int64, shape (pieces,)
        Row of the cells.
    before : ndarray of int64, shape (pieces,)
        Row of the replaced cells; `ITSELF` for a whole cell that was there, `NOWHERE` for what no cell had.
    households, area : ndarray of float, shape (pieces,)
        Area in m2.
    """

    cell: np.ndarray
    before: np.ndarray
    households: np.ndarray
    area: np.ndarray

    def take(self, own: np.ndarray, replaced: np.ndarray) -> np.ndarray:
        """What each piece had before, of what each cell and each replaced cell had; None for nothing."""
        had = np.full(len(self.cell), None, object)
        itself, other = self.before == ITSELF, self.before >= 0
        had[itself] = own[self.cell[itself]]
        had[other] = replaced[self.before[other]]
        return had


def trace(
    connection: Connection,
    *,
    ids: np.ndarray,
    made: np.ndarray,
    households: np.ndarray,
    shapes: np.ndarray,
    replaced: np.ndarray,
    was: np.ndarray,
    as_of: dt.date,
    at: dt.datetime,
) -> Pieces:
    """Trace new cells: households with their building, ground where it lay.

    Parameters
    ----------
    ids, households, shapes : ndarray, shape (cells,)
        Numbers, households, polygons in metres.
    made : ndarray of int64
        Rows of the new ones.
    replaced, was : ndarray
        Numbers and polygons in metres of the cells whose place they take.
    as_of, at
        Date of the counts, moment at which buildings stand.
    """
    area = shapely.area(shapes)
    begun = np.setdiff1d(np.arange(len(ids)), made)
    row, lay = shapely.STRtree(was).query(shapes[made], predicate="intersects")
    common = shapely.area(shapely.intersection(shapes[made[row]], was[lay]))
    large = common > CRUMB_M2
    row, lay, common = made[row[large]], lay[large], common[large]
    rest = np.maximum(area[made] - np.bincount(row, common, len(ids))[made], 0.0)
    values = {"cells": ids[made].tolist(), "replaced": replaced.tolist(), "as_of": as_of, "at": at}
    people = connection.execute(query("drafts.people_of_cells"), values).fetchall() if len(made) else []
    of, number = ({int(n): i for i, n in enumerate(numbers)} for numbers in (replaced, ids))
    came = np.array([NOWHERE if before is None else of[before] for _, before, _ in people], np.int64)
    return Pieces(
        cell=np.concatenate([begun, row, made, np.array([number[a] for a, _, _ in people], np.int64)]),
        before=np.concatenate([np.full(len(begun), ITSELF), lay, np.full(len(made), NOWHERE), came]),
        households=np.concatenate(
            [households[begun], np.zeros(len(row) + len(made)), np.array([n for *_, n in people], float)]
        ),
        area=np.concatenate([area[begun], common, rest, np.zeros(len(people))]),
    )


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
    replaced = in_metres(fetch_geo_frame(connection, query("drafts.replaced"), {"plan": plan_id}), place.metric_crs)
    codes, cells = replaced["base_code"].to_numpy(object), replaced["cell_id"].to_numpy(np.int64)
    pieces = trace(
        connection,
        ids=ids,
        made=np.flatnonzero(base == None),  # noqa: E711 - cell by cell
        households=households,
        shapes=shapes,
        replaced=cells,
        was=np.asarray(replaced.geometry.array, object),
        as_of=as_of,
        at=at,
    )
    return Origin(pieces.take(base, codes), pieces.cell, pieces.households, pieces.area, codes, cells)


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
