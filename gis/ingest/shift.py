"""Are these coordinates shifted (GCJ-02, BD-09) against what the district already holds?

Nobody can tell from one layer alone. Beside others it shows: under the wrong reading things lie 500 to 1,300 m off, so
rows fall out of the district or of the community they name, streets run through houses, lamps stand away from streets.
Each piece of evidence looks at the same rows under two readings and counts only those where the two differ (McNemar's
test): how many speak for the one, how many for the other. Evidence `speaks` from 4 standard deviations and 60 % on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis import crs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import geopandas as gpd

    from gis.ingest.bounds import DistrictBounds

__all__ = ["Evidence", "ShiftVerdict", "judge_shift", "weigh"]

SIGMAS = 4.0
SHARE = 0.6
SAMPLE = 4000
NEAR_M = 30.0
CLEARLY_M = 5.0
WITNESS_M = 100.0


@dataclass(frozen=True)
class Evidence:
    """What one comparison says about two readings of the same rows.

    Parameters
    ----------
    name : str
        ``inside_district``, ``stated_community``, ``crossed_by_street``, ``near_street``, ``border_on_street``.
    for_other, for_declared : int
        Rows that fit only under the other, only under the declared reading.
    """

    name: str
    for_other: int
    for_declared: int

    @property
    def sigmas(self) -> float:
        """Standard deviations towards the other reading (negative: towards the declared one)."""
        total = self.for_other + self.for_declared
        return (self.for_other - self.for_declared) / total**0.5 if total else 0.0

    @property
    def speaks(self) -> int:
        """1 for the other reading, -1 for the declared one, 0 when it cannot tell."""
        total = self.for_other + self.for_declared
        if abs(self.sigmas) < SIGMAS or max(self.for_other, self.for_declared) < SHARE * total:
            return 0
        return 1 if self.sigmas > 0 else -1


@dataclass(frozen=True)
class ShiftVerdict:
    """How the declared reading stands against the others.

    Parameters
    ----------
    better : str, optional
        ``gcj02``, ``bd09``, ``EPSG:4490`` (not shifted) when that fits better than the declared reading;
        ``others:gcj02`` when it is rather what the district already holds that is shifted.
    evidence : tuple of Evidence
        Against the better reading, else against the strongest rival.
    tested : bool
        Some evidence spoke at all, for the one or the other.
    """

    better: str | None
    evidence: tuple[Evidence, ...]
    tested: bool

    def __str__(self) -> str:
        told = [f"{e.name} {e.for_other} : {e.for_declared}" for e in self.evidence if e.for_other + e.for_declared]
        return ", ".join(told)


def judge_shift(kind: str, frame: gpd.GeoDataFrame, declared: crs.SourceCrs, bounds: DistrictBounds) -> ShiftVerdict:
    """Compare the declared reading with the shifted ones, beside everything the district already holds.

    Parameters
    ----------
    kind : str
        Kind of the rows.
    frame : GeoDataFrame
        Rows in EPSG:4490 as the declared reading has them; ``community_code`` is used where there is one.
    declared : SourceCrs
    bounds : DistrictBounds

    Returns
    -------
    ShiftVerdict
    """

    def raw(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if declared.shift == "gcj02":
            return crs.wgs84_to_gcj02(lon, lat)
        return crs.wgs84_to_bd09(lon, lat) if declared.shift == "bd09" else (lon, lat)

    rivals: dict[str, Callable[..., tuple[np.ndarray, np.ndarray]]] = {
        "EPSG:4490": raw,
        "gcj02": lambda lon, lat: crs.gcj02_to_wgs84(*raw(lon, lat)),
        "bd09": lambda lon, lat: crs.bd09_to_wgs84(*raw(lon, lat)),
        "others:gcj02": lambda lon, lat: crs.wgs84_to_gcj02(*raw(lon, lat)),
    }
    rivals.pop(declared.shift or "EPSG:4490")
    if declared.shift:
        rivals.pop("others:gcj02")
    verdicts = []
    for name, move in rivals.items():
        evidence = weigh(kind, frame, move, bounds)
        spoken = [e.speaks for e in evidence]
        wins = 1 in spoken and -1 not in spoken
        verdicts.append((wins, sum(e.sigmas for e in evidence), name, evidence, any(spoken)))
    best = max(verdicts, key=lambda v: v[:2])
    return ShiftVerdict(best[2] if best[0] else None, best[3], any(v[4] for v in verdicts))


def weigh(
    kind: str,
    frame: gpd.GeoDataFrame,
    move: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    bounds: DistrictBounds,
) -> tuple[Evidence, ...]:
    """All evidence for `move`d coordinates against those as they are.

    Parameters
    ----------
    kind : str
    frame : GeoDataFrame
        EPSG:4490.
    move : callable
        (lon, lat) -> (lon, lat) of the other reading.
    bounds : DistrictBounds
    """
    frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    if len(frame) > SAMPLE:
        frame = frame.iloc[np.sort(np.random.default_rng(0).choice(len(frame), SAMPLE, replace=False))]
    here = np.asarray(frame.geometry.array)
    there = shapely.transform(here, lambda xy: np.column_stack(move(xy[:, 0], xy[:, 1])))
    named = frame["community_code"].to_numpy(object) if "community_code" in frame.columns else None
    return tuple(_evidence(kind, here, there, named, bounds))


def _evidence(
    kind: str, here: np.ndarray, there: np.ndarray, named: np.ndarray | None, bounds: DistrictBounds
) -> Iterator[Evidence]:
    if len(here) == 0:
        return
    houses = bounds.flat_buildings
    if kind in {"buildings", "compounds", "parts", "events"}:
        spots, others = _spots(here), _spots(there)
        keep = _distinct(spots, bounds.margin(WITNESS_M))
        spots, others = spots[keep], others[keep]
        yield _differ("inside_district", shapely.contains(bounds.area, spots), shapely.contains(bounds.area, others))
        if named is not None and "code" in bounds.communities.columns:
            yield _stated(named[keep], spots, others, bounds)
        if kind in {"parts", "events"} and bounds.streets is not None:
            yield _nearer(bounds.flat(spots), bounds.flat(others), bounds.street_tree)
    flat, moved = bounds.flat(here), bounds.flat(there)
    if kind in {"buildings", "compounds"} and bounds.streets is not None and (shapely.get_dimensions(here) == 2).any():
        yield _crossings(bounds.street_tree, flat, bounds.street_tree, moved)
    if kind == "barriers":
        if houses is not None and (shapely.get_dimensions(houses) == 2).any():
            ways, ways_moved = (shapely.STRtree(g[shapely.get_dimensions(g) == 1]) for g in (flat, moved))
            yield _crossings(ways, houses, ways_moved, houses)
        if len(bounds.flat_borders):
            yield _along(bounds.flat_borders, flat, moved)
    if kind == "divisions" and houses is not None:
        spots = shapely.point_on_surface(houses)
        yield _differ("inside_district", _hit(shapely.STRtree(flat), spots), _hit(shapely.STRtree(moved), spots))


def _spots(shapes: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.where(shapely.get_type_id(shapes) == 0, shapes, shapely.centroid(shapes))
    return result


def _distinct(spots: np.ndarray, square: tuple[float, float]) -> np.ndarray:
    """One row for each square of 100 m: a hundred lamps of one park, or events at one crossing, are one witness."""
    places = np.floor(np.column_stack([shapely.get_x(spots), shapely.get_y(spots)]) / square)
    return np.sort(np.unique(places, axis=0, return_index=True)[1])


def _differ(name: str, good_declared: np.ndarray, good_other: np.ndarray) -> Evidence:
    return Evidence(name, int((good_other & ~good_declared).sum()), int((good_declared & ~good_other).sum()))


def _hit(tree: shapely.STRtree, shapes: np.ndarray) -> np.ndarray:
    hit = np.zeros(len(shapes), bool)
    hit[tree.query(shapes, predicate="intersects")[0]] = True
    return hit


def _crossed(lines: shapely.STRtree, polygons: np.ndarray) -> np.ndarray:
    """Which polygons a line really runs through: shrunk by a metre, so that an edge along it does not count."""
    inner = polygons.copy()
    inner[shapely.get_dimensions(polygons) != 2] = None
    return _hit(lines, np.asarray(shapely.buffer(inner, -1.0, quad_segs=1), dtype=object))


def _crossings(
    lines: shapely.STRtree, polygons: np.ndarray, lines_moved: shapely.STRtree, moved: np.ndarray
) -> Evidence:
    """Which reading lets streets run through houses? Not to cross because one leaves the town is no merit."""
    near, near_moved = _near(lines, polygons), _near(lines_moved, moved)
    crossed, crossed_moved = _crossed(lines, polygons), _crossed(lines_moved, moved)
    for_other = int((crossed & ~crossed_moved).sum()) if near_moved >= near / 2 else 0
    for_declared = int((crossed_moved & ~crossed).sum()) if near >= near_moved / 2 else 0
    return Evidence("crossed_by_street", for_other, for_declared)


def _near(lines: shapely.STRtree, polygons: np.ndarray) -> int:
    """Count the polygons that have a street within reach."""
    return len(np.unique(lines.query(polygons, predicate="dwithin", distance=NEAR_M)[0]))


def _stated(named: np.ndarray, spots: np.ndarray, others: np.ndarray, bounds: DistrictBounds) -> Evidence:
    codes = bounds.communities["code"].astype(str).to_numpy()
    shapes = np.asarray(bounds.communities.geometry.array)
    place = {code: i for i, code in enumerate(codes)}
    rows = np.asarray([place.get(str(n), -1) for n in named])
    known = rows >= 0
    mine = shapes[rows[known]]
    return _differ("stated_community", shapely.contains(mine, spots[known]), shapely.contains(mine, others[known]))


def _nearest(spots: np.ndarray, lines: shapely.STRtree) -> tuple[np.ndarray, np.ndarray]:
    """Nearest line of each spot and the metres to it."""
    found, metres = lines.query_nearest(spots, all_matches=False, return_distance=True)
    return np.asarray(found[1], np.int64), np.asarray(metres, np.float64)


def _nearer(spots: np.ndarray, others: np.ndarray, lines: shapely.STRtree) -> Evidence:
    """Which reading puts things clearly nearer to a street, and near at all?"""
    (_, here), (_, there) = _nearest(spots, lines), _nearest(others, lines)
    clear = (np.abs(here - there) > CLEARLY_M) & (np.minimum(here, there) < NEAR_M)
    return Evidence("near_street", int((clear & (there < here)).sum()), int((clear & (here < there)).sum()))


def _along(borders: np.ndarray, lines: np.ndarray, moved: np.ndarray) -> Evidence:
    """Which reading lays streets along the borders of communities? Each street is one witness, however long."""
    (line, here), (line_moved, there) = (_nearest(borders, shapely.STRtree(g)) for g in (lines, moved))
    clear = (np.abs(here - there) > CLEARLY_M) & (np.minimum(here, there) < NEAR_M / 2)
    other, declared = clear & (there < here), clear & (here < there)
    return Evidence("border_on_street", len(np.unique(line_moved[other])), len(np.unique(line[declared])))
