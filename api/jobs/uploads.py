"""Where do files wait that were handed over, until a job has read them?"""

from __future__ import annotations

import re
import secrets
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gis.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["KEPT_S", "LARGEST", "drop_old", "drop_read", "path_of", "receive"]

LARGEST = 4 * 2**30
"""Bytes of one upload at most."""
KEPT_S = 7 * 86_400.0
"""Seconds after which a file that no job has read is thrown away."""

_ID = re.compile(r"[0-9a-f]{16}")


async def receive(spool: Path, name: str, pieces: AsyncIterator[bytes], largest: int = LARGEST) -> tuple[str, int]:
    """Write a stream of bytes into a folder of its own; give the upload's number and how many bytes came.

    Raises
    ------
    InputError
        The name is none for a file, nothing came, or too much.
    """
    safe = _file_name(name)
    number = secrets.token_hex(8)
    folder = spool / number
    folder.mkdir(parents=True, mode=0o700)
    size = 0
    try:
        with (folder / safe).open("wb") as file:
            async for piece in pieces:
                size += len(piece)
                if size > largest:
                    raise InputError(  # noqa: TRY301  # the folder goes with it
                        f"{safe} is larger than {largest / 2**30:.0f} GiB.",
                        "Put it beside the server and import it there: gridkeeper import.",
                    )
                file.write(piece)
        if not size:
            raise InputError(f"{safe} is empty.", "Choose another file.")  # noqa: TRY301
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return number, size


def path_of(spool: Path, number: str) -> Path:
    """Give the file of an upload.

    Raises
    ------
    NotFoundError
        There is none of that number, or it is gone.
    """
    files = list((spool / number).glob("*")) if _ID.fullmatch(number) else []
    if len(files) != 1:
        raise NotFoundError(f"There is no upload {number}.", "Hand the file over again.")
    return files[0]


def drop_read(spool: Path, paths: list[str]) -> None:
    """Throw away uploads that a job has read; other files stay where they are."""
    for path in map(Path, paths):
        if path.parent.parent == spool and _ID.fullmatch(path.parent.name):
            shutil.rmtree(path.parent, ignore_errors=True)


def drop_old(spool: Path, seconds: float = KEPT_S) -> None:
    """Throw away what nobody has asked for in a long time."""
    limit = time.time() - seconds
    for folder in spool.glob("*"):
        if _ID.fullmatch(folder.name) and folder.stat().st_mtime < limit:
            shutil.rmtree(folder, ignore_errors=True)


def _file_name(name: str) -> str:
    """Give the last part of a name, where that is one: no hidden file, no sign that cannot be seen."""
    safe = re.split(r"[/\\]", name)[-1].strip()
    if not safe or safe.startswith(".") or not safe.isprintable() or len(safe.encode()) > 200:
        raise InputError(f"{name[:100]!r} is no name for a file.", "Give the file a plain name.")
    return safe
