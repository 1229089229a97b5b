"""Which small pieces of ground do the tests of cells stand on, and how is exactness measured anew?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import LineString, Point, Polygon, affinity, box

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapely import Geometry

    from gis.graph import Tessellation

CRS = 4547
X, Y = 500_000.0, 3_380_000.0


def at(geometry: Geometry) -> Geometry:
    """Geometry drawn near (0, 0), moved to where the CRS is at home."""
    return affinity.translate(geometry, X, Y)


def rect(x: float, y: float, w: float, h: float) -> Polygon:
    return at(box(x, y, x + w, y + h))


def line(*points: tuple[float, float]) -> LineString:
    return at(LineString(points))


def spot(x: float, y: float) -> Point:
    return at(Point(x, y))


def communities(*geometries: Geometry | None) -> gpd.GeoDataFrame:
    codes = [f"C{i}" for i in range(len(geometries))]
    return gpd.GeoDataFrame({"community_id": codes}, geometry=list(geometries), crs=CRS)


def buildings(*geometries: Geometry | None, households: Iterable[float] | None = None) -> gpd.GeoDataFrame:
    codes = [f"B{i}" for i in range(len(geometries))]
    load = [10.0] * len(codes) if households is None else list(households)
    return gpd.GeoDataFrame({"building_id": codes, "households": load}, geometry=list(geometries), crs=CRS)


def barriers(*rows: tuple[str, str | None, Geometry | None], **more: list[object]) -> gpd.GeoDataFrame:
    kinds, classes, geometry = (list(column) for column in zip(*rows, strict=True))
    return gpd.GeoDataFrame({"kind": kinds, "class": classes, **more}, geometry=geometry, crs=CRS)


def streets(*lines: Geometry, name: str = "residential") -> gpd.GeoDataFrame:
    return barriers(*[("street", name, g) for g in lines])


def rules(tessellation: Tessellation) -> dict[str, int]:
    """How often each rule was remarked."""
    return tessellation.report.tally()


def cell_of(tessellation: Tessellation, code: str) -> int:
    """Row of the cell in which a building counts."""
    table = tessellation.building_cell
    return int(table.loc[table["building_id"] == code, "cell"].iloc[0])


def cut_buildings(tessellation: Tessellation, stock: gpd.GeoDataFrame) -> set[str]:
    """Buildings with more than 1 m² in two cells of one community that nothing excuses.

    Excuses, recomputed from the input: another footprint overlaps it by more than 1 0.01 m², its parts lie apart, it
    reaches by more than 1 m² into another community.
    """
    stock = stock.to_crs(tessellation.cells.crs)
    cells = tessellation.cells.geometry.to_numpy()
    shape = shapely.make_valid(stock.geometry.to_numpy())
    rows = np.flatnonzero(~shapely.is_missing(shape) & (shapely.get_dimensions(shape) == 2))
    shape = shape[rows]
    b, c = shapely.STRtree(cells).query(shape, predicate="intersects")
    big = shapely.area(shapely.intersection(shape[b], cells[c])) > 1.0
    b, community = b[big], tessellation.cells["community_id"].to_numpy()[c[big]]
    pieces = pd.DataFrame({"b": b, "community": community}).value_counts()
    cut = set(pieces[pieces > 1].index.get_level_values("b"))
    in_communities = pieces.groupby("b").size()
    i, j = shapely.STRtree(shape).query(shape, predicate="intersects")
    over = (i != j) & (shapely.area(shapely.intersection(shape[i], shape[j])) > 0.01)
    excused = set(in_communities[in_communities > 1].index) | set(i[over])
    excused |= set(np.flatnonzero(shapely.get_num_geometries(shape) > 1))
    return {str(stock["building_id"].iloc[rows[k]]) for k in cut - excused}


def insist(tessellation: Tessellation, stock: gpd.GeoDataFrame, cap: float = 50_000.0) -> None:
    """Assert what every tessellation promises, measured from its polygons alone."""
    cells = tessellation.cells
    shape = cells.geometry.to_numpy()
    assert list(cells.index) == list(range(len(cells)))
    assert (shapely.get_type_id(shape) == 3).all()
    assert shapely.is_valid(shape).all()
    assert shapely.coverage_is_valid(shape)
    for code, ground in zip(tessellation.communities["community_id"], tessellation.communities.geometry, strict=True):
        mine = shape[(cells["community_id"] == code).to_numpy()]
        assert abs(shapely.area(mine).sum() - ground.area) < 1e-4
        assert shapely.union_all(mine).symmetric_difference(ground).area < 1e-4
    assert not cut_buildings(tessellation, stock)
    _insist_loads(tessellation, stock)
    _insist_cap(tessellation, stock, cap)
    _insist_adjacency(tessellation)


def _insist_loads(tessellation: Tessellation, stock: gpd.GeoDataFrame) -> None:
    cells, table = tessellation.cells, tessellation.building_cell
    assert table["building_id"].is_unique
    assert set(table["building_id"]) <= set(stock["building_id"].astype(str))
    missing = set(stock["building_id"].astype(str)) - set(table["building_id"])
    assert missing <= {r.code for r in tessellation.report.remarks}
    n = len(cells)
    assert np.array_equal(np.bincount(table["cell"], minlength=n), cells["buildings"])
    assert np.allclose(np.bincount(table["cell"], weights=table["households"], minlength=n), cells["households"])


def _insist_cap(tessellation: Tessellation, stock: gpd.GeoDataFrame, cap: float) -> None:
    cells = tessellation.cells
    footprint = stock.to_crs(cells.crs).set_index(stock["building_id"].astype(str)).geometry.area
    for code, area in zip(cells["building_id"], cells.geometry.area, strict=True):
        if area > cap + 1e-6:
            assert code is not None
            assert footprint[code] > cap


def _insist_adjacency(tessellation: Tessellation) -> None:
    shape = tessellation.cells.geometry.to_numpy()
    community = tessellation.cells["community_id"].to_numpy()
    graph = tessellation.adjacency
    pairs = graph.pairs
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    assert (community[pairs[:, 0]] == community[pairs[:, 1]]).all()
    i, j = shapely.STRtree(shape).query(shape, predicate="touches")
    keep = (i < j) & (community[i] == community[j])
    i, j = i[keep], j[keep]
    metres = shapely.length(shapely.intersection(shape[i], shape[j]))
    measured = {(int(a), int(b)): m for a, b, m in zip(i, j, metres, strict=True) if m >= 1.0}
    told = {(int(a), int(b)): m for (a, b), m, link in zip(pairs, graph.length, graph.link, strict=True) if not link}
    assert told.keys() == measured.keys()
    off = {key: (told[key], measured[key]) for key in told if abs(told[key] - measured[key]) > 1e-3}
    assert not off
    assert (graph.length[graph.link] >= 0).all()
