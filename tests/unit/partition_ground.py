"""Lattice communities to be divided: square cells of 30 m, streets every `block` cells."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.graph import Adjacency, Tessellation, follows_code
from gis.remarks import Report

SIZE = 30.0
CRS = "EPSG:4547"


def lattice(load, *, community="A", x0=0.0, block=4, compound=None):
    """A community of cells; `load` has shape (rows, columns), row 0 in the south."""
    load = np.asarray(load, float)

    j, i = (a.ravel() for a in np.indices(load.shape))
    geometry = shapely.box(x0 + i * SIZE, j * SIZE, x0 + (i + 1) * SIZE, (j + 1) * SIZE)
    index = np.arange(load.size).reshape(load.shape)
    pairs = np.vstack(
        [
            np.column_stack([index[:, :-1].ravel(), index[:, 1:].ravel()]),
            np.column_stack([index[:-1].ravel(), index[1:].ravel()]),
        ]
    ).astype(np.int32)
    block_of = i // block + 1000 * (j // block)
    street = block_of[pairs[:, 0]] != block_of[pairs[:, 1]]
    follows = np.where(street, follows_code("residential"), follows_code("none")).astype(np.int8)
    ids = np.array([f"{community}-b{n}" for n in range(load.size)], object)
    cells = gpd.GeoDataFrame(
        {
            "community_id": np.full(load.size, community, object),
            "block_id": block_of,
            "building_id": ids,
            "compound_id": np.full(load.size, None, object)
            if compound is None
            else np.asarray(compound, object).ravel(),
            "households": load.ravel(),
            "buildings": np.ones(load.size, int),
        },
        geometry=geometry,
        crs=CRS,
    )
    return Tessellation(
        cells,
        pd.DataFrame({"building_id": ids, "cell": np.arange(load.size), "households": load.ravel()}),
        Adjacency(pairs, np.full(len(pairs), SIZE), follows, np.zeros(len(pairs), bool)),
        gpd.GeoDataFrame({"community_id": [community]}, geometry=[shapely.union_all(geometry)], crs=CRS),
        Report("test"),
    )


def together(*tessellations, links=()):
    """Several communities, or separate parts of one, as one district; `links` are pairs of cell positions."""
    offset = np.cumsum([0, *(len(t.cells) for t in tessellations)])
    cells = pd.concat([t.cells for t in tessellations], ignore_index=True)
    a = [t.adjacency for t in tessellations]
    extra = np.array(links, np.int32).reshape(-1, 2)
    communities = pd.concat([t.communities for t in tessellations], ignore_index=True).dissolve("community_id")
    return Tessellation(
        gpd.GeoDataFrame(cells, crs=CRS),
        pd.concat(
            [
                t.building_cell.assign(cell=t.building_cell["cell"] + o)
                for t, o in zip(tessellations, offset, strict=False)
            ],
            ignore_index=True,
        ),
        Adjacency(
            np.vstack([x.pairs + o for x, o in zip(a, offset, strict=False)] + [extra]).astype(np.int32),
            np.concatenate([x.length for x in a] + [np.zeros(len(extra))]),
            np.concatenate([x.follows for x in a] + [np.zeros(len(extra), np.int8)]),
            np.concatenate([x.link for x in a] + [np.ones(len(extra), bool)]),
        ),
        communities.reset_index(),
        Report("test"),
    )
