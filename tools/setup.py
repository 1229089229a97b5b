"""Which commands does ``make`` have? Each does its own set-up; see ``make help``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from gis.errors import SetupError

from . import machine
from .environment import BIN, WEB, node_path, python_packages, web_build, web_packages
from .steps import HOME, ROOT, StepError, show

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["main"]

HELP = """\
make demo       set everything up, load the sample district, serve it in the background
make test       set everything up, then lint, unit, integration, browser and web tests
make test-all   the same with the tests marked slow
make stop       stop the server and the private databases
make lint       ruff, mypy, vue-tsc
make bench      measure (tests/bench), no pass or fail
make clean      stop, and remove what can be made again; the demo's database stays
make clean-all  the same, and the demo's database"""


def demo() -> int:
    """Set up what serving needs, then let ``gridkeeper demo`` do the rest."""
    machine.provide(machine.DATABASE)
    python_packages(dev=False)
    web_build()
    return show(BIN / "gridkeeper", "demo")


def run_tests(*, everything: bool = False) -> int:
    """Run all checks; pytest comes last, so that its closing line is the last of a good run."""
    prepare_tests()
    failed = checks(testing=True)
    chosen = ["-m", "slow or not slow"] if everything else []
    code = show(BIN / "pytest", "-n", "2", "--dist", "loadfile", *chosen)
    if failed:
        print(f"FAILED before pytest: {', '.join(failed)} (see above)")
    return code or len(failed)


def run_all_tests() -> int:
    """Run the slow tests too."""
    return run_tests(everything=True)


def lint() -> int:
    """Run the static checks alone."""
    python_packages(dev=True)
    web_packages()
    return len(checks())


def bench() -> int:
    """Print the measurements."""
    prepare_tests()
    return show(BIN / "pytest", "tests/bench", "-m", "slow or not slow", "-s", "-q")


def stop() -> int:
    """Stop the server and the private databases."""
    if not (BIN / "gridkeeper").exists():
        print("Nothing runs: nothing was installed here.")
        return 0
    return show(BIN / "gridkeeper", "stop")


def clean(*, everything: bool = False) -> int:
    """Remove what can be made again; with `everything`, the demo's database too."""
    code = stop()
    if code != 0:
        return code
    kept = set() if everything else {"pg"}
    for path in HOME.iterdir() if HOME.exists() else ():
        if path.name in kept:
            continue
        if path.is_symlink():
            shutil.rmtree(path.resolve())
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    for path in (ROOT / ".venv", ROOT / "artifacts", WEB / "dist", WEB / "node_modules"):
        shutil.rmtree(path, ignore_errors=True)
    return 0


def clean_all() -> int:
    """Remove everything that is not in version control, the demo's database included."""
    return clean(everything=True)


def prepare_tests() -> None:
    """Set up what the tests need."""
    machine.provide(machine.CLUSTER, machine.BROWSER, machine.FONTS, machine.LIBRARY)
    python_packages(dev=True)
    web_packages()
    web_build()


def checks(*, testing: bool = False) -> list[str]:
    """Run the static checks side by side and name those that fail; for tests, those of the browser app too.

    Kernels are compiled meanwhile, once for all processes of the tests.
    """
    commands: dict[str, tuple[str | Path, ...]] = {
        "mypy": (BIN / "mypy", "--no-error-summary"),
        "ruff": (BIN / "ruff", "check", "--quiet", ROOT),
        "ruff format": (BIN / "ruff", "format", "--check", "--quiet", ROOT),
        "vue-tsc": ("npm", "run", "--silent", "check"),
    }
    if testing:
        commands |= {
            "web tests": ("npm", "run", "--silent", "test"),
            "kernels": (BIN / "python", "-m", "tests.kernels"),
        }
    failed = []
    with ThreadPoolExecutor(2) as pool:
        runs = {name: pool.submit(_timed, *command) for name, command in commands.items()}
        for name, run in runs.items():
            code, said, seconds = run.result()
            print(f"  {f'check: {name}':<46}{seconds:6.1f} s", flush=True)
            if code != 0:
                failed.append(name)
                print(f"{said}\n  {name} failed", flush=True)
    return failed


def _timed(*command: str | Path) -> tuple[int, str, float]:
    """Run a check; give its exit code, what it said, and its seconds."""
    begun = time.monotonic()
    in_web = command[0] == "npm"
    extra = node_path() if in_web else {}
    done = subprocess.run(  # noqa: S603
        [str(word) for word in command],
        cwd=WEB if in_web else ROOT,
        env={**os.environ, **extra},
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    return done.returncode, done.stdout, time.monotonic() - begun


COMMANDS = {
    "demo": demo,
    "test": run_tests,
    "test-all": run_all_tests,
    "stop": stop,
    "lint": lint,
    "bench": bench,
    "clean": clean,
    "clean-all": clean_all,
}


def main() -> int:
    """Run the command named on the command line."""
    chosen = sys.argv[1] if len(sys.argv) > 1 else "help"
    command = COMMANDS.get(chosen)
    if command is None:
        print(HELP)
        return 0 if chosen == "help" else 2
    begun = time.monotonic()
    try:
        code = command()
    except (StepError, SetupError) as fault:
        print(fault, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if chosen in {"demo", "lint", "bench"}:  # after the tests, pytest has the last word
        print(f"  make {chosen}: {time.monotonic() - begun:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(main())
