"""`python -m tests [arguments of pytest]`: every check the project has, one after the other, each with its time."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from klout import embedded  # noqa: E402  (found from here whatever folder we were called in)
from tests.production import PRODUCTION  # noqa: E402

PACKAGES = ["accounts", "klout", "scoring", "perks"]
MANAGE = [sys.executable, "manage.py"]


def steps(arguments: list[str]) -> dict[str, tuple[list[str], dict[str, str]]]:
    """What to run, with the variables to set for it."""
    # A part of the tests is done sooner than other processes have started.
    parallel = ["-n", "2"] if not arguments and (os.cpu_count() or 1) > 1 else []
    beside = str(Path(sys.executable).parent / "lint-imports")
    return {
        "ruff check": ([sys.executable, "-m", "ruff", "check", "."], {}),
        "ruff format": ([sys.executable, "-m", "ruff", "format", "--check", "."], {}),
        "mypy": ([sys.executable, "-m", "mypy", *PACKAGES], {}),
        "import-linter": ([beside], {}),
        "makemigrations --check": ([*MANAGE, "makemigrations", "--check", "--dry-run"], {}),
        "check": ([*MANAGE, "check", "--fail-level", "WARNING"], {}),
        "check --deploy": ([*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
        "pytest": ([sys.executable, "-m", "pytest", *parallel, *arguments], {}),
    }


def main(arguments: list[str]) -> int:
    os.chdir(ROOT)
    var = Path(os.environ.setdefault("KLOUT_VAR", str(ROOT / "var" / "tests"))).absolute()
    ran_before = embedded.status(var)
    failed, times, summary = [], {}, ""
    try:
        for name, (command, variables) in steps(arguments).items():
            print(f"\n===== {name}", flush=True)
            began = time.monotonic()
            # pytest's last line is kept, to be repeated where it is looked for: at the very end.
            with subprocess.Popen(
                command,
                env=os.environ | {"PYTHONUNBUFFERED": "1"} | variables,
                stdout=subprocess.PIPE,
                text=True,
                errors="replace",
            ) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    print(line, end="", flush=True)
                    summary = line.strip() if name == "pytest" and line.strip() else summary
            times[name] = time.monotonic() - began
            if process.returncode:
                failed.append(name)
                print(f"{name}: FAILED (exit code {process.returncode})", flush=True)
    finally:
        if ran_before == embedded.Status(None, None) and (ended := embedded.stop(var)):
            print(f"\nEnded the built-in {' and '.join(ended)} of the tests.")
    print("\n" + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in times.items()))
    print(
        f"FAILED: {', '.join(failed)}." if failed else "Everything passed; what was skipped, and why, is listed above."
    )
    print(summary)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
