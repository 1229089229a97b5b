"""How does a step tell what it took, mended, left out or refused, place by place?"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = ["Remark", "Report", "Severity"]

Severity = Literal["error", "mended", "left_over", "note"]


@dataclass(frozen=True)
class Remark:
    """One thing worth telling about one place in the input or the result.

    Parameters
    ----------
    severity : {"error", "mended", "left_over", "note"}
        `error` refuses a row, `mended` changed it, `left_over` could not be mended and stays,
        `note` is for information.
    rule : str
        Name of the rule, snake_case and stable (``households_negative``).
    message : str
        One sentence for a person.
    row : int, optional
        Row of the file: the first data row being 1, in Excel as Excel shows it.
    field : str, optional
        Column of the file.
    code : str, optional
        Code of the thing (building, community, cell ...).
    remedy : str, optional
        What to do.
    amount : float, optional
        How much (`unit` says of what).
    unit : str, optional
        ``m``, ``m2``, ``households`` ...
    lon, lat : float, optional
        The place, EPSG:4490 degrees.
    message_zh, remedy_zh : str, optional
        The same in Chinese, where it says more than the words of its rule.
    """

    severity: Severity
    rule: str
    message: str
    row: int | None = None
    field: str | None = None
    code: str | None = None
    remedy: str | None = None
    amount: float | None = None
    unit: str | None = None
    lon: float | None = None
    lat: float | None = None
    message_zh: str | None = None
    remedy_zh: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """All fields that are set."""
        return {k: v for k, v in asdict(self).items() if v is not None}


@dataclass
class Report:
    """Everything one step has to tell, in the order it was found.

    Parameters
    ----------
    title : str
        What the step was, e.g. ``import buildings``.
    source : str
        File or district it worked on.
    remarks : list of Remark
    counts : dict
        Named totals (``rows``, ``accepted``, ``inserted``, ``unchanged`` ...).
    """

    title: str
    source: str = ""
    remarks: list[Remark] = field(default_factory=list)
    counts: dict[str, float] = field(default_factory=dict)

    def add(self, severity: Severity, rule: str, message: str, **place: Any) -> None:
        """Append a remark."""
        self.remarks.append(Remark(severity, rule, message, **place))

    @property
    def errors(self) -> list[Remark]:
        """The remarks that refuse something."""
        return [r for r in self.remarks if r.severity == "error"]

    def tally(self) -> dict[str, int]:
        """Number of remarks by rule."""
        return dict(Counter(r.rule for r in self.remarks))

    def as_dict(self) -> dict[str, Any]:
        """The whole report, ready for JSON."""
        return {
            "title": self.title,
            "source": self.source,
            "counts": self.counts,
            "tally": self.tally(),
            "remarks": [r.as_dict() for r in self.remarks],
        }
