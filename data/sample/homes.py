"""Where do people live: slab estates, towers, old flats, courtyard quarters, villages?"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import LineString, Polygon

from data.sample import shapes
from data.sample.plots import Draft

if TYPE_CHECKING:
    from data.sample.plots import Plot
    from data.sample.shapes import Ring

__all__ = ["blob", "courtyard", "fields", "flats", "slab", "tower", "village"]


def slab(plot: Plot) -> None:
    """Estate of equal slabs of five to seven floors in parallel rows, facing south."""
    rng = plot.rng
    gates = plot.lay_spine() if plot.x1 - plot.x0 > 95 else plot.lay_spine(lane=False)
    plot.enclose("slab", gates)
    ground = plot.shop_rows(gates, 0.7)
    floors = int(rng.choice([5, 6, 7, 11], p=[0.15, 0.6, 0.15, 0.1]))
    depth = float(rng.uniform(11.5, 13.5))
    pitch = depth + float(rng.uniform(15.5, 20)) * (1.35 if floors > 7 else 1)
    unit, units, gap = float(rng.uniform(15, 18.5)), int(rng.integers(3, 6)), float(rng.uniform(8, 12))
    garden = rng.random() < 0.6
    for piece in plot.pieces(ground, 1.5):
        draft = Draft()
        rows = plot.rows(piece, depth, pitch)
        middle = len(rows) // 2 if garden and len(rows) >= 4 else -1
        for k, (y, intervals) in enumerate(rows):
            for x0, x1 in intervals:
                if k == middle and plot.spine is not None and x1 < plot.spine:
                    plot.cover(shapely.box(max(x0, x1 - 70), y - 2, x1 - 2, y + depth + 2), "green")
                    continue
                for a, b, count in shapes.filled(x0 + 2.5, x1 - 2.5, unit, units, gap):
                    draft.add(shapes.rectangle(a, y, b, y + depth), "slab", floors, count * 2 * floors)
        if not plot.place(draft, piece):
            _short_rows(plot, piece, "slab", floors)
        elif plot.spine is not None and len(rows) >= 4:
            plot.side_lane(piece, rows[len(rows) // 2][0] - (pitch - depth) / 2)


def tower(plot: Plot) -> None:
    """Estate of towers of 17 to 33 floors around gardens, some with 300 households and more."""
    rng = plot.rng
    gates = plot.lay_spine() if plot.x1 - plot.x0 > 110 else plot.lay_spine(lane=False)
    plot.enclose("tower", gates)
    ground = plot.shop_rows(gates, 0.9)
    floors = int(rng.integers(17, 34))
    style = str(rng.choice(["point", "slab", "comb"], p=[0.45, 0.35, 0.2]))
    if style == "point":
        width, depth, per_floor = rng.uniform(25, 30), rng.uniform(20, 25), int(rng.integers(5, 9))
    elif style == "slab":
        width, depth = rng.uniform(34, 50), rng.uniform(14, 17)
        per_floor = max(4, 2 * round(width / 16))
    else:
        width, depth, per_floor = rng.uniform(52, 64), rng.uniform(15, 18), int(rng.integers(10, 14))
    gap, pitch = float(rng.uniform(20, 30)), depth + float(rng.uniform(32, 44))
    for piece in plot.pieces(ground, 3.0):
        draft = Draft()
        rows = plot.rows(piece, depth, pitch)
        for k, (y, intervals) in enumerate(rows):
            for x0, x1 in intervals:
                lean = (gap + width) / 2 if k % 2 and x1 - x0 > 2.5 * (gap + width) else 0
                for a, b in shapes.spread(x0 + 2 + lean, x1 - 2, width, gap):
                    top = floors + int(rng.integers(-2, 3))
                    shape = shapes.cross_shape if style == "point" else shapes.rectangle
                    draft.add(shape(a, y, b, y + depth), "tower", top, min(400, per_floor * (top - 1)))
        if not plot.place(draft, piece):
            _short_rows(plot, piece, "slab", 7)
            continue
        for (y, intervals), (above, _) in pairwise(rows):
            for x0, x1 in intervals:
                if x1 - x0 > 60 and rng.random() < 0.75:
                    at = (x0 + x1) / 2, (y + depth + above) / 2
                    garden = blob(rng, *at, min(46.0, (x1 - x0) / 3), (above - y - depth) / 2 - 5)
                    plot.cover(garden.intersection(piece), "water" if rng.random() < 0.12 else "green")
        if plot.spine is not None and len(rows) >= 2:
            plot.side_lane(piece, rows[-1][0] - 5.5)


def _short_rows(plot: Plot, piece: Polygon, kind: str, floors: int) -> None:
    """Short slabs of different lengths, three to seven floors."""
    rng = plot.rng
    draft = Draft()
    depth = float(rng.uniform(10, 12))
    for y, intervals in plot.rows(piece, depth, depth + float(rng.uniform(13, 17))):
        for x0, x1 in intervals:
            at = x0 + float(rng.uniform(2, 8))
            while at + 22 < x1 - 2:
                length = min(float(rng.choice([24, 32, 40, 48]) * rng.uniform(0.95, 1.05)), x1 - 2 - at)
                top = int(np.clip(floors + rng.integers(-1, 2), 3, 7))
                low = y + float(rng.uniform(0, 1.5))
                ring = shapes.rectangle(at, low, at + length, y + depth)
                if rng.random() < 0.08:
                    draft.add(ring, "shop", 1)
                else:
                    draft.add(ring, kind, top, max(1, round(length / 15)) * 3 * (top - 1) if length > 30 else 4 * top)
                at += length + float(rng.uniform(6, 11))
    plot.place(draft, piece)


def flats(plot: Plot) -> None:
    """Flats of former work units, 1970s and 1980s: short slabs without a wall."""
    gates = plot.lay_spine() if plot.x1 - plot.x0 > 90 else []
    ground = plot.shop_rows(gates, 0.7)
    floors = int(plot.rng.integers(4, 7))
    for piece in plot.pieces(ground, 2.0):
        _short_rows(plot, piece, "flats", floors)


# ---------------------------------------------------------------------------------------- courtyards
def courtyard(plot: Plot) -> None:
    """Old quarter: lanes every second row, small houses back to back."""
    rng = plot.rng
    ground = plot.shop_rows([], 0.75)
    depth, lane = float(rng.uniform(10.5, 13)), float(rng.uniform(4.2, 5.4))
    for piece in plot.pieces(ground, 0.8):
        rows, lanes = max(
            (_house_rows(piece, depth, lane, lean) for lean in np.linspace(0, 2 * depth + lane, 7, endpoint=False)),
            key=lambda found: _room(piece, found[0], depth),
        )
        draft = Draft()
        ys = np.array([y for y, _ in rows])
        for (low, side), intervals in zip(rows, shapes.rows_inside(piece, ys, depth), strict=True):
            for x0, x1 in intervals:
                _house_row(rng, draft, x0 + 0.6, x1 - 0.6, low, low + depth, side)
        plot.place(draft, piece)
        _lanes(plot, piece, lanes)


def _house_rows(piece: Polygon, depth: float, lane: float, lean: float) -> tuple[list[tuple[float, int]], list[float]]:
    """Feet of the house rows with the side they face (0 south, 1 north), and the lanes between pairs of rows."""
    _, y0, _, y1 = piece.bounds
    rows: list[tuple[float, int]] = []
    lanes: list[float] = []
    y, side = y0 + lean - 2 * depth - lane, 0
    while y + depth <= y1:
        if y >= y0:
            rows.append((y, side))
        y += depth + (lane if side else 0.5)
        if side:
            lanes.append(y - lane / 2)
        side = 1 - side
    return rows, [lane for lane in lanes if rows and rows[0][0] < lane < rows[-1][0]]


def _room(piece: Polygon, rows: list[tuple[float, int]], depth: float) -> float:
    intervals = shapes.rows_inside(piece, np.array([y for y, _ in rows]), depth)
    return sum(max(b - a - 5, 0) for row in intervals for a, b in row)


def _house_row(rng: np.random.Generator, draft: Draft, x0: float, x1: float, y0: float, y1: float, side: int) -> None:
    at = x0
    while at + 8 < x1:
        width = float(rng.choice([7, 8, 9.5, 12, 15], p=[0.2, 0.3, 0.27, 0.15, 0.08]) * rng.uniform(0.95, 1.05))
        width = min(width, x1 - at)
        back = float(rng.uniform(0, 1.4))
        low, high = (y0, y1 - back) if side else (y0 + back, y1)
        ring = _yard_house(rng, at, low, at + width, high, side)
        homes = int(rng.choice([0, 1, 2, 2, 3, 3, 4, 5, 7]))
        draft.add(ring, "courtyard", int(rng.choice([1, 2, 3], p=[0.55, 0.35, 0.1])), homes)
        at += width + float(rng.choice([0.4, 0.4, 0.7, 1.8]))


def _yard_house(rng: np.random.Generator, x0: float, y0: float, x1: float, y1: float, side: int) -> Ring:
    width = x1 - x0
    if width > 11.5 and rng.random() < 0.7:
        return shapes.ring_house(x0, y0, x1, y1, 3.4)
    if width > 9 and rng.random() < 0.6:
        ring = shapes.u_shape(x0, y0, x1, y1, 3.0)
        if side:
            ring[:, 1] = y0 + y1 - ring[:, 1]
            ring = ring[::-1]
        return ring
    if rng.random() < 0.4:
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        return np.array([(x0, y0), (x1, y0), (x1, y), (x, y), (x, y1), (x0, y1)])
    return shapes.rectangle(x0, y0, x1, y1)


def _lanes(plot: Plot, piece: Polygon, lanes: list[float]) -> None:
    """Lead each lane to the streets at its ends, where no shop stands in the way."""
    standing = plot.standing()
    for y in lanes:
        across = LineString([(plot.x0 - 60, y), (plot.x1 + 60, y)])
        for part in shapes.parts_of(shapely.intersection(plot.face, across), "LineString"):
            (a, _), (b, _) = part.coords[0], part.coords[-1]
            inner = shapely.intersection(piece, part)
            if b - a < 40 or inner.is_empty or any(part.distance(p) < 1.4 for p in standing):
                continue
            x0 = a if plot.street_at(a, y) else inner.bounds[0] + 1
            x1 = b if plot.street_at(b, y) else inner.bounds[2] - 1
            if x1 - x0 > 30:
                plot.lane([(x0, y), (x1, y)], "path", named=True)


# ---------------------------------------------------------------------------------------- the country
def blob(rng: np.random.Generator, x: float, y: float, rx: float, ry: float) -> Polygon:
    """Draw a smooth roundish shape."""
    t = np.linspace(0, 2 * math.pi, 28, endpoint=False)
    r = 1 + 0.14 * np.sin(2 * t + rng.uniform(0, 6)) + 0.08 * np.sin(3 * t + rng.uniform(0, 6))
    return Polygon(np.column_stack([x + rx * r * np.cos(t), y + ry * r * np.sin(t)]))


def village(plot: Plot) -> None:
    """A hamlet along one lane in the fields."""
    rng = plot.rng
    plot.lay_spine()
    x = (plot.x0 + plot.x1) / 2 if plot.spine is None else plot.spine
    size = math.sqrt(plot.free.area)
    hamlet = blob(rng, x, (plot.y0 + plot.y1) / 2, size * 0.36, size * 0.3).intersection(plot.free.buffer(-4))
    for piece in plot.pieces(hamlet):
        draft = Draft()
        for y, intervals in plot.rows(piece, 11.5, 18.0):
            for x0, x1 in intervals:
                at = x0 + float(rng.uniform(0, 3))
                while at + 9 < x1:
                    width, depth = float(rng.uniform(9, 14)), float(rng.uniform(8.5, 11))
                    if at + width < x1 and rng.random() < 0.86:
                        low = y + float(rng.uniform(0, 11.5 - depth))
                        floors, homes = int(rng.choice([1, 2, 3], p=[0.3, 0.5, 0.2])), int(rng.choice([0, 1, 1, 2]))
                        draft.add(shapes.rectangle(at, low, at + width, low + depth), "village", floors, homes)
                    at += width + float(rng.uniform(2.5, 7))
        plot.place(draft, piece)
    fields(plot, plot.free.difference(hamlet.buffer(9, quad_segs=3)))


def fields(plot: Plot, ground: Polygon) -> None:
    """Lay field strips, and in larger ground a pond."""
    rng = plot.rng
    for piece in plot.pieces(ground):
        rest = piece.buffer(-2)
        if plot.spine is not None:
            rest = rest.difference(shapely.box(plot.spine - 6, plot.y0 - 9, plot.spine + 6, plot.y1 + 9))
        if piece.area > 12_000 and rng.random() < 0.8:
            at = piece.representative_point()
            pond = blob(rng, at.x, at.y, rng.uniform(22, 46), rng.uniform(14, 26)).intersection(rest)
            plot.cover(pond, "water", "pond")
            rest = rest.difference(pond.buffer(4, quad_segs=2))
        x = plot.x0
        while x < plot.x1:
            width = float(rng.uniform(38, 90))
            plot.cover(rest.intersection(shapely.box(x, plot.y0 - 9, x + width - 2.5, plot.y1 + 9)), "farmland")
            x += width
