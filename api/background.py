"""How does the server run in the background: found again, started, waited for, stopped?

The server holds a lock on a file as long as it lives, so no process id is ever trusted to be ours by itself.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from gis.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Server", "code_age", "find", "free_port", "start", "stop"]

WAIT_START_S = 60.0
WAIT_STOP_S = 15.0
POLL_S = 0.1
_ROOT = Path(__file__).resolve().parents[1]
_ROOMS = ("api", "gis", "layers", "web/dist")


@dataclass(frozen=True)
class Server:
    """A server in the background.

    Parameters
    ----------
    pid : int
    port : int
    code : int
        `code_age` of the program it runs.
    """

    pid: int
    port: int
    code: int

    @property
    def address(self) -> str:
        """What to type into a browser."""
        return f"http://127.0.0.1:{self.port}/"

    def answers(self) -> bool:
        """Say whether it serves and reaches its database."""
        try:
            with urllib.request.urlopen(f"{self.address}api/health", timeout=5) as answer:  # noqa: S310  # loopback
                return int(answer.status) == 200
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False


def find(home: Path) -> Server | None:
    """Give the server that runs in the background of this checkout; None where there is none."""
    with _try_lock(home) as lock:
        if lock is not None:
            return None
    try:
        return Server(**json.loads(_state(home).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def start(home: Path, port: int) -> Server:
    """Start a server and wait until it answers.

    Raises
    ------
    SetupError
        It ends or does not answer in time; the message has the end of its log.
    """
    log = home / "server.log"
    with _try_lock(home) as lock:
        if lock is None:
            raise SetupError("A server of this checkout runs already.", "Stop it first: make stop.")
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(  # noqa: S603
                [Path(sys.executable).with_name("gridkeeper"), "serve", "--port", str(port)],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[lock.fileno()],
            )
        server = Server(process.pid, port, code_age())
        _state(home).write_text(json.dumps(asdict(server)), encoding="utf-8")
    deadline = time.monotonic() + WAIT_START_S
    while process.poll() is None and time.monotonic() < deadline:
        if server.answers():
            process.returncode = 0  # it is meant to outlive us
            return server
        time.sleep(POLL_S)
    _end(process.pid)
    process.wait()
    told = " / ".join(log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:])
    raise SetupError(f"The server does not start: {told}", f"Its whole log is {log}.")


def stop(home: Path) -> bool:
    """Stop the server of this checkout; True where one ran.

    Raises
    ------
    SetupError
        One runs that cannot be stopped.
    """
    server = find(home)
    if server is None:
        return False
    for chosen in (signal.SIGTERM, signal.SIGKILL):
        _end(server.pid, chosen)
        deadline = time.monotonic() + WAIT_STOP_S
        while time.monotonic() < deadline:
            if find(home) is None:
                _state(home).unlink(missing_ok=True)
                return True
            time.sleep(POLL_S)
    raise SetupError(f"The server (process {server.pid}) does not stop.", "Is it run by another account?")


def free_port(preferred: int) -> int:
    """Give `preferred` where nobody listens there, else any free port of the loopback interface."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SetupError("No port of the loopback interface is free.", "Stop another server.")


def code_age() -> int:
    """Newest change of the program's files, nanoseconds: a server that runs older code is restarted."""
    files = (p for room in _ROOMS for p in (_ROOT / room).rglob("*") if "__pycache__" not in p.parts)
    return max((p.stat().st_mtime_ns for p in files if p.is_file()), default=0)


def _state(home: Path) -> Path:
    return home / "server.json"


@contextmanager
def _try_lock(home: Path) -> Iterator[IO[str] | None]:
    """Give the locked file, or None where a running server holds it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "server.lock").open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield lock


def _end(pid: int, chosen: signal.Signals = signal.SIGTERM) -> None:
    try:
        os.kill(pid, chosen)
    except ProcessLookupError:
        return
    except PermissionError:
        raise SetupError(
            f"The server (process {pid}) belongs to another account.", "Stop it as that account."
        ) from None
