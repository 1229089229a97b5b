"""Which buildings does a border between grids cut, and which lie in several grids for another reason?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis._offenders import TOLERANCE_M2, Row, mended, offenders

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

__all__ = ["cut_buildings", "find_cuts"]


def cut_buildings(grids: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, *, every: bool = False) -> gpd.GeoDataFrame:
    """Find buildings that a border between two grids cuts.

    Parameters
    ----------
    grids : GeoDataFrame
        ``grid_code``, ``community_id``, geometry; metric CRS.
    buildings : GeoDataFrame
        ``building_id``, geometry; any CRS. Points are never cut.
    every : bool
        Also give the buildings that lie in several grids for a reason that no plan can mend.

    Returns
    -------
    GeoDataFrame
        ``code`` (the building's), ``zh``, ``en``, ``amount`` (m2 beyond the largest piece), ``why``, geometry (the
        building). ``why`` is ``cut``; with `every` also ``community_border`` (a border of communities cuts it),
        ``overlaps_building`` (the piece apart is covered by another building), ``parts_apart`` (it has several parts,
        each whole in its grid).
    """
    if buildings.crs is not None and grids.crs is not None and buildings.crs != grids.crs:
        buildings = buildings.to_crs(grids.crs)
    footprint = mended(buildings)
    code = buildings["building_id"].astype(str).to_numpy(object)
    found = find_cuts(mended(grids), grids["community_id"].astype(str).to_numpy(object), footprint, every=every)
    words = {
        "cut": ("被网格边界切割", "is cut by a border between grids"),
        "community_border": ("被社区边界切割", "is cut by a border between communities"),
        "overlaps_building": (
            "与其他楼栋重叠而分属多个网格",
            "lies in several grids where another building overlaps it",
        ),
        "parts_apart": ("由多个部分组成,分属不同网格", "has several parts that lie in different grids"),
    }
    rows: list[Row] = [
        (code[i], f"楼栋 {code[i]} {words[r][0]}", f"building {code[i]} {words[r][1]}", amount, footprint[i])
        for i, r, amount in found
    ]
    frame = offenders(rows, grids.crs)
    frame["why"] = [r for _, r, _ in found]
    return frame


def find_cuts(
    polygons: np.ndarray, community: np.ndarray, footprint: np.ndarray, *, every: bool = False
) -> list[tuple[int, str, float]]:
    """Find the footprints that a border between two polygons cuts: `cut_buildings` on plain arrays.

    Parameters
    ----------
    polygons : ndarray of Polygon or MultiPolygon, shape (n,)
        Valid, metres.
    community : ndarray, shape (n,)
        Of each polygon.
    footprint : ndarray of Geometry, shape (b,)
        Valid, metres. Points are never cut.
    every : bool
        As of `cut_buildings`.

    Returns
    -------
    list of (int, str, float)
        Row of the footprint, ``why`` and ``amount`` as of `cut_buildings`, ascending.
    """
    whole, owner = shapely.get_parts(footprint, return_index=True)
    keep = shapely.area(whole) > TOLERANCE_M2
    whole, owner = whole[keep], owner[keep]
    part, grid = shapely.STRtree(polygons).query(whole, predicate="intersects")
    inside = shapely.contains_properly(polygons[grid], whole[part])
    part, grid = part[~inside], grid[~inside]
    piece = shapely.intersection(whole[part], polygons[grid])
    large = shapely.area(piece) > TOLERANCE_M2
    part, grid, piece = part[large], grid[large], piece[large]
    tree = shapely.STRtree(footprint)
    why: dict[int, tuple[str, float]] = {}
    severity = {"cut": 0, "overlaps_building": 1, "community_border": 2, "parts_apart": 3}

    def tell(building: int, reason: str, amount: float) -> None:
        if building not in why or severity[reason] < severity[why[building][0]]:
            why[building] = (reason, amount)

    order = np.argsort(part, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
        if len(group) < 2:
            continue
        building = int(owner[part[group[0]]])
        homes = community[grid[group]]
        if len(set(homes)) > 1:
            tell(building, "community_border", float(np.sort(shapely.area(piece[group]))[:-1].sum()))
        # What a community border clips off counts on the larger side (rule 7): only a cut there divides the building.
        names, at = np.unique(homes, return_inverse=True)
        home = names[np.argmax(np.bincount(at, shapely.area(piece[group])))]
        mine = piece[group[homes == home]]
        if len(mine) < 2:
            continue
        near = [j for j in tree.query(footprint[building], predicate="intersects") if j != building]
        clear = np.sort(shapely.area(shapely.difference(mine, shapely.union_all(footprint[near]))))[:-1].sum()
        amount = float(np.sort(shapely.area(mine))[:-1].sum())
        tell(building, "cut" if clear > TOLERANCE_M2 else "overlaps_building", amount)
    if every:
        _tell_parts_apart(whole, owner, polygons, tell)
    return [(i, *why[i]) for i in sorted(why) if every or why[i][0] == "cut"]


def _tell_parts_apart(
    whole: np.ndarray, owner: np.ndarray, polygons: np.ndarray, tell: Callable[[int, str, float], None]
) -> None:
    """Report the buildings whose parts lie in different grids."""
    several = np.flatnonzero(np.bincount(owner)[owner] > 1) if len(owner) else np.empty(0, int)
    point, grid = shapely.STRtree(polygons).query(shapely.point_on_surface(whole[several]), predicate="intersects")
    homes: dict[int, set[int]] = {}
    for p, g in zip(point.tolist(), grid.tolist(), strict=True):
        homes.setdefault(int(owner[several[p]]), set()).add(g)
    for building, found in homes.items():
        if len(found) > 1:
            tell(building, "parts_apart", 0.0)
