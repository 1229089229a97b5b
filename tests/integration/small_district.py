"""A district made by hand, small enough to know by heart: two communities, four blocks each, 1,560 households.

Metres are EPSG:4548 (Beijing); everything handed out is EPSG:4490, as an importer would hand it over.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.affinity import translate

from gis.remarks import Report

METRIC = 4548
ORIGIN = (450_000.0, 4_420_000.0)
DISTRICT = "990101"
COMMUNITIES = ("990101001001", "990101001002")
BLOCK = 150.0
"""Side of a block; a community has 2 x 2, the district 4 x 2."""


@dataclass
class Batch:
    """What `gis.ingest` hands over."""

    kind: str
    frame: pd.DataFrame
    report: Report


def batch(kind: str, frame: pd.DataFrame, source: str = "by hand") -> Batch:
    return Batch(kind, frame, Report(f"import {kind}", source))


def placed(shape):
    return translate(shape, *ORIGIN)


def frame(columns: dict, shapes: list) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[s and placed(s) for s in shapes], crs=METRIC).to_crs(4490)


def divisions() -> Batch:
    side = 2 * BLOCK
    west, east = shapely.box(0, 0, side, side), shapely.box(side, 0, 2 * side, side)
    whole = shapely.box(0, 0, 2 * side, side)
    return batch(
        "divisions",
        frame(
            {
                "level": ["district", "subdistrict", "community", "community"],
                "code": [DISTRICT, "990101001", *COMMUNITIES],
                "name": ["望河区", "临水街道", "柳岸社区", "桥东社区"],
                "name_en": ["Wanghe", "Linshui", "Liu'an", "Qiaodong"],
                "parent_code": [None] * 4,
                "successor": [None] * 4,
                "properties": [{}] * 4,
            },
            [whole, whole, west, east],
        ),
    )


def buildings(households: int = 65, as_of: str | None = "2026-06-30", **more) -> Batch:
    """Three slabs in each of the eight blocks, 65 households each."""
    rows, shapes = [], []
    for column in range(4):
        for row in range(2):
            for slab in range(3):
                x, y = column * BLOCK + 30, row * BLOCK + 25 + slab * 40
                rows.append({"code": f"B{column}{row}{slab}", "address": f"柳岸路{column}号{slab + 1}号楼"})
                shapes.append(shapely.box(x, y, x + 80, y + 14))
    table = pd.DataFrame(rows)
    made = frame({name: table[name].tolist() for name in table}, shapes)
    made["households"] = float(households)
    made["people"] = households * 2
    made["estimated"] = False
    made["as_of"] = pd.Timestamp(as_of).date() if as_of else None
    return batch("buildings", made.assign(**more))


def barriers() -> Batch:
    lines = [shapely.LineString([(0, BLOCK), (4 * BLOCK, BLOCK)])]
    lines += [shapely.LineString([(c * BLOCK, 0), (c * BLOCK, 2 * BLOCK)]) for c in (1, 3)]
    columns = {"code": ["S1", "S2", "S3"], "kind": "street", "class": ["secondary", "residential", "residential"]}
    return batch("barriers", frame(columns, lines))


def points(n: int, seed: int = 1, beyond: float = 100.0) -> np.ndarray:
    """Points in and round the district, metres from its south-west corner."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(-beyond, 4 * BLOCK + beyond, n), rng.uniform(-beyond, 2 * BLOCK + beyond, n)])


def parts(n: int = 60) -> Batch:
    columns = {"code": [f"P{i:03}" for i in range(n)], "class": "0118", "class_name": "路灯"}
    return batch("parts", frame(columns, [shapely.Point(p) for p in points(n)]))


def events(n: int = 40) -> Batch:
    shapes = [shapely.Point(p) for p in points(n, seed=2)]
    shapes[0] = None
    columns = {
        "code": [f"E{i:03}" for i in range(n)],
        "class_name": "暴露垃圾",
        "occurred_at": pd.date_range("2026-01-01 08:00", periods=n, freq="5h"),
    }
    return batch("events", frame(columns, shapes))


def workers() -> Batch:
    return batch(
        "workers",
        pd.DataFrame(
            {
                "code": [f"W{i}" for i in range(6)],
                "name": [f"网格员{i}" for i in range(6)],
                "phone": "000",
                "community_code": [COMMUNITIES[0]] * 5 + [COMMUNITIES[1]],
                "grid_code": None,
            }
        ),
    )
