"""A town made by rule for tests of reading: streets every 200 m or so, slabs between them, lamps along them.

Metres are EPSG:4548 (117° E, Beijing's zone); what is handed out is EPSG:4326 unless said otherwise.
"""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import shapely

METRIC = 4548
ORIGIN = (450_000.0, 4_420_000.0)
WIDTH, HEIGHT = 3600.0, 2400.0
DISTRICT = "990101"


def _frame(columns: dict, shapes: list, crs: int) -> gpd.GeoDataFrame:
    moved = shapely.transform(np.asarray(shapes, dtype=object), lambda xy: xy + np.asarray(ORIGIN))
    frame = gpd.GeoDataFrame(columns, geometry=moved, crs=METRIC)
    return frame if crs == METRIC else frame.to_crs(crs)


def _lines() -> tuple[np.ndarray, np.ndarray]:
    """Where streets run: uneven, so that no shift lays the town upon itself."""
    rng = np.random.default_rng(3)

    def cuts(length: float) -> np.ndarray:
        steps = rng.uniform(120, 260, 60).cumsum()
        return np.concatenate([[0.0], steps[steps < length - 100], [length]])

    return cuts(WIDTH), cuts(HEIGHT)


def divisions(crs: int = 4326) -> gpd.GeoDataFrame:
    """One district, one subdistrict, six communities whose borders are streets."""
    xs, ys = _lines()
    columns = [0.0, xs[len(xs) // 3], xs[2 * len(xs) // 3], WIDTH]
    rows = [0.0, ys[len(ys) // 2], HEIGHT]
    codes, names, shapes = [DISTRICT, f"{DISTRICT}001"], ["试验区", "河东街道"], [shapely.box(0, 0, WIDTH, HEIGHT)] * 2
    for j in range(2):
        for i in range(3):
            codes.append(f"{DISTRICT}001{len(codes) - 1:03d}")
            names.append(f"第{'一二三四五六'[len(codes) - 3]}社区")
            shapes.append(shapely.box(columns[i], rows[j], columns[i + 1], rows[j + 1]))
    return _frame({"code": codes, "name": names}, shapes, crs)


def communities(crs: int = 4326) -> gpd.GeoDataFrame:
    return divisions(crs).iloc[2:].reset_index(drop=True)


def streets(crs: int = 4326) -> gpd.GeoDataFrame:
    xs, ys = _lines()
    lines = [shapely.LineString([(x, 0), (x, HEIGHT)]) for x in xs]
    lines += [shapely.LineString([(0, y), (WIDTH, y)]) for y in ys]
    columns = {"street_id": [f"S{i}" for i in range(len(lines))], "highway": ["residential"] * len(lines)}
    return _frame(columns, lines, crs)


def buildings(crs: int = 4326, *, points: bool = False) -> gpd.GeoDataFrame:
    """Slabs in every block; their community is named."""
    xs, ys = _lines()
    areas = divisions(METRIC).iloc[2:]
    origin = np.asarray(ORIGIN)
    tree = shapely.STRtree(shapely.transform(np.asarray(areas.geometry.array), lambda xy: xy - origin))
    codes, shapes, homes, floors = [], [], [], []
    for west, east in itertools.pairwise(xs):
        for south, north in itertools.pairwise(ys):
            for y in np.arange(south + 20, north - 25, 45.0):
                slab = shapely.box(west + 15, y, east - 15, y + 12)
                shapes.append(slab)
                homes.append(areas["code"].iloc[int(tree.query(slab.centroid, predicate="intersects").min())])
                codes.append(f"B{len(codes):04d}")
                floors.append(6)
    if points:
        shapes = [s.centroid for s in shapes]
    columns = {"building_id": codes, "floors": floors, "households": [48] * len(codes), "community_id": homes}
    return _frame(columns, shapes, crs)


def lamps(crs: int = 4326) -> gpd.GeoDataFrame:
    """Street lights every 40 m, 4 m beside the street."""
    spots = []
    for line in streets(METRIC).geometry:
        along = shapely.line_interpolate_point(line, np.arange(10, line.length, 40.0))
        spots += [shapely.Point(p.x - ORIGIN[0] + 4, p.y - ORIGIN[1] + 4) for p in along]
    spots = [p for p in spots if p.x < WIDTH and p.y < HEIGHT]
    columns = {"asset_id": [f"L{i}" for i in range(len(spots))], "asset_type": ["street_light"] * len(spots)}
    return _frame(columns, spots, crs)


def shifted(frame: gpd.GeoDataFrame, forward) -> gpd.GeoDataFrame:
    """The same rows as a map provider would hand them out: shifted, and declared WGS 84 all the same."""
    shapes = shapely.transform(
        np.asarray(frame.geometry.array), lambda xy: np.column_stack(forward(xy[:, 0], xy[:, 1]))
    )
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=4326))
