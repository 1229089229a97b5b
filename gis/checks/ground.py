"""Do the grids fill their divisions, each place once, in whole pieces and without cutting a building?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis._offenders import TOLERANCE_M2, Row, mended, offenders, polygons_of
from gis.checks.subject import DIVISION_NAMES
from gis.cuts import cut_buildings
from gis.tiling import tiles_exactly

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.checks.subject import Subject

__all__ = [
    "contiguous",
    "crosses_no_barrier",
    "inside_division",
    "no_cut_building",
    "no_gap",
    "no_overlap",
    "valid_polygon",
]


def inside_division(s: Subject) -> gpd.GeoDataFrame:
    """Find grids that leave their division by more than 1 m2, or name one that does not exist."""
    zh, en = DIVISION_NAMES[s.division]
    outline = dict(zip(s.communities["community_id"].astype(str), polygons_of(s.communities), strict=True))
    rows: list[Row] = []
    polygons, names = mended(s.grids), s.grids["community_id"].astype(str).to_numpy(object)
    home = np.array([*(outline.get(name) for name in names), None], object)[:-1]
    shapely.prepare(home)
    inside = shapely.covers(home, polygons)
    for i in np.flatnonzero(~inside):
        code, name, polygon = s.grids["grid_code"].iloc[i], names[i], polygons[i]
        if name not in outline:
            rows.append((code, f"网格 {code} 的{zh} {name} 不存在", f"grid {code}: no {en} {name}", 0.0, polygon))
            continue
        beyond = shapely.difference(polygon, outline[name])
        area = float(shapely.area(beyond))
        if area > TOLERANCE_M2:
            rows.append(
                (
                    code,
                    f"网格 {code} 超出{zh} {name} {area:.1f} 平方米",
                    f"grid {code} leaves {en} {name} by {area:.1f} m²",
                    area,
                    beyond,
                )
            )
    return offenders(rows, s.grids.crs)


def no_gap(s: Subject) -> gpd.GeoDataFrame:
    """Find ground of a division, above 1 m2, that none of its grids covers."""
    zh, en = DIVISION_NAMES[s.division]
    polygons, of = mended(s.grids), s.grids["community_id"].astype(str).to_numpy(object)
    rows: list[Row] = []
    for name, outline in zip(s.communities["community_id"].astype(str), polygons_of(s.communities), strict=True):
        mine = polygons[of == name]
        if tiles_exactly(mine, outline):
            continue
        gap = shapely.difference(outline, shapely.union_all(mine))
        area = float(shapely.area(gap))
        if area > TOLERANCE_M2:
            rows.append(
                (
                    name,
                    f"{zh} {name} 有 {area:.1f} 平方米不属于任何网格",
                    f"{en} {name}: {area:.1f} m² in no grid",
                    area,
                    gap,
                )
            )
    return offenders(rows, s.grids.crs)


def no_overlap(s: Subject) -> gpd.GeoDataFrame:
    """Find pairs of grids that share more than 1 m2."""
    polygons, code = mended(s.grids), s.grids["grid_code"].to_numpy(object)
    rows: list[Row] = []
    if not shapely.coverage_is_valid(polygons):
        a, b = shapely.STRtree(polygons).query(polygons, predicate="intersects")
        a, b = a[a < b], b[a < b]
        shared = shapely.intersection(polygons[a], polygons[b])
        for i in np.flatnonzero(shapely.area(shared) > TOLERANCE_M2):
            x, y, area = code[a[i]], code[b[i]], float(shapely.area(shared[i]))
            rows.append(
                (
                    x,
                    f"网格 {x} 与 {y} 重叠 {area:.1f} 平方米",
                    f"grids {x} and {y} overlap by {area:.1f} m²",
                    area,
                    shared[i],
                )
            )
    return offenders(rows, s.grids.crs)


def no_cut_building(s: Subject) -> gpd.GeoDataFrame:
    """Find buildings cut by a border between grids of one community."""
    return cut_buildings(s.grids, s.buildings)


def contiguous(s: Subject) -> gpd.GeoDataFrame:
    """Find grids whose parts no declared link joins."""
    polygons = polygons_of(s.grids)
    rows: list[Row] = []
    several = np.flatnonzero(shapely.get_num_geometries(polygons) > 1)
    cell_code = s.cells["grid_code"].to_numpy(object)
    inner = shapely.point_on_surface(polygons_of(s.cells)) if len(several) and len(s.links) else None
    for g in several:
        code = s.grids["grid_code"].iloc[g]
        pieces = shapely.get_parts(polygons[g])
        label = np.arange(len(pieces))
        if inner is not None:
            tree = shapely.STRtree(pieces)
            for a, b in s.links:
                if cell_code[a] == code == cell_code[b]:
                    ends = [tree.query(inner[c], predicate="intersects") for c in (a, b)]
                    if all(len(e) for e in ends):
                        label[label == label[ends[1][0]]] = label[ends[0][0]]
        loose = len(np.unique(label))
        if loose > 1:
            rows.append(
                (
                    code,
                    f"网格 {code} 由 {loose} 块互不相连的部分组成",
                    f"grid {code} is made of {loose} unconnected parts",
                    float(loose),
                    polygons[g],
                )
            )
    return offenders(rows, s.grids.crs)


def crosses_no_barrier(s: Subject) -> gpd.GeoDataFrame | None:
    """Find grids that hang together only across a hard barrier; bridges, tunnels and links lead over it."""
    if s.passable is None:
        return None
    code = s.cells["grid_code"].to_numpy(object)
    pairs = np.concatenate([s.passable, np.array(list(s.links), np.int64).reshape(-1, 2)]).astype(np.int64)
    pairs = pairs[code[pairs[:, 0]] == code[pairs[:, 1]]]
    n = len(code)
    _, label = connected_components(coo_array((np.ones(len(pairs)), pairs.T), shape=(n, n)), directed=False)
    parts = pd.Series(label).groupby(code).nunique()
    rows: list[Row] = [
        (
            g,
            f"网格 {g} 被硬阻隔分成 {parts[g]} 块",
            f"hard barriers part grid {g} into {parts[g]}",
            float(parts[g]),
            polygon,
        )
        for g, polygon in zip(s.grids["grid_code"], polygons_of(s.grids), strict=True)
        if parts.get(g, 1) > 1
    ]
    return offenders(rows, s.grids.crs)


def valid_polygon(s: Subject) -> gpd.GeoDataFrame:
    """Find grids whose geometry is not a valid, non-empty polygon."""
    rows: list[Row] = []
    polygons = polygons_of(s.grids)
    area_like = np.isin(shapely.get_type_id(polygons), (3, 6))
    good = shapely.is_valid(polygons) & ~shapely.is_empty(polygons) & area_like & (shapely.area(polygons) > 0)
    for i in np.flatnonzero(~good):
        code, reason = s.grids["grid_code"].iloc[i], str(shapely.is_valid_reason(polygons[i]))
        rows.append(
            (code, f"网格 {code} 的图形无效：{reason}", f"grid {code} is no valid polygon: {reason}", 0.0, polygons[i])
        )
    return offenders(rows, s.grids.crs)
