"""How does a district come about that is larger than one town? Several towns side by side, each another one."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.sample.labels import DISTRICT_CODE
from data.sample.writing import DECIMALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from data.sample.making import Sample

__all__ = ["PREFIXES", "joined"]

PREFIXES = (
    ("", ""), ("东", "East "), ("西", "West "), ("南", "South "), ("北", "North "), ("上", "Upper "), ("下", "Lower "),
    ("前", "Fore "), ("后", "Back "), ("内", "Inner "),
)  # fmt: skip
"""What all names of a town begin with: no name is in two towns."""
STORE = "EPSG:4490"
APART = 700.0
"""Metres between two towns: rivers and railways reach out of a town by less than half of that."""
WIDTHS = {
    "compounds": ("C", 5),
    "landcover": ("L", 5),
    "buildings": ("B", 6),
    "barriers": ("S", 6),
    "workers": ("W", 5),
}
"""Letter and least digits of the codes that are counted through."""
DIVISION = 3
"""Digits of a subdistrict within the district; those of all towns are counted through, whatever kind they are."""


def joined(towns: Sequence[Sample], plane: str) -> Sample:
    """Put towns side by side, in rows, as one district; codes are counted through.

    Parameters
    ----------
    towns : sequence of Sample
        As many as there are `PREFIXES` at most.
    plane : str
        CRS in metres.
    """
    boxes = [town.divisions.iloc[[0]].to_crs(plane).total_bounds for town in towns]
    wide = max(east - west for west, _, east, _ in boxes) + APART
    high = max(north - south for _, south, _, north in boxes) + APART
    across = math.ceil(math.sqrt(len(towns)))
    made: dict[str, list[pd.DataFrame]] = {item.name: [] for item in fields(towns[0])}
    subdistricts = compounds = 0
    for i, (town, (west, south, _, _)) in enumerate(zip(towns, boxes, strict=True)):
        shift = (i % across * wide + boxes[0][0] - west, i // across * high + boxes[0][1] - south)
        own = town.divisions.loc[town.divisions["level"] == "subdistrict", "code"].sort_values()
        numbers = {code: f"{DISTRICT_CODE}{subdistricts + k:0{DIVISION}d}" for k, code in enumerate(own, start=1)}
        subdistricts += len(own)
        for name, frames in made.items():
            frame = _moved(getattr(town, name), shift, plane) if i else getattr(town, name)
            frames.append(_renamed(frame, PREFIXES[i], numbers, compounds))
        compounds += len(town.compounds)
    whole = {name: _stacked(name, frames) for name, frames in made.items()}
    whole["divisions"] = _one_district(whole["divisions"])
    return type(towns[0])(**whole)


def _moved(frame: pd.DataFrame, shift: tuple[float, float], plane: str) -> pd.DataFrame:
    """Move what has a place by metres."""
    spatial = isinstance(frame, gpd.GeoDataFrame)
    if not spatial and "lon" not in frame:
        return frame
    placed = np.ones(len(frame), bool) if spatial else frame["lon"].notna().to_numpy()
    there = frame.geometry if spatial else gpd.GeoSeries.from_xy(frame["lon"][placed], frame["lat"][placed], crs=STORE)
    moved = there.to_crs(plane).translate(*shift).to_crs(there.crs)
    shapes = shapely.transform(moved.to_numpy(), lambda xy: np.round(xy, DECIMALS))
    if isinstance(frame, gpd.GeoDataFrame):
        placed_anew: pd.DataFrame = frame.assign(geometry=gpd.GeoSeries(shapes, index=frame.index, crs=there.crs))
        return placed_anew
    lon, lat = np.full(len(frame), np.nan), np.full(len(frame), np.nan)
    lon[placed], lat[placed] = shapely.get_x(shapes), shapely.get_y(shapes)
    return frame.assign(lon=lon, lat=lat)


def _renamed(frame: pd.DataFrame, prefix: tuple[str, str], numbers: Mapping[str, str], compounds: int) -> pd.DataFrame:
    """Give names a prefix, and codes of divisions and compounds the number they have in the whole district."""
    zh, en = prefix
    new = {
        name: frame[name].map((en if name == "name_en" else zh).__add__, na_action="ignore")
        for name in ("name", "name_en", "address", "description")
        if name in frame and "grid_code" not in frame  # persons keep their names
    }
    if "level" in frame:
        new["code"] = frame["code"].map(lambda code: _division(code, numbers))
    for name in frame.columns.intersection(["parent_code", "community_code"]):
        new[name] = frame[name].map(lambda code: _division(code, numbers), na_action="ignore")
    if "compound_code" in frame:
        letter, width = WIDTHS["compounds"]
        new["compound_code"] = frame["compound_code"].map(
            lambda code: f"{letter}{int(code[1:]) + compounds:0{width}d}", na_action="ignore"
        )
    return frame.assign(**new)


def _division(code: str, numbers: Mapping[str, str]) -> str:
    """Give a subdistrict, or that of a community, its code in the whole district."""
    at = len(DISTRICT_CODE) + DIVISION
    return numbers.get(code[:at], code[:at]) + code[at:]


def _stacked(name: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Join the frames of all towns and number their rows through."""
    whole = pd.concat(frames, ignore_index=True)
    if name in WIDTHS:
        letter, width = WIDTHS[name]
        whole["code"] = [f"{letter}{k:0{width}d}" for k in range(1, len(whole) + 1)]
    elif name == "parts":
        serial = whole.groupby("class").cumcount() + 1
        whole["code"] = DISTRICT_CODE + whole["class"] + serial.map("{:06d}".format)
    elif name == "events":
        whole = whole.sort_values("occurred_at", kind="stable", ignore_index=True)
        day = whole["code"].str[:10]
        whole["code"] = day + (whole.groupby(day).cumcount() + 1).map("{:04d}".format)
    if name == "workers":
        whole["phone"] = [f"000-{k // 10_000:04d}-{k % 10_000:04d}" for k in range(1, len(whole) + 1)]
    return whole


def _one_district(divisions: pd.DataFrame) -> pd.DataFrame:
    """Let one district hold all towns, and stand before what lies in it: larger divisions first."""
    levels = divisions["level"].to_numpy()
    district = levels == "district"
    union = shapely.union_all(divisions.geometry.to_numpy()[district])
    rank = pd.Series(levels).map({"district": 0, "subdistrict": 1, "community": 2}).to_numpy()
    first = np.flatnonzero(district)[:1]
    order = np.concatenate([first, *(np.flatnonzero(rank == level) for level in (1, 2))])
    kept = divisions.iloc[order].reset_index(drop=True)
    kept.loc[0, "geometry"] = union
    return kept
