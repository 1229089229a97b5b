"""How do grids leave as a file that brings exactly the same ground back when it is imported?

Coordinates are written with all their digits; the columns have names that the import knows.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from gis._writing import write_whole
from gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

__all__ = ["EXCHANGE", "exchange_crs", "write_exchange"]

SHAPEFILE_NAMES = {"community_code": "community"}
"""Names of at most ten characters, as DBF has them."""


def exchange_crs(path: Path, crs: str | None) -> str:
    """Decide in which reference system a file is written, before any work is done.

    Parameters
    ----------
    path : Path
        Its name tells the format.
    crs : str, optional
        ``EPSG:4547`` ...; EPSG:4490 (CGCS2000, lon/lat), as it is stored, by default.

    Raises
    ------
    InputError
        Unknown format, folder or system; a CSV cannot say its system.
    """
    if _writer(path) is None:
        raise InputError(f"{path.name} names no format that can be written.", f"Known are {', '.join(EXCHANGE)}.")
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent}.", "Make it first.")
    if crs is None:
        return "EPSG:4490"
    try:
        known = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as fault:
        raise InputError(f"{crs!r} is no reference system.", "Name an EPSG code, e.g. --crs EPSG:4547.") from fault
    code = known.to_epsg()
    if code is None:
        raise InputError(f"{crs!r} has no EPSG code.", "Name one, e.g. --crs EPSG:4547.")
    if path.suffix.lower() == ".csv" and code != 4490:
        raise InputError("A CSV file cannot say its reference system.", "Leave --crs out, or write another format.")
    return f"EPSG:{code}"


def write_exchange(frame: gpd.GeoDataFrame, path: Path, crs: str = "EPSG:4490") -> None:
    """Write a frame by the name's format, whole or not at all.

    Parameters
    ----------
    frame : GeoDataFrame
        Polygons; in EPSG:4490.
    path : Path
        GeoJSON, GeoPackage, zipped Shapefile (UTF-8), GeoParquet, or CSV with WKT.
    crs : str
        Of `exchange_crs`.

    Raises
    ------
    InputError
        The format is unknown, or the file cannot be written.
    """
    crs = exchange_crs(path, crs)
    write = _writer(path)
    if write is not None:
        placed = frame if crs == "EPSG:4490" else frame.to_crs(crs)
        shapes = [s if s.geom_type == "MultiPolygon" else shapely.MultiPolygon([s]) for s in placed.geometry]
        write_whole({path: placed.set_geometry(shapes, crs=crs)}, write)


def _geojson(frame: gpd.GeoDataFrame, path: Path) -> None:
    code = frame.crs.to_epsg()
    whole: dict[str, Any] = {"type": "FeatureCollection", "name": "grids"}
    if code != 4326:
        whole["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{code}"}}
    whole["features"] = json.loads(frame.to_json(drop_id=True))["features"]
    path.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")


def _geopackage(frame: gpd.GeoDataFrame, path: Path) -> None:
    frame.to_file(path, driver="GPKG", layer="grids", index=False)


def _geoparquet(frame: gpd.GeoDataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False)


def _csv(frame: gpd.GeoDataFrame, path: Path) -> None:
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    table["wkt"] = shapely.to_wkt(np.asarray(frame.geometry.array, object), rounding_precision=-1)
    table.to_csv(path, index=False, encoding="utf-8-sig")


def _shapefile(frame: gpd.GeoDataFrame, path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        frame.rename(columns=SHAPEFILE_NAMES).to_file(Path(folder) / "grids.shp", encoding="UTF-8", index=False)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                archive.write(part, part.name)


EXCHANGE: dict[str, Callable[[gpd.GeoDataFrame, Path], None]] = {
    ".geojson": _geojson,
    ".json": _geojson,
    ".gpkg": _geopackage,
    ".zip": _shapefile,
    ".parquet": _geoparquet,
    ".geoparquet": _geoparquet,
    ".csv": _csv,
}
"""Formats by the end of the file's name. Not Excel: a cell of a sheet cannot hold a polygon (32,767 characters)."""


def _writer(path: Path) -> Callable[[gpd.GeoDataFrame, Path], None] | None:
    return EXCHANGE.get(path.suffix.lower())
