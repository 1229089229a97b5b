"""Which code does each grid of a plan get, when there were grids before (ARCHITECTURE rule 4)?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.codes import community_grid_profile, position_order
from gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gis.codes import CodeProfile

__all__ = ["Succession", "codes_of_plan", "heirs", "serial_of", "shares", "succeed"]


@dataclass(frozen=True)
class Succession:
    """Codes of the new grids of one community.

    Parameters
    ----------
    codes : list of str
        One a new grid.
    successor_of : ndarray of int64, shape (new grids,)
        Old grid whose code each new one keeps; -1 where the code is new.
    withdrawn : list of str
        Codes that no grid has any more; they are never used again.
    """

    codes: list[str]
    successor_of: np.ndarray
    withdrawn: list[str]


def shares(old_of: np.ndarray, new_of: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Sum an amount over the cells that every old grid has in common with every new one.

    Parameters
    ----------
    old_of, new_of : ndarray of int, shape (cells,)
        Grid of each cell before and after; -1 for none.
    amount : ndarray of float, shape (cells,)

    Returns
    -------
    ndarray of float64, shape (old grids, new grids)
    """
    table = np.zeros((int(old_of.max(initial=-1)) + 1, int(new_of.max(initial=-1)) + 1))
    both = (old_of >= 0) & (new_of >= 0)
    np.add.at(table, (old_of[both], new_of[both]), amount[both])
    return table


def heirs(
    households: np.ndarray,
    area: np.ndarray,
    old_codes: Sequence[str],
    beyond: tuple[np.ndarray, np.ndarray] | None = None,
) -> np.ndarray:
    """Say which old grid each new one succeeds: it keeps that one's code.

    An old grid's heir is the new grid that gets the largest share, and more than half, of its households (of its area
    where it has no households). A new grid that is heir to several succeeds the one that gives it most households,
    then (without households: most area, then) the lower code.

    Parameters
    ----------
    households, area : ndarray of float, shape (old grids, new grids)
        See `shares`.
    old_codes : sequence of str
    beyond : (ndarray, ndarray), optional
        Households and area of each old grid that went to none of the new ones: to another community.

    Returns
    -------
    ndarray of int64, shape (new grids,)
        Old grid; -1 where a new grid succeeds none.
    """
    count, wide = households.shape
    lost, far = beyond or (np.zeros(count), np.zeros(count))
    claims: dict[int, list[int]] = {}
    for old in range(count):
        by_household = households[old].sum() + lost[old] > 0
        given, elsewhere = (households[old], lost[old]) if by_household else (area[old], far[old])
        if wide and given.max() > (given.sum() + elsewhere) / 2:
            claims.setdefault(int(given.argmax()), []).append(old)
    succeeded = np.full(wide, -1, np.int64)
    for new, claimants in claims.items():
        succeeded[new] = min(
            claimants,
            key=lambda o: (-households[o, new], -area[o, new] if households[o, new] <= 0 else 0.0, old_codes[o]),
        )
    return succeeded


def succeed(
    community: str,
    old_of: np.ndarray,
    old_codes: Sequence[str],
    new_of: np.ndarray,
    households: np.ndarray,
    area: np.ndarray,
    *,
    used: Iterable[str],
    order: Sequence[int] | np.ndarray | None = None,
    renumber: bool = False,
    beyond: tuple[np.ndarray, np.ndarray] | None = None,
    code_profile: str = "gbt30428_2013",
) -> Succession:
    """Give every new grid of a community its code.

    A code is kept only where it is one of this community: grids imported under other codes, or from a community that
    was split or renamed, get codes of their own.

    Parameters
    ----------
    community : str
        Code of the community.
    old_of, new_of : ndarray of int, shape (cells,)
        Grid of each cell of the community before (-1 for none) and after, numbered from 0.
    old_codes : sequence of str
    households, area : ndarray of float, shape (cells,)
    used : iterable of str
        Every code that was ever used in the community, withdrawn ones too.
    order : sequence of int, optional
        New grids in the order in which they take new serials; by number when absent.
    renumber : bool
        No grid keeps its code: all take serials that were never used, in their order.
    beyond : (ndarray, ndarray), optional
        Households and area of each old grid in other communities, where the community was split.
    code_profile : str
        Where the community has a 12-digit code; elsewhere it is ``local``.

    Raises
    ------
    SerialsUsedUpError
        There is no serial left that was never used.
    """
    profile = community_grid_profile(community, code_profile)
    count = int(new_of.max(initial=-1)) + 1
    table = shares(old_of, new_of, households)
    if table.shape[0] < len(old_codes):
        raise InputError(f"A grid of {community} has no cells.", "Open a new draft.")
    ground = shares(old_of, new_of, area)
    closed = [renumber or serial_of(code, profile, community) is None for code in old_codes]
    table[closed], ground[closed] = 0.0, 0.0  # nobody succeeds them
    succeeded = heirs(table, ground, old_codes, beyond)
    codes = ["" if old < 0 else old_codes[old] for old in succeeded]
    taken = (serial_of(code, profile, community) for code in (*used, *old_codes))
    serials = {serial for serial in taken if serial is not None}
    for new in range(count) if order is None else order:
        if not codes[new]:
            serial = profile.next_serial(serials, community)
            serials.add(serial)
            codes[new] = profile.format(parent=community, serial=serial)
    return Succession(codes, succeeded, sorted(set(old_codes) - set(codes)))


def codes_of_plan(
    community: np.ndarray,
    base: np.ndarray,
    keys: np.ndarray,
    *,
    households: np.ndarray,
    area: np.ndarray,
    centre: np.ndarray,
    used: Mapping[str, Iterable[str]],
    renumber: Iterable[str] = (),
    code_profile: str = "gbt30428_2013",
) -> dict[str, str]:
    """Give every grid of a plan its code, community by community; new ones are numbered by their position.

    Parameters
    ----------
    community, base, keys : ndarray of str, shape (cells,)
        Community, and grid before (its code; None for none) and after (its key), of each cell, or of each piece of one.
    households, area : ndarray of float, shape (cells,)
        Area in m2.
    centre : ndarray of float, shape (cells, 2)
        Metres east and north.
    used : mapping
        Every code ever used, by community.
    renumber : iterable of str
        Communities in which no grid keeps its code.
    code_profile : str
        See `succeed`.

    Returns
    -------
    dict
        Key -> code.

    Raises
    ------
    SerialsUsedUpError
        A community has no serial left.
    """
    codes: dict[str, str] = {}
    anew = set(renumber)
    begun = np.flatnonzero(base != None)  # noqa: E711 - cell by cell
    whole, whole_of = np.unique(base[begun].astype(str), return_inverse=True)
    total = [np.bincount(whole_of, amount[begun], len(whole)) for amount in (households, area)]
    for name in np.unique(community.astype(str)):
        at = np.flatnonzero(community == name)
        known = np.isin(at, begun)
        old_codes, old_of = np.unique(base[at][known].astype(str)), np.full(len(at), -1, np.int64)
        old_of[known] = np.searchsorted(old_codes, base[at][known].astype(str))
        new_keys, new_of = np.unique(keys[at].astype(str), return_inverse=True)
        ground = np.bincount(new_of, area[at])
        old = np.searchsorted(whole, old_codes)
        inside = [np.bincount(old_of[known], amount[at][known], len(old_codes)) for amount in (households, area)]
        middle = np.column_stack([np.bincount(new_of, area[at] * centre[at, i]) / ground for i in (0, 1)])
        made = succeed(
            name,
            old_of,
            old_codes.tolist(),
            new_of,
            households[at],
            area[at],
            used=used.get(name, ()),
            order=position_order(middle, float(ground.sum())),
            renumber=name in anew,
            beyond=(total[0][old] - inside[0], total[1][old] - inside[1]),
            code_profile=code_profile,
        )
        codes |= dict(zip(new_keys.tolist(), made.codes, strict=True))
    return codes


def serial_of(code: str, profile: CodeProfile, community: str) -> int | None:
    """Give the serial of a grid code; None where it is not of this community: imported, or from before a split."""
    return None if profile.faults(code, community) else int(profile.parse(code)["serial"])
