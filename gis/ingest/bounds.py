"""What is already known of the district that new data must fit?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.crs import STORE_CRS, in_mainland_china, time_zone_at

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["DistrictBounds"]

SAMPLE = 4000
"""So many buildings are enough to compare with."""


def _degrees(frame: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    if frame is None or len(frame) == 0:
        return None
    return frame if frame.crs is None or frame.crs.to_epsg() in {4326, STORE_CRS} else frame.to_crs(STORE_CRS)


@dataclass(frozen=True)
class DistrictBounds:
    """A district as imported so far, all in EPSG:4490.

    Parameters
    ----------
    code : str
        The district's code.
    divisions : GeoDataFrame
        ``code``, ``name``, ``level``, ``geometry``: whatever levels there are.
    buildings : GeoDataFrame, optional
        ``geometry`` (polygons or points) and, for counts, ``code``: those that ever stood.
    streets : GeoDataFrame, optional
        ``geometry`` of streets at ground level, neither bridges nor tunnels.
    time_zone : str, optional
        IANA name; by position where None.
    """

    code: str
    divisions: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame | None = None
    streets: gpd.GeoDataFrame | None = None
    time_zone: str | None = None

    def __post_init__(self) -> None:
        for name in ("divisions", "buildings", "streets"):
            object.__setattr__(self, name, _degrees(getattr(self, name)))

    @cached_property
    def area(self) -> shapely.Geometry:
        """Union of the divisions."""
        shapes = np.asarray(self.divisions.geometry.array)
        area = shapely.union_all(shapely.make_valid(shapes[~shapely.is_missing(shapes)]))
        shapely.prepare(area)
        return area

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        west, south, east, north = (float(v) for v in self.divisions.total_bounds)
        return west, south, east, north

    @cached_property
    def centre(self) -> tuple[float, float]:
        """Longitude and latitude of the middle."""
        point = shapely.point_on_surface(self.area)
        return float(point.x), float(point.y)

    @cached_property
    def zone(self) -> str:
        """The district's time zone."""
        return self.time_zone or time_zone_at(*self.centre)

    @cached_property
    def shifted_country(self) -> bool:
        """True where maps are commonly shifted (GCJ-02, BD-09)."""
        return in_mainland_china(*self.centre)

    @cached_property
    def communities(self) -> gpd.GeoDataFrame:
        """The divisions of the lowest level there is."""
        if "level" not in self.divisions.columns:
            return self.divisions
        for level in ("community", "subdistrict", "district"):
            rows = self.divisions[self.divisions["level"] == level]
            if len(rows):
                return rows
        return self.divisions

    def flat(self, shapes: np.ndarray) -> np.ndarray:
        """Degrees to metres round the district's middle; good to a few per cent, enough to compare readings."""
        origin, unit = np.asarray(self.centre), np.asarray(self.margin(1.0))
        result: np.ndarray = shapely.transform(shapes, lambda xy: (xy - origin) / unit)
        return result

    @cached_property
    def flat_streets(self) -> np.ndarray | None:
        """The streets in `flat` metres."""
        return None if self.streets is None else self.flat(np.asarray(self.streets.geometry.array))

    @cached_property
    def street_tree(self) -> shapely.STRtree:
        """Index of `flat_streets`."""
        return shapely.STRtree(self.flat_streets)

    @cached_property
    def flat_buildings(self) -> np.ndarray | None:
        """A sample of the buildings in `flat` metres."""
        if self.buildings is None:
            return None
        shapes = np.asarray(self.buildings.geometry.array)
        return self.flat(shapes[np.random.default_rng(0).permutation(len(shapes))[:SAMPLE]])

    @cached_property
    def flat_borders(self) -> np.ndarray:
        """Points every 100 m along borders between two communities, in `flat` metres."""
        polygons = self.flat(np.asarray(self.communities.geometry.array))
        first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
        pairs = first < second
        near = shapely.buffer(polygons[second[pairs]], 2.0, quad_segs=1)
        parts = shapely.get_parts(shapely.intersection(shapely.boundary(polygons[first[pairs]]), near))
        parts = parts[(shapely.get_dimensions(parts) == 1) & (shapely.length(parts) > 100.0)]
        points = [shapely.line_interpolate_point(p, np.arange(50.0, shapely.length(p), 100.0)) for p in parts]
        result: np.ndarray = np.concatenate(points) if points else np.empty(0, dtype=object)
        return result

    def margin(self, metres: float) -> tuple[float, float]:
        """Degrees of longitude and latitude that make `metres` here."""
        return metres / (111_320.0 * max(float(np.cos(np.radians(self.centre[1]))), 0.01)), metres / 110_574.0

    def inside(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Tell which places lie in the district, exactly."""
        result: np.ndarray = shapely.contains_xy(self.area, lon, lat)
        return result

    def around(self, lon: np.ndarray, lat: np.ndarray, metres: float) -> np.ndarray:
        """Tell which places lie within the district's box widened by `metres`."""
        dx, dy = self.margin(metres)
        west, south, east, north = self.box
        result: np.ndarray = (lon >= west - dx) & (lon <= east + dx) & (lat >= south - dy) & (lat <= north + dy)
        return result
