"""How does one look after the database from the command line: `gridkeeper db up, down, status, migrate`?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gis.store.cluster import Cluster

__all__ = ["register"]

database = typer.Typer(help="Look after the database.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.add_typer(database, name="db")


@database.command()
def up() -> None:
    """Create, start and migrate the private database."""
    from api.settings import database_urls  # noqa: PLC0415  # other commands should not wait for these

    urls = database_urls()
    if not urls.private:
        print("The environment names a database: there is no private one to start.")
        return
    print(f"The private database runs: {urls.app}")


@database.command()
def down() -> None:
    """Stop the private database; nothing is lost."""
    cluster = _private()
    stopped = cluster is not None and cluster.down()
    print("The private database is stopped." if stopped else "The private database was not running.")


@database.command()
def status() -> None:
    """Say which database is used, whether it runs, and whether its schema is this release's."""
    from api.settings import read_settings  # noqa: PLC0415
    from gis.store.connect import connect  # noqa: PLC0415
    from gis.store.migrate import current_revision, head_revision  # noqa: PLC0415

    given = read_settings().database
    if given.owner_url is None and given.database_url is None:
        cluster = _private()
        state = "missing" if cluster is None else cluster.status()
        print(f"private database: {state}" + ("" if cluster is None else f", {cluster.folder}"))
        if cluster is None or state != "running":
            raise typer.Exit(1)
        url = cluster.owner_url
    else:
        url = next(u.get_secret_value() for u in (given.owner_url, given.database_url) if u is not None)
    with connect(url, check_role=False) as connection:
        print(f"server: {connection.info.host}, PostgreSQL {connection.info.server_version // 10_000}")
        print(f"schema: {current_revision(connection) or 'none'} (this release: {head_revision()})")


@database.command()
def migrate(
    app_password: Annotated[
        str | None,
        typer.Option(envvar="GRIDKEEPER_APP_PASSWORD", help="Password for gridkeeper_app, where it is made now."),
    ] = None,
) -> None:
    """Bring the database to this release's schema and make the role that serves."""
    from api.settings import database_urls  # noqa: PLC0415
    from gis.store import migrate as migrations  # noqa: PLC0415

    revision = migrations.migrate(database_urls().require_owner(), app_password=app_password)
    print(f"The schema is {revision}.")


def _private() -> Cluster | None:
    from api.settings import read_settings  # noqa: PLC0415
    from gis.store.cluster import DEMO, find_cluster  # noqa: PLC0415

    return find_cluster(read_settings().paths.home, DEMO)
