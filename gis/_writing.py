"""How are frames written to files: by the name's format, all of them or none?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pandas as pd

from gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import geopandas as gpd

__all__ = ["check_writable", "write_frames", "write_whole"]

LONLAT = 4326


def check_writable(path: Path, *, table: bool = False) -> None:
    """Refuse an output whose format or folder does not exist, before any work is done.

    Parameters
    ----------
    path : Path
    table : bool
        CSV is possible too.

    Raises
    ------
    InputError
    """
    known = (".parquet", ".geoparquet", ".gpkg", ".geojson", ".json", *((".csv",) if table else ()))
    if path.suffix.lower() not in known:
        raise InputError(f"{path.name} names no format that can be written.", f"Known are {', '.join(known)}.")
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent}.", "Make it first.")


def write_frames(frames: Mapping[Path, gpd.GeoDataFrame]) -> None:
    """Write frames by the names' formats, all or none.

    GeoJSON is lon/lat (EPSG:4326) with 9 decimals; GeoParquet and GeoPackage keep the frame's CRS; CSV has no
    geometry.
    """
    for path in frames:
        check_writable(path, table=True)
    write_whole(frames, _write)


def write_whole(frames: Mapping[Path, gpd.GeoDataFrame], write: Callable[[gpd.GeoDataFrame, Path], None]) -> None:
    """Write frames to files, all or none: under temporary names first.

    Raises
    ------
    InputError
        A file cannot be written; those that were there are as they were.
    """
    waiting: list[tuple[Path, Path]] = []
    try:
        for path, frame in frames.items():
            draft = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
            waiting.append((draft, path))
            write(frame, draft)
        for draft, path in waiting:
            draft.replace(path)
    except OSError as fault:
        raise InputError(
            f"{fault.filename or 'The output'} cannot be written ({fault.strerror}).", "Check the folder."
        ) from fault
    finally:
        for draft, _ in waiting:
            draft.unlink(missing_ok=True)


def _write(frame: gpd.GeoDataFrame, path: Path) -> None:
    suffix = path.suffix.lower()
    if suffix in {".parquet", ".geoparquet"}:
        frame.to_parquet(path, index=False)
    elif suffix == ".gpkg":
        frame.to_file(path, driver="GPKG", layer="grids", index=False)
    elif suffix == ".csv":
        pd.DataFrame(frame.drop(columns=frame.geometry.name)).to_csv(path, index=False)
    else:
        frame.to_crs(LONLAT).to_file(
            path, driver="GeoJSON", layer="grids", index=False, COORDINATE_PRECISION=9, RFC7946="NO"
        )
