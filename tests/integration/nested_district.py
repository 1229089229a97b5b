"""A district of two subdistricts, with three communities of four blocks: what several networks and levels stand on.

The blocks are those of `small_district`, six columns of two; the third community is a subdistrict of its own.
"""

from __future__ import annotations

import pandas as pd
import shapely

from gis.store import pipeline
from tests.integration import small_district as small

DISTRICT = small.DISTRICT
SUBDISTRICTS = ("990101001", "990101002")
COMMUNITIES = ("990101001001", "990101001002", "990101002001")
COLUMNS = 6
HOUSEHOLDS = 65 * 3 * 2 * COLUMNS


def divisions():
    side, high = 2 * small.BLOCK, 2 * small.BLOCK
    parts = [shapely.box(i * side, 0, (i + 1) * side, high) for i in range(3)]
    whole = shapely.box(0, 0, 3 * side, high)
    town = shapely.box(0, 0, 2 * side, high)
    return small.batch(
        "divisions",
        small.frame(
            {
                "level": ["district", *["subdistrict"] * 2, *["community"] * 3],
                "code": [DISTRICT, *SUBDISTRICTS, *COMMUNITIES],
                "name": ["望河区", "临水街道", "桥北街道", "柳岸社区", "桥东社区", "桥北社区"],
                "name_en": [None] * 6,
                "parent_code": [None] * 6,
                "successor": [None] * 6,
                "properties": [{}] * 6,
            },
            [whole, town, parts[2], *parts],
        ),
    )


def buildings():
    rows, shapes = [], []
    for column in range(COLUMNS):
        for row in range(2):
            for slab in range(3):
                x, y = column * small.BLOCK + 30, row * small.BLOCK + 25 + slab * 40
                rows.append({"code": f"B{column}{row}{slab}", "address": f"柳岸路{column}号{slab + 1}号楼"})
                shapes.append(shapely.box(x, y, x + 80, y + 14))
    table = pd.DataFrame(rows)
    made = small.frame({name: table[name].tolist() for name in table}, shapes)
    made = made.assign(households=65.0, people=130.0, estimated=False, as_of=pd.Timestamp("2026-06-30").date())
    return small.batch("buildings", made)


def barriers():
    lines = [shapely.LineString([(0, small.BLOCK), (COLUMNS * small.BLOCK, small.BLOCK)])]
    lines += [shapely.LineString([(c * small.BLOCK, 0), (c * small.BLOCK, 2 * small.BLOCK)]) for c in (1, 3, 5)]
    columns = {"code": ["S1", "S2", "S3", "S4"], "kind": "street", "class": "residential"}
    return small.batch("barriers", small.frame(columns, lines))


def load(connection, clock):
    """Import everything and make cells."""
    for batch in (divisions(), buildings(), barriers(), small.parts()):
        pipeline.write_batch(connection, DISTRICT, batch, clock=clock)
    pipeline.tessellate_district(connection, DISTRICT, clock=clock)
