"""What stands on each block of the planned city?

Each filler works in the block's own frame and only ever places what lies inside the free ground of its block, so
nothing crosses a street; it keeps rows apart, so nothing overlaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from data.sample import homes, shapes, works
from data.sample.plan import MM, RAIL_HALF, Way
from data.sample.plots import Cover, Grounds, Plot
from gis.graph import STREET_WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from data.sample.plan import CityPlan

__all__ = ["build_city"]

SETBACK = {
    "expressway": 22.0,
    "primary": 9.0,
    "secondary": 7.0,
    "tertiary": 5.5,
    "residential": 4.0,
}
"""Pavement and verge between carriageway and plot, metres."""

FILLERS: dict[str, Callable[[Plot], None]] = {
    "slab": homes.slab,
    "tower": homes.tower,
    "flats": homes.flats,
    "courtyard": homes.courtyard,
    "village": homes.village,
    "farm": works.farm,
    "commercial": works.commercial,
    "industry": works.industry,
    "school": works.school,
    "campus": works.campus,
    "hospital": works.hospital,
    "government": works.government,
    "station": works.station,
    "park": works.park,
    "green": works.green,
}


def _reach(way: Way, river_half: float) -> float:
    """Metres from a way's middle line to where free ground begins."""
    if way.kind == "street":
        cls = way.cls or "residential"
        return STREET_WIDTH[cls] / 2 + SETBACK[cls]
    return RAIL_HALF + 7 if way.kind == "rail" else river_half + 4


def build_city(city: CityPlan, seed: int) -> Grounds:
    """Fill every block of a planned city."""
    grounds = Grounds()
    ways = [w for w in city.ways if w.kind != "ghost"]
    reach = np.array([_reach(w, city.river_half) for w in ways])
    buffers = shapely.buffer(np.array([w.geometry for w in ways]), reach, quad_segs=3)
    near, which = shapely.STRtree(buffers).query([b.polygon for b in city.blocks], predicate="intersects")
    starts = np.searchsorted(near, np.arange(len(city.blocks) + 1))
    rim = city.outline.exterior.buffer(4.0)
    for k, block in enumerate(city.blocks):
        around = which[starts[k] : starts[k + 1]]
        if block.zone == "river":
            streets = shapely.union_all([buffers[a] for a in around if ways[a].kind != "water"])
            dry = block.polygon.difference(city.river).difference(streets)
            grounds.covers.extend(
                Cover(p, "green", "bank") for p in shapes.parts_of(shapely.set_precision(dry, MM)) if p.area > 80
            )
            continue
        taken = shapely.union_all([*buffers[around], rim.intersection(block.polygon)])
        free = shapes.largest(block.polygon.difference(taken).buffer(-0.5, join_style="mitre"))
        if free is not None and free.area > 120:
            fronts = [(ways[a], float(reach[a])) for a in around]
            plot = Plot(grounds, city, k, free, fronts, seed)
            FILLERS[block.use](plot)
            if plot.empty:
                works.small(plot)
            if plot.empty:
                works.green(plot)
    water = shapely.set_precision(city.river.intersection(city.outline.buffer(260)), MM)
    grounds.covers.extend(Cover(p, "water", "river") for p in shapes.parts_of(water))
    return grounds
