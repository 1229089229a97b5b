"""Does what a frame holds arrive in the table as it was, whatever its types and wherever it has nothing?"""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.store.connect import connect
from gis.store.copying import copy_frame
from gis.store.packing import ROWS

COLUMNS = {
    "flag": "boolean",
    "small": "smallint",
    "number": "integer",
    "id": "bigint",
    "metres": "float8",
    "day": "date",
    "moment": "timestamptz",
    "words": "text",
    "geom": "geometry",
}
SHAPES = [
    shapely.Point(113.2, 23.1),
    shapely.Point(),
    shapely.LineString([(0, 0), (1, 1)]),
    shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]),
]
LETTERS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
WHEN = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
# whole numbers beyond 2**53 are told apart only where a column has no nulls
VALUES = {
    "flag": st.booleans(),
    "small": st.integers(-(2**15), 2**15 - 1),
    "number": st.integers(-(2**31), 2**31 - 1),
    "id": st.integers(-(2**53), 2**53),
    "metres": st.floats(allow_nan=False),
    "day": WHEN.map(dt.datetime.date),
    "moment": WHEN,
    "words": LETTERS,
    "geom": st.sampled_from(SHAPES),
}


@pytest.fixture(scope="module")
def connection(database):
    with connect(database.app_url) as opened:
        yield opened


def arrive(connection, frame, columns, asked=None):
    """What a table of some columns holds after the frame was copied into it, in its order."""
    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        made = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        cursor.execute(f"CREATE TEMP TABLE arrived ({made})")
        copy_frame(cursor, "arrived", frame, asked)
        said = ", ".join("ST_AsEWKB(geom)" if name == "geom" else name for name in columns)
        return cursor.execute(f"SELECT {said} FROM arrived", prepare=False).fetchall()


def table(rows, columns):
    frame = pd.DataFrame(rows, columns=list(columns), dtype=object)
    return gpd.GeoDataFrame(frame.drop(columns="geom"), geometry=gpd.GeoSeries(frame["geom"].tolist(), crs=4490))


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.tuples(*(st.none() | values for values in VALUES.values())), max_size=6),
    ranged=st.booleans(),
)
def test_every_value_arrives(connection, rows, ranged):
    """Binary, or as text where a type has no binary form of ours (a range)."""
    columns = COLUMNS | ({"valid": "tstzrange"} if ranged else {})
    arrived = arrive(connection, table(rows, COLUMNS), columns, list(columns))
    wanted = [(*row[:-1], shapely.to_wkb(shapely.set_srid(row[-1], 4490), include_srid=True)) for row in rows]
    assert [row[: len(COLUMNS)] for row in arrived] == wanted


def test_more_rows_than_one_piece(connection):
    rows = [(i, None if i % 7 == 0 else "类" * (i % 3)) for i in range(2 * ROWS + 3)]
    frame = pd.DataFrame(rows, columns=["id", "words"])
    assert arrive(connection, frame, {"id": "bigint", "words": "text"}) == rows


def test_columns_that_the_frame_lacks(connection):
    frame = pd.DataFrame({"id": [1, 2], "other": ["no column", "of the table"]})
    columns = {"id": "bigint", "words": "text DEFAULT 'usual'"}
    assert arrive(connection, frame, columns) == [(1, "usual"), (2, "usual")]
    assert arrive(connection, frame, columns, ["id", "words"]) == [(1, None), (2, None)]


def test_a_shape_that_the_column_does_not_take(connection):
    frame = table([(None, None, None, 1, None, None, None, None, SHAPES[2])], COLUMNS)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="Geometry type"):
        arrive(connection, frame, {"id": "bigint", "geom": "geometry(POINT, 4490)"})
