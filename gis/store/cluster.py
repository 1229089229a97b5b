"""Where does the database live when nobody names one, and how is it started and stopped?

A private PostGIS cluster inside the checkout: its own folder, a Unix socket only, no port. PostgreSQL refuses to run
as root, so root hands it to the account ``postgres``; everybody else runs it as themselves. This module uses the
standard library alone, because the set-up needs it before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from gis.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "APP_ROLE",
    "DATABASE",
    "DEMO",
    "OWNER_ROLE",
    "TESTS",
    "Cluster",
    "Flavour",
    "find_binaries",
    "find_cluster",
    "has_postgis",
    "open_cluster",
    "place_cluster",
]

OWNER_ROLE = "gridkeeper_owner"
APP_ROLE = "gridkeeper_app"
DATABASE = "gridkeeper"
PORT = 5432
"""Only a part of the socket's file name: the cluster listens on no port."""
LONGEST_SOCKET_PATH = 107
SERVER_ACCOUNT = "postgres"
DEBIAN_BINARIES = Path("/usr/lib/postgresql")
OTHER_BINARIES = (
    Path("/opt/homebrew/opt/postgresql@17/bin"),
    Path("/opt/homebrew/bin"),
    Path("/usr/local/bin"),
    Path("/Applications/Postgres.app/Contents/Versions/latest/bin"),
)
TEMPORARY = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/run"))  # noqa: S108  # refused, not used


@dataclass(frozen=True)
class Flavour:
    """What a cluster is for: its folder's name, how it is made and how it runs."""

    folder: str
    durable: bool
    options: tuple[str, ...]


_COMMON = ("listen_addresses=", "jit=off", "shared_buffers=256MB", "log_timezone=UTC", "timezone=UTC")
DEMO = Flavour("pg", durable=True, options=(*_COMMON, "work_mem=32MB", "maintenance_work_mem=256MB"))
TESTS = Flavour(
    "test-pg",
    durable=False,
    options=(
        *_COMMON,
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "wal_level=minimal",
        "max_wal_senders=0",
        "max_connections=200",
    ),
)


@dataclass(frozen=True)
class Cluster:
    """One private cluster.

    Parameters
    ----------
    folder : Path
        The real folder (links resolved) that holds data, log and socket; mode 700.
    flavour : Flavour
    binaries : Path
        Folder of ``initdb`` and ``pg_ctl``.
    account : str or None
        Account that runs the server; None: the one that asks.
    """

    folder: Path
    flavour: Flavour
    binaries: Path
    account: str | None

    @property
    def data(self) -> Path:
        """Folder of the data files."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.folder / "log"

    def url(self, role: str = OWNER_ROLE, database: str = DATABASE) -> str:
        """Address of a database for libpq and psycopg, over the Unix socket."""
        return f"postgresql://{role}@/{quote(database)}?host={quote(str(self.folder), safe='')}&port={PORT}"

    @property
    def owner_url(self) -> str:
        """Address for the role that migrates."""
        return self.url()

    @property
    def app_url(self) -> str:
        """Address for the role that serves."""
        return self.url(APP_ROLE)

    def status(self) -> Literal["missing", "stopped", "running"]:
        """Say whether the cluster exists and whether its server runs."""
        if not (self.data / "PG_VERSION").exists():
            return "missing"
        return "running" if self._run("pg_ctl", "-D", self.data, "status", check=False).returncode == 0 else "stopped"

    def up(self) -> bool:
        """Create the cluster where it is missing and start it where it is stopped; True where something was done.

        Raises
        ------
        SetupError
            The folder belongs to somebody else, or the server does not start.
        """
        self._refuse_foreign_owner()
        with self._alone():
            state = self.status()
            if state == "running":
                return False
            if state == "missing":
                self._create()
            options = [f"-c {name}" for name in self.flavour.options]
            options += [f"-c unix_socket_directories='{self.folder}'", f"-c port={PORT}"]
            try:
                self._run("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", "60", "-o", " ".join(options), "start")
            except SetupError as fault:
                raise SetupError(
                    f"The private database in {self.folder} does not start: {_tail(self.log)}",
                    "Read its log there; a cluster of another PostgreSQL version must be removed by hand.",
                ) from fault
            if DATABASE not in self.query("postgres", "SELECT datname FROM pg_database").splitlines():
                self.query("postgres", f"CREATE DATABASE {DATABASE}")
            return True

    def down(self) -> bool:
        """Stop the server; True where one was running."""
        self._refuse_foreign_owner()
        if not self.folder.exists():
            return False
        with self._alone():
            if self.status() != "running":
                return False
            self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-m", "fast", "stop")
            return True

    def query(self, database: str, statement: str) -> str:
        """Run one statement as the owner through ``psql``; rows come back as plain lines."""
        host = ("-h", self.folder, "-p", str(PORT), "-U", OWNER_ROLE, "-d", database)
        return self._run("psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", *host, "-c", statement).stdout.strip()

    def _create(self) -> None:
        """Make the data folder in one step: a half-made one is thrown away."""
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        sync = () if self.flavour.durable else ("--no-sync",)
        how = ("--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", *sync)
        self._run("initdb", "-D", unfinished, "-U", OWNER_ROLE, *how)
        unfinished.rename(self.data)

    def _run(self, program: str, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [str(self.binaries / program), *map(str, arguments)]
        if self.account is not None:
            command = ["runuser", "-u", self.account, "--", *command]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        done = subprocess.run(  # noqa: S603
            command,
            env=environment | {"LC_ALL": "C.UTF-8"},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise SetupError(f"{program} failed: {' '.join(said[-3:])}", f"The private database is in {self.folder}.")
        return done

    def _refuse_foreign_owner(self) -> None:
        _refuse_foreign(self.folder, self.account)
        _refuse_foreign(self.data, self.account)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time start or stop this cluster."""
        _make_folder(self.folder, self.account)
        with (self.folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def find_binaries() -> Path:
    """Folder of the newest PostgreSQL programs that have PostGIS.

    Raises
    ------
    SetupError
        There are none.
    """
    candidates = sorted(DEBIAN_BINARIES.glob("*/bin"), key=lambda p: (len(p.parent.name), p.parent.name), reverse=True)
    on_path = shutil.which("pg_ctl")
    candidates += [*([Path(on_path).resolve().parent] if on_path else []), *OTHER_BINARIES]
    for folder in candidates:
        if (folder / "initdb").exists() and has_postgis(folder):
            return folder
    raise SetupError(
        "No PostgreSQL with PostGIS was found on this machine.",
        "Install it (Debian: apt-get install postgresql-15 postgresql-15-postgis-3) or name a database in"
        " GRIDKEEPER_OWNER_URL and GRIDKEEPER_DATABASE_URL.",
    )


def has_postgis(binaries: Path) -> bool:
    """Say whether the PostgreSQL in this folder has the PostGIS extension."""
    shares = [binaries.parent / "share", binaries.parent / "share" / "postgresql"]
    if binaries.parent.parent == DEBIAN_BINARIES:
        shares.append(Path("/usr/share/postgresql") / binaries.parent.name)
    return any((share / "extension" / "postgis.control").exists() for share in shares)


def open_cluster(home: Path, flavour: Flavour = DEMO) -> Cluster:
    """The private cluster that belongs to `home` (the project's ``.gridkeeper``), placed but not started."""
    account = SERVER_ACCOUNT if os.geteuid() == 0 else None
    if account is not None:
        _require_account(account)
    return Cluster(place_cluster(home, flavour, account), flavour, find_binaries(), account)


def find_cluster(home: Path, flavour: Flavour = DEMO) -> Cluster | None:
    """Give the private cluster that belongs to `home` where one was made; None where none was."""
    if not (home / flavour.folder).exists():
        return None
    return open_cluster(home, flavour)


def place_cluster(home: Path, flavour: Flavour, account: str | None, *, elsewhere: Path | None = None) -> Path:
    """Decide in which folder the cluster lives, and link it from `home` where that is elsewhere.

    In `home` itself, unless its socket path would be too long, the server's account cannot get there (a private
    home folder), or it is a temporary folder and the cluster is meant to last: then in a folder for services
    (`elsewhere`; root: ``/var/lib/gridkeeper``, others: ``~/.local/share/gridkeeper``) under a name made from `home`.

    Raises
    ------
    SetupError
        No place will do, or the one in use belongs to somebody else.
    """
    wanted = home.resolve() / flavour.folder
    if wanted.is_symlink():
        target = wanted.resolve()
        _refuse_foreign(target, account)
        return target
    if wanted.exists() and (wanted / "data").exists():
        _refuse_foreign(wanted, account)
        return wanted
    elsewhere = elsewhere or _services_folder()
    name = hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
    refusals = []
    for folder in (wanted, elsewhere / name):
        refusal = _refusal(folder, flavour, account)
        if refusal is None:
            _make_folder(folder, account)
            if folder != wanted:
                _link(wanted, folder)
            return folder
        refusals.append(refusal)
    raise SetupError(
        f"There is no place for the private database: {'; '.join(refusals)}.",
        "Move the checkout to a shorter, durable path, or name a database in GRIDKEEPER_OWNER_URL.",
    )


def _refusal(folder: Path, flavour: Flavour, account: str | None) -> str | None:
    """Why a cluster cannot live in `folder`; None where it can."""
    socket = folder / f".s.PGSQL.{PORT}"
    if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
        return f"the socket path {socket} is longer than {LONGEST_SOCKET_PATH} bytes"
    if flavour.durable and any(folder.is_relative_to(t) for t in (*TEMPORARY, Path(tempfile.gettempdir()).resolve())):
        return f"{folder} is in a temporary folder"
    if account is not None and not _can_enter(folder, account):
        return f"the account {account} cannot get to {folder}"
    return None


def _can_enter(folder: Path, account: str) -> bool:
    """Say whether `account` may traverse every existing parent of `folder`."""
    parent = next(p for p in folder.parents if p.exists())
    test = ["runuser", "-u", account, "--", "test", "-x", str(parent)]
    return subprocess.run(test, cwd="/", check=False, capture_output=True).returncode == 0  # noqa: S603


def _make_folder(folder: Path, account: str | None) -> None:
    """Create `folder` for the server's account alone: whoever reaches the socket is let in."""
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        shutil.chown(folder, account)


def _link(wanted: Path, folder: Path) -> None:
    """Let `wanted` lead to `folder`; an empty folder makes room, a link made meanwhile is as good."""
    wanted.parent.mkdir(parents=True, exist_ok=True)
    if wanted.is_dir() and not wanted.is_symlink():
        wanted.rmdir()
    with suppress(FileExistsError):
        wanted.symlink_to(folder)


def _refuse_foreign(folder: Path, account: str | None) -> None:
    """Raise where `folder` exists and belongs neither to `account` nor, without one, to us."""
    try:
        owner = folder.stat().st_uid
    except FileNotFoundError:
        return
    except PermissionError:
        owner = folder.parent.stat().st_uid
    ours = os.geteuid() if account is None else pwd.getpwnam(account).pw_uid
    if owner != ours:
        name = _account_name(owner)
        raise SetupError(
            f"The private database in {folder} belongs to the account {name}, not to {_account_name(ours)}.",
            "Run the command as the account that made it, or stop it there and remove that folder.",
        )


def _account_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _require_account(account: str) -> None:
    try:
        pwd.getpwnam(account)
    except KeyError:
        raise SetupError(
            f"PostgreSQL does not run as root and the account {account} does not exist.",
            f"Create it (useradd --system {account}) or run as an ordinary user.",
        ) from None


def _services_folder() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/gridkeeper")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "gridkeeper"


def _tail(log: Path, lines: int = 3) -> str:
    try:
        return " / ".join(log.read_text(errors="replace").strip().splitlines()[-lines:])
    except OSError:
        return "(no log)"
