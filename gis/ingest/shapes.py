"""Is each geometry one that the kind can have, and where it is broken, can it be mended beyond doubt?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from gis.ingest.kinds import Kind
    from gis.ingest.sieve import Sieve

__all__ = ["AREA_CHANGE", "check_shapes", "spots"]

AREA_CHANGE = 0.001
"""A broken polygon is mended where that changes its area by no more than this share; else it is refused."""

POINT, LINE, RING, POLYGON, MULTIPOINT, MULTILINE, MULTIPOLYGON, COLLECTION = range(8)
WANTED = {
    "point": {POINT},
    "line": {LINE, MULTILINE},
    "polygon": {POLYGON, MULTIPOLYGON},
}
_PLACE = re.compile(r"^(.*?)\s*\[(\S+) (\S+?)\]$")
_WHAT = {
    "Self-intersection": "crosses itself",
    "Ring Self-intersection": "touches itself",
    "Nested holes": "has a hole in a hole",
    "Hole lies outside shell": "has a hole outside",
    "Nested shells": "has a part inside another part",
    "Duplicate Rings": "has a ring twice",
    "Too few points in geometry component": "has a ring of too few points",
}


def spots(shapes: np.ndarray) -> np.ndarray:
    """Give a place for each geometry to name it by: its first coordinates.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        NaN where there is none.
    """
    result = np.full((len(shapes), 2), np.nan)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    coordinates, owners = shapely.get_coordinates(shapes[there], return_index=True)
    first = np.flatnonzero(np.diff(owners, prepend=-1))
    result[np.flatnonzero(there)[owners[first]]] = coordinates[first]
    return result


def check_shapes(kind: Kind, shapes: np.ndarray, sieve: Sieve) -> np.ndarray:
    """Refuse what a row of `kind` cannot be, mend what can be mended beyond doubt, and tell both.

    Parameters
    ----------
    kind : Kind
    shapes : ndarray of object, shape (n,)
        Two-dimensional, EPSG:4490.
    sieve : Sieve

    Returns
    -------
    ndarray of object, shape (n,)
        Geometries of the wanted types, valid unless the kind only tells; None where refused or, when the kind allows
        it, where there is none.

    Notes
    -----
    A polygon that only touches itself, or whose crossing closes off a sliver, has one meaning: it is made valid (GEOS,
    structure method). A bow-tie has none: the area that `make_valid` gives differs from the area that the ring encloses
    by its sense of rotation, and the row is refused.
    """
    shapes = shapes.copy()
    sieve.places = spots(shapes)
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    shapes[missing] = None
    if kind.shape_needed:
        sieve.refuse(
            missing & sieve.kept, "geometry_missing", "the row has no geometry",
            remedy="Give columns of longitude and latitude (经度, 纬度), or a file with shapes." if missing.all()
            else "Draw it, or take the other rows with --accept-partial.",
        )  # fmt: skip
    box = shapely.bounds(shapes)
    beyond = ~missing & ~(
        np.isfinite(box).all(axis=1) & (np.abs(box[:, [0, 2]]).max(1) <= 180) & (np.abs(box[:, [1, 3]]).max(1) <= 90)
    )
    turned = beyond & (np.abs(box[:, [1, 3]]).max(1) <= 180) & (np.abs(box[:, [0, 2]]).max(1) <= 90)
    sieve.refuse(
        turned, "coordinates_swapped", "its latitude stands where the longitude belongs",
        remedy="Exchange the two, or take the other rows with --accept-partial.",
    )  # fmt: skip
    nowhere = beyond & ~turned
    sieve.refuse(
        nowhere, "coordinates_impossible", "its coordinates lie nowhere on earth in the reference system named",
        remedy="Check the row's coordinates and --crs.",
    )  # fmt: skip
    shapes[beyond] = None
    shapes = _wanted_types(kind, shapes, sieve)
    if kind.broken == "tell":
        return _told(shapes, sieve)
    return _valid(shapes, sieve)


def _told(shapes: np.ndarray, sieve: Sieve) -> np.ndarray:
    """Say what is wrong with polygons and leave them as they are."""
    broken = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_valid(shapes))
    sieve.note(broken, "polygon_invalid", lambda i: "{} at {}; kept as drawn".format(*_reason(shapes[i])))
    return shapes


def _wanted_types(kind: Kind, shapes: np.ndarray, sieve: Sieve) -> np.ndarray:
    """Bring geometries to the types that the kind has, where that needs no guess."""
    allowed = set().union(*(WANTED[s] for s in kind.shapes))
    types = shapely.get_type_id(shapes)
    for row in np.flatnonzero((types >= 0) & ~np.isin(types, list(allowed))).tolist():
        parts = shapely.get_parts(shapes[row])
        fitting = [p for p in parts if shapely.get_type_id(p) in allowed]
        if types[row] == COLLECTION and fitting and len(fitting) == len(parts):
            shapes[row] = fitting[0] if len(fitting) == 1 else shapely.union_all(fitting)
        elif types[row] == MULTIPOINT and len(parts) == 1 and POINT in allowed:
            shapes[row] = parts[0]
        elif kind.shapes == ("point",):
            shapes[row] = shapely.point_on_surface(shapes[row])
            sieve.mend([row], "point_taken", "is drawn as a line or an area; a point on it was taken")
        elif (
            "polygon" in kind.shapes
            and types[row] in {LINE, RING}
            and shapely.is_closed(shapes[row])
            and shapely.get_num_coordinates(shapes[row]) >= 4
        ):
            shapes[row] = shapely.Polygon(shapely.get_coordinates(shapes[row]))
            sieve.mend([row], "line_closed", "is a closed line; the area in it was taken")
        else:
            name = shapely.get_type_id(shapes[row])
            names = ("point", "line", "ring", "polygon", "points", "lines", "polygons", "collection")
            sieve.refuse(
                [row], "geometry_type", f"is a {names[name]}; {kind.name} are {' or '.join(kind.shapes)}s",
                remedy="Draw it as such, or take the other rows with --accept-partial.",
            )  # fmt: skip
            shapes[row] = None
    return shapes


def _valid(shapes: np.ndarray, sieve: Sieve) -> np.ndarray:
    there = ~shapely.is_missing(shapes)
    broken = np.flatnonzero(there & ~shapely.is_valid(shapes))
    for row in broken.tolist():
        shape = shapes[row]
        what, where = _reason(shape)
        if shapely.get_dimensions(shape) < 2:
            sieve.leave_out([row], "line_without_length", "is a line without length; left out")
            shapes[row] = None
            continue
        mended = shapely.make_valid(shape, method="structure", keep_collapsed=False)
        before, after = abs(_turned_area(shape)), shapely.area(mended)
        parts = shapely.get_parts(shape)
        union_meant = len(parts) > 1 and bool(shapely.is_valid(parts).all())  # parts that overlap, each sound by itself
        if after > 0 and (union_meant or abs(after - before) <= AREA_CHANGE * max(after, before)):
            shapes[row] = mended
            sieve.mend([row], "polygon_mended", f"{what} at {where}; mended")
        else:
            shapes[row] = None
            sieve.refuse(
                [row], "polygon_crosses_itself" if "crosses" in what else "polygon_invalid", f"{what} at {where}",
                remedy="Which area is meant cannot be guessed: redraw it, or take the others with --accept-partial.",
            )  # fmt: skip
    flat = there & ~shapely.is_missing(shapes) & (shapely.get_dimensions(shapes) == 2) & (shapely.area(shapes) <= 0)
    sieve.refuse(
        flat, "area_zero", "is an area of nothing", remedy="Redraw it, or take the others with --accept-partial."
    )
    shapes[flat] = None
    length = there & ~shapely.is_missing(shapes) & (shapely.get_dimensions(shapes) == 1) & (shapely.length(shapes) <= 0)
    sieve.leave_out(length, "line_without_length", "is a line without length; left out")
    return shapes


def _turned_area(shape: shapely.Geometry) -> float:
    """Area by the shoelace formula: lobes that turn the other way count against."""
    total = 0.0
    for polygon in shapely.get_parts(shape):
        rings = shapely.get_rings(polygon)
        for number, ring in enumerate(rings):
            x, y = shapely.get_coordinates(ring).T
            x, y = x - x[0], y - y[0]
            turned = abs(0.5 * float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])))
            total += turned if number == 0 else -turned
    return total


def _reason(shape: shapely.Geometry) -> tuple[str, str]:
    """What is wrong and where, in words."""
    match = _PLACE.match(shapely.is_valid_reason(shape))
    if match is None:
        return shapely.is_valid_reason(shape), "an unknown place"
    return _WHAT.get(match[1], match[1].lower()), f"{float(match[2]):.7f}, {float(match[3]):.7f}"
