"""How are communities of a draft divided anew, so that grids which succeed one of the base keep its key?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg.types.json import Jsonb

from gis.errors import InputError
from gis.plans import Draft, codes_of_plan, new_key
from gis.progress import Progress, quiet
from gis.store.copying import plain
from gis.store.levels import plan_of_level
from gis.store.networks import read_level
from gis.store.queries import query
from gis.store.reading import read_cells

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from concurrent.futures import Executor

    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.reading import StoredCells

__all__ = ["assignment_of", "links_of", "proposal_of"]


def proposal_of(
    connection: Connection,
    place: District,
    row: Mapping[str, Any],
    draft: Draft,
    asked: Mapping[str, Any],
    now: dt.datetime,
    *,
    executor: Executor | None = None,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Let the partitioner divide some communities (``communities``, ``seed``, ``target``) of a draft.

    Returns
    -------
    dict
        Payload of the edit, see `gis.plans.replay.Operation`.

    Raises
    ------
    InputError
        A community is not of the plan, or none is named.
    """
    communities = sorted({str(code) for code in asked["communities"]})
    strangers = sorted(set(communities) - set(draft.community))
    if strangers or not communities:
        raise InputError(f"Plan {row['id']} does not hold {', '.join(strangers) or 'that'}.", "Name its communities.")
    wanted = draft.cells[draft.present & np.isin(draft.community.astype(str), communities)]
    cells = read_cells(connection, place, as_of=row["as_of"], at=now, cells=wanted)
    progress("reading cells", 0, 0)
    settings, target = row["settings"], asked.get("target")
    limits = {} if target else {name: settings[name] for name in ("minimum", "maximum")}
    options = {"target": target or settings["target"], "seed": int(asked.get("seed", 1)), **limits}
    of = read_level(connection, place, row["network"], row["level"])
    cells, plan = plan_of_level(connection, place, of, cells, executor=executor, progress=progress, **options)
    codes = plan.grids["grid_code"].to_numpy(object)[plan.grid_of]
    links = {"links": [*links_of(connection, int(row["id"])), *cells.ids[plan.links].tolist()]}
    connection.execute(query("drafts.set_report"), {"plan": row["id"], "report": Jsonb(plain(links))})
    return {
        "communities": communities,
        "seed": int(asked.get("seed", 1)),
        "target": target or settings["target"],
        "assignment": assignment_of(draft, cells.ids, _inherited(draft, cells, codes, of.level.code_profile)),
    }


def assignment_of(draft: Draft, cells: np.ndarray, codes: np.ndarray) -> dict[str, list[int]]:
    """Give cells by key: a code that the base has is a key, another grid is a new one."""
    keys = set(draft.known())
    assignment: dict[str, list[int]] = {}
    known = draft.known()
    community = draft.community[np.searchsorted(draft.cells, cells)]
    for code, name in sorted(set(zip(codes.astype(str), community, strict=True))):
        key = str(code) if known.get(code) == name else new_key(keys)
        keys.add(key)
        assignment[key] = cells[(codes == code) & (community == name)].tolist()
    return assignment


def links_of(connection: Connection, plan_id: int) -> list[list[int]]:
    """Pairs of cells that a draft holds connected beyond their borders."""
    row = connection.execute(query("drafts.links"), {"plan": plan_id}).fetchone()
    return list(row[0]) if row and row[0] else []


def _inherited(draft: Draft, cells: StoredCells, codes: np.ndarray, code_profile: str) -> np.ndarray:
    """Codes that proposed grids would have on the base: those of the base where they succeed one."""
    table = cells.tessellation.cells
    middle = table.geometry.centroid
    base = draft.base[np.searchsorted(draft.cells, cells.ids)]
    made = codes_of_plan(
        table["community_id"].to_numpy(object),
        base,
        codes,
        households=table["households"].to_numpy(float),
        area=table.geometry.area.to_numpy(),
        centre=np.column_stack([middle.x, middle.y]),
        used={},
        code_profile=code_profile,
    )
    return np.array([made[code] for code in codes], object)
