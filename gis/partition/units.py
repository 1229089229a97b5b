"""Which cells are to stay together, and how does a partition see them as one?

A unit is what has one id: a walled compound, say. Each connected part of one, inside its community, is an atom: it is
contracted to one vertex before a search and expanded after it, so no grid can divide it. A part above the maximum is
left as it is, and whoever looks at the plan is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.errors import InputError
from gis.partition.loads import loads_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.graph import Tessellation
    from gis.partition.parts import CommunityCells

__all__ = ["KEPT", "Unit", "Units", "contracted", "nearest_cells", "require_kept", "units_of"]

KEPT: Mapping[str, str] = MappingProxyType({"compounds": "compound_id", "blocks": "block_id"})
"""What can be kept whole, and the column of the cells that names it."""


@dataclass(frozen=True)
class Unit:
    """A part of a unit that is above the maximum: its name, load, cells by row position, and what it is (of `KEPT`)."""

    name: str
    load: float
    cells: np.ndarray = field(repr=False)
    kind: str


@dataclass(frozen=True)
class Units:
    """Cells as atoms.

    Parameters
    ----------
    of : ndarray of int64, shape (cells,)
        Atom of each cell: numbered from 0 by their first cells.
    name : ndarray of object, shape (atoms,)
        Id of the unit that an atom of several cells is, else None.
    large : list of Unit
        Units above the maximum: their cells are atoms each by itself.
    """

    of: np.ndarray
    name: np.ndarray
    large: list[Unit]

    def first(self) -> np.ndarray:
        """First cell of each atom, ascending; int64, shape (atoms,)."""
        return np.unique(self.of, return_index=True)[1]


def require_kept(keep_whole: str | None) -> str | None:
    """See that there is such a kind of unit; what is empty keeps nothing whole.

    Raises
    ------
    InputError
    """
    if keep_whole and keep_whole not in KEPT:
        raise InputError(f"{keep_whole!r} cannot be kept whole.", f"What can be kept whole: {', '.join(KEPT)}.")
    return keep_whole or None


def units_of(
    tessellation: Tessellation,
    keep_whole: str | None,
    maximum: float,
    grid_of: np.ndarray | None = None,
    *,
    apart: np.ndarray | None = None,
) -> Units:
    """Find the units that are kept whole.

    Parameters
    ----------
    tessellation : Tessellation
        Its neighbours say what is connected.
    keep_whole : str or None
        Of `KEPT`; None: every cell is an atom.
    maximum : float
        Load of a grid; a unit above it is not kept.
    grid_of : ndarray of int, shape (cells,), optional
        A plan: units that it divides are not kept either.
    apart : ndarray of int, shape (cells,), optional
        Cells with another number are not kept together: locked grids stay as they are.
    """
    cells = tessellation.cells
    n = len(cells)
    column = KEPT.get(keep_whole or "", "")
    if column not in cells:
        return Units(np.arange(n), np.full(n, None, object), [])
    name = cells[column].to_numpy(object, copy=True)
    named = np.array([value is not None and value == value and value != "" for value in name], bool)  # noqa: PLR0124
    name[named] = [str(value) for value in name[named]]  # blocks are numbered
    a, b = tessellation.adjacency.pairs.T.astype(np.int64)
    inside = named[a] & named[b] & (name[a] == name[b])
    if apart is not None:
        inside &= apart[a] == apart[b]
    _, label = connected_components(coo_array((np.ones(inside.sum()), (a[inside], b[inside])), (n, n)), directed=False)
    load = loads_of(tessellation)
    total, size = np.bincount(label, load), np.bincount(label)
    least, most = np.full(len(size), n), np.full(len(size), -1)
    if grid_of is not None:
        np.minimum.at(least, label, grid_of)
        np.maximum.at(most, label, grid_of)
    large = (total > maximum) & (size > 1)
    loose = large if grid_of is None else large | (least != most)
    told = [
        Unit(name[label == u][0], float(total[u]), np.flatnonzero(label == u), str(keep_whole))
        for u in np.flatnonzero(large)
    ]
    label = np.where(loose[label], len(size) + np.arange(n), label)
    _, first, atom = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    of = rank[atom]
    first = np.sort(first)
    kept = np.asarray(np.where(np.bincount(of) > 1, name[first], None), object)
    return Units(of, kept, told)


def contracted(community: CommunityCells, of: np.ndarray) -> CommunityCells:
    """See the atoms of a community as its cells.

    Parameters
    ----------
    community : CommunityCells
    of : ndarray of int64, shape (cells of the community,)
        Atom of each, numbered from 0 by their first cells.

    Returns
    -------
    CommunityCells
        `cell` is the first cell of each atom; borders inside an atom are no outline any more.
    """
    first = np.unique(of, return_index=True)[1]
    m = len(first)
    if m == len(of):
        return community
    area = np.bincount(of, community.area, m)
    ends = np.sort(of[community.pairs], axis=1)
    inner = ends[:, 0] == ends[:, 1]
    outline = np.bincount(of, community.outline, m) - 2 * np.bincount(ends[inner, 0], community.length[inner], m)
    centre = np.column_stack([np.bincount(of, community.area * axis, m) / area for axis in community.centre.T])
    order = np.argsort(of, kind="stable")
    stop = np.searchsorted(of[order], np.arange(m + 1))
    shape = community.geometry[first]
    for u in np.flatnonzero(np.diff(stop) > 1):
        shape[u] = shapely.coverage_union_all(community.geometry[order[stop[u] : stop[u + 1]]])
    key, pair = np.unique(ends[~inner, 0] * m + ends[~inner, 1], return_inverse=True)
    length, price, bias = community.length[~inner], community.price[~inner], community.bias[~inner]
    count, weight = np.bincount(pair, minlength=len(key)), length + 1e-9
    return replace(
        community,
        cell=community.cell[first],
        load=np.bincount(of, community.load, m),
        area=area,
        outline=outline,
        centre=centre,
        geometry=shape,
        pairs=np.column_stack([key // m, key % m]).astype(community.pairs.dtype),
        length=np.bincount(pair, length, len(key)),
        price=np.bincount(pair, price, len(key)),
        bias=np.bincount(pair, bias * weight, len(key)) / np.bincount(pair, weight, len(key)),
        link=np.bincount(pair, community.link[~inner], len(key)) == count,
    )


def nearest_cells(community: CommunityCells, atoms: np.ndarray, a: int, b: int) -> tuple[int, int]:
    """Give the nearest cells of the atoms that two cells are the first of: of equals the lowest.

    Parameters
    ----------
    community : CommunityCells
        Before it was `contracted`.
    atoms : ndarray of int64, shape (cells of the tessellation,)
        See `Units`.
    a, b : int
        Row positions in the tessellation, as are the cells given.
    """
    mine, others = (np.flatnonzero(atoms[community.cell] == atoms[cell]) for cell in (a, b))
    if len(mine) == len(others) == 1:
        return a, b
    tree = shapely.STRtree(community.geometry[others])
    (source, target), metres = tree.query_nearest(community.geometry[mine], return_distance=True)
    k = np.lexsort((others[target], mine[source], np.round(metres, 6)))[0]
    near = sorted((int(community.cell[mine[source[k]]]), int(community.cell[others[target[k]]])))
    return near[0], near[1]
