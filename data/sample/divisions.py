"""Which blocks make a community of about 1,200 households, and which communities a subdistrict?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

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


class _Parts:
    """Connected parts of about equal load, grown from seeds and mended by moving border units."""

    def __init__(
        self, rng: np.random.Generator, load: np.ndarray, at: np.ndarray, pairs: np.ndarray, price: np.ndarray, k: int
    ) -> None:
        self.rng, self.load, self.k = rng, load, k
        self.near: list[dict[int, float]] = [{} for _ in load]
        for (a, b), p in zip(pairs.tolist(), price.tolist(), strict=True):
            self.near[a][b] = self.near[b][a] = p
        self.target = load.sum() / k
        self.part = self._grow(at)
        self._mend()

    def _grow(self, at: np.ndarray) -> np.ndarray:
        n, k = len(self.load), self.k
        weight = self.load + 1e-6
        centre = at[
            self.rng.choice(n, k, replace=False, p=weight / weight.sum() if (weight > 1e-6).sum() >= k else None)
        ]
        for _ in range(20):
            own = ((at[:, None] - centre[None]) ** 2).sum(-1).argmin(1)
            for c in range(k):
                if (own == c).any():
                    centre[c] = np.average(at[own == c], axis=0, weights=weight[own == c])
        part = np.full(n, -1)
        for c in range(k):
            free = np.flatnonzero(part < 0)
            part[free[((at[free] - centre[c]) ** 2).sum(1).argmin()]] = c
        loads = np.array([self.load[part == c].sum() for c in range(k)])
        while (part < 0).any():
            for c in np.argsort(loads):
                edge = {b for u in np.flatnonzero(part == c) for b in self.near[u] if part[b] < 0}
                if edge:
                    pick = min(
                        edge,
                        key=lambda u, c=c: (
                            float(np.hypot(*(at[u] - centre[c])))
                            - sum(60 * p for v, p in self.near[u].items() if part[v] == c),
                            u,
                        ),
                    )
                    part[pick] = c
                    loads[c] += self.load[pick]
                    break
            else:
                part[part < 0] = 0
        return part

    def _connected_without(self, unit: int) -> bool:
        rest = {v for v in np.flatnonzero(self.part == self.part[unit]).tolist() if v != unit}
        if not rest:
            return False
        todo = [next(iter(rest))]
        rest.discard(todo[0])
        while todo:
            for v in self.near[todo.pop()]:
                if v in rest:
                    rest.discard(v)
                    todo.append(v)
        return not rest

    def _mend(self) -> None:
        loads = np.array([self.load[self.part == c].sum() for c in range(self.k)])
        for _ in range(12):
            moved = 0
            for unit in self.rng.permutation(len(self.load)).tolist():
                own = int(self.part[unit])
                best, gain = -1, 1e-9
                ties: dict[int, float] = {}
                for v, price in self.near[unit].items():
                    ties[int(self.part[v])] = ties.get(int(self.part[v]), 0.0) + price
                for other, tie in ties.items():
                    if other == own:
                        continue
                    moves = self.load[unit]
                    before = (loads[own] / self.target - 1) ** 2 + (loads[other] / self.target - 1) ** 2
                    after = ((loads[own] - moves) / self.target - 1) ** 2 + (
                        (loads[other] + moves) / self.target - 1
                    ) ** 2
                    better = 9 * (before - after) + (tie - ties.get(own, 0.0))
                    if better > gain:
                        best, gain = other, better
                if best >= 0 and self._connected_without(unit):
                    loads[own] -= self.load[unit]
                    loads[best] += self.load[unit]
                    self.part[unit] = best
                    moved += 1
            if not moved:
                break


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


def divide(city: CityPlan, lanes: list[Way], households: np.ndarray, seed: int) -> Divisions:
    """Form communities of blocks and subdistricts of communities.

    Parameters
    ----------
    households : ndarray
        By block.
    """
    rng = np.random.default_rng([seed, 14])
    blocks = np.array([b.polygon for b in city.blocks])
    area = shapely.area(blocks)
    at = shapely.get_coordinates(shapely.centroid(blocks))
    pairs, length, cost = _neighbours(blocks, city.ways)
    weight = households + area / 1e4 * 3
    region = _regions(households, area, pairs, length, cost, COMMUNITY_HOUSEHOLDS)
    community = np.empty(len(blocks), int)
    count = 0
    for r in range(region.max() + 1):
        units = np.flatnonzero(region == r)
        k = max(1, round(households[units].sum() / COMMUNITY_HOUSEHOLDS), round(area[units].sum() / 1.6e6))
        community[units] = count + _parts_of(rng, units, weight, at, pairs, length * cost / 420, min(k, len(units)))
        count = community[units].max() + 1
    community = np.unique(community, return_inverse=True)[1]
    count = community.max() + 1

    net = shapely.union_all(
        [*(w.geometry for w in city.ways), *(w.geometry for w in lanes), city.outline.exterior], grid_size=MM
    )
    segments = shapely.get_parts(net)
    ways = [*city.ways, *lanes]
    faces = shapely.get_parts(shapely.polygonize(segments))
    point, home = shapely.STRtree(blocks).query(shapely.point_on_surface(faces), predicate="within")
    owner = np.full(len(faces), -1)
    owner[point] = community[home]
    polygons = [_whole(faces[owner == c]) for c in range(count)]

    size = np.bincount(community, area)
    loads = np.bincount(community, households)
    fields = np.bincount(community, area * np.array([b.zone == "edge" for b in city.blocks])) / size
    between = community[pairs]
    far = between[:, 0] != between[:, 1]
    links = np.sort(between[far], axis=1)
    keys, index = np.unique(links, axis=0, return_inverse=True)
    middle = shapely.get_coordinates(shapely.centroid(np.array(polygons)))
    k = max(1, round(count / COMMUNITIES_A_SUBDISTRICT))
    subdistrict = (
        _Parts(rng, loads + 300.0, middle, keys, np.bincount(index.ravel(), (length * cost)[far]) / 1_000, k).part
        if k > 1
        else np.zeros(count, int)
    )
    subdistrict = np.unique(subdistrict, return_inverse=True)[1]
    upper = [_whole(faces[(owner >= 0) & (subdistrict[owner] == s)]) for s in range(subdistrict.max() + 1)]
    town = np.bincount(subdistrict, size * (fields > 0.5)) / np.bincount(subdistrict, size) > 0.4
    return Divisions(
        community,
        subdistrict,
        fields > 0.5,
        town,
        polygons,
        upper,
        segments,
        _way_at(shapely.line_interpolate_point(segments, 0.5, normalized=True), ways),
        ways,
    )


def _parts_of(
    rng: np.random.Generator,
    units: np.ndarray,
    load: np.ndarray,
    at: np.ndarray,
    pairs: np.ndarray,
    price: np.ndarray,
    k: int,
) -> np.ndarray:
    if k == 1:
        return np.zeros(len(units), int)
    place = np.full(len(load), -1)
    place[units] = np.arange(len(units))
    inner = (place[pairs] >= 0).all(1)
    return _Parts(rng, load[units], at[units], place[pairs[inner]], price[inner], k).part


def _whole(faces: np.ndarray) -> shapely.Geometry:
    merged = shapely.coverage_union_all(faces)
    parts = shapely.get_parts(merged)
    return parts[0] if len(parts) == 1 else merged
