"""Which municipal parts stand in the streets, and which grid workers look after the communities?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from data.sample.labels import DISTRICT_CODE
from data.sample.names import person_name
from gis.graph import STREET_WIDTH

if TYPE_CHECKING:
    from collections.abc import Collection

    from data.sample.labels import Labels
    from data.sample.plan import CityPlan, Way
    from data.sample.plots import Grounds

__all__ = ["along_streets", "make_parts", "make_workers"]

HOUSEHOLDS_A_PART = 2.4
STATES = {"intact": 0.955, "damaged": 0.032, "missing": 0.008, "abandoned": 0.005}

MAIN = ("primary", "secondary", "tertiary")
ALL = ("primary", "secondary", "tertiary", "residential")
PLACES: dict[str, tuple[float, str, tuple[str, ...]]] = {
    "0118": (15.0, "kerb", ALL), "0402": (17.0, "kerb", ALL), "0305": (6.0, "kerb", ALL),
    "0101": (4.0, "road", ALL), "0102": (7.0, "road", ALL), "0103": (6.0, "road", ALL), "0104": (8.0, "kerb", ALL),
    "0105": (3.0, "road", MAIN), "0106": (1.4, "kerb", MAIN), "0107": (3.6, "road", ALL), "0108": (0.9, "road", ALL),
    "0111": (1.6, "road", ALL), "0112": (0.5, "road", MAIN), "0114": (0.3, "road", ALL),
    "0113": (2.0, "kerb", ALL), "0115": (0.9, "kerb", ALL), "0116": (0.9, "compound", ()), "0117": (2.4, "kerb", ALL),
    "0120": (1.2, "green", ()), "0121": (0.15, "kerb", MAIN), "0123": (0.2, "kerb", MAIN),
    "0125": (0.25, "kerb", MAIN), "0126": (1.4, "compound", ()), "0201": (0.5, "compound", ()),
    "0203": (1.0, "kerb", MAIN), "0204": (0.15, "kerb", MAIN), "0209": (3.0, "kerb", MAIN),
    "0210": (2.4, "crossing", MAIN),
    "0211": (1.0, "kerb", MAIN), "0212": (1.2, "kerb", ALL), "0213": (1.6, "crossing", ALL),
    "0301": (0.3, "kerb", ALL), "0302": (0.9, "compound", ()), "0304": (0.6, "compound", ()),
    "0306": (0.5, "kerb", MAIN),
    "0307": (1.5, "kerb", MAIN), "0308": (0.05, "green", ()), "0401": (0.2, "green", ()), "0404": (0.8, "kerb", MAIN),
    "0406": (0.1, "green", ()), "0407": (1.6, "green", ()), "0408": (0.6, "green", ()),
}  # fmt: skip
"""For each class: its share, where it stands, and along which streets."""


def along_streets(
    rng: np.random.Generator, ways: list[Way], count: int, classes: Collection[str], spot: str, *, even: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Points along streets; at the kerb, or (`spot` ``road``) on the carriageway.

    Returns
    -------
    points : ndarray of float, shape (n, 2)
    way : ndarray of int
        Index of the street of each.
    """
    own = np.array([k for k, w in enumerate(ways) if w.kind == "street" and w.cls in classes and not w.tunnel], int)
    if not len(own) or count <= 0:
        return np.empty((0, 2)), np.empty(0, int)
    lines = np.array([ways[k].geometry for k in own])
    busy = np.array([{"primary": 2.2, "secondary": 1.7, "tertiary": 1.3}.get(ways[k].cls or "", 1.0) for k in own])
    total = np.concatenate([[0], np.cumsum(shapely.length(lines) * busy)])
    at = (np.arange(count) + rng.uniform(0.3, 0.7, count)) / count if even else rng.random(count)
    at = np.sort(at) * total[-1]
    k = np.clip(np.searchsorted(total, at, side="right") - 1, 0, len(lines) - 1)
    metres = (at - total[k]) / busy[k]
    here = shapely.get_coordinates(shapely.line_interpolate_point(lines[k], metres))
    length = shapely.length(lines[k])
    back = shapely.get_coordinates(shapely.line_interpolate_point(lines[k], np.maximum(metres - 1, 0)))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(lines[k], np.minimum(metres + 1, length)))
    along = ahead - back
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    half = np.array([STREET_WIDTH[ways[own[j]].cls or "residential"] / 2 for j in k])
    side = np.where(np.arange(count) % 2, 1.0, -1.0) if even else rng.choice([-1.0, 1.0], count)
    off = half + rng.uniform(0.6, 1.6, count) if spot == "kerb" else half * rng.uniform(0.05, 0.75, count)
    return here + np.column_stack([-along[:, 1], along[:, 0]]) * (side * off)[:, None], own[k]


def _crossings(segments: np.ndarray, streets: list[Way], classes: Collection[str]) -> np.ndarray:
    """Points where at least three segments meet and a street of `classes` passes."""
    ends = np.vstack([shapely.get_coordinates(shapely.get_point(segments, k)) for k in (0, -1)])
    keys, count = np.unique(ends.round(2), axis=0, return_counts=True)
    nodes = keys[count >= 3]
    passing = shapely.STRtree([w.geometry for w in streets if w.cls in classes])
    near = passing.query(shapely.points(nodes), predicate="dwithin", distance=0.05)[0]
    return np.asarray(nodes[np.unique(near)])


def _corners(rng: np.random.Generator, nodes: np.ndarray, count: int) -> np.ndarray:
    """Up to four corners of crossings, 9 to 15 m from the middle."""
    turns = rng.permutation(np.repeat(np.arange(len(nodes)), 4))[:count]
    quarter = rng.integers(0, 4, len(turns)) * np.pi / 2 + 0.8
    away = rng.uniform(9, 15, (len(turns), 1))
    return np.asarray(nodes[turns] + np.column_stack([np.cos(quarter), np.sin(quarter)]) * away)


def _inside(rng: np.random.Generator, polygons: np.ndarray, count: int) -> np.ndarray:
    """Random points in polygons, more in larger ones."""
    if not len(polygons) or count <= 0:
        return np.empty((0, 2))
    area = shapely.area(polygons)
    k = rng.choice(len(polygons), count * 4, p=area / area.sum())
    box = shapely.bounds(polygons[k])
    xy = box[:, :2] + rng.random((len(k), 2)) * (box[:, 2:] - box[:, :2])
    return np.asarray(xy[shapely.contains_xy(polygons[k], xy[:, 0], xy[:, 1])][:count])


def make_parts(
    city: CityPlan,
    grounds: Grounds,
    ways: list[Way],
    segments: np.ndarray,
    classes: dict[str, str],
    households: int,
    seed: int,
) -> dict[str, Any]:
    """Columns of the parts: code, class, class_name, name, state and x, y in the plane of the plan."""
    rng = np.random.default_rng([seed, 16])
    count = max(40, round(households / HOUSEHOLDS_A_PART))
    weight = sum(w for w, _, _ in PLACES.values())
    open_ground = np.array([c.polygon for c in grounds.compounds])
    if len(open_ground):
        houses = shapely.STRtree([h.polygon for h in grounds.houses])
    greens = np.array([c.polygon for c in grounds.covers if c.kind == "green" and c.polygon.area > 300])
    streets = [w for w in ways if w.kind == "street"]
    found: list[np.ndarray] = []
    kinds: list[str] = []
    for cls, (share, place, along) in PLACES.items():
        wanted = max(1, round(count * share / weight))
        if place in {"kerb", "road"}:
            xy, _ = along_streets(rng, streets, round(wanted * 1.12), along, place, even=True)
        elif place == "crossing":
            xy = _corners(rng, _crossings(segments, streets, along), wanted)
        else:
            xy = _inside(rng, open_ground if place == "compound" else greens, round(wanted * 1.3))
            if place == "compound" and len(xy):
                hit = houses.query(shapely.points(xy), predicate="dwithin", distance=0.8)[0]
                xy = np.delete(xy, np.unique(hit), axis=0)
        xy = xy[shapely.contains_xy(city.outline, xy[:, 0], xy[:, 1])]
        if len(xy) > wanted:
            xy = xy[np.sort(rng.choice(len(xy), wanted, replace=False))]
        found.append(xy)
        kinds += [cls] * len(xy)
    bridges = [
        w.geometry.interpolate(0.5, normalized=True)
        for w in streets
        if w.bridge and city.outline.contains(w.geometry.centroid)
    ]
    if bridges:
        found.append(shapely.get_coordinates(bridges))
        kinds += ["0208"] * len(bridges)
    xy = np.vstack(found)
    serial: dict[str, int] = {}
    codes = []
    for cls in kinds:
        serial[cls] = serial.get(cls, 0) + 1
        codes.append(f"{DISTRICT_CODE}{cls}{serial[cls]:06d}")
    return {
        "code": codes,
        "class": kinds,
        "class_name": [classes[c] for c in kinds],
        "name": [f"{classes[c]}{code[-6:].lstrip('0')}号" for c, code in zip(kinds, codes, strict=True)],
        "state": rng.choice(list(STATES), len(codes), p=list(STATES.values())).tolist(),
        "x": xy[:, 0],
        "y": xy[:, 1],
    }


def make_workers(labels: Labels, households: np.ndarray, seed: int) -> dict[str, Any]:
    """Columns of the grid workers: about one for 200 households, in some communities too few, in some one more."""
    rng = np.random.default_rng([seed, 17])
    rows: dict[str, list[Any]] = {"code": [], "name": [], "phone": [], "community_code": [], "grid_code": []}
    order = np.argsort(labels.community_codes)
    mood = rng.permutation(np.arange(len(order)) % 8)
    for c, m in zip(order, mood, strict=True):
        grids = max(1, round(households[c] / 200))
        count = max(1, grids - int(rng.integers(1, 3))) if m == 0 else grids + int(m == 1)
        for _ in range(count):
            k = len(rows["code"]) + 1
            rows["code"].append(f"W{k:05d}")
            rows["name"].append(person_name(rng))
            rows["phone"].append(f"000-{k // 10_000:04d}-{k % 10_000:04d}")
            rows["community_code"].append(labels.community_codes[c])
            rows["grid_code"].append("")
    return rows
