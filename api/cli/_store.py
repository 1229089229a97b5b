"""How does a command reach the store?"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gis.store.connect import Connection

__all__ = ["open_store"]


@contextmanager
def open_store() -> Iterator[Connection]:
    """Connect as the role that serves and loads."""
    from api.settings import database_urls  # noqa: PLC0415
    from gis.store.connect import connect  # noqa: PLC0415

    with connect(database_urls().require_app()) as connection:
        yield connection
