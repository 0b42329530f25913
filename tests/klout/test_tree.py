"""The tree: what may lie at its top, and how long a file may be."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOP = {
    ".ci",
    ".dockerignore",
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "Dockerfile",
    "LICENSE",
    "README.md",
    "accounts",
    "compose.yaml",
    "klout",
    "manage.py",
    "perks",
    "pyproject.toml",
    "scoring",
    "static",
    "templates",
    "tests",
    "uv.lock",
}
LONGEST = 500
# Not ours to divide: made by a program, by others, or data.
MADE = {"migrations", "locale", "vendor", "golden", "fixtures"}
IGNORED = {".git", ".venv", "var", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"}


def files() -> list[Path]:
    """Every file of the project, relative to its root: by git, else (in a copy without one) as they lie there."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0 and listed.stdout:
        found = [Path(name) for name in listed.stdout.split("\0") if name]
    else:
        found = [path.relative_to(ROOT) for path in ROOT.rglob("*") if not path.is_dir()]
    return [path for path in found if (ROOT / path).exists() and not IGNORED & set(path.parts)]


def too_long(path: Path) -> bool:
    if MADE & set(path.parts) or ".min." in path.name or path.suffix == ".lock" or path.name == "LICENSE":
        return False
    content = (ROOT / path).read_bytes()
    return b"\0" not in content and content.count(b"\n") > LONGEST


def test_nothing_else_lies_at_the_top() -> None:
    found = {path.parts[0] for path in files()}
    assert {"manage.py", "pyproject.toml", "README.md", "klout", "accounts", "scoring", "perks", "tests"} <= found
    assert found <= TOP


def test_no_file_is_longer_than_500_lines() -> None:
    assert [str(path) for path in files() if too_long(path)] == []


def test_no_test_empties_the_cache_of_all() -> None:
    """Each has its own (empty_cache); the server's is that of every test that runs at the same time."""
    emptied = "cache." + "clear()"
    tests = [path for path in files() if path.parts[0] == "tests" and path.suffix == ".py"]
    found = [str(path) for path in tests if emptied in (ROOT / path).read_text() and "benchmarks" not in path.parts]
    assert len(tests) > 100
    assert found == []
