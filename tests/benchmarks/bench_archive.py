"""How long a large data export takes to read, and how much memory that needs.

    python -m tests.benchmarks.bench_archive [--megabytes 2048] [--exports twitter,tiktok,linkedin,blog]

Each export is a zip of `megabytes` or a little more, with one large file of random text that compresses badly, as real
ones do. It is made first; another process then recognises and reads it to the last record, and tells its own peak.
Nothing is stored: what storing takes is measured by bench_import.
"""

from __future__ import annotations

import argparse
import base64
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

MB = 1024**2
# Longer than deflate looks back, so that using it again does not compress.
NOISE = base64.b64encode(os.urandom(4 * MB)).decode()
# What a megabyte of noise (base64) weighs in a zip, about.
WEIGHS = 0.77
OWNER = {
    "twitter": {
        "data/account.js": 'window.YTD.account.part0 = [{"account": {"accountId": "1", "username": "alice"}}]',
    },
    "linkedin": {"Profile.csv": "First Name,Last Name,Headline\nAlice,Example,Baker\n"},
}


def noise(number: int, length: int) -> str:
    start = number * 7919 % (len(NOISE) - length)
    return NOISE[start : start + length]


def tweets(size: int) -> Iterator[str]:
    yield "window.YTD.tweets.part0 = ["
    for number in range(size // 2000):
        yield (
            f'{"," if number else ""}{{"tweet": {{"id_str": "{10**18 + number}", "created_at": '
            f'"Fri Nov 13 08:{number % 60:02}:00 +0000 2026", "favorite_count": "{number % 9}", "retweet_count": "1", '
            f'"full_text": "{noise(number, 1800)}"}}}}\n'
        )
    yield "]"


def watched(size: int) -> Iterator[str]:
    """Most of TikTok's export is what was watched; followers come after it."""
    yield '{"Your Activity": {"Watch History": {"VideoList": ['
    for number in range(size // 220):
        yield f'{"," if number else ""}{{"Date": "2026-10-03 10:11:12", "Link": "https://x/{noise(number, 160)}"}}\n'
    yield ']}}, "Profile": {"Profile Info": {"ProfileMap": {"userName": "alice"}}}, "Follower": {"FansList": ['
    for number in range(size // 2000):
        yield f'{"," if number else ""}{{"Date": "2026-10-03 10:11:12", "UserName": "fan.{number}"}}\n'
    yield "]}}"


def connections(size: int) -> Iterator[str]:
    yield 'Notes:\n"Some addresses are missing."\n\n'
    yield "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"
    for number in range(size // 300):
        text = noise(number, 220).replace("+", " ")
        yield f'Bob,Example,https://www.linkedin.com/in/bob-{number},,"{text}\n""quoted""",Baker,15 Mar 2021\n'


def posts(size: int) -> Iterator[str]:
    yield '<?xml version="1.0"?><rss version="2.0"><channel><title>Alice</title><link>https://example.org</link>'
    for number in range(size // 5000):
        yield (
            f"<item><link>https://example.org/{number}</link><pubDate>Mon, 02 Nov 2026 07:08:09 GMT</pubDate>"
            f"<description><![CDATA[{noise(number, 4850)}]]></description></item>\n"
        )
    yield "</channel></rss>"


LARGE: dict[str, tuple[str, Callable[[int], Iterator[str]]]] = {
    "twitter": ("data/tweets.js", tweets),
    "tiktok": ("user_data_tiktok.json", watched),
    "linkedin": ("Connections.csv", connections),
    "blog": ("blog.xml", posts),
}


def write_export(path: Path, kind: str, megabytes: int, *, packed: bool = True) -> int:
    """A zip of about so many megabytes (unpacked where not `packed`); returns the bytes of its large file."""
    name, lines = LARGE[kind]
    written = 0
    way = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", way, compresslevel=1) as archive:
        for small, text in OWNER.get(kind, {}).items():
            archive.writestr(small, text)
        with archive.open(name, "w", force_zip64=True) as file:
            for line in lines(int(megabytes * MB / (WEIGHS if packed else 1))):
                data = line.encode()
                written += len(data)
                file.write(data)
    return written


def read_export(path: Path) -> None:
    """Recognise and read it; prints the network, records by kind, seconds and peak megabytes, one a line."""
    from accounts.networks import NETWORKS
    from accounts.networks.archive import open_archive

    start = time.perf_counter()
    with open_archive(path) as archive:
        [network] = [network for network in NETWORKS.values() if network.recognises(archive)]
        records = Counter(type(record).__name__ for record in network.read_archive(archive))
    seconds = time.perf_counter() - start
    print(network.spec.slug, dict(records), f"{seconds:.1f}", f"{peak():.0f}", sep="\n")


def peak() -> float:
    """Megabytes that this process has needed at most; what getrusage says includes the process that started it."""
    try:
        said = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(said.partition("VmHWM:")[2].split()[0]) / 1024


def measured(path: Path) -> tuple[str, str, float, float]:
    """What another process says of reading the export: network, records, seconds, peak megabytes."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_archive", "--read", str(path)]
    root = Path(__file__).resolve().parents[2]
    out = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)
    if out.returncode:
        raise RuntimeError(out.stderr)
    network, records, seconds, most = out.stdout.splitlines()
    return network, records, float(seconds), float(most)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=2048)
    parser.add_argument("--exports", default=",".join(LARGE))
    parser.add_argument("--read", type=Path)
    options = parser.parse_args()
    if options.read:
        read_export(options.read)
        return
    for kind in options.exports.split(","):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "export.zip")
            unpacked = write_export(path, kind, options.megabytes)
            network, records, seconds, most = measured(path)
            print(
                f"{network}: a zip of {path.stat().st_size / MB:,.0f} MB, {unpacked / MB:,.0f} MB unpacked: {records}"
            )
            print(f"    {seconds:.1f} s, peak memory {most:,.0f} MB", flush=True)


if __name__ == "__main__":
    main()
