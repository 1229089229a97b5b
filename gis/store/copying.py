"""How does a whole frame get into a table at the speed of COPY, and a whole result out of it?"""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import shapely
from psycopg import sql

from gis.store.packing import FIXED, SENT_AS_BYTES, pack
from gis.store.tables import SRID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

    from gis.store.connect import Connection

__all__ = ["copy_frame", "copy_things", "fetch_frame", "fetch_geo_frame", "objects", "plain", "reserve_ids", "stage"]

PIECE = 1 << 20
"""Bytes handed to the server at a time."""

EWKB_POINT = 0x20000001
"""Type of a point with two coordinates and an SRID."""


def stage(
    cursor: psycopg.Cursor[Any], create: bytes, unstage: bytes, frame: pd.DataFrame, *, by_place: bool = True
) -> None:
    """Make the temporary table ``staged`` with `create` and fill it; columns that `frame` lacks are null.

    Rows are brought in the order of a space-filling curve, or with `by_place` False in that of their codes.
    """
    cursor.execute(unstage)
    cursor.execute(create)
    copy_frame(cursor, "staged", frame, order=_by_place(frame) if by_place else _by_code(frame))


def copy_things(cursor: psycopg.Cursor[Any], table: str, district: int, frame: pd.DataFrame) -> None:
    """Put things of a district straight into a table that has none of them; columns `frame` lacks get their default."""
    copy_frame(cursor, table, frame.assign(district_id=district), order=_by_code(frame))


def _by_place(frame: pd.DataFrame) -> np.ndarray:
    """Order rows along a space-filling curve, those without a place first."""
    rank = np.full(len(frame), -1, np.int64)
    if isinstance(frame, gpd.GeoDataFrame):
        placed = np.flatnonzero(~(frame.geometry.isna() | frame.geometry.is_empty).to_numpy())
        if len(placed):
            rank[placed] = frame.geometry.iloc[placed].hilbert_distance()
    return np.argsort(rank, kind="stable")


def _by_code(frame: pd.DataFrame) -> np.ndarray | None:
    """Order rows by their codes; None where they come so."""
    codes = pa.array(frame["code"], pa.string())
    if pc.all(pc.less_equal(codes[:-1], codes[1:])).as_py():
        return None
    order: np.ndarray = pc.sort_indices(codes).to_numpy()
    return order


def copy_frame(
    cursor: psycopg.Cursor[Any],
    table: str,
    frame: pd.DataFrame,
    columns: Sequence[str] | None = None,
    *,
    order: np.ndarray | None = None,
) -> None:
    """Add the rows of a frame to a table with one COPY.

    Parameters
    ----------
    cursor : psycopg.Cursor
        In a transaction.
    table : str
        Table, or temporary table.
    frame : DataFrame
        Column names are those of the table; the geometry of a GeoDataFrame goes to ``geom`` and is taken as EPSG:4490.
        Columns that the table lacks are left out.
    columns : sequence of str, optional
        Columns to fill (null where the frame lacks them); by default those that table and frame share: the others
        get their default.
    order : ndarray of int64, shape (n,), optional
        Positions of the rows in the order in which they are written.
    """
    wanted = sql.SQL(", ").join(map(sql.Identifier, columns)) if columns else sql.SQL("*")
    # never prepared: a temporary table of the same name has other columns next time
    cursor.execute(sql.SQL("SELECT {} FROM {} LIMIT 0").format(wanted, sql.Identifier(table)), prepare=False)
    held = {"geom", *frame.columns} if isinstance(frame, gpd.GeoDataFrame) else set(frame.columns)
    described = [(c.name, c.type_display) for c in cursor.description or ()]
    kinds = {name: "geometry" if name == "geom" else kind for name, kind in described if columns or name in held}
    arrays = {name: _arrow(frame, name, kind) for name, kind in kinds.items()}
    rows = pa.table(arrays)  # sorted as columns: objects of a frame lie in memory as they came
    if order is not None:
        rows = rows.take(order)
    binary = kinds.keys() and set(kinds.values()) <= FIXED.keys() | SENT_AS_BYTES
    if binary:  # what can be laid out together comes first
        kinds = dict(sorted(kinds.items(), key=lambda item: (item[1] not in FIXED, arrays[item[0]].null_count > 0)))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT {})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, kinds)),
        sql.SQL("binary" if binary else "csv"),
    )
    with cursor.copy(statement) as copy:
        for data in pack(rows, kinds) if binary else [_csv(rows)]:
            for start in range(0, len(data), PIECE):
                copy.write(data[start : start + PIECE])


def _csv(rows: pa.Table) -> memoryview:
    """Give rows as text, for types that `gis.store.packing` does not know (ranges, JSON)."""
    if "geom" in rows.column_names:
        at = rows.column_names.index("geom")
        shapes = [None if wkb is None else wkb.hex() for wkb in rows.column(at).to_pylist()]
        rows = rows.set_column(at, "geom", pa.array(shapes, pa.large_string()))
    sink = BytesIO()
    pa_csv.write_csv(rows, sink, pa_csv.WriteOptions(include_header=False))
    return sink.getbuffer()


def reserve_ids(cursor: psycopg.Cursor[Any], statement: bytes, n: int) -> np.ndarray:
    """Take `n` numbers of a table's sequence, ascending, so that rows can name each other before they are written."""
    cursor.execute(statement, {"n": n})
    ids: np.ndarray = np.fromiter((row[0] for row in cursor), np.int64, n)
    return np.sort(ids)


def fetch_frame(connection: Connection, statement: bytes, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Give the rows of a query as a frame, columns as the query names them."""
    cursor = connection.execute(statement, parameters)
    names = [column.name for column in cursor.description or ()]
    return pd.DataFrame(cursor.fetchall(), columns=pd.Index(names))


def fetch_geo_frame(
    connection: Connection, statement: bytes, parameters: Mapping[str, Any] | None = None
) -> gpd.GeoDataFrame:
    """Like `fetch_frame`; the column ``wkb`` becomes the geometry, in EPSG:4490."""
    cursor = connection.cursor(binary=True)
    cursor.execute(statement, parameters)
    names = [column.name for column in cursor.description or ()]
    frame = pd.DataFrame(cursor.fetchall(), columns=pd.Index(names))
    geometry = shapely.from_wkb(frame.pop("wkb").to_numpy(dtype=object))
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(geometry, index=frame.index, crs=SRID))


def objects(column: pd.Series) -> np.ndarray:
    """Give the values of a column as Python objects, None where there is none."""
    return np.array([None, *(None if _missing(v) else v for v in column)], object)[1:]


def _arrow(frame: pd.DataFrame, name: str, kind: str) -> pa.Array:
    if name == "geom":
        if isinstance(frame, gpd.GeoDataFrame):
            return _ewkb(np.asarray(frame.geometry.array, dtype=object))
        return pa.nulls(len(frame), pa.string())
    if name not in frame.columns:
        return pa.nulls(len(frame), pa.string())
    column = frame[name]
    if kind in {"json", "jsonb"}:
        return pa.array([None if _missing(v) else json.dumps(v, ensure_ascii=False) for v in column], pa.string())
    if kind not in FIXED:
        try:
            return pa.array(column, pa.string(), from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError):  # not all of them are words
            return pa.array([None if _missing(v) else str(v) for v in column], pa.string())
    wanted = FIXED[kind][0]
    if pa.types.is_integer(wanted):
        column = pd.to_numeric(column).round().astype("Int64")
    elif pa.types.is_floating(wanted):
        column = pd.to_numeric(column).astype("Float64")
    elif pa.types.is_boolean(wanted):
        column = column.astype("boolean")
    elif pa.types.is_timestamp(wanted):
        column = pd.to_datetime(column, utc=True)
    elif pa.types.is_date(wanted):
        column = pd.to_datetime(column).dt.date
    return pa.array(column, wanted, from_pandas=True)


def _ewkb(shapes: np.ndarray) -> pa.Array:
    """Give shapes as PostGIS reads them; points of a whole district, and things without a place, at once."""
    there = ~shapely.is_missing(shapes)
    plain_points = (shapely.get_type_id(shapes) == 0) & ~shapely.is_empty(shapes) & ~shapely.has_z(shapes)
    if not plain_points[there].all():
        return pa.array(shapely.to_wkb(shapely.set_srid(shapes, SRID), include_srid=True), pa.large_binary())
    rows = np.zeros(len(shapes), [("order", "u1"), ("type", "<u4"), ("srid", "<u4"), ("xy", "<f8", 2)])
    rows["order"], rows["type"], rows["srid"] = 1, EWKB_POINT, SRID
    rows["xy"][there] = shapely.get_coordinates(shapes)
    ends = pa.py_buffer(np.arange(len(rows) + 1, dtype=np.int64) * rows.itemsize)
    points = pa.Array.from_buffers(pa.large_binary(), len(rows), [None, ends, pa.py_buffer(rows)])
    return points if there.all() else pc.if_else(there, points, None)


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value))


def plain(value: Any) -> Any:
    """Bring a report to what JSON knows: numpy's numbers become Python's, not-a-number becomes null."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
