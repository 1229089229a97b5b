"""How are the networks of a district told: their levels, what is in force, and how they correspond?

Each function opens a connection of its own; the routes run it in a worker thread.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gis.networks import KINDS
from gis.store import pipeline
from gis.store.connect import connect

if TYPE_CHECKING:
    from gis.clock import Clock

__all__ = ["items"]


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
