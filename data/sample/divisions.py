"""Which blocks make a community of about 1,200 households, and which communities a subdistrict?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from data.sample.growing import grow_parts
from data.sample.plan import MM, CityPlan, Way

__all__ = ["COMMUNITY_HOUSEHOLDS", "Divisions", "divide"]

COMMUNITY_HOUSEHOLDS = 1_200
COMMUNITIES_A_SUBDISTRICT = 7

COST = {"residential": 1.0, "service": 1.6, "path": 1.6, "tertiary": 0.7, "secondary": 0.45, "primary": 0.25,
        "expressway": 0.06, "rail": 0.08, "water": 0.0, "ghost": 1.0}  # fmt: skip
"""What a metre of community border costs by the class of street it follows: borders prefer what really divides."""


@dataclass
class Divisions:
    """Community of each block, subdistrict of each community, and the net of lines that bound them.

    Parameters
    ----------
    community : ndarray of int
        By block.
    subdistrict : ndarray of int
        By community.
    rural, rural_town : ndarray of bool
        Communities and subdistricts that lie mostly in the fields.
    community_polygons, subdistrict_polygons : list of Polygon or MultiPolygon
    segments : ndarray of LineString
        Every line of the plan, noded.
    segment_way : ndarray of int
        Which way each segment belongs to (index into `ways`), -1 for none.
    """

    community: np.ndarray
    subdistrict: np.ndarray
    rural: np.ndarray
    rural_town: np.ndarray
    community_polygons: list[shapely.Geometry]
    subdistrict_polygons: list[shapely.Geometry]
    segments: np.ndarray
    segment_way: np.ndarray
    ways: list[Way]


def _rank(way: Way) -> float:
    return COST[way.cls or way.kind]


def _way_at(points: np.ndarray, ways: list[Way], reach: float = 0.05) -> np.ndarray:
    """The most dividing way through each point, -1 where none passes."""
    tree = shapely.STRtree([w.geometry for w in ways])
    which, found = tree.query(points, predicate="dwithin", distance=reach)
    answer = np.full(len(points), -1)
    rank = np.array([_rank(w) for w in ways])
    order = np.lexsort((found, -rank[found]))
    answer[which[order]] = found[order]  # the last written, the lowest rank, stays
    return answer


def _neighbours(blocks: np.ndarray, ways: list[Way]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of blocks that share a border, its metres, and its cost a metre."""
    a, b = shapely.STRtree(blocks).query(blocks, predicate="touches")
    a, b = a[a < b], b[a < b]
    shared = shapely.intersection(blocks[a], blocks[b])
    length = shapely.length(shared)
    keep = length > 4
    a, b, shared, length = a[keep], b[keep], shared[keep], length[keep]
    way = _way_at(shapely.point_on_surface(shared), ways)
    cost = np.array([_rank(ways[w]) if w >= 0 else 1.0 for w in way])
    return np.column_stack([a, b]), length, cost


def _labels(n: int, pairs: np.ndarray) -> np.ndarray:
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1])


def _regions(
    load: np.ndarray, area: np.ndarray, pairs: np.ndarray, length: np.ndarray, cost: np.ndarray, target: float
) -> np.ndarray:
    """Ground that communities do not leave: water, rails and expressways part it, unless a side is too small."""
    joined = cost >= 0.2
    while True:
        region = _labels(len(load), pairs[joined])
        sums = np.bincount(region, load)
        sizes = np.bincount(region, area)
        small = np.flatnonzero((sums < 0.5 * target) & (sizes < 700_000))
        across = region[pairs[:, 0]] != region[pairs[:, 1]]
        for r in small[np.argsort(sums[small], kind="stable")]:
            touch = across & ((region[pairs[:, 0]] == r) | (region[pairs[:, 1]] == r))
            if touch.any():
                best = np.flatnonzero(touch)[np.lexsort((-length[touch], cost[touch] == 0))[0]]
                joined[best] = True
                break
        else:
            return region


def _communities(
    rng: np.random.Generator,
    city: CityPlan,
    households: np.ndarray,
    pairs: np.ndarray,
    length: np.ndarray,
    cost: np.ndarray,
) -> np.ndarray:
    """Community of each block."""
    blocks = np.array([b.polygon for b in city.blocks])
    area, at = shapely.area(blocks), shapely.get_coordinates(shapely.centroid(blocks))
    weight = households + area / 1e4 * 3

    def parted(units: np.ndarray, k: int) -> np.ndarray:
        place = np.full(len(blocks), -1)
        place[units] = np.arange(len(units))
        inner = (place[pairs] >= 0).all(1)
        dry = inner & (cost > 0)
        inner = dry if _labels(len(units), place[pairs[dry]]).max() == 0 else inner
        return grow_parts(rng, weight[units], at[units], place[pairs[inner]], (length * cost)[inner] / 420, k)

    region = _regions(households, area, pairs, length, cost, COMMUNITY_HOUSEHOLDS)
    community = np.empty(len(blocks), int)
    count = 0
    for r in range(region.max() + 1):
        todo = [np.flatnonzero(region == r)]
        first = True
        while todo:
            units = todo.pop()
            load = households[units].sum()
            k = max(1, round(load / COMMUNITY_HOUSEHOLDS), round(area[units].sum() / 1.6e6)) if first else 2
            k = min(k, len(units))
            if k > 1 and (first or load > 1.6 * COMMUNITY_HOUSEHOLDS):
                part = parted(units, k)
                todo += [units[part == p] for p in range(k)]
            else:
                community[units] = count
                count += 1
            first = False
    return community


def _subdistricts(
    rng: np.random.Generator,
    community: np.ndarray,
    loads: np.ndarray,
    at: np.ndarray,
    pairs: np.ndarray,
    price: np.ndarray,
) -> np.ndarray:
    """Subdistrict of each community."""
    between = np.sort(community[pairs], axis=1)
    far = between[:, 0] != between[:, 1]
    keys, index = np.unique(between[far], axis=0, return_inverse=True)
    k = max(1, round(len(loads) / COMMUNITIES_A_SUBDISTRICT))
    part = grow_parts(rng, loads + 300.0, at, keys, np.bincount(index.ravel(), price[far], len(keys)) / 1_000, k)
    return np.unique(part, return_inverse=True)[1]


def divide(city: CityPlan, lanes: list[Way], households: np.ndarray, seed: int) -> Divisions:
    """Form communities of blocks and subdistricts of communities.

    Parameters
    ----------
    households : ndarray
        By block.
    """
    rng = np.random.default_rng([seed, 14])
    blocks = np.array([b.polygon for b in city.blocks])
    pairs, length, cost = _neighbours(blocks, city.ways)
    community = _communities(rng, city, households, pairs, length, cost)

    ways = [*city.ways, *lanes]
    net = shapely.union_all([*(w.geometry for w in ways), city.outline.exterior], grid_size=MM)
    segments = shapely.get_parts(net)
    faces = shapely.get_parts(shapely.polygonize(segments))
    point, home = shapely.STRtree(blocks).query(shapely.point_on_surface(faces), predicate="within")
    faces, owner = faces[point], community[home]
    polygons = [_whole(faces[owner == c]) for c in range(community.max() + 1)]

    area = shapely.area(blocks)
    size = np.bincount(community, area)
    rural = np.bincount(community, area * np.array([b.zone == "edge" for b in city.blocks])) / size > 0.5
    middle = shapely.get_coordinates(shapely.centroid(np.array(polygons)))
    loads = np.bincount(community, households)
    price = np.where(cost > 0, cost, -0.4) * length  # a subdistrict rather stays on its side of the river
    subdistrict = _subdistricts(rng, community, loads, middle, pairs, price)
    upper = [_whole(faces[subdistrict[owner] == s]) for s in range(subdistrict.max() + 1)]
    town = np.bincount(subdistrict, size * rural) / np.bincount(subdistrict, size) > 0.4
    at = shapely.line_interpolate_point(segments, 0.5, normalized=True)
    return Divisions(community, subdistrict, rural, town, polygons, upper, segments, _way_at(at, ways), ways)


def _whole(faces: np.ndarray) -> shapely.Geometry:
    merged = shapely.coverage_union_all(faces)
    parts = shapely.get_parts(merged)
    return parts[0] if len(parts) == 1 else merged
