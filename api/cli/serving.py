"""How does the service start and stop? `serve` in the foreground, `demo` with everything it needs, `stop`."""

from __future__ import annotations

import os
import socket
import time
from contextlib import contextmanager, nullcontext, redirect_stdout
from io import StringIO
from pathlib import Path  # noqa: TC003  # Typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from gis.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.background import Server
    from api.settings import DatabaseUrls, Settings

__all__ = ["demo", "register", "serve", "stop"]

SAMPLE_HOUSEHOLDS = 30_000
SAMPLE_SEED = 1
GRACE_S = 2
"""Seconds that open answers have when the server stops: a stream of progress would never end by itself."""


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command()(serve)
    app.command()(demo)
    app.command()(stop)


def serve(
    host: Annotated[str | None, typer.Option(help="Loopback only, until there is sign-in.")] = None,
    port: Annotated[int | None, typer.Option(help="0 takes any free port.", min=0, max=65535)] = None,
    *,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Keep a worker beside it; else run `gridkeeper worker`.")
    ] = True,
) -> None:
    """Serve the map and its interface until interrupted."""
    from api.settings import database_urls, read_settings, require_loopback  # noqa: PLC0415  # others need not wait
    from gis.store.connect import connect  # noqa: PLC0415

    settings = read_settings()
    try:
        host = require_loopback(host or settings.server.host)
    except ValueError as fault:
        raise SetupError(
            f"--host: {fault}.", "Put a web server with sign-in before it, or use an SSH tunnel."
        ) from None
    connect(database_urls(settings).require_app()).close()  # a wrong role is told here, before anything listens

    import uvicorn  # noqa: PLC0415

    from api.app import create_app  # noqa: PLC0415
    from api.jobs.worker import child_worker  # noqa: PLC0415

    listener = _listen(host, settings.server.port if port is None else port)
    at = listener.getsockname()
    print(f"Gridkeeper serves http://{f'[{at[0]}]' if ':' in at[0] else at[0]}:{at[1]}/", flush=True)
    config = uvicorn.Config(create_app(settings), log_level="warning", timeout_graceful_shutdown=GRACE_S)
    server = uvicorn.Server(config)
    with child_worker() if worker else nullcontext():
        server.run(sockets=[listener])


def demo(
    households: Annotated[int, typer.Option(help="Size of the sample district.", min=500)] = SAMPLE_HOUSEHOLDS,
) -> None:
    """Bring up the database, load the sample district where it is missing, and serve in the background."""
    from api import background  # noqa: PLC0415
    from api.settings import read_settings  # noqa: PLC0415

    settings = read_settings()
    home = settings.paths.home
    running = background.find(home)
    if running is not None and running.code == background.code_age() and running.answers():
        _tell(running, "serves already")
        return
    with _step("database"):
        urls = _prepare_database(settings)
    _load_sample(home, urls, households)
    with _step("server"):
        background.stop(home)
        server = background.start(home, background.free_port(settings.server.port))
    _tell(server, "serves")


def stop() -> None:
    """Stop the server in the background and the private databases."""
    from api import background  # noqa: PLC0415
    from api.settings import read_settings  # noqa: PLC0415
    from gis.store.cluster import DEMO, TESTS, find_cluster  # noqa: PLC0415

    home = read_settings().paths.home
    print("The server is stopped." if background.stop(home) else "No server was running.")
    for flavour, name in ((DEMO, "demo's"), (TESTS, "tests'")):
        cluster = find_cluster(home, flavour)
        if cluster is not None and cluster.down():
            print(f"The {name} database is stopped.")


def _prepare_database(settings: Settings) -> DatabaseUrls:
    """Start and migrate: the private cluster, or the database that the environment names."""
    import psycopg  # noqa: PLC0415

    from api.settings import database_urls  # noqa: PLC0415
    from gis.store.migrate import migrate  # noqa: PLC0415

    urls = database_urls(settings)
    if not urls.private and urls.owner is not None:
        password = psycopg.conninfo.conninfo_to_dict(urls.require_app()).get("password")
        migrate(urls.owner, app_password=str(password) if password else None)
    return urls


def _load_sample(home: Path, urls: DatabaseUrls, households: int) -> None:
    """Generate the sample district and load it, unless that has been done to this database."""
    from gis.store.connect import connect  # noqa: PLC0415

    folder = home / f"sample-{households}"
    done = folder / "loaded"
    with connect(urls.require_app()) as connection:
        row = connection.execute("SELECT oid::text FROM pg_database WHERE datname = current_database()").fetchone()
        there = connection.execute("SELECT 1 FROM publication LIMIT 1").fetchone() is not None
    database = f"{row[0] if row else ''} {urls.require_app().rpartition('@')[2]}"
    if there and done.exists() and done.read_text(encoding="utf-8") == database:
        return
    with _step("sample district"), redirect_stdout(StringIO()):  # the list of files
        seed = ("--households", str(households), "--seed", str(SAMPLE_SEED), "--out", str(folder))
        _command("sample", *seed)
    _command("load", str(folder))
    done.write_text(database, encoding="utf-8")


def _command(*words: str) -> None:
    """Run another command of this program in this process; its faults are ours."""
    from api.cli import app  # noqa: PLC0415  # it imports this module

    code = app(list(words), standalone_mode=False)
    if code:
        raise SetupError(f"`gridkeeper {' '.join(words)}` ended with {code}.", "What it said is above.")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as fault:
        raise SetupError(
            f"Port {port} on {host} cannot be used: {os.strerror(fault.errno or 0)}.",
            "Another server has it; name another --port, or 0 for any free one.",
        ) from fault


def _tell(server: Server, does: str) -> None:
    print(f"\nGridkeeper {does}: {server.address}  (stop it: make stop)")


@contextmanager
def _step(label: str) -> Iterator[None]:
    """Print what was done and how long it took; what runs inside may show its own progress until then."""
    begun = time.monotonic()
    yield
    print(f"  {label:<46}{time.monotonic() - begun:6.1f} s", flush=True)
