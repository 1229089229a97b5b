"""How do faces become cells: whole buildings, connected ground, none above the cap?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.cells.plane import components

if TYPE_CHECKING:
    from gis.cells.plane import Plane
    from gis.cells.settings import CellSettings

__all__ = ["Grouping", "group_faces"]


HAIR_M = 1e-3
"""Faces thinner than this come from lines that nearly coincide; they belong to whom they touch most."""


@dataclass
class Grouping:
    """Cells as groups of faces.

    Parameters
    ----------
    cell : ndarray of int64, shape (f,)
        Cell 0..n-1 of each face.
    owner : ndarray of int64, shape (n,)
        Building whose ground the cell is, -1 for empty ground.
    main : ndarray of int64, shape (b,)
        Cell of each building's largest part; -1 where others cover its ground.
    """

    cell: np.ndarray
    owner: np.ndarray
    main: np.ndarray


def group_faces(
    plane: Plane,
    block: np.ndarray,
    quarter: np.ndarray,
    owner: np.ndarray,
    core: np.ndarray,
    n_buildings: int,
    settings: CellSettings,
) -> Grouping:
    """Group faces into cells.

    Parameters
    ----------
    plane : Plane
    block, quarter : ndarray of int64, shape (f,)
        Block of each face, and what streets alone enclose.
    owner : ndarray of int64, shape (f,)
        Building that stands on the face or is nearest to it; -1 in a block without buildings.
    core : ndarray of bool, shape (f,)
        The building itself stands there (not merely its share).
    n_buildings : int
    settings : CellSettings
        `max_cell_m2`, `min_block_m2`, `sliver_m`, `overlap_m2`.
    """
    area = shapely.area(plane.faces)
    hair = 2 * area < HAIR_M * shapely.length(plane.faces)
    owner, core = np.where(hair, -1, owner), core & ~hair
    label = np.where(owner >= 0, owner, n_buildings + block)
    label[hair] = label.max() + 1 + np.flatnonzero(hair)
    inner = plane.sides[plane.sides[:, 0] >= 0]
    group = components(len(area), inner[label[inner[:, 0]] == label[inner[:, 1]]])
    n = int(group.max(initial=-1)) + 1
    group_owner = np.full(n, -1, dtype=np.int64)
    group_owner[group] = owner
    core_area = np.bincount(group, weights=np.where(core, np.maximum(area, 1e-9), 0.0), minlength=n)
    main = _largest(group_owner, core_area, n_buildings)
    group = _place_orphans(plane, group, group_owner, core_area, main, quarter, area, settings)
    cell, of_cell = _keep_cap(plane, group, group_owner, core, area, settings)
    face_of_main = np.full(n, -1, dtype=np.int64)
    cores = np.flatnonzero(core)
    face_of_main[group[cores[::-1]]] = cores[::-1]
    has = main >= 0
    cell_of_main = np.full(n_buildings, -1, dtype=np.int64)
    cell_of_main[has] = cell[face_of_main[main[has]]]
    return Grouping(cell, of_cell, cell_of_main)


def _largest(group_owner: np.ndarray, core_area: np.ndarray, n_buildings: int) -> np.ndarray:
    """For each building the group with most of its own ground, -1 for none."""
    groups = np.flatnonzero((group_owner >= 0) & (core_area > 0))
    order = groups[np.lexsort((groups, -core_area[groups], group_owner[groups]))]
    owners, first = np.unique(group_owner[order], return_index=True)
    main = np.full(n_buildings, -1, dtype=np.int64)
    main[owners] = order[first]
    return main


def _place_orphans(
    plane: Plane,
    group: np.ndarray,
    group_owner: np.ndarray,
    core_area: np.ndarray,
    main: np.ndarray,
    quarter: np.ndarray,
    area: np.ndarray,
    settings: CellSettings,
) -> np.ndarray:
    """Give ground cut off from its building, and slivers, to the neighbour with the longest border."""
    n = len(group_owner)
    size = np.bincount(group, weights=area, minlength=n)
    rim = _rim(plane, group, n)
    sliver = (size < settings.min_block_m2) | (2 * size < settings.sliver_m * rim)
    orphan = np.where(group_owner >= 0, core_area <= settings.overlap_m2, sliver)
    orphan[main[main >= 0]] = False
    within = plane.sides[:, 0] >= 0
    within &= quarter[plane.sides[:, 0]] == quarter[plane.sides[:, 1]]
    weight = np.where(within, plane.length, 0.25 * plane.length)
    group = group.copy()
    while orphan.any():
        pairs, _, pair = plane.borders(group)
        if len(pairs) == 0:
            break
        crossing = pair >= 0
        worth = np.round(np.bincount(pair[crossing], weights=weight[crossing], minlength=len(pairs)), 6)
        a, b = np.concatenate([pairs[:, 0], pairs[:, 1]]), np.concatenate([pairs[:, 1], pairs[:, 0]])
        worth = np.concatenate([worth, worth])
        usable = orphan[a] & ~orphan[b]
        if not usable.any():
            a_first = int(np.flatnonzero(orphan)[np.argmax(size[orphan])])
            orphan[a_first] = False
            continue
        a, b, worth = a[usable], b[usable], worth[usable]
        order = np.lexsort((b, -worth, a))
        first = np.unique(a[order], return_index=True)[1]
        target = np.arange(n)
        target[a[order][first]] = b[order][first]
        orphan[a[order][first]] = False
        group = target[group]
    return group


def _rim(plane: Plane, group: np.ndarray, n: int) -> np.ndarray:
    rim = np.bincount(group[plane.sides[:, 1]], weights=plane.length, minlength=n)
    inner = plane.sides[:, 0] >= 0
    rim += np.bincount(group[plane.sides[inner, 0]], weights=plane.length[inner], minlength=n)
    hidden = inner & (group[plane.sides[:, 0]] == group[plane.sides[:, 1]])
    return rim - 2 * np.bincount(group[plane.sides[hidden, 1]], weights=plane.length[hidden], minlength=n)


def _keep_cap(
    plane: Plane,
    group: np.ndarray,
    group_owner: np.ndarray,
    core: np.ndarray,
    area: np.ndarray,
    settings: CellSettings,
) -> tuple[np.ndarray, np.ndarray]:
    """Split groups above the cap along their faces; number all cells."""
    size = np.bincount(group, weights=area, minlength=len(group_owner))
    large = np.flatnonzero(size > settings.max_cell_m2)
    cell = group.astype(np.int64).copy()
    owners = list(group_owner)
    if len(large):
        pairs, metres, _ = plane.borders(np.arange(len(area)))
        for g in large:
            faces = np.flatnonzero(group == g)
            if len(faces) == 1:
                continue
            pieces = _split(plane, faces, pairs, metres, area, core & (group_owner[g] >= 0), settings)
            for k, piece in enumerate(pieces):
                if k:
                    cell[piece] = len(owners)
                    owners.append(group_owner[g] if core[piece].any() else -1)
                elif not core[piece].any():
                    owners[g] = -1
    used, cell = np.unique(cell, return_inverse=True)
    return cell.ravel(), np.array(owners, dtype=np.int64)[used]


def _split(
    plane: Plane,
    faces: np.ndarray,
    pairs: np.ndarray,
    metres: np.ndarray,
    area: np.ndarray,
    core: np.ndarray,
    settings: CellSettings,
) -> list[np.ndarray]:
    """Connected pieces under the cap, the one with the building first."""
    local = {int(f): i for i, f in enumerate(faces)}
    member = np.zeros(len(area), dtype=bool)
    member[faces] = True
    rows = member[pairs].all(axis=1)
    touch: list[dict[int, float]] = [{} for _ in faces]
    for (a, b), m in zip(pairs[rows], metres[rows], strict=True):
        i, j = local[int(a)], local[int(b)]
        touch[i][j] = touch[j][i] = float(m)
    size = [float(area[f]) for f in faces]
    rim = [float(shapely.length(plane.faces[f])) for f in faces]
    members: list[list[int]] = [[int(f)] for f in faces]
    alive = set(range(len(faces)))

    def merge(i: int, j: int) -> None:
        """Join piece `j` to piece `i`."""
        size[i] += size[j]
        rim[i] += rim[j] - 2 * touch[i][j]
        members[i] += members[j]
        for k, m in touch[j].items():
            del touch[k][j]
            if k != i:
                touch[i][k] = touch[k][i] = touch[i].get(k, 0.0) + m
        alive.discard(j)

    standing = np.flatnonzero(core[faces])
    home = -1
    touching = np.array([(i, j) for i in standing for j in touch[i] if i < j and core[faces[j]]], dtype=np.int64)
    part = components(len(faces), touching.reshape(-1, 2))
    for p in np.unique(part[standing]):  # what stands is never split, even where it lies in several parts
        first, *others = sorted(int(i) for i in standing[part[standing] == p])
        while others:
            near = next(i for i in others if i in touch[first])
            others.remove(near)
            merge(first, near)
        if home < 0 or size[first] > size[home]:
            home = first
    cap = settings.max_cell_m2
    room = cap - min(2 * settings.min_block_m2, 0.05 * cap)  # for crumbs
    while home >= 0:
        fits = [(-round(m, 6), i) for i, m in touch[home].items() if size[home] + size[i] <= room]
        if not fits:
            break
        merge(home, min(fits)[1])
    while True:
        best = None
        for i in sorted(alive - {home}, key=lambda k: (size[k], k)):
            fits = [(round(size[j], 3), j) for j in touch[i] if j != home and size[i] + size[j] <= room]
            if fits:
                best = (min(fits)[1], i)
                break
        if best is None:
            break
        merge(*best)
    above = home >= 0 and size[home] > cap  # a building above the cap takes the crumbs round it
    for i in sorted(alive - {home}, key=lambda k: (size[k], k)):
        if size[i] < settings.min_block_m2 or 2 * size[i] < settings.sliver_m * rim[i]:
            fits = [(-round(m, 6), j) for j, m in touch[i].items() if size[i] + size[j] <= cap or (above and j == home)]
            if fits:
                merge(min(fits)[1], i)
    order = ([home] if home >= 0 else []) + sorted(alive - {home})
    return [np.array(members[i], dtype=np.int64) for i in order]
