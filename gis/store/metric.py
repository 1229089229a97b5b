"""How do stored degrees become metres and metres stored degrees, the same numbers every time?

A vertex shared by two cells is the same pair of numbers in both, so it is the same after any transformation of
single vertices: coverages stay valid, there and back.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
import shapely

from gis.crs import STORE_CRS

__all__ = ["to_metric", "to_stored"]


@lru_cache(maxsize=32)
def _transformer(metric_crs: str, *, back: bool) -> pyproj.Transformer:
    if back:
        return pyproj.Transformer.from_crs(metric_crs, STORE_CRS, always_xy=True)
    return pyproj.Transformer.from_crs(STORE_CRS, metric_crs, always_xy=True)


def to_metric(shapes: np.ndarray, metric_crs: str) -> np.ndarray:
    """Bring shapes of EPSG:4490 degrees to metres; None stays None."""
    return _transform(shapes, _transformer(metric_crs, back=False))


def to_stored(shapes: np.ndarray, metric_crs: str) -> np.ndarray:
    """Bring shapes of metres to EPSG:4490 degrees; None stays None."""
    return _transform(shapes, _transformer(metric_crs, back=True))


def _transform(shapes: np.ndarray, transformer: pyproj.Transformer) -> np.ndarray:
    def change(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    if not len(shapes):
        return shapes
    result: Any = shapely.transform(shapes, change)
    return np.asarray(result, dtype=object)
