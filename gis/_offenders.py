"""In which form do the checks give the places where something is wrong?"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

__all__ = ["TOLERANCE_M2", "Row", "mended", "offenders", "polygons_of"]

TOLERANCE_M2 = 1.0
"""Areas up to this are arithmetic dust."""

Row = tuple[str, str, str, float, object]


def offenders(rows: list[Row], crs: object) -> gpd.GeoDataFrame:
    """Make a frame of ``code``, ``zh``, ``en``, ``amount`` and geometry."""
    columns = ["code", "zh", "en", "amount"]
    frame = pd.DataFrame([r[:4] for r in rows], columns=columns)
    return gpd.GeoDataFrame(frame, geometry=np.array([r[4] for r in rows], object), crs=crs)


def polygons_of(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Get the geometries as a plain array."""
    return np.asarray(frame.geometry.values, object)


def mended(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Make the polygons fit for overlay; what is wrong with them is `valid_polygon`'s business."""
    polygons = polygons_of(frame)
    return np.where(shapely.is_valid(polygons), polygons, shapely.make_valid(polygons))
