"""Which rows are refused, mended or left out, where exactly, and what is said about it?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gis.remarks import Report, Severity

__all__ = ["Sieve"]

EACH = 200
"""So many mends and left-out rows of one rule are told one by one; beyond, their number. Errors are all told."""


class Sieve:
    """Collects what is found about the rows of one table.

    Parameters
    ----------
    report : Report
        Where it is told.
    count : int
        Number of rows.
    rows : ndarray of int64, shape (count,), optional
        Number of each row in its file: the first data row being 1, in Excel as Excel shows it.
    files : ndarray of object, shape (count,), optional
        File of each row, where there are several.
    """

    def __init__(
        self, report: Report, count: int, rows: np.ndarray | None = None, files: np.ndarray | None = None
    ) -> None:
        self.report = report
        self.refused = np.zeros(count, bool)
        self.dropped = np.zeros(count, bool)
        self.rows = np.arange(1, count + 1) if rows is None else rows
        self.files = files
        self.codes: np.ndarray | None = None
        self.places: np.ndarray | None = None

    @classmethod
    def join(cls, sieves: list[Sieve], files: list[str]) -> Sieve:
        """One sieve over the rows of all."""
        count = sum(len(s.refused) for s in sieves)
        names = np.concatenate([np.full(len(s.refused), f, dtype=object) for s, f in zip(sieves, files, strict=True)])
        joined = cls(
            sieves[0].report, count, np.concatenate([s.rows for s in sieves]), names if len(sieves) > 1 else None
        )
        joined.refused = np.concatenate([s.refused for s in sieves])
        joined.dropped = np.concatenate([s.dropped for s in sieves])
        joined.places = np.concatenate(
            [np.full((len(s.refused), 2), np.nan) if s.places is None else s.places for s in sieves]
        )
        return joined

    def refuse(self, at: Iterable[int] | np.ndarray, rule: str, message: Text, **more: Any) -> None:
        """Refuse rows (positions or a mask); `message` is a text or gives one for a position."""
        rows = self._positions(at)
        self.refused[rows] = True
        self._tell("error", rows, rule, message, more)

    def leave_out(self, at: Iterable[int] | np.ndarray, rule: str, message: Text, **more: Any) -> None:
        """Leave rows out that are not meant to be taken; that is no error."""
        rows = self._positions(at)
        self.dropped[rows] = True
        self._tell("note", rows, rule, message, more)

    def mend(self, at: Iterable[int] | np.ndarray, rule: str, message: Text, **more: Any) -> None:
        """Tell rows that were changed."""
        self._tell("mended", self._positions(at), rule, message, more)

    def note(self, at: Iterable[int] | np.ndarray, rule: str, message: Text, **more: Any) -> None:
        """Tell rows worth a look."""
        self._tell("note", self._positions(at), rule, message, more)

    @property
    def kept(self) -> np.ndarray:
        """Mask of the rows neither refused nor left out."""
        result: np.ndarray = ~(self.refused | self.dropped)
        return result

    def row_name(self, position: int) -> str:
        """``row 12``, with the file where there are several."""
        name = f"row {self.rows[position]}"
        return f"{name} of {self.files[position]}" if self.files is not None else name

    def _positions(self, at: Iterable[int] | np.ndarray) -> np.ndarray:
        marks = np.asarray(at if isinstance(at, np.ndarray) else list(at))
        return np.flatnonzero(marks) if marks.dtype == bool else marks.astype(np.int64)

    def _tell(self, severity: Severity, rows: np.ndarray, rule: str, message: Text, more: dict[str, Any]) -> None:
        shown = rows if severity == "error" else rows[:EACH]
        amounts = more.pop("amounts", None)
        for position in shown:
            place: dict[str, Any] = {"row": int(self.rows[position]), **more}
            if self.codes is not None and self.codes[position] is not None:
                place["code"] = str(self.codes[position])
            if self.places is not None and np.isfinite(self.places[position]).all():
                place["lon"], place["lat"] = (round(float(v), 7) for v in self.places[position])
            if amounts is not None:
                place["amount"] = float(amounts[position])
            text = message if isinstance(message, str) else message(int(position))
            if self.files is not None:
                text = f"{self.files[position]}: {text}"
            self.report.add(severity, rule, text, **place)
        if len(rows) > len(shown):
            text = message if isinstance(message, str) else message(int(rows[len(shown)]))
            self.report.add(
                severity, rule, f"{len(rows) - len(shown)} more rows alike (the first: {text})",
                amount=float(len(rows) - len(shown)), unit="rows",
            )  # fmt: skip


if TYPE_CHECKING:
    Text = str | Callable[[int], str]
