"""How do the shapes that are only drawn get into the store, once for each version of a layer?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from gis.shapes import EXACT_ZOOM, border_lines, draw_coverage, label_points
from gis.store.queries import query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gis.store.connect import Connection
    from gis.store.serve.places import District

__all__ = ["KEPT", "LAYERS", "Family", "write_shapes"]

Family = Literal["divisions", "grids"]

LAYERS: dict[Family, list[str]] = {
    "divisions": ["divisions", "division_lines", "division_labels"],
    "grids": ["grids", "grid_labels"],
}
"""Layers of `display_shape` by the tile family they are drawn in."""

KEPT = 8
"""So many versions of a family are held at once, so that stepping through dates draws nothing twice."""

LEVELS = ("district", "subdistrict", "community")
COVERED = 0.995
"""Children stand for their parent where they cover this share of it: then their borders are the same lines."""

Shape = tuple[str, int, int, str | None, Any]
"""Layer, last zoom, feature id, level, geometry."""


def write_shapes(connection: Connection, district: District, family: Family) -> bool:
    """Make the shapes of one family for the version of a moment, unless they are there.

    Parameters
    ----------
    connection : Connection
        Synchronous, as ``gridkeeper_app``; one transaction is used.
    district : District
        Says the version, the moment and the network. The newest `KEPT` versions of a family stay; others go.
    family : {"divisions", "grids"}

    Returns
    -------
    bool
        Whether they were made now.
    """
    version = district.versions[family]
    place = district.scope | {"family": family, "version": version, "layers": LAYERS[family], "kept": KEPT - 1}
    with connection.transaction():
        connection.execute(query("serve_shapes.lock"), place)
        if connection.execute(query("serve_shapes.version"), place).fetchone():
            return False
        read = connection.execute(query(f"serve_shapes.{family}"), place).fetchall()
        shapes = _division_shapes(read) if family == "divisions" else _grid_shapes(read)
        old = {"versions": [row[0] for row in connection.execute(query("serve_shapes.old"), place).fetchall()]}
        for statement in ("serve_shapes.clear", "serve_shapes.forget"):
            connection.execute(query(statement), place | old)
        with connection.cursor() as cursor, cursor.copy(query("serve_shapes.add")) as copy:
            for layer, zoom, feature, level, geometry in shapes:
                hexed = shapely.to_wkb(shapely.set_srid(geometry, 3857), hex=True, include_srid=True)
                copy.write_row((district.id, layer, version, zoom, feature, level, hexed))
        connection.execute(query("serve_shapes.done"), place)
    return True


def _grid_shapes(read: list[tuple[Any, ...]]) -> Iterator[Shape]:
    ids = [row[0] for row in read]
    polygons = shapely.from_wkb(np.array([row[1] for row in read], dtype=object))
    for zoom, drawn in draw_coverage(polygons).items():
        for feature, shape in zip(ids, drawn, strict=True):
            yield "grids", zoom, feature, None, shape
    for feature, point in zip(ids, label_points(polygons), strict=True):
        yield "grid_labels", EXACT_ZOOM, feature, None, point


def _division_shapes(read: list[tuple[Any, ...]]) -> Iterator[Shape]:
    """Give polygons, lines and labels: the innermost level is simplified, the outer levels are unions of it."""
    ids = np.array([row[0] for row in read])
    parent = {row[0]: row[1] for row in read}
    levels = np.array([row[2] for row in read], dtype=object)
    polygons = shapely.from_wkb(np.array([row[3] for row in read], dtype=object))
    for feature, level, point in zip(ids.tolist(), levels, label_points(polygons), strict=True):
        yield "division_labels", EXACT_ZOOM, feature, level, point

    present = [level for level in LEVELS if (levels == level).any()]
    if not present:
        return
    leaf = np.flatnonzero(levels == present[-1])
    chains = np.array([_chain(int(ids[row]), parent, ids, levels, present) for row in leaf])
    for zoom, drawn in draw_coverage(polygons[leaf]).items():
        for row, shape in zip(leaf, drawn, strict=True):
            yield "divisions", zoom, int(ids[row]), levels[row], shape
        for row in np.flatnonzero(levels != present[-1]):
            mine = (chains == ids[row]).any(axis=1)
            union = shapely.union_all(drawn[mine])
            whole = float(polygons[row].area)
            if abs(float(union.area) - whole) > (1 - COVERED) * whole:  # its children leave some of it open
                union = draw_coverage(polygons[row : row + 1])[zoom][0]
            yield "divisions", zoom, int(ids[row]), levels[row], union
        borders = border_lines(drawn, chains)
        for number, (rank, line) in enumerate(zip(borders.rank, borders.lines, strict=True)):
            yield "division_lines", zoom, number, present[rank], line


def _chain(
    leaf: int, parent: dict[int, int | None], ids: np.ndarray, levels: np.ndarray, present: list[str]
) -> list[int]:
    """Ids of a division's ancestors and itself by `present` levels; 0 where the data have none."""
    level_of = dict(zip(ids.tolist(), levels.tolist(), strict=True))
    chain = dict.fromkeys(present, 0)
    at: int | None = leaf
    while at is not None:
        chain[level_of[at]] = at
        at = parent.get(at)
    return list(chain.values())
