"""What did the caller decide about reading?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["ReadOptions"]


@dataclass(frozen=True)
class ReadOptions:
    """Decisions of the caller that hold for all files of one reading.

    Parameters
    ----------
    crs : str or int, optional
        Reference system of the coordinates (EPSG code, ``gcj02``, ``bd09``); wins over what a file says.
    swap_axes : bool
        The first number is latitude or northing.
    accept_crs : bool
        Do not question the reference system, nor where the data lie.
    map : dict
        Column -> field, for every file.
    accept_partial : bool
        Take the good rows of a file with bad ones.
    as_of : date, optional
        Date of household counts whose rows carry none.
    estimate_households : bool
        Estimate the households of buildings that have none.
    level : str, optional
        Level of the divisions: district, subdistrict, community.
    district, district_name : str, optional
        Code and name of the district that divisions make.
    time_zone : str, optional
        IANA name for times without a zone; by default the district's.
    """

    crs: str | int | None = None
    swap_axes: bool = False
    accept_crs: bool = False
    map: dict[str, str] = field(default_factory=dict)
    accept_partial: bool = False
    as_of: dt.date | None = None
    estimate_households: bool = False
    level: str | None = None
    district: str | None = None
    district_name: str | None = None
    time_zone: str | None = None
