"""Which polygon, and whose, does a point lie in - for one point and for a million, with an answer for each?

The one engine that decides where a point lies (ARCHITECTURE, "One engine"): single answers, bulk assignment and
file mode all come from `Locator.locate`, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.streets.carriageway import Carriageways

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.streets import Streets

__all__ = ["HOW", "Located", "Locator"]

HOW = ("inside", "border", "street", "near", "outside", "unlocated")
"""How a point was found, by index.

``inside``: in one grid and farther than `border_m` from every other. ``border``: in or on a grid and within `border_m`
of another; the containing grid wins, on the line the lower code. ``street``: in one grid and on the carriageway of a
street of its own community, whatever other grid is near. ``near``: in none, the nearest is at most `near_m`
away. ``outside``: in none, and none that near. ``unlocated``: the point has no coordinates.
"""

INSIDE, BORDER, STREET, NEAR, OUTSIDE, UNLOCATED = range(6)


@dataclass(frozen=True)
class Located:
    """Answers for n points, in their order.

    Parameters
    ----------
    polygon : ndarray of int32, shape (n,)
        Row of the polygon that answers; -1 where `how` is ``outside`` or ``unlocated``.
    how : ndarray of int8, shape (n,)
        Index into `HOW`.
    distance_m : ndarray of float64, shape (n,)
        0 where covered, else metres to the nearest polygon (also where ``outside``); NaN where ``unlocated`` or where
        there is no polygon at all.
    street : ndarray of int32, shape (n,)
        Row of the street a ``street`` point lies on, else -1.
    duty : ndarray of int32, shape (n,)
        Row of the polygon that has the duty: the home of the street, else `polygon`.
    other_point, other_polygon : ndarray of int32, shape (m,)
        For covered points near another grid: the point, and the nearest polygon of another code; sorted by point,
        metres, code.
    other_m : ndarray of float64, shape (m,)
        Metres from the point to that polygon.
    """

    polygon: np.ndarray
    how: np.ndarray
    distance_m: np.ndarray
    street: np.ndarray
    duty: np.ndarray
    other_point: np.ndarray
    other_polygon: np.ndarray
    other_m: np.ndarray

    @property
    def how_name(self) -> np.ndarray:
        """`how` as words, shape (n,)."""
        words: np.ndarray = np.asarray(HOW, dtype=object)[self.how]
        return words

    def others(self, point: int) -> list[tuple[int, float]]:
        """Other polygons within the border distance of one point: (polygon row, metres), nearest first."""
        a, b = np.searchsorted(self.other_point, [point, point + 1])
        return [(int(p), float(m)) for p, m in zip(self.other_polygon[a:b], self.other_m[a:b], strict=True)]


class Locator:
    """Answers for points over a set of polygons that belong to grids.

    Parameters
    ----------
    polygons : sequence of shapely Polygon or MultiPolygon, length p
        Cells or grids, in a CRS in metres.
    codes : sequence of str, length p
        Grid code of each polygon; polygons of one code are one grid. An empty code means "no grid": such a polygon
        covers its points, but is nobody's neighbour.
    near_m : float
        How far from every polygon a point still gets the nearest one as its answer.
    border_m : float
        How near another grid makes a covered point a border case.
    streets : Streets, optional
        With rows of `polygons` as homes.
    community : sequence, length p, optional
        Of each polygon, as in `streets`: a point lies on streets of its own community only. Needed with `streets`.

    Raises
    ------
    ValueError
        When `polygons` and `codes` (with streets also `community`) differ in length.

    Examples
    --------
    >>> a, b = shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)
    >>> found = Locator([a, b], ["001", "002"]).locate(shapely.points([[5, 5], [10, 5], [25, 5]]))
    >>> found.how_name.tolist(), found.polygon.tolist(), found.distance_m.tolist()
    (['inside', 'border', 'near'], [0, 0, 1], [0.0, 0.0, 5.0])
    """

    def __init__(
        self,
        polygons: Sequence[Any] | np.ndarray,
        codes: Sequence[str],
        *,
        near_m: float = 500.0,
        border_m: float = 1.0,
        streets: Streets | None = None,
        community: Sequence[object] | np.ndarray | None = None,
    ) -> None:
        self.polygons = np.asarray(polygons, dtype=object)
        if len(self.polygons) != len(codes):
            raise ValueError(f"{len(self.polygons)} polygons, but {len(codes)} codes.")
        self.codes = np.asarray(codes, dtype=object)
        self.near_m = near_m
        self.border_m = border_m
        # Codes compare as their rank, so that "the lower code" is an integer comparison.
        names, rank = np.unique(self.codes.astype(str), return_inverse=True)
        self._rank = rank.astype(np.int64)
        self._named = names[rank] != ""
        shapely.prepare(self.polygons)
        self._tree = shapely.STRtree(self.polygons)
        self._streets: Carriageways | None = None
        if streets is not None and len(streets):
            if community is None or len(community) != len(self.polygons):
                raise ValueError(f"Streets need the community of each of the {len(self.polygons)} polygons.")
            both = np.concatenate([np.asarray(community).astype(str), np.asarray(streets.community).astype(str)])
            _, side = np.unique(both, return_inverse=True)
            self._side = side[: len(self.polygons)]
            self._streets = Carriageways(streets, side[len(self.polygons) :])
            self._home = np.asarray(streets.home, np.int32)

    def locate(self, points: Sequence[Any] | np.ndarray, *, on_streets: bool = True) -> Located:
        """Answer for every point.

        Parameters
        ----------
        points : array of shapely Point or None, shape (n,)
            In the CRS of the polygons; None, empty and non-finite points are ``unlocated``.
        on_streets : bool
            False: as if there were no streets, for what stays geometric.

        Returns
        -------
        Located
        """
        points = np.asarray(points, dtype=object)
        n = len(points)
        polygon = np.full(n, -1, np.int32)
        how = np.full(n, UNLOCATED, np.int8)
        distance = np.full(n, np.nan)
        street = np.full(n, -1, np.int32)
        none = np.empty(0, np.int32)
        asked = np.flatnonzero(_is_placed(points))
        how[asked] = OUTSIDE
        if not len(asked) or not len(self.polygons):
            return Located(polygon, how, distance, street, polygon, none, none, np.empty(0))
        here, there, metres = self._within(points[asked], self.border_m)

        covered = self._covering(here, there, metres, len(asked))
        is_covered = covered >= 0
        polygon[asked[is_covered]] = covered[is_covered]
        distance[asked[is_covered]] = 0.0
        how[asked[is_covered]] = INSIDE

        other = self._others(here, there, metres, covered)
        how[asked[other[0]]] = BORDER

        if self._streets is not None and on_streets:
            inside = asked[is_covered]
            street[inside] = self._streets.find(points[inside], self._side[polygon[inside]])
            how[street >= 0] = STREET

        lost = asked[~is_covered]
        if len(lost):
            nearest, away = self._nearest(points[lost])
            near = away <= self.near_m
            distance[lost] = away
            how[lost] = np.where(near, NEAR, OUTSIDE)
            polygon[lost] = np.where(near, nearest, -1)
        duty = polygon if self._streets is None else np.where(street >= 0, self._home[street], polygon)
        here, there = asked[other[0]].astype(np.int32), other[1].astype(np.int32)
        return Located(polygon, how, distance, street, duty, here, there, other[2])

    def _within(self, points: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pairs (point, polygon) not farther than `reach`, with metres; 0 where covered."""
        here, there = self._tree.query(points, predicate="dwithin", distance=reach)
        metres = shapely.distance(points[here], self.polygons[there])
        return here, there, metres

    def _covering(self, here: np.ndarray, there: np.ndarray, metres: np.ndarray, n: int) -> np.ndarray:
        """Row of the polygon that covers each point, -1 for none: named before nameless, lower code, lower row."""
        hit = metres == 0
        here, there = here[hit], there[hit]
        order = np.lexsort((there, self._rank[there], ~self._named[there], here))
        first, at = np.unique(here[order], return_index=True)
        covering = np.full(n, -1, np.int64)
        covering[first] = there[order][at]
        return covering

    def _others(
        self, here: np.ndarray, there: np.ndarray, metres: np.ndarray, covered: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For covered points: the nearest polygon of each other code within reach; sorted by point, metres, code."""
        mine = covered[here]
        is_other = (mine >= 0) & (self._rank[there] != self._rank[mine]) & self._named[there]
        here, there, metres = here[is_other], there[is_other], metres[is_other]
        rank = self._rank[there]
        order = np.lexsort((there, metres, rank, here))
        here, there, metres, rank = here[order], there[order], metres[order], rank[order]
        first = np.ones(len(here), bool)
        first[1:] = (here[1:] != here[:-1]) | (rank[1:] != rank[:-1])
        here, there, metres, rank = here[first], there[first], metres[first], rank[first]
        order = np.lexsort((rank, metres, here))
        return here[order], there[order], metres[order]

    def _nearest(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Row of the nearest polygon (of equally near ones the lower code, then row) and metres to it."""
        (here, there), metres = self._tree.query_nearest(points, all_matches=True, return_distance=True)
        order = np.lexsort((there, self._rank[there], ~self._named[there], metres, here))
        _, at = np.unique(here[order], return_index=True)
        return there[order][at], metres[order][at]


def _is_placed(points: np.ndarray) -> np.ndarray:
    """Whether each point has finite coordinates, shape (n,) of bool."""
    placed: np.ndarray = ~(shapely.is_missing(points) | shapely.is_empty(points))
    placed[placed] = np.isfinite(shapely.get_coordinates(points[placed])).all(axis=1)
    return placed
