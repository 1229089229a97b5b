"""How is a step of the set-up run, shown and, when nothing changed, skipped?"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["HOME", "LOG", "ROOT", "StepError", "fingerprint", "remember", "run", "show", "step", "unchanged"]

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".gridkeeper"
LOG = HOME / "setup.log"
LINES_SHOWN = 25


class StepError(Exception):
    """A step cannot go on; the message says what to do."""


@contextmanager
def step(label: str) -> Iterator[None]:
    """Show a few words while a step runs, and its seconds afterwards."""
    begun = time.monotonic()
    print(f"  {label:<46}", end="", flush=True)
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - begun:6.1f} s", flush=True)


def run(*command: str | Path, cwd: Path = ROOT, extra: Mapping[str, str] | None = None) -> None:
    """Run a command quietly; what it says goes to the log, and its end to the screen when it fails.

    Raises
    ------
    StepError
        The command is missing or fails.
    """
    words = [str(word) for word in command]
    HOME.mkdir(exist_ok=True)
    with LOG.open("a+", encoding="utf-8", errors="replace") as log:
        log.write(f"\n$ {' '.join(words)}\n")
        log.flush()
        begin = log.tell()
        try:
            done = subprocess.run(  # noqa: S603
                words,
                cwd=cwd,
                env={**os.environ, **(extra or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except OSError as fault:
            raise StepError(f"{words[0]} cannot be run: {fault}") from None
        if done.returncode != 0:
            log.seek(begin)
            said = log.read().strip().splitlines()[-LINES_SHOWN:]
            told = "\n".join(f"    {line}" for line in said)
            raise StepError(f"{' '.join(words[:4])} … failed (whole log: {LOG}):\n{told}")


def show(*command: str | Path, cwd: Path = ROOT, extra: Mapping[str, str] | None = None) -> int:
    """Run a command whose output is for the screen; give its exit code."""
    sys.stdout.flush()
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, env={**os.environ, **(extra or {})}, check=False).returncode  # noqa: S603


def fingerprint(paths: Iterable[Path]) -> str:
    """Hash names and contents of files; folders count with all that is in them."""
    digest = hashlib.sha256()
    for path in sorted(set(_files(paths))):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def unchanged(stamp: Path, value: str) -> bool:
    """Say whether the step that left `stamp` was done for the same `value`."""
    try:
        return stamp.read_text(encoding="utf-8") == value
    except OSError:
        return False


def remember(stamp: Path, value: str) -> None:
    """Leave a stamp: this step is done for `value`."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(value, encoding="utf-8")


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
        elif path.exists():
            yield path
