"""What would move in a draft, told for the screen and as a table that an office works off?"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from gis.errors import StaleError
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.copying import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from gis.clock import Clock

__all__ = ["MEDIA_TYPES", "as_file", "listed", "page", "rebalancings"]

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
HEADINGS = {
    "building": ("楼栋编码", "Building"),
    "name": ("楼栋名称", "Name"),
    "address": ("地址", "Address"),
    "community": ("社区", "Community"),
    "households": ("户数", "Households"),
    "people": ("人数", "People"),
    "from_grid": ("原网格", "From grid"),
    "to_grid": ("调入网格", "To grid"),
    "worker_from": ("原网格员", "Worker before"),
    "worker_to": ("现网格员", "Worker after"),
    "worker_changes": ("网格员是否变更", "Worker changes"),
    "lon": ("经度", "Longitude"),
    "lat": ("纬度", "Latitude"),
}
WIDTHS = (20, 18, 32, 16, 8, 8, 22, 22, 16, 16, 14, 12, 12)
CHINESE = "zh-CN"
DIGITS = 7


def rebalancings(
    database_url: str, district: str, plan: int, clock: Clock, *, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Make the grids of a draft even again in three ways, as `api.models.PlanRebalancings`; nothing is written."""
    with connect(database_url) as connection:
        return dict(plain(pipeline.compare_rebalancings(connection, district, plan, asked, clock=clock)))


def listed(
    database_url: str, district: str, plan: int, clock: Clock, *, revision: int, changes: Mapping[str, Sequence[int]]
) -> pd.DataFrame:
    """List what moves where cells of a draft change their grid, with the names of `api.models.PlanMove`.

    Raises
    ------
    StaleError
        The draft is not at that revision any more.
    InputError
        A cell is not of this plan, or goes to two grids.
    """
    with connect(database_url) as connection, connection.transaction():
        row = pipeline.read_life(connection, pipeline.district_of(connection, district), plan, clock())
        if row["revision"] != revision:
            raise StaleError(
                f"Plan {plan} is at edit {row['revision']}, you know edit {revision}: somebody was first.",
                "Read the plan again and repeat the edit.",
                row["revision"],
            )
        found = pipeline.list_moves(connection, row, pipeline.read_draft(connection, plan)[0], changes, clock())
    return found.rename(columns={"from": "from_grid", "to": "to_grid"}).round({"lon": DIGITS, "lat": DIGITS})


def page(found: pd.DataFrame, limit: int, offset: int) -> dict[str, Any]:
    """Give one page of a list, as `api.models.PlanMoves`."""
    held = found[found["building"].notna()]
    return {
        "total": len(found),
        "buildings": len(held),
        "households": float(found["households"].sum()),
        "worker_changes": int(held["worker_changes"].sum()),
        "moves": plain(found.iloc[offset : offset + limit].to_dict("records")),
    }


def as_file(found: pd.DataFrame, form: str, lang: str) -> bytes:
    """Give the whole list as a table that opens in Excel."""
    zh = lang == CHINESE
    head = [chinese if zh else english for chinese, english in HEADINGS.values()]
    yes, no = ("是", "否") if zh else ("yes", "no")
    told = found.assign(
        from_grid=[_grid(key, zh) for key in found["from_grid"]],
        to_grid=[_grid(key, zh) for key in found["to_grid"]],
        worker_changes=[yes if changes else no for changes in found["worker_changes"]],
    )
    rows = [[_plain(value) for value in row] for row in plain(told[list(HEADINGS)].to_numpy(object).tolist())]
    if form == "csv":
        text = io.StringIO()
        csv.writer(text).writerows([head, *rows])
        return text.getvalue().encode("utf-8-sig")
    from openpyxl import Workbook  # noqa: PLC0415  # only where it is asked for
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet("调整清单" if zh else "Moves")
    sheet.freeze_panes = "A2"
    for number, width in enumerate(WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    for row in (head, *rows):
        sheet.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _grid(key: str, zh: bool) -> str:
    """Name a grid: a code, or that it is new."""
    fresh = re.fullmatch(r"new-(\d+)", key)
    return key if fresh is None else f"{'新网格' if zh else 'new grid'} {fresh[1]}"


def _plain(value: Any) -> Any:
    """Give a value that a spreadsheet takes for what it is: no text is a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"} else value
