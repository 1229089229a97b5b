"""Does the set-up skip what is done, say what failed, and name the command where it may not install?"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tools import machine, steps
from tools.setup import COMMANDS, HELP
from tools.steps import StepError, fingerprint, remember, run, step, unchanged

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def room(tmp_path, monkeypatch):
    """Give a project folder of its own to the steps."""
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    monkeypatch.setattr(steps, "HOME", tmp_path / ".gridkeeper")
    monkeypatch.setattr(steps, "LOG", tmp_path / ".gridkeeper" / "setup.log")
    return tmp_path


def test_a_fingerprint_changes_with_contents_names_and_new_files(room):
    (room / "src").mkdir()
    (room / "src" / "a").write_text("1")
    seen = {fingerprint([room / "src"])}
    (room / "src" / "a").write_text("2")
    seen.add(fingerprint([room / "src"]))
    (room / "src" / "a").rename(room / "src" / "b")
    seen.add(fingerprint([room / "src"]))
    (room / "src" / "c").write_text("")
    seen.add(fingerprint([room / "src"]))
    assert len(seen) == 4
    assert fingerprint([room / "src"]) == fingerprint([room / "src" / "b", room / "src" / "c"])


def test_a_stamp_holds_for_its_value_only(room):
    stamp = room / "deep" / "stamp"
    assert not unchanged(stamp, "x")
    remember(stamp, "x")
    assert unchanged(stamp, "x")
    assert not unchanged(stamp, "y")


def test_a_failing_command_shows_its_last_words_and_where_the_rest_is(room, capfd):
    program = "import sys; [print('line', i) for i in range(100)]; sys.exit(7)"
    with pytest.raises(StepError) as fault:
        run(sys.executable, "-c", program, cwd=room)
    assert "line 99" in str(fault.value)
    assert "line 10\n" not in str(fault.value)
    assert "line 10\n" in steps.LOG.read_text()
    assert capfd.readouterr().out == ""


def test_a_missing_command_is_told(room):
    with pytest.raises(StepError, match="no-such-program-here cannot be run"):
        run("no-such-program-here", cwd=room)


def test_a_step_shows_words_and_seconds_or_that_it_failed(capsys):
    with step("count to one"):
        pass
    with pytest.raises(ZeroDivisionError), step("divide"):
        _ = 1 / 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"  count to one +\d+\.\d s", lines[0])
    assert re.fullmatch(r"  divide +failed", lines[1])


def test_where_nothing_may_be_installed_the_commands_are_named(monkeypatch):
    monkeypatch.setattr(machine, "_rights", lambda: None)
    missing = replace(machine.DATABASE, there=lambda: False)
    with pytest.raises(StepError) as fault:
        machine.provide(missing, replace(machine.FONTS, there=lambda: True))
    said = str(fault.value)
    assert "apt-get install -y --no-install-recommends postgresql postgresql-postgis\n" in said
    assert "brew install" in said
    assert "docker compose up" in said
    assert "fonts" not in said


def test_every_command_is_in_the_makefile_and_in_the_help():
    listed = re.search(r"^COMMANDS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE).group(1).split()
    assert set(listed) == {"help", *COMMANDS}
    assert [line.split()[1] for line in HELP.splitlines()] == list(COMMANDS)


@pytest.mark.parametrize("name", ["uv", "node"])
def test_tools_are_pinned_with_hashes(name):
    lines = (ROOT / "tools" / f"{name}.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith(" ")]
    assert pins
    assert all(re.fullmatch(r"[\w-]+==[\d.]+ \\", pin) for pin in pins)
    assert all("--hash=sha256:" in line for line in lines if line.startswith(" "))
