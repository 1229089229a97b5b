"""A small district in force, with everything the service shows, and the service over it."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager

import numpy as np
import pandas as pd
import shapely
from fastapi.testclient import TestClient
from mapbox_vector_tile import decode

from api.app import create_app
from api.settings import DatabaseSettings, PathSettings, ServerSettings, Settings
from gis.clock import stopped_at
from gis.store import pipeline
from gis.store.connect import connect
from tests.integration import small_district as small

DISTRICT = small.DISTRICT
NOW = dt.datetime(2026, 7, 1, 4, tzinfo=dt.UTC)
CLOCK = stopped_at(NOW)
EVENTS, UNLOCATED, PARTS, CROWD = 40, 1, 60, 5_200


def events():
    """One event each 5 hours from 1 January, two classes by turns; the first has no place."""
    made = small.events(EVENTS)
    made.frame["class"] = ["0102", "0501"] * (EVENTS // 2)
    made.frame["class_name"] = ["暴露垃圾", "无照经营游商"] * (EVENTS // 2)
    made.frame["occurred_at"] = pd.date_range("2026-01-01 08:00", periods=EVENTS, freq="5h", tz="UTC")
    return made


def buildings():
    made = small.buildings(65)
    made.frame["people"] = 162
    made.frame["name"] = [f"柳岸小区{i + 1}号楼" for i in range(len(made.frame))]
    made.frame["estimated"] = [code.startswith("B00") for code in made.frame["code"]]
    return made


def landcover():
    shape = shapely.box(10, 10, 60, 20)
    return small.batch("landcover", small.frame({"code": ["L1"], "kind": ["green"], "name": ["柳岸公园"]}, [shape]))


def compounds():
    return small.batch("compounds", small.frame({"code": ["C1"], "name": ["柳岸小区"]}, [shapely.box(5, 5, 140, 140)]))


def crowd():
    """More manholes than a tile shows one by one, all in one block."""
    xy = np.random.default_rng(3).uniform(160, 290, (CROWD, 2)) * [1, 0.4]
    columns = {"code": [f"M{i:05}" for i in range(CROWD)], "class": "0101", "class_name": "上水井盖"}
    return small.batch("parts", small.frame(columns, [shapely.Point(p) for p in xy]))


def put_in_force(url, *, crowded=False):
    """Import, tessellate, propose and publish, as the commands do."""
    with connect(url) as connection:
        batches = [small.divisions(), compounds(), landcover(), small.barriers(), buildings(), small.parts(PARTS)]
        batches += [crowd()] if crowded else []
        for batch in [*batches, events(), small.workers()]:
            pipeline.write_batch(connection, DISTRICT, batch, clock=CLOCK)
        pipeline.tessellate_district(connection, DISTRICT, clock=CLOCK)
        pipeline.propose_plan(connection, DISTRICT, clock=CLOCK)
        pipeline.publish_plan(connection, DISTRICT, clock=CLOCK)


def settings_for(url, web=None, home=None):
    paths = PathSettings(**{name: path for name, path in (("web", web), ("home", home)) if path is not None})
    return Settings(paths, DatabaseSettings(database_url=url, owner_url=None), ServerSettings())


@contextmanager
def served(url, *, web=None, now=CLOCK, home=None):
    """A client of the service on a database; faults in the service are answers, as in life."""
    with TestClient(create_app(settings_for(url, web, home), now), raise_server_exceptions=False) as client:
        yield client


def lonlat(x, y):
    """Degrees of a point given in metres from the district's south-west corner."""
    point = small.frame({"code": ["x"]}, [shapely.Point(x, y)]).geometry.iloc[0]
    return point.x, point.y


def tile_at(lon, lat, zoom):
    """Address of the tile a point lies in."""
    n = 2**zoom
    column = int((lon + 180) / 360 * n)
    row = int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * n)
    return zoom, column, row


def layers_of(answer):
    """Layers of a vector tile: name -> list of (id, properties, geometry)."""
    assert answer.status_code in {200, 204}, answer.text
    if answer.status_code == 204:
        return {}
    decoded = decode(answer.content)
    return {
        name: [(f.get("id"), f["properties"], f["geometry"]) for f in layer["features"]]
        for name, layer in decoded.items()
    }
