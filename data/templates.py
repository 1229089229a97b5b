"""Which Excel table does an office fill in for each kind of data?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from gis.ingest import KINDS

if TYPE_CHECKING:
    from gis.ingest.fields import Field, Kind

__all__ = ["GUIDE", "template_book", "template_columns"]

GUIDE = "说明"
"""The sheet that explains the table."""

ROWS = 50_000
"""Cells so far down get their list to choose from."""

FORMATS = {"code": "@", "text": "@", "date": "yyyy-mm-dd", "time": "yyyy-mm-dd hh:mm", "integer": "0"}
KIND_OF_VALUE = {
    "code": "文本，保留开头的 0", "text": "文本", "integer": "不小于 0 的整数", "number": "不小于 0 的数",
    "date": "日期，如 2026-03-31", "time": "日期和时间，如 2026-03-31 14:05", "flag": "是或否", "word": "从列表中选择",
}  # fmt: skip

POINT = (
    ("经度", "十进制度，CGCS2000 坐标系；其他坐标系导入时用 --crs 指明", "116.3912345"),
    ("纬度", "十进制度", "39.9061234"),
)
SHAPES = {
    "polygon": "POLYGON((116.39 39.90, 116.40 39.90, 116.40 39.91, 116.39 39.90))",
    "line": "LINESTRING(116.39 39.90, 116.40 39.91)",
}
HEAD = PatternFill("solid", fgColor="DDEBF7")


def template_columns(kind: Kind) -> list[tuple[str, Field | None, bool, str, str]]:
    """Columns of a kind's table: header, field (None: a column of the place), required, meaning and example."""
    columns: list[tuple[str, Field | None, bool, str, str]] = [
        (f.header, f, f.required, f.about, f.example) for f in kind.fields if f.about
    ]
    point = "point" in kind.shapes
    if point:
        needed = kind.shape_needed and kind.shapes == ("point",)
        columns += [(name, None, needed, about, example) for name, about, example in POINT]
    drawn = next((SHAPES[s] for s in kind.shapes if s in SHAPES), None)
    if drawn:
        about = "WKT 文本" + ("；填了经纬度可不填" if point else "；也可以改用 Shapefile、GeoPackage 等图形文件")
        columns.append(("图形", None, kind.shape_needed and not point, about, drawn))
    return columns


def template_book(kind: str) -> Workbook:
    """Make the workbook of a kind: an empty table that can be imported as it is, and a sheet that explains it.

    Parameters
    ----------
    kind : str
        One of `gis.ingest.KINDS`.

    Returns
    -------
    openpyxl.Workbook
        First sheet: the header. Second sheet: each column, whether it must be filled in, what it means, what may be
        written there, an example.
    """
    entry = KINDS[kind]
    book = Workbook()
    table, guide = book.active, book.create_sheet(GUIDE)
    table.title = entry.label["zh"]
    table.freeze_panes = "A2"
    guide.append(["列名", "必填", "含义", "填写要求", "示例"])
    for number, (header, field, required, about, example) in enumerate(template_columns(entry), 1):
        letter = get_column_letter(number)
        cell = table.cell(1, number, header)
        cell.font, cell.fill = Font(bold=True, color="C00000" if required else "000000"), HEAD
        table.column_dimensions[letter].width = max(12, 2 * len(header) + 4)
        kind_of_value = "数字" if field is None and header != "图形" else "文本"
        if field is not None:
            kind_of_value = KIND_OF_VALUE[field.type]
            if field.choices:
                kind_of_value += f"：{'、'.join(field.choices)}"
                choose = DataValidation(
                    type="list", formula1=f'"{",".join(field.choices)}"', allow_blank=True,
                    errorStyle="warning" if field.open_words else "stop",
                    error="请从列表中选择", showErrorMessage=True,
                )  # fmt: skip
                choose.add(f"{letter}2:{letter}{ROWS}")
                table.add_data_validation(choose)
            if field.type in FORMATS:
                table.column_dimensions[letter].number_format = FORMATS[field.type]
        guide.append([header, "是" if required else "否", about, kind_of_value, example])
    for number, width in enumerate((16, 8, 44, 52, 44), 1):
        guide.column_dimensions[get_column_letter(number)].width = width
        guide.cell(1, number).font, guide.cell(1, number).fill = Font(bold=True), HEAD
    for row in guide.iter_rows(min_row=2):
        for cell in row:
            cell.number_format = "@"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    return book
