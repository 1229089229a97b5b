"""How are the networks of a district told: their levels, what is in force, and how they correspond?

Each function opens a connection of its own; the routes run it in a worker thread.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gis.clock import local_date, read_moment
from gis.networks import KINDS, read_reference
from gis.store import pipeline
from gis.store.connect import connect

if TYPE_CHECKING:
    import pandas as pd

    from gis.clock import Clock
    from gis.store.corresponding import Correspondence, Side

__all__ = ["corresponding", "items", "readable", "told_correspondence", "tree"]

HEADINGS = {
    "network": "网格体系 network",
    "old": "原网格 old",
    "new": "新网格 new",
    "area_m2": "面积(m²) area_m2",
    "area_share": "面积占比 area_share",
    "households": "户数 households",
    "household_share": "户数占比 household_share",
    "parts": "部件数 parts",
    "part_share": "部件占比 part_share",
}
NO_GRID = "无 none"


def items(database_url: str, district: str, clock: Clock) -> list[dict[str, Any]]:
    """List the networks, as `api.models.NetworkItem`."""
    with connect(database_url) as connection, connection.transaction():
        place = pipeline.district_of(connection, district)
        found = pipeline.read_networks(connection, place)
        in_force = {(one.network, one.level): one for one in pipeline.levels_in_force(connection, place, clock())}
    told = []
    for _, network in found:
        levels = []
        for level in network.levels:
            now = in_force[network.code, level.level]
            state = {"version": now.version, "effective": now.effective, "grids": now.grids}
            levels.append({**asdict(level), "kind_name": KINDS[level.kind], **state})
        told.append({**asdict(network), "levels": levels})
    return told


def tree(database_url: str, district: str, network: str, at: str | None, clock: Clock) -> list[dict[str, Any]]:
    """Tell how the grids of a network lie in each other, as `api.models.TreeGrid`."""
    with connect(database_url) as connection, connection.transaction():
        place = pipeline.district_of(connection, district)
        moment = clock() if at is None else read_moment(at, place.time_zone)
        return pipeline.network_tree(connection, place, network, moment, local_date(moment, place.time_zone))


def corresponding(database_url: str, district: str, old: str, new: str, clock: Clock) -> Correspondence:
    """Compare the grids that two texts name, see `gis.networks.read_reference`."""
    with connect(database_url) as connection:
        return pipeline.correspond(connection, district, read_reference(old), read_reference(new), clock=clock)


def told_correspondence(found: Correspondence) -> dict[str, Any]:
    """Bring a correspondence to `api.models.CorrespondenceTable`."""
    rows = found.table.astype({"parts": int}).to_dict("records")
    return {"old": _side(found.old), "new": _side(found.new), "as_of": found.as_of, "rows": rows}


def _side(side: Side) -> dict[str, Any]:
    own = {name: getattr(side, name) for name in ("network", "level", "version", "plan", "at")}
    return {**own, "grids": len(set(side.grid))}


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Give the table as people open it: headings in both languages, rounded, no grid by name."""
    digits = {"area_m2": 1, "households": 1, "area_share": 6, "household_share": 6, "part_share": 6}
    whole = table.astype({"parts": int}) if "parts" in table else table
    told = whole.round(digits).fillna({"old": NO_GRID, "new": NO_GRID})
    return told.rename(columns=HEADINGS)
