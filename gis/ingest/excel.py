"""How do the rows of an Excel workbook, with its titles, notes and several sheets, become rows with text and places?"""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException

from gis.errors import InputError
from gis.ingest.kinds import KINDS, LAT_NAMES, LON_NAMES, WKT_NAMES, fold_name
from gis.ingest.raw import RawTable, nothing, with_place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from gis.ingest.specs import FileSpec

__all__ = ["read_excel"]

HEADER_WITHIN = 40
"""The header is looked for in so many rows: titles, dates and hints may stand above it."""

_PADDED = re.compile(r"^0{2,}$")
_HINT = re.compile(r"[*＊☆★]|[（(\[【][^()（）\[\]【】]*[)）\]】]\s*$")
_NO_DATA = re.compile(r"^\s*(?:合\s*计|总\s*计|小\s*计|注\s*[:：]|备注\s*[:：]|说明\s*[:：]|填表|制表|审核|填报)")
_OLD = b"\xd0\xcf\x11\xe0"


def read_excel(spec: FileSpec, *, hint: str = "") -> RawTable:
    """Read one sheet of a workbook.

    Parameters
    ----------
    spec : FileSpec
        ``layer`` names the sheet; else it is the visible one whose header has most of the kind's fields.
    hint : str
        The kind's name.

    Returns
    -------
    RawTable
        Rows are numbered as Excel shows them. Blank rows, totals and notes below the table are left out. Numbers in
        cells formatted with leading zeros keep them; dates stay dates.

    Raises
    ------
    InputError
        When it is no workbook of today's Excel, or no sheet has a header.
    """
    path = spec.path
    book = _open(path)
    try:
        visible = [s for s in book.worksheets if s.sheet_state == "visible"]
        titles = [str(s.title) for s in visible]
        wanted = spec.option("layer")
        if wanted is not None and wanted not in titles:
            raise InputError(
                f"{path.name} has the sheets {', '.join(titles)} but no {wanted}.", "Say which with FILE:layer=NAME."
            )
        known = _known(spec, hint)
        heads = [(_header(s, known), s) for s in visible if wanted is None or s.title == wanted]
        (score, number), sheet = max(heads, key=lambda h: h[0][0], default=((0, 0), None))
        if sheet is None or (score == 0 and not any(_rows(sheet))):
            raise InputError(f"{path.name} has no rows.", "Export it again; nothing was imported.")
        frame, rows, aside = _table(sheet, number, known)
    finally:
        book.close()
    notes = [f"sheet {sheet.title}, header in row {number}"]
    others = [t for t in titles if t != sheet.title]
    if others:
        notes.append(f"other sheets not read: {', '.join(others)}")
    if aside:
        notes.append(f"totals or notes left out: row {', '.join(map(str, aside))}")
    return with_place(RawTable(frame, nothing(len(frame)), None, path.name, notes=notes, rows=rows), spec)


def _open(path: Path) -> openpyxl.Workbook:
    with path.open("rb") as file:
        start = file.read(4)
    if start == _OLD:
        raise InputError(
            f"{path.name} is a workbook of Excel 97-2003, or one with a password.",
            "Open it and save it as .xlsx without a password.",
        )
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, EOFError, SyntaxError) as fault:
        raise InputError(
            f"{path.name} cannot be read as Excel ({fault}).", "Open it and save it as .xlsx, or as CSV UTF-8."
        ) from fault


def _known(spec: FileSpec, hint: str) -> set[str]:
    """Folded names that may stand in the header."""
    kinds = [KINDS[hint]] if hint in KINDS else list(KINDS.values())
    known = {name for kind in kinds for entry in kind.fields for name in entry.names}
    return known | {*LON_NAMES, *LAT_NAMES, *WKT_NAMES} | {fold_name(column) for column in spec.map}


def _rows(sheet: Worksheet, most: int | None = None) -> Iterator[tuple[int, list[Any]]]:
    """Give number and values of the rows that are not blank."""
    sheet.reset_dimensions()  # what some programs write there is wrong
    for number, cells in enumerate(sheet.iter_rows(max_row=most), 1):
        values = [_value(cell) for cell in cells]
        if any(v is not None for v in values):
            yield number, values


def _value(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int) and not isinstance(value, bool) and _PADDED.match(cell.number_format):
        return str(value).zfill(len(cell.number_format))
    return value


def _name(value: Any, known: set[str]) -> str:
    """A column's name without stars and brackets (``户数（必填）``), where it is not known with them."""
    text = str(value).strip().replace("\n", "")
    bare = _HINT.sub("", text).strip()
    return bare if fold_name(text) not in known and bare else text


def _header(sheet: Worksheet, known: set[str]) -> tuple[int, int]:
    """How many known names the best row has, and its number; of rows as good the first."""
    best, first = (0, 0), 0
    for number, values in _rows(sheet, HEADER_WITHIN):
        names = {fold_name(_name(v, known)) for v in values if isinstance(v, str)}
        if not first and len(names) > 1:
            first = number
        if len(names & known) > best[0]:
            best = (len(names & known), number)
    return best if best[0] else (0, first or 1)


def _table(sheet: Worksheet, header: int, known: set[str]) -> tuple[pd.DataFrame, np.ndarray, list[int]]:
    names: list[str | None] = []
    rows, numbers, aside = [], [], []
    for number, values in _rows(sheet):
        if number < header:
            continue
        if number == header:
            names = [None if v is None else _name(v, known) for v in values]
            continue
        first = next(v for v in values if v is not None)
        if isinstance(first, str) and _NO_DATA.match(first):
            aside.append(number)
            continue
        rows.append(values)
        numbers.append(number)
    width = max([len(names), *map(len, rows)])
    table = np.full((len(rows), width), None, dtype=object)
    for i, values in enumerate(rows):
        table[i, : len(values)] = values
    frame = pd.DataFrame(table, dtype=object)
    labels = names + [None] * (width - len(names))
    used = [i for i in range(width) if labels[i] is not None or frame[i].notna().any()]
    seen: dict[str, int] = {}
    columns = []
    for i in used:
        label = labels[i] or f"column {openpyxl.utils.get_column_letter(i + 1)}"
        seen[label] = seen.get(label, 0) + 1
        columns.append(label if seen[label] == 1 else f"{label}.{seen[label] - 1}")
    frame = frame[used]
    frame.columns = pd.Index(columns)
    return frame, np.asarray(numbers, np.int64), aside
