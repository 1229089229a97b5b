"""Which footprints stand in which community, and which of them are no buildings at all?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.cells.shapes import mended_polygon

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.cells.findings import Findings
    from gis.cells.settings import CellSettings

__all__ = ["Standing", "Stock", "building_stock", "standings"]

MIN_FOOTPRINT_M2 = 1.0
"""Less is a crumb of drawing, not ground to stand on."""
KEPT_SHARE = 0.10
"""A piece of a building across a community border stays whole there from this share on ..."""
KEPT_M2 = 100.0
"""... or from this area on; smaller ones are left to the neighbours."""


@dataclass
class Stock:
    """The buildings as they take part, by row of the frame given.

    Parameters
    ----------
    codes : list of str
    geometry : ndarray of geometry
        Valid polygon, multi-polygon or point in metres; None: takes no part.
    households : ndarray of float64
        Unknown counted as 0.
    compound : ndarray of object
        Compound named by the data, or None.
    container : ndarray of bool
        A footprint that is no building: has no ground of its own, its load (if any) lies at its inner point.
    """

    codes: list[str]
    geometry: np.ndarray
    households: np.ndarray
    compound: np.ndarray
    container: np.ndarray


@dataclass
class Standing:
    """Where each building stands.

    Parameters
    ----------
    main : ndarray of int64
        Community (row) that counts the building; -1 for none.
    building, community : ndarray of int64
        Pairs in which the building takes ground.
    geometry : ndarray of geometry
        Its ground there (clipped to the community), or its point.
    whole : ndarray of geometry
        Its ground wherever.
    guest : ndarray of bool
        Takes no ground: its load goes to the cell at (nearest to) its point.
    """

    main: np.ndarray
    building: np.ndarray
    community: np.ndarray
    geometry: np.ndarray
    whole: np.ndarray
    guest: np.ndarray


def building_stock(buildings: gpd.GeoDataFrame, settings: CellSettings, findings: Findings) -> Stock:
    """Mend footprints, and tell those that are no buildings.

    Parameters
    ----------
    buildings : GeoDataFrame
        In the metric CRS: ``building_id``, ``households``, optionally ``compound_id``.
    settings : CellSettings
    findings : Findings
    """
    codes = [str(c) for c in buildings["building_id"]]
    raw = np.asarray(buildings.geometry.to_numpy(), dtype=object)
    out = shapely.force_2d(raw)
    kind = shapely.get_type_id(raw)
    there = np.isfinite(shapely.bounds(raw)).all(axis=1)
    sound = there & ((kind == 0) | ((kind == 3) & (shapely.area(raw) >= MIN_FOOTPRINT_M2)))
    sound[sound] = shapely.is_valid(raw[sound])
    for i in np.flatnonzero(~sound):
        out[i] = _mended(raw[i], codes[i], findings)
    households = (
        np.nan_to_num(buildings["households"].to_numpy(dtype=float, na_value=np.nan), nan=0.0)
        if "households" in buildings
        else np.zeros(len(raw))
    )
    compound = np.full(len(raw), None, dtype=object)
    if "compound_id" in buildings:
        named = buildings["compound_id"]
        known = named.notna().to_numpy() & (named.astype(str) != "").to_numpy()
        compound[known] = named.astype(str).to_numpy(dtype=object)[known]
    return Stock(codes, out, households, compound, _containers(out, codes, settings, findings))


def _mended(geometry: shapely.Geometry | None, code: str, findings: Findings) -> shapely.Geometry | None:
    if geometry is None or geometry.is_empty or not np.all(np.isfinite(geometry.bounds)):
        findings.add(
            "left_over",
            "building_without_place",
            f"Building {code} has no position and is in no cell.",
            code=code,
            remedy="Give it a point or an outline.",
        )
        return None
    if geometry.geom_type == "Point":
        return shapely.force_2d(geometry)
    polygon, changed = mended_polygon(geometry)
    if polygon is None or polygon.area < MIN_FOOTPRINT_M2:
        point = shapely.point_on_surface(shapely.force_2d(geometry))
        findings.add(
            "mended",
            "building_without_area",
            f"The outline of building {code} has less than {MIN_FOOTPRINT_M2:g} m²; it is taken as a point.",
            code=code,
            at=point,
        )
        return point
    if changed:
        findings.add(
            "mended",
            "building_invalid",
            f"The outline of building {code} crossed itself and was mended.",
            code=code,
            at=polygon,
            amount=abs(polygon.area - geometry.area),
            unit="m2",
        )
    return polygon


def _containers(geometry: np.ndarray, codes: list[str], settings: CellSettings, findings: Findings) -> np.ndarray:
    """Tell street surfaces (a net of ground around many lots) and estates drawn over their own buildings."""
    out = np.zeros(len(geometry), dtype=bool)
    area = np.where(shapely.is_empty(geometry) | shapely.is_missing(geometry), 0.0, shapely.area(geometry))
    netlike = _hole_count(geometry) >= 8
    large = area > settings.max_cell_m2
    candidates = np.flatnonzero(netlike | large)
    if len(candidates) == 0:
        return out
    points = shapely.point_on_surface(geometry)
    tree = shapely.STRtree(points)
    for i in candidates:
        shells = shapely.polygons([p.exterior for p in shapely.get_parts(geometry[i])])
        hull = shapely.union_all(shells)
        in_ground = len(np.setdiff1d(tree.query(geometry[i], predicate="contains"), [i]))
        in_holes = len(np.setdiff1d(tree.query(hull, predicate="contains"), [i])) - in_ground
        net = netlike[i] and in_holes >= 8 and area[i] < 0.5 * hull.area
        estate = large[i] and in_ground >= settings.container_inside
        if net or estate:
            out[i] = True
            what = "a net of ground round other buildings" if net else "an area over other buildings"
            findings.add(
                "mended",
                "not_a_building",
                f"{codes[i]} ({area[i]:.0f} m²) is {what} ({in_ground + in_holes} inside), no building: "
                "its ground goes to them.",
                code=codes[i],
                at=points[i],
                amount=float(area[i]),
                unit="m2",
            )
    return out


def _hole_count(geometry: np.ndarray) -> np.ndarray:
    parts, index = shapely.get_parts(geometry, return_index=True)
    holes = np.maximum(shapely.get_num_interior_rings(parts), 0)
    return np.bincount(index, weights=holes, minlength=len(geometry))


def standings(
    stock: Stock,
    communities: np.ndarray,
    ids: list[str],
    given: np.ndarray | None,
    settings: CellSettings,
    findings: Findings,
) -> Standing:
    """Find each building's community: the larger share of its ground (rule 7).

    Parameters
    ----------
    stock : Stock
    communities : ndarray of geometry
        Exact coverage; None where a community has no ground.
    ids : list of str
        Of the communities.
    given : ndarray of object or None
        Community named by the data, row by row; position decides, a difference is told.
    settings : CellSettings
    findings : Findings
    """
    n = len(stock.codes)
    shape = stock.geometry.copy()
    shape[stock.container] = shapely.point_on_surface(shape[stock.container])
    ground = np.array([shapely.Polygon() if g is None else g for g in communities], dtype=object)
    community, building = shapely.STRtree(shape).query(ground, predicate="intersects")
    order = np.lexsort((community, building))
    community, building = community[order], building[order]
    inside = np.zeros(len(building), dtype=bool)
    alone = np.bincount(building, minlength=n)[building] == 1
    for c in np.unique(community):
        mine = np.flatnonzero(alone & (community == c))
        shapely.prepare(ground[c])
        inside[mine] = shapely.covers(ground[c], shape[building[mine]])
    piece = shape[building].copy()
    is_point = shapely.get_dimensions(piece) == 0
    cut = np.flatnonzero(~inside & ~is_point)
    clipped = shapely.intersection(piece[cut], ground[community[cut]])
    piece[cut] = [_polygonal(g) for g in clipped]
    area = np.where(is_point, 1.0, shapely.area(piece))
    keep = area > 0
    community, building, piece, area, is_point = (a[keep] for a in (community, building, piece, area, is_point))
    main = np.full(n, -1, dtype=np.int64)
    ranked = np.lexsort((community, -np.round(area, 6), building))
    first = np.unique(building[ranked], return_index=True)[1]
    main[building[ranked][first]] = community[ranked][first]
    _place_strays(main, shape, ground, stock, settings, findings)
    whole = shapely.area(shape)[building]
    mine = main[building] == community
    kept = mine | (~is_point & ((area >= KEPT_SHARE * whole) | (area >= KEPT_M2)))
    _tell(stock, main, building, community, area, ids, given, settings, findings)
    strays = np.setdiff1d(np.flatnonzero(main >= 0), building)
    shape[strays] = shapely.point_on_surface(shape[strays])
    building, community = np.append(building[kept], strays), np.append(community[kept], main[strays])
    guest = stock.container[building] | np.isin(building, strays)
    taken = ~(stock.container[building] & (stock.households[building] <= 0))
    main[stock.container & (stock.households <= 0)] = -1
    geometry = np.append(piece[kept], shape[strays])
    building = building[taken]
    return Standing(main, building, community[taken], geometry[taken], shape[building], guest[taken])


def _polygonal(geometry: shapely.Geometry) -> shapely.Geometry:
    polygon, _ = mended_polygon(geometry)
    return shapely.Polygon() if polygon is None else polygon


def _place_strays(
    main: np.ndarray, shape: np.ndarray, ground: np.ndarray, stock: Stock, settings: CellSettings, findings: Findings
) -> None:
    for i in np.flatnonzero((main < 0) & ~shapely.is_missing(shape)):
        metres = shapely.distance(ground, shape[i])
        near = float(np.nanmin(metres)) if np.isfinite(metres).any() else np.inf
        if near <= settings.moved_m:
            main[i] = int(np.nanargmin(metres))
            findings.add(
                "mended",
                "building_beside_community",
                f"Building {stock.codes[i]} stands {near:.2f} m outside its community and counts in its nearest cell.",
                code=stock.codes[i],
                at=shape[i],
                amount=near,
                unit="m",
            )
            continue
        findings.add(
            "left_over",
            "building_outside",
            f"Building {stock.codes[i]} stands in no community.",
            code=stock.codes[i],
            at=shape[i],
            amount=float(stock.households[i]),
            unit="households",
            remedy="Check its position, or import the community it stands in.",
        )


def _tell(
    stock: Stock,
    main: np.ndarray,
    building: np.ndarray,
    community: np.ndarray,
    area: np.ndarray,
    ids: list[str],
    given: np.ndarray | None,
    settings: CellSettings,
    findings: Findings,
) -> None:
    real = (shapely.get_dimensions(stock.geometry[building]) == 2) & ~stock.container[building]
    other = real & (main[building] != community) & (area > settings.overlap_m2)
    for i in np.unique(building[other]):
        mine = other & (building == i)
        findings.add(
            "mended",
            "building_over_border",
            f"Building {stock.codes[i]} lies across the border of {ids[main[i]]} and "
            f"{', '.join(ids[c] for c in community[mine])}; it is clipped there and counts in {ids[main[i]]}.",
            code=stock.codes[i],
            at=stock.geometry[i],
            amount=float(area[mine].sum()),
            unit="m2",
        )
    covered = np.bincount(building[real], weights=area[real], minlength=len(main))
    whole = np.nan_to_num(shapely.area(stock.geometry))
    beyond = (main >= 0) & (whole - covered > settings.overlap_m2) & ~stock.container
    for i in np.flatnonzero(beyond & (covered > 0)):
        findings.add(
            "mended",
            "building_over_edge",
            f"{whole[i] - covered[i]:.1f} m² of building {stock.codes[i]} lie in no community and are left out.",
            code=stock.codes[i],
            at=stock.geometry[i],
            amount=float(whole[i] - covered[i]),
            unit="m2",
        )
    if given is None:
        return
    row = {code: k for k, code in enumerate(ids)}
    for i in np.flatnonzero(main >= 0):
        if given[i] is not None and row.get(str(given[i]), -1) != main[i]:
            findings.add(
                "note",
                "community_differs",
                f"Building {stock.codes[i]} names community {given[i]} and stands in {ids[main[i]]}; position counts.",
                code=stock.codes[i],
                at=stock.geometry[i],
            )
