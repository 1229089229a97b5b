"""How does a report become a table that an office works off row by row?"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from gis.remarks import Remark, Report

__all__ = ["TABLES", "save_table"]

TABLES = (".xlsx", ".csv")
HEAD = (
    "文件",
    "行号",
    "列",
    "编码",
    "结果",
    "规则",
    "问题",
    "处理办法",
    "说明（英文）",
    "处理办法（英文）",
    "经度",
    "纬度",
)
SEVERITY = {"error": "未导入", "left_over": "待处理", "mended": "已修正", "note": "提示"}
WIDTHS = (24, 8, 16, 20, 8, 26, 36, 44, 60, 60, 12, 12)


def save_table(report: Report, file: Path) -> None:
    """Write every remark as one row, what refuses rows first; `.csv` is UTF-8 with a mark, as Excel wants it."""
    order = list(SEVERITY)
    rows = [_row(report, r) for r in sorted(report.remarks, key=lambda r: (order.index(r.severity), r.row or 0))]
    if file.suffix.lower() == ".csv":
        with file.open("w", encoding="utf-8-sig", newline="") as sink:
            csv.writer(sink).writerows([HEAD, *rows])
        return
    from openpyxl import Workbook  # noqa: PLC0415 - other commands should not wait for it
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet("导入结果")
    sheet.freeze_panes = "A2"
    for number, width in enumerate(WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    head = [WriteOnlyCell(sheet, name) for name in HEAD]
    for cell in head:
        cell.font = Font(bold=True)
    sheet.append(head)
    for row in rows:
        sheet.append(row)
    book.save(file)


def _row(report: Report, remark: Remark) -> list[object]:
    from gis.ingest.rule_words import rule_words  # noqa: PLC0415

    what, remedy = rule_words(remark.rule)
    texts = (
        remark.field,
        remark.code,
        SEVERITY[remark.severity],
        remark.rule,
        remark.message_zh or what,
        remark.remedy_zh or remedy,
        remark.message,
        remark.remedy,
    )
    return [_plain(report.source), remark.row, *map(_plain, texts), remark.lon, remark.lat]


def _plain(text: str | None) -> str | None:
    """A text that a spreadsheet takes for a text: no formula, no control character."""
    clean = "".join(c for c in text or "" if c >= " " or c == "\n")
    return f"'{clean}" if clean[:1] in {"=", "+", "-", "@"} else clean or None
