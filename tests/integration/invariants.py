"""What must hold of cells and grids at every moment, whatever was published, carried over or withdrawn?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.clock import local_date
from gis.store.copying import fetch_frame, fetch_geo_frame
from gis.store.reading import cells_at

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["insist_on_model"]

SAME_GROUND = 1e-6
"""Share of a grid's ground that arithmetic may lose or gain."""

MEMBERS = b"""
SELECT m.network_id, m.level, m.cell_id, m.grid_id, c.valid @> %(at)s::timestamptz AS cell_stands,
       g.valid @> %(at)s::timestamptz AS grid_stands, g.network_id = m.network_id AND g.level = m.level AS own
FROM grid_cell m JOIN cell c ON c.id = m.cell_id JOIN grid g ON g.id = m.grid_id JOIN network n ON n.id = m.network_id
WHERE n.district_id = %(district)s AND m.valid @> %(at)s::timestamptz
"""
CELLS = b"""
SELECT c.id, v.id AS community, v.valid @> %(at)s::timestamptz AS community_stands,
       c.valid @> %(at)s::timestamptz AS stands, ST_AsBinary(c.geom) AS wkb
FROM cell c
LEFT JOIN cell_community o ON o.cell_id = c.id AND o.valid @> %(at)s::timestamptz
JOIN division v ON v.id = coalesce(o.community_id, c.community_id)
WHERE c.id = ANY(%(cells)s) ORDER BY c.id
"""
GRIDS = b"""
SELECT g.id, g.code, g.network_id, g.level, ST_AsBinary(g.geom) AS wkb
FROM grid g JOIN network n ON n.id = g.network_id
WHERE n.district_id = %(district)s AND g.valid @> %(at)s::timestamptz ORDER BY g.id
"""
THINGS = """
SELECT t.code, c.id AS cell, c.valid @> %(at)s::timestamptz AS stands
FROM {kind} t LEFT JOIN {kind}_cell h ON h.{kind}_id = t.id AND h.valid @> %(at)s::timestamptz
JOIN cell c ON c.id = CASE WHEN h.{kind}_id IS NULL THEN t.{column} ELSE h.{column} END
WHERE t.district_id = %(district)s
"""
STREETS = b"""
SELECT s.code, c.valid @> %(at)s::timestamptz AS stands
FROM street s JOIN cell c ON c.id = s.cell_id WHERE s.district_id = %(district)s AND s.valid @> %(at)s::timestamptz
"""
BUILDINGS = b"""
SELECT b.code, count(c.id) AS cells
FROM building b LEFT JOIN (building_cell k JOIN cell c ON c.id = k.cell_id AND c.valid @> %(at)s::timestamptz)
     ON k.building_id = b.id
WHERE b.district_id = %(district)s AND b.valid @> %(at)s::timestamptz GROUP BY b.code HAVING count(c.id) > 1
"""
RUNS = b"""
SELECT n.code AS network, g.level, g.code, (SELECT count(*) FROM unnest(range_agg(g.valid))) AS runs
FROM grid g JOIN network n ON n.id = g.network_id
WHERE n.district_id = %(district)s AND NOT isempty(g.valid) GROUP BY n.code, g.level, g.code
"""
SHARES = b"""
SELECT f.code, f.id, sum(l.area_share) AS area, sum(l.household_share) AS households
FROM grid f JOIN network n ON n.id = f.network_id
LEFT JOIN (grid_lineage l JOIN grid t ON t.id = l.to_grid AND NOT isempty(t.valid)) ON l.from_grid = f.id
WHERE n.district_id = %(district)s AND NOT isempty(f.valid) AND NOT upper_inf(f.valid) GROUP BY f.code, f.id
"""


def insist_on_model(
    connection: Connection, place: District, moments: Iterable[dt.datetime], *, seams: bool = True
) -> None:
    """Insist on everything that holds at each of some moments, and on what holds over time.

    Without `seams` cells of two communities need not share every vertex of their common border: a draft that holds
    only one of them gives the other no vertex where its own new cells meet on the border.
    """
    for at in moments:
        _insist_at(connection, place, at, seams=seams)
    values = {"district": place.id}
    runs = fetch_frame(connection, RUNS, values)
    again = runs[runs["runs"] > 1]
    assert again.empty, f"codes used again: {again.to_dict('records')}"
    shares = fetch_frame(connection, SHARES, values)
    for column in ("area", "households"):
        wrong = shares[~np.isclose(shares[column].astype(float), 1.0, atol=1e-6)]
        assert wrong.empty, f"shares of {column} do not sum to 1: {wrong.to_dict('records')}"


def _insist_at(connection: Connection, place: District, at: dt.datetime, *, seams: bool) -> None:
    values = {"district": place.id, "at": at}
    when = f"{local_date(at, place.time_zone)} ({at})"
    standing = cells_at(connection, place, at)
    cells = fetch_geo_frame(connection, CELLS, {**values, "cells": standing.tolist()})
    assert cells["stands"].all(), when
    assert cells["community_stands"].all(), f"cells in a community that is not there at {when}"
    shape = dict(zip(cells["id"], cells.geometry, strict=True))
    for _, own in [(None, cells)] if seams else cells.groupby("community"):
        assert shapely.coverage_is_valid(own.geometry.to_numpy()), f"cells are no coverage at {when}"

    members = fetch_frame(connection, MEMBERS, values)
    for column in ("cell_stands", "grid_stands", "own"):
        wrong = members[~members[column].astype(bool)]
        assert wrong.empty, f"memberships at {when} without {column}: {wrong.to_dict('records')[:5]}"
    twice = members[members.duplicated(["network_id", "level", "cell_id"])]
    assert twice.empty, f"cells in two grids at {when}: {twice.to_dict('records')[:5]}"
    for key, held in members.groupby(["network_id", "level"]):
        served = cells["community"].isin(cells["community"][cells["id"].isin(held["cell_id"])])
        without = set(cells["id"][served]) - set(held["cell_id"])
        assert not without, f"cells in no grid of {key} at {when}: {sorted(without)[:5]}"

    grids = fetch_geo_frame(connection, GRIDS, values)
    mine = {grid: list(held["cell_id"]) for grid, held in members.groupby("grid_id")}
    empty = [code for code, grid in zip(grids["code"], grids["id"], strict=True) if grid not in mine]
    assert not empty, f"grids without cells at {when}: {empty}"
    for grid, code, drawn in zip(grids["id"], grids["code"], grids.geometry, strict=True):
        ground = shapely.union_all([shape[cell] for cell in mine[grid]])
        assert ground.symmetric_difference(drawn).area <= SAME_GROUND * drawn.area, f"{code} at {when} is other ground"

    for kind, column in (("part", "cell_id"), ("event", "cell_id"), ("event", "duty_cell_id")):
        things = fetch_frame(connection, THINGS.format(kind=kind, column=column).encode(), values)
        stray = things[~things["stands"].astype(bool)]
        assert stray.empty, f"{kind}s at {when} in cells that are not ({column}): {stray.to_dict('records')[:5]}"
    streets = fetch_frame(connection, STREETS, values)
    assert streets["stands"].astype(bool).all(), f"streets at {when} with a home that is not"
    doubled = fetch_frame(connection, BUILDINGS, values)
    assert doubled.empty, f"buildings in several cells at {when}: {doubled.to_dict('records')[:5]}"
