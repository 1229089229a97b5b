"""What may the surroundings decide: where files lie, which database, where the server listens?

Each class reads its own environment variables once and does not change afterwards. A value that cannot be taken is one
`SetupError`, never a stack trace.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gis.errors import SetupError
from gis.store.cluster import DEMO, open_cluster

__all__ = [
    "DEFAULT_PORT",
    "DatabaseSettings",
    "DatabaseUrls",
    "PathSettings",
    "ServerSettings",
    "Settings",
    "database_urls",
    "read_settings",
    "require_loopback",
]

DEFAULT_PORT = 8420
_ROOT = Path(__file__).resolve().parents[1]
_PREFIX = SettingsConfigDict(env_prefix="GRIDKEEPER_", frozen=True, extra="ignore")

S = TypeVar("S", bound=BaseSettings)


class PathSettings(BaseSettings):
    """Where the project keeps what is not in version control.

    Parameters
    ----------
    home : Path
        GRIDKEEPER_HOME: private database, logs, process ids; by default ``.gridkeeper`` of the checkout.
    web : Path
        GRIDKEEPER_WEB: the built browser app.
    """

    model_config = _PREFIX
    home: Path = _ROOT / ".gridkeeper"
    web: Path = _ROOT / "web" / "dist"

    @property
    def uploads(self) -> Path:
        """Where files that were handed over wait for their job."""
        return self.home / "uploads"


class DatabaseSettings(BaseSettings):
    """Which database; none given means the private cluster.

    Parameters
    ----------
    owner_url : SecretStr or None
        GRIDKEEPER_OWNER_URL: the role that migrates and creates ``gridkeeper_app``.
    database_url : SecretStr or None
        GRIDKEEPER_DATABASE_URL: the role that serves; neither superuser, nor owner, nor BYPASSRLS.
    """

    model_config = _PREFIX
    owner_url: SecretStr | None = None
    database_url: SecretStr | None = None

    @field_validator("owner_url", "database_url")
    @classmethod
    def _is_postgres(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("a database address begins with postgresql://")
        return url


class ServerSettings(BaseSettings):
    """Where the server listens: loopback only, until there is sign-in.

    Parameters
    ----------
    host : str
        GRIDKEEPER_HOST.
    port : int
        GRIDKEEPER_PORT; 0 takes any free one.
    """

    model_config = _PREFIX
    host: str = "127.0.0.1"
    port: int = Field(DEFAULT_PORT, ge=0, le=65535)

    @field_validator("host")
    @classmethod
    def _is_loopback(cls, host: str) -> str:
        return require_loopback(host)


@dataclass(frozen=True)
class Settings:
    """All settings of one process."""

    paths: PathSettings
    database: DatabaseSettings
    server: ServerSettings


@dataclass(frozen=True)
class DatabaseUrls:
    """How to reach the database: `owner` migrates, `app` serves; None where the surroundings do not say."""

    owner: str | None
    app: str | None
    private: bool

    def require_owner(self) -> str:
        """Address of the role that migrates.

        Raises
        ------
        SetupError
            None was given.
        """
        if self.owner is None:
            raise SetupError(
                "GRIDKEEPER_OWNER_URL is not set.", "Name the role that owns the tables and migrates them."
            )
        return self.owner

    def require_app(self) -> str:
        """Address of the role that serves.

        Raises
        ------
        SetupError
            None was given.
        """
        if self.app is None:
            raise SetupError(
                "GRIDKEEPER_DATABASE_URL is not set.",
                "Name the role gridkeeper_app, which `gridkeeper db migrate` has created (give it a password first).",
            )
        return self.app


def read_settings() -> Settings:
    """Read all settings from the environment.

    Raises
    ------
    SetupError
        One of them cannot be taken.
    """
    return Settings(_read(PathSettings), _read(DatabaseSettings), _read(ServerSettings))


def database_urls(settings: Settings | None = None) -> DatabaseUrls:
    """Say how to reach the database; where none is named, the private one is created, started and migrated.

    Raises
    ------
    SetupError
        The private cluster cannot be had.
    """
    settings = settings or read_settings()
    owner, app = settings.database.owner_url, settings.database.database_url
    if owner is None and app is None:
        cluster = open_cluster(settings.paths.home, DEMO)
        cluster.up()
        _migrate_where_behind(cluster.owner_url)
        return DatabaseUrls(cluster.owner_url, cluster.app_url, private=True)
    return DatabaseUrls(_reveal(owner), _reveal(app), private=False)


def require_loopback(host: str) -> str:
    """Give `host` back where it is this machine alone.

    Raises
    ------
    ValueError
        Others could reach it: refused until there is sign-in.
    """
    if host == "localhost":
        return host
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(
            f"{host} can be reached by others, and there is no sign-in yet: only 127.0.0.1, ::1 and localhost serve"
        )
    return host


def _migrate_where_behind(owner_url: str) -> None:
    import psycopg  # noqa: PLC0415  # slow to import, and a server that runs already needs none of it

    from gis.store.migrate import current_revision, head_revision, migrate  # noqa: PLC0415

    with psycopg.connect(owner_url) as connection:
        behind = current_revision(connection) != head_revision()
    if behind:
        migrate(owner_url)


def _reveal(url: SecretStr | None) -> str | None:
    return None if url is None else url.get_secret_value()


def _read(kind: type[S]) -> S:
    try:
        return kind()
    except ValidationError as fault:
        first = fault.errors()[0]
        name = f"GRIDKEEPER_{'_'.join(map(str, first['loc'])).upper()}"
        said = str(first["msg"]).removeprefix("Value error, ")
        raise SetupError(f"{name}: {said}.", "Correct or unset that environment variable.") from None
