"""How does a sample become files that have the same bytes every time?"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

__all__ = ["DECIMALS", "write_csv", "write_geojson"]

DECIMALS = 7
"""Decimals of a degree in every file: about 1 cm."""


def _ring(xy: np.ndarray) -> str:
    return "[" + ",".join([f"[{x:.{DECIMALS}f},{y:.{DECIMALS}f}]" for x, y in xy.tolist()]) + "]"


def _polygon(polygon: shapely.Geometry) -> str:
    rings = shapely.get_rings(polygon)
    return "[" + ",".join(_ring(shapely.get_coordinates(r)) for r in rings) + "]"


def _geometry(shape: shapely.Geometry) -> str:
    kind = shape.geom_type
    if kind == "Point":
        body = _ring(shapely.get_coordinates(shape))[1:-1]
    elif kind == "LineString":
        body = _ring(shapely.get_coordinates(shape))
    elif kind == "Polygon":
        body = _polygon(shape)
    else:
        write = _polygon if kind == "MultiPolygon" else lambda line: _ring(shapely.get_coordinates(line))
        body = "[" + ",".join(write(p) for p in shapely.get_parts(shape)) + "]"
    return f'{{"type":"{kind}","coordinates":{body}}}'


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    return None if value is None or value != value else value  # noqa: PLR0124 - NaN


def write_geojson(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write a frame in EPSG:4490 as GeoJSON, one feature a line, properties in column order."""
    columns = [c for c in frame.columns if c != "geometry"]
    values = [[_plain(v) for v in frame[c].tolist()] for c in columns]
    shapes = shapely.orient_polygons(frame.geometry.to_numpy())
    lines = []
    for k, shape in enumerate(shapes):
        properties = {c: v[k] for c, v in zip(columns, values, strict=True)}
        told = json.dumps(properties, ensure_ascii=False, separators=(",", ":"))
        lines.append(f'{{"type":"Feature","properties":{told},"geometry":{_geometry(shape)}}}')
    head = (
        f'{{"type":"FeatureCollection","name":"{path.stem}",'
        '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}},"features":[\n'
    )
    path.write_text(head + ",\n".join(lines) + "\n]}\n", encoding="utf-8", newline="\n")


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV; degrees with fixed decimals, nothing where nothing is known."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(frame.columns)
    columns = [
        ["" if v != v else f"{v:.{DECIMALS}f}" for v in frame[c].tolist()]  # noqa: PLR0124 - NaN
        if c in {"lon", "lat"}
        else frame[c].tolist()
        for c in frame.columns
    ]
    writer.writerows(zip(*columns, strict=True))
    path.write_text(out.getvalue(), encoding="utf-8", newline="\n")
