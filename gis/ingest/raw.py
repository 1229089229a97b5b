"""What are the rows of a file as they came, and which of their columns tell the place?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely

from gis.bulk import as_text
from gis.ingest.kinds import LAT_NAMES, LON_NAMES, WKT_NAMES, fold_name
from gis.ingest.vocabulary import MISSING

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.ingest.specs import FileSpec

__all__ = ["RawTable", "nothing", "split", "with_place"]


@dataclass
class RawTable:
    """Rows of one file as they came, before any meaning is given to them.

    Parameters
    ----------
    frame : DataFrame
        Attributes only; index 0..n-1 in the file's order.
    shapes : ndarray of object, shape (n,)
        shapely geometries or None.
    crs : pyproj.CRS, optional
        What the file says its coordinates are; None where it says nothing.
    source : str
        Name of the file (and layer).
    columns_of_place : tuple of str
        Columns that gave the geometry, where columns did.
    notes : list of str
        How it was read: encoding, layer, delimiter.
    faults : list of (row, field, message)
        Rows (position) whose place cannot be read.
    rows : ndarray of int64, shape (n,), optional
        Number of each row as its program shows it; None where that is 1, 2, 3 ...
    wide : bool
        The file covers more than a district: what lies outside is left out.
    """

    frame: pd.DataFrame
    shapes: np.ndarray
    crs: pyproj.CRS | None
    source: str
    columns_of_place: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    faults: list[tuple[int, str, str]] = field(default_factory=list)
    rows: np.ndarray | None = None
    wide: bool = False


def nothing(count: int) -> np.ndarray:
    """No geometry for `count` rows."""
    return np.full(count, None, dtype=object)


def split(frame: gpd.GeoDataFrame, source: str, notes: list[str]) -> RawTable:
    """Attributes and shapes apart; further geometry columns go."""
    frame = frame.reset_index(drop=True)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    others = [c for c in frame.columns if str(frame[c].dtype) == "geometry"]
    crs = pyproj.CRS.from_user_input(frame.crs) if frame.crs is not None else None
    return RawTable(pd.DataFrame(frame.drop(columns=others)), shapes, crs, source, notes=notes)


def with_place(table: RawTable, spec: FileSpec) -> RawTable:
    """Make geometry from longitude and latitude columns, and from WKT or WKB where a row has no such numbers."""
    mapped = {role: column for column, role in spec.map.items() if role in {"lon", "lat", "wkt"}}
    full = [c for c in table.frame.columns if c not in spec.map and table.frame[c].notna().any()]
    named = {fold_name(c): c for c in full}
    lon = mapped.get("lon") or next((named[n] for n in LON_NAMES if n in named), None)
    lat = mapped.get("lat") or next((named[n] for n in LAT_NAMES if n in named), None)
    wkt = mapped.get("wkt") or next((named[n] for n in WKT_NAMES if n in named), None)
    if lon is not None and lat is not None and not mapped.get("wkt"):
        _from_numbers(table, lon, lat)
    if wkt is not None and shapely.is_missing(table.shapes).any():
        _from_text(table, str(wkt))
    return table


def _from_numbers(table: RawTable, lon: str, lat: str) -> None:
    numbers = []
    for column in (lon, lat):
        text = table.frame[column]
        plain = _plain_numbers(text)
        if plain is not None:
            numbers.append(plain)
            continue
        value = pd.to_numeric(text, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        given = ~(text.isna() | text.astype(str).str.strip().str.casefold().isin(MISSING)).to_numpy(bool)
        for row in np.flatnonzero(given & ~np.isfinite(value)):
            table.faults.append((int(row), column, f"'{text.iloc[row]}' is no number"))
        numbers.append(value)
    x, y = numbers
    complete = np.isfinite(x) & np.isfinite(y)
    faulty = {row for row, _, _ in table.faults}
    for row in np.flatnonzero(np.isfinite(x) != np.isfinite(y)):
        if int(row) not in faulty:
            table.faults.append(
                (int(row), lat if np.isfinite(x[row]) else lon, "only one of the two coordinates is there")
            )
    table.shapes[complete] = shapely.points(x[complete], y[complete])
    table.frame = table.frame.drop(columns=[lon, lat])
    table.columns_of_place = (lon, lat)


def _plain_numbers(values: pd.Series) -> np.ndarray | None:
    """Read a column of finite numbers at once; None where anything else is among it."""
    text = as_text(values)
    if text is None or text.null_count:
        return None
    try:
        numbers = pc.cast(text, pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _from_text(table: RawTable, column: str) -> None:
    values = table.frame[column]
    free = shapely.is_missing(table.shapes)
    if len(values) and isinstance(values.iloc[0], bytes):
        table.shapes[free] = shapely.from_wkb(values.to_numpy(object), on_invalid="ignore")[free]
    else:
        text = values.astype(object).where(~values.astype(str).str.strip().str.casefold().isin(MISSING), None)
        shapes = np.asarray(shapely.from_wkt(text.to_numpy(object), on_invalid="ignore"), dtype=object)
        for row in np.flatnonzero(free & shapely.is_missing(shapes) & text.notna().to_numpy(bool)):
            table.faults.append((int(row), column, f"'{str(text.iloc[row])[:40]}' is no WKT geometry"))
        table.shapes[free] = shapes[free]
    table.frame = table.frame.drop(columns=[column])
    table.columns_of_place = (*table.columns_of_place, column)
