"""How many households may live in a building that nobody counted?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from gis.ingest.vocabulary import NON_RESIDENTIAL, SINGLE_HOME, fold_word

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["EstimateSettings", "estimate_households"]


@dataclass(frozen=True)
class EstimateSettings:
    """Assumptions of an estimate; all of them are printed with it.

    Parameters
    ----------
    net_share : float
        Share of the gross floor area that is dwelling.
    household_m2 : float
        Net floor area of one household.
    floor_m : float
        Height of a floor, where only the building's height is known.
    default_floors : int
        Floors where neither is known nor any other building of the file has floors.
    smallest_m2 : float
        Footprints below are sheds.
    """

    net_share: float = 0.8
    household_m2: float = 90.0
    floor_m: float = 3.0
    default_floors: int = 6
    smallest_m2: float = 40.0

    def __str__(self) -> str:
        return (
            f"footprint x floors x {self.net_share:g} / {self.household_m2:g} m2; floors as given, else height / "
            f"{self.floor_m:g} m, else the median of those known (else {self.default_floors}); 0 for other uses and "
            f"footprints below {self.smallest_m2:g} m2, 1 for single houses"
        )


def estimate_households(
    buildings: gpd.GeoDataFrame,
    settings: EstimateSettings = EstimateSettings(),
) -> np.ndarray:
    """Estimate the households of buildings from their footprint and floors.

    Parameters
    ----------
    buildings : GeoDataFrame
        In a CRS in metres. ``floors``, ``height_m`` and ``kind`` are used where there are such columns.
    settings : EstimateSettings

    Returns
    -------
    ndarray of float64, shape (n,)
        Whole numbers; NaN for points, which have no footprint.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> slab = gpd.GeoDataFrame({"floors": [6.0]}, geometry=[shapely.box(0, 0, 60, 12)], crs="EPSG:4548")
    >>> estimate_households(slab)
    array([38.])
    """
    count = len(buildings)
    footprint = shapely.area(np.asarray(buildings.geometry.array))
    floors = _column(buildings, "floors")
    floors[~(floors > 0)] = np.nan
    height = _column(buildings, "height_m")
    floors = np.where(np.isnan(floors), np.maximum(np.floor(height / settings.floor_m), 1.0), floors)
    uses = buildings["kind"] if "kind" in buildings.columns else pd.Series(None, index=buildings.index, dtype=object)
    folded = np.asarray(["" if pd.isna(u) else fold_word(u) for u in uses], dtype=object)
    other = np.isin(folded, list(NON_RESIDENTIAL))
    known = floors[np.isfinite(floors) & ~other]
    usual = float(np.floor(np.median(known) + 0.5)) if len(known) else float(settings.default_floors)
    floors = np.where(np.isnan(floors), usual, floors)
    result = np.floor(footprint * floors * settings.net_share / settings.household_m2 + 0.5)
    result[np.isin(folded, list(SINGLE_HOME))] = 1.0
    result[other | (footprint < settings.smallest_m2)] = 0.0
    result[shapely.get_dimensions(np.asarray(buildings.geometry.array)) < 2] = np.nan
    return result if count else np.empty(0)


def _column(frame: gpd.GeoDataFrame, name: str) -> np.ndarray:
    if name not in frame.columns:
        return np.full(len(frame), np.nan)
    return np.array(pd.to_numeric(frame[name], errors="coerce"), dtype=np.float64)
