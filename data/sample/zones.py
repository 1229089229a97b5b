"""What does each block of the sample district carry: slabs, towers, courtyards, a school, a park, fields?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

from data.sample.plan import CityPlan, fineness, make_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from data.sample.plan import Block

__all__ = ["RESIDENTIAL", "YIELD", "planned_city"]

RESIDENTIAL = ("slab", "tower", "flats", "courtyard", "village")

YIELD = {
    "slab": 82.0, "tower": 178.0, "flats": 98.0, "courtyard": 77.0, "village": 6.6, "commercial": 20.0,
    "industry": 1.0, "farm": 0.2, "campus": 1.5,
}  # fmt: skip
"""Dwellings a hectare of block, street halves included, as `grounds` builds them (measured over seeds)."""

SHARES = {
    "centre": {"tower": 0.40, "slab": 0.19, "commercial": 0.27, "flats": 0.08, "green": 0.06},
    "urban": {"slab": 0.52, "tower": 0.24, "flats": 0.12, "commercial": 0.06, "green": 0.04, "industry": 0.02},
    "old": {"courtyard": 0.70, "flats": 0.20, "commercial": 0.08, "green": 0.02},
    "edge": {"village": 0.30, "farm": 0.40, "industry": 0.22, "slab": 0.08},
}
"""Share of each zone's ground by use."""

NEEDS = {"tower": 11_000, "slab": 7_000, "industry": 9_000, "farm": 6_000, "village": 6_000, "flats": 3_500}
"""Smallest block in m2 that a use fits on."""

DENSITY = 4_600.0
ALONE = 3_000.0
"""Metres at which the first of its use counts as far from others."""


def _shape_depth(block: Block) -> float:
    """Rough depth of a block in metres: twice the area over the half outline."""
    return float(4 * block.polygon.area / block.polygon.length)


def _take(blocks: list[Block], count: int, use: str, fits: Callable[[Block], float | None]) -> None:
    """Give `use` to the best free blocks, each far from those that have it already."""
    scores = [None if block.use else fits(block) for block in blocks]
    free = [k for k, score in enumerate(scores) if score is not None]
    polygons = np.array([blocks[k].polygon for k in free], object)
    score = np.array([scores[k] for k in free], float)
    far = np.full(len(free), np.inf)
    for block in blocks:
        if block.use == use:
            far = np.minimum(far, shapely.distance(polygons, block.polygon))
    for _ in range(min(count, len(free))):
        best = int(np.argmax(score + np.where(np.isinf(far), ALONE, far)))
        blocks[free[best]].use = use
        far = np.minimum(far, shapely.distance(polygons, polygons[best]))
        score[best] = -np.inf


def _assign(plan: CityPlan, seed: int, households: int) -> None:
    rng = np.random.default_rng([seed, 12])
    blocks, fine = plan.blocks, fineness(households)
    for block in blocks:
        if block.zone == "river":
            block.use = "bank"
        elif not block.use and (block.polygon.area < 3_000 * fine or _shape_depth(block) < 42 * fine):
            block.use = "green"
    rails = [w.geometry for w in plan.ways if w.kind == "rail"]
    jitter = dict(zip(map(id, blocks), rng.uniform(0, 300, len(blocks)), strict=True))

    def sized(low: float, high: float, *zones: str) -> Callable[[Block], float | None]:
        return lambda b: jitter[id(b)] if low < b.polygon.area < high and b.zone in zones else None

    if rails and households >= 6_000:
        _take(
            blocks,
            1,
            "station",
            lambda b: (
                3_000 - b.polygon.distance(plan.old_town)
                if b.polygon.area > 9_000 and _shape_depth(b) > 70 and min(b.polygon.distance(r) for r in rails) < 1
                else None
            ),
        )
    _take(blocks, round(households / 30_000 + 0.3), "hospital", sized(14_000, 40_000, "urban", "centre"))
    _take(blocks, int(households >= 8_000), "government", sized(12_000, 40_000, "centre", "urban"))
    _take(
        blocks,
        max(int(households >= 1_500), round(households / 3_400)),
        "school",
        sized(13_000 * fine, 36_000, "urban", "centre"),
    )
    _take(blocks, round(households / 9_000), "park", sized(9_000, 45_000, "urban", "centre", "old"))
    for zone, shares in SHARES.items():
        _share_out(rng, [b for b in blocks if b.zone == zone and not b.use], shares, fine)


def _share_out(rng: np.random.Generator, free: list[Block], shares: dict[str, float], fine: float) -> None:
    """Give each block the use that is furthest behind its share of the ground, waves making quarters of one kind."""
    total = sum(b.polygon.area for b in free)
    done = dict.fromkeys(shares, 0.0)
    waves = {u: (rng.uniform(0, 2 * math.pi), rng.uniform(500, 1_300), rng.uniform(0, 6)) for u in shares}

    def wish(use: str, block: Block) -> float:
        if block.polygon.area < NEEDS.get(use, 0) * fine:
            return -math.inf
        heading, length, phase = waves[use]
        at = block.polygon.centroid
        wave = math.sin(2 * math.pi * (at.x * math.cos(heading) + at.y * math.sin(heading)) / length + phase)
        return float((shares[use] - done[use] / total) * (1 + 0.5 * wave))

    for k in rng.permutation(len(free)):
        block = free[k]
        block.use = max((wish(use, block), use) for use in shares)[1]
        done[block.use] += block.polygon.area


def planned_city(seed: int, households: int) -> CityPlan:
    """Plan a city whose blocks will hold about `households` dwellings."""
    density = DENSITY
    best: tuple[float, CityPlan] | None = None
    for _ in range(5):
        plan = make_plan(seed, households, density)
        _assign(plan, seed, households)
        ratio = sum(YIELD.get(b.use, 0.0) * b.polygon.area for b in plan.blocks) / 1e4 / (households * 1.1)
        miss = abs(math.log(max(ratio, 0.05)))
        if best is None or miss < best[0]:
            best = (miss, plan)
        if miss < 0.05:
            break
        density *= float(np.clip(ratio, 0.6, 1.6)) ** 0.85
    assert best is not None
    return best[1]
