"""What did a step find on the ground, and where, before anyone knows longitude and latitude?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyproj

from gis.crs import STORE_CRS

if TYPE_CHECKING:
    import shapely

    from gis.remarks import Report, Severity

__all__ = ["Finding", "Findings"]


@dataclass(frozen=True)
class Finding:
    """A remark whose place is in metres of the metric CRS (fields as in `gis.remarks.Remark`)."""

    severity: Severity
    rule: str
    message: str
    code: str | None = None
    amount: float | None = None
    unit: str | None = None
    remedy: str | None = None
    x: float | None = None
    y: float | None = None


@dataclass
class Findings:
    """A picklable list of findings that workers fill and the caller turns into remarks."""

    items: list[Finding] = field(default_factory=list)

    def add(
        self,
        severity: Severity,
        rule: str,
        message: str,
        *,
        at: shapely.Geometry | None = None,
        code: str | None = None,
        amount: float | None = None,
        unit: str | None = None,
        remedy: str | None = None,
    ) -> None:
        """Note something at a geometry's inner point."""
        point = None if at is None or at.is_empty else at.representative_point()
        self.items.append(
            Finding(
                severity,
                rule,
                message,
                code,
                None if amount is None else round(float(amount), 3),
                unit,
                remedy,
                None if point is None else float(point.x),
                None if point is None else float(point.y),
            )
        )

    def tell(self, report: Report, crs: object) -> None:
        """Append everything to `report`, places in EPSG:4490 degrees."""
        to_degrees = pyproj.Transformer.from_crs(pyproj.CRS.from_user_input(crs), STORE_CRS, always_xy=True)
        x = np.array([np.nan if f.x is None else f.x for f in self.items])
        y = np.array([np.nan if f.y is None else f.y for f in self.items])
        lon, lat = to_degrees.transform(x, y) if len(x) else (x, y)
        for f, east, north in zip(self.items, lon, lat, strict=True):
            known = bool(np.isfinite(east) and np.isfinite(north))
            report.add(
                f.severity,
                f.rule,
                f.message,
                code=f.code,
                amount=f.amount,
                unit=f.unit,
                remedy=f.remedy,
                lon=round(float(east), 7) if known else None,
                lat=round(float(north), 7) if known else None,
            )
