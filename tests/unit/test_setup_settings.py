"""Are settings read, checked and refused with one clear message?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.settings import DEFAULT_PORT, DatabaseUrls, database_urls, read_settings, require_loopback
from gis.errors import SetupError


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in ("HOME", "WEB", "OWNER_URL", "DATABASE_URL", "HOST", "PORT"):
        monkeypatch.delenv(f"GRIDKEEPER_{name}", raising=False)


def test_defaults_are_loopback_and_no_database():
    settings = read_settings()
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", DEFAULT_PORT)
    assert settings.database.owner_url is None
    assert settings.database.database_url is None
    assert settings.paths.home.name == ".gridkeeper"


def test_a_named_database_is_taken_and_its_password_not_shown(monkeypatch):
    monkeypatch.setenv("GRIDKEEPER_OWNER_URL", "postgresql://owner:secret@db/grid")
    monkeypatch.setenv("GRIDKEEPER_DATABASE_URL", "postgresql://app:secret@db/grid")
    settings = read_settings()
    assert "secret" not in repr(settings)
    urls = database_urls(settings)
    assert (urls.owner, urls.app, urls.private) == (
        "postgresql://owner:secret@db/grid",
        "postgresql://app:secret@db/grid",
        False,
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HOST", "0.0.0.0", "no sign-in"),
        ("HOST", "192.168.1.7", "no sign-in"),
        ("HOST", "example.org", "no sign-in"),
        ("PORT", "70000", "less than or equal to 65535"),
        ("PORT", "http", "valid integer"),
        ("DATABASE_URL", "mysql://app@db/grid", "begins with postgresql://"),
    ],
)
def test_what_cannot_be_taken_is_one_message_with_its_name(monkeypatch, name, value, said):
    monkeypatch.setenv(f"GRIDKEEPER_{name}", value)
    with pytest.raises(SetupError) as fault:
        read_settings()
    assert f"GRIDKEEPER_{name}" in str(fault.value)
    assert said in str(fault.value)
    assert "\n" not in str(fault.value)


def test_settings_do_not_change_afterwards():
    settings = read_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.server.port = 1


def test_a_missing_role_says_which_variable():
    urls = DatabaseUrls(None, None, private=False)
    with pytest.raises(SetupError, match="GRIDKEEPER_OWNER_URL"):
        urls.require_owner()
    with pytest.raises(SetupError, match="GRIDKEEPER_DATABASE_URL"):
        urls.require_app()


@given(st.ip_addresses())
def test_only_loopback_addresses_pass(address):
    if address.is_loopback:
        assert require_loopback(str(address)) == str(address)
    else:
        with pytest.raises(ValueError, match="no sign-in"):
            require_loopback(str(address))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_loopback_hosts_pass(host):
    assert require_loopback(host) == host
