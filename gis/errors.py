"""What can go wrong, said so that the person who must mend it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gis.remarks import Report

__all__ = [
    "CancelledError",
    "CheckFailedError",
    "ConflictError",
    "GridkeeperError",
    "InputError",
    "NoRowsError",
    "NotFoundError",
    "SetupError",
    "StaleError",
]


class GridkeeperError(Exception):
    """Root of everything Gridkeeper raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong and where, in one sentence.
    remedy : str, optional
        What to do about it.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class InputError(GridkeeperError):
    """Something handed in cannot be taken; `report`, where given, lists every place."""

    exit_code = 3

    def __init__(self, message: str, remedy: str = "", report: Report | None = None) -> None:
        super().__init__(message, remedy)
        self.report = report


class CancelledError(GridkeeperError):
    """Somebody asked the work to stop; nothing of it is kept."""

    exit_code = 7


class NoRowsError(InputError):
    """A file holds nothing of what was asked for."""


class NotFoundError(GridkeeperError):
    """The thing named does not exist."""

    exit_code = 4


class ConflictError(GridkeeperError):
    """The state of the store does not allow it (someone was first, or a step is missing)."""

    exit_code = 5


class StaleError(ConflictError):
    """Somebody else was first; `revision` is the present one."""

    def __init__(self, message: str, remedy: str, revision: int) -> None:
        super().__init__(message, remedy)
        self.revision = revision


class CheckFailedError(GridkeeperError):
    """A hard check of a plan failed; publishing is refused."""

    exit_code = 6


class SetupError(GridkeeperError):
    """The surroundings (database, roles, programs) are not as needed."""

    exit_code = 2
