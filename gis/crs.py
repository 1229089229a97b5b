"""In which reference system are these coordinates, how do they reach EPSG:4490, and in which metres do we compute?

Everything here is longitude before latitude, easting before northing (`always_xy`), whatever a CRS declares.
"""

from __future__ import annotations

import atexit
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from pyproj.exceptions import CRSError

from gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    Pair = tuple[NDArray[np.float64], NDArray[np.float64]]
    Shift = Callable[[ArrayLike, ArrayLike], Pair]

__all__ = [
    "STORE_CRS",
    "SourceCrs",
    "bd09_to_gcj02",
    "bd09_to_wgs84",
    "gcj02_to_bd09",
    "gcj02_to_wgs84",
    "in_mainland_china",
    "is_metric",
    "metric_crs",
    "parse_crs",
    "time_zone_at",
    "to_lonlat",
    "to_store",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
]

STORE_CRS = 4490
"""EPSG code of everything stored: CGCS2000, longitude then latitude."""

KRASOVSKY_A = 6378245.0
KRASOVSKY_E2 = 0.00669342162296594323
BD_RADIANS = np.pi * 3000.0 / 180.0
BD_OFFSET = (0.0065, 0.006)
ROUNDS = 12  # the offset changes by < 1 % over its own length, so each round gains more than two digits
CLOSE = 1e-12  # degrees

OLD_DATUMS = {4214: "Beijing 1954", 4555: "New Beijing", 4610: "Xian 1980"}


# ------------------------------------------------------------------------------------------ GCJ-02 and BD-09
def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift WGS 84 (here the same as CGCS2000) longitude and latitude to GCJ-02.

    Parameters
    ----------
    lon, lat : array_like of float
        Degrees. NaN stays NaN. The formula is applied everywhere: whoever says ``gcj02`` means it; `to_store`
        refuses it where nobody shifts maps.

    Returns
    -------
    lon, lat : ndarray of float64
        Degrees in GCJ-02, 0.5 to 0.65 km away.

    Notes
    -----
    The public, reverse-engineered formula (evil transform, also in PRCoords) on the Krasovsky ellipsoid;
    it was never published officially.
    """
    lon_, lat_ = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    x, y = lon_ - 105.0, lat_ - 35.0
    root = np.sqrt(np.abs(x))
    wave = (20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi / 3.0 * y)) * 2.0 / 3.0
    north += (160.0 * np.sin(np.pi / 12.0 * y) + 320.0 * np.sin(np.pi / 30.0 * y)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi / 3.0 * x)) * 2.0 / 3.0
    east += (150.0 * np.sin(np.pi / 12.0 * x) + 300.0 * np.sin(np.pi / 30.0 * x)) * 2.0 / 3.0
    phi = np.radians(lat_)
    flat = 1.0 - KRASOVSKY_E2 * np.sin(phi) ** 2
    meridian = KRASOVSKY_A * (1.0 - KRASOVSKY_E2) / (flat * np.sqrt(flat))
    normal = KRASOVSKY_A / np.sqrt(flat) * np.cos(phi)
    return lon_ + np.degrees(east / normal), lat_ + np.degrees(north / meridian)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift GCJ-02 degrees to Baidu's BD-09 degrees (public formula)."""
    x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * BD_RADIANS)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * BD_RADIANS)
    return radius * np.cos(angle) + BD_OFFSET[0], radius * np.sin(angle) + BD_OFFSET[1]


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift WGS 84 degrees to BD-09 degrees: GCJ-02, and Baidu's own shift on top."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Undo `wgs84_to_gcj02` to better than 1e-9 degrees (fixed point, not the usual one step that is metres off)."""
    return _undo(wgs84_to_gcj02, lon, lat)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Undo `gcj02_to_bd09` to better than 1e-9 degrees."""
    return _undo(gcj02_to_bd09, lon, lat)


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Undo `wgs84_to_bd09` to better than 1e-9 degrees."""
    return _undo(wgs84_to_bd09, lon, lat)


def _undo(forward: Shift, lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Solve ``forward(x, y) == (lon, lat)``: the shift at the last guess is taken off the target, again and again."""
    goal_x, goal_y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    x, y = goal_x.copy(), goal_y.copy()
    for _ in range(ROUNDS):
        there_x, there_y = forward(x, y)
        step_x, step_y = goal_x - there_x, goal_y - there_y
        x, y = x + step_x, y + step_y
        if not (np.any(np.abs(step_x) > CLOSE) or np.any(np.abs(step_y) > CLOSE)):
            break
    return x, y


_SHIFTS: dict[str, tuple[Shift, Shift]] = {
    "gcj02": (gcj02_to_wgs84, wgs84_to_gcj02),
    "bd09": (bd09_to_wgs84, wgs84_to_bd09),
}


# ------------------------------------------------------------------------------------------ naming a system
@dataclass(frozen=True)
class SourceCrs:
    """What a file's coordinates are said to be.

    Parameters
    ----------
    name : str
        ``EPSG:4547``, ``gcj02``, ``bd09``, or the CRS's own name where it has no EPSG code.
    crs : pyproj.CRS
        The system to transform from, once a shift was taken off.
    shift : {"gcj02", "bd09"}, optional
        Shift to take off first.
    """

    name: str
    crs: pyproj.CRS
    shift: str | None = None

    @property
    def degrees(self) -> bool:
        """True where the coordinates are longitude and latitude."""
        return bool(self.crs.is_geographic)


_WORDS = {
    "gcj02": "gcj02", "gcj": "gcj02", "amap": "gcj02", "火星坐标": "gcj02",
    "bd09": "bd09", "bd09ll": "bd09", "bd": "bd09", "baidu": "bd09", "百度坐标": "bd09",
    "wgs84": "EPSG:4326", "gps": "EPSG:4326", "crs84": "EPSG:4326", "ogc:crs84": "EPSG:4326",
    "cgcs2000": "EPSG:4490", "国家2000": "EPSG:4490", "2000国家大地坐标系": "EPSG:4490",
}  # fmt: skip


def parse_crs(value: object) -> SourceCrs:
    """Read a reference system as people write it: ``gcj02``, ``BD-09``, ``EPSG:4547``, ``4547``, a pyproj CRS or WKT.

    Raises
    ------
    InputError
        When nothing is known by that name.
    """
    if isinstance(value, SourceCrs):
        return value
    if not isinstance(value, pyproj.CRS):
        text = str(value).strip()
        word = _WORDS.get(text.lower().replace("-", "").replace("_", "").replace(" ", ""), text)
        if word in _SHIFTS:
            return SourceCrs(word, pyproj.CRS.from_epsg(4326), word)
        try:
            value = pyproj.CRS.from_epsg(int(word)) if word.isdigit() else pyproj.CRS.from_user_input(word)
        except CRSError as fault:
            raise InputError(
                f"'{text}' names no known reference system.",
                "Give an EPSG code (EPSG:4490, 4547 ...), gcj02 or bd09 with --crs.",
            ) from fault
    code = value.to_epsg(min_confidence=90)
    return SourceCrs(f"EPSG:{code}" if code else value.name, value)


def is_metric(crs: pyproj.CRS | None) -> bool:
    """Tell whether areas and distances may be taken in `crs`: projected, in metres, and not a Mercator for the web."""
    if crs is None or not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info[:2]):
        return False
    operation = crs.coordinate_operation
    method = operation.method_name if operation else ""
    return "Mercator" not in method or "Transverse" in method or "Oblique" in method


# ------------------------------------------------------------------------------------------ metres
@lru_cache(maxsize=1)
def _zones() -> Any:
    from timezonefinder import TimezoneFinder  # noqa: PLC0415 - a second to import, needed only here

    finder = TimezoneFinder()
    atexit.register(finder.cleanup)  # it keeps its files open
    return finder


def time_zone_at(lon: float, lat: float) -> str:
    """IANA name of the time zone at a place, e.g. ``Asia/Shanghai`` (``Etc/GMT-8`` at sea)."""
    return str(_zones().timezone_at(lng=float(lon), lat=float(lat)) or "UTC")


def in_mainland_china(lon: float, lat: float) -> bool:
    """Tell whether a place lies where maps are shifted and CGCS2000 zones are used.

    By time zone, whose borders follow the real ones: the rectangle of the usual libraries also holds Hong Kong,
    Taipei, Seoul, Hanoi and Ulaanbaatar.
    """
    return time_zone_at(lon, lat) in {"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "Asia/Kashgar"}


def metric_crs(area: gpd.GeoDataFrame | gpd.GeoSeries | Sequence[float]) -> pyproj.CRS:
    """Choose the CRS in metres in which an area is computed.

    Parameters
    ----------
    area : GeoDataFrame, GeoSeries or sequence of 4 floats
        A frame with a CRS, or ``(west, south, east, north)`` in degrees.

    Returns
    -------
    pyproj.CRS
        The frame's own CRS where `is_metric`; in mainland China the CGCS2000 3-degree zone of the nearest central
        meridian (EPSG 4534 + (cm - 75) / 3, without zone prefix); elsewhere the UTM zone, south of the equator too.

    Raises
    ------
    InputError
        For a frame without CRS or an empty area.
    """
    if isinstance(area, (gpd.GeoDataFrame, gpd.GeoSeries)):
        if area.crs is None:
            raise InputError("The data name no reference system.", "Say which with --crs.")
        own = pyproj.CRS.from_user_input(area.crs)
        if is_metric(own):
            return own
        bounds = np.asarray(area.total_bounds, np.float64)
        if not own.is_geographic and np.all(np.isfinite(bounds)):
            bounds = np.asarray(
                pyproj.Transformer.from_crs(own, 4326, always_xy=True).transform_bounds(*bounds), np.float64
            )
    else:
        bounds = np.asarray(area, np.float64)
    if bounds.shape != (4,) or not np.all(np.isfinite(bounds)):
        raise InputError(
            "An area without coordinates has no metric reference system.", "Check that the data have rows."
        )
    west, south, east, north = (float(v) for v in bounds)
    lon, lat = (west + east) / 2, (south + north) / 2
    # the middle of a coastal district may lie at sea
    tries = [(lon, lat), (west, south), (west, north), (east, south), (east, north)]
    if 73.0 <= lon <= 136.0 and 3.0 <= lat <= 54.0 and any(in_mainland_china(*place) for place in tries):
        meridian = min(max(3 * round(lon / 3), 75), 135)
        return pyproj.CRS.from_epsg(4534 + (meridian - 75) // 3)
    zone = min(max(int((lon + 180.0) // 6.0) + 1, 1), 60)
    return pyproj.CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


# ------------------------------------------------------------------------------------------ to the store
def to_lonlat(x: ArrayLike, y: ArrayLike, crs: object) -> Pair:
    """Bring coordinates to EPSG:4490 degrees.

    Parameters
    ----------
    x, y : array_like of float
        Longitude and latitude, or easting and northing, of `crs`.
    crs : anything `parse_crs` reads

    Returns
    -------
    lon, lat : ndarray of float64
        Degrees; not finite where the system does not reach.
    """
    source = parse_crs(crs)
    x_, y_ = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if source.shift:
        return _SHIFTS[source.shift][0](x_, y_)
    lon, lat = _transformer(source.crs.to_wkt()).transform(x_, y_)
    return np.asarray(lon, np.float64), np.asarray(lat, np.float64)


@lru_cache(maxsize=16)
def _transformer(wkt: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(pyproj.CRS.from_wkt(wkt), STORE_CRS, always_xy=True)


def to_store(frame: gpd.GeoDataFrame, crs: object, *, accept_old: bool = False) -> gpd.GeoDataFrame:
    """Bring a frame to EPSG:4490 and keep what came in.

    Parameters
    ----------
    frame : GeoDataFrame
        Any geometries, missing ones too; its own `.crs` is not looked at.
    crs : anything `parse_crs` reads
        What the coordinates are.
    accept_old : bool
        Take data in Beijing 1954 or Xian 1980 with the general parameters, metres off.

    Returns
    -------
    GeoDataFrame
        A copy in EPSG:4490 with ``raw_x``, ``raw_y`` (of a point itself, else of a point on the thing) and ``raw_crs``.

    Raises
    ------
    InputError
        For an old datum, or a shifted system outside mainland China.
    """
    source = parse_crs(crs)
    datum = source.crs.geodetic_crs.to_epsg() if source.crs.geodetic_crs else None
    if datum in OLD_DATUMS and not accept_old:
        raise InputError(
            f"The data are in {OLD_DATUMS[datum]} ({source.name}), which needs local parameters to become CGCS2000.",
            "Have them converted by the surveying office, or take an error of some metres with --accept-crs.",
        )
    result = frame.copy()
    shapes = np.asarray(frame.geometry.array)
    points = shapes.copy()
    extended = ~shapely.is_missing(shapes) & (shapely.get_type_id(shapes) != 0)
    points[extended] = shapely.point_on_surface(shapes[extended])
    result["raw_x"], result["raw_y"] = shapely.get_x(points), shapely.get_y(points)
    result["raw_crs"] = pd.Series(source.name, result.index, object).mask(shapely.is_missing(shapes), None)
    if source.shift:
        seen = result[["raw_x", "raw_y"]].dropna()
        middle = (float(seen["raw_x"].median()), float(seen["raw_y"].median())) if len(seen) else (116.4, 39.9)
        if not in_mainland_china(*middle):
            raise InputError(
                f"The data are declared {source.name} but lie at {middle[0]:.4f}, {middle[1]:.4f}, "
                "outside mainland China, where maps are not shifted.",
                "Name the real reference system with --crs.",
            )
    if source.crs.to_epsg() not in {4326, STORE_CRS} or source.shift:
        shapes = shapely.transform(shapes, lambda xy: np.column_stack(to_lonlat(xy[:, 0], xy[:, 1], source)))
    if shapely.has_z(shapes).any():
        shapes = shapely.force_2d(shapes)
    return result.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=STORE_CRS))
