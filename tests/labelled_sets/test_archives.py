"""Tests of archives that are unpacked: hostile ones are refused with archive and entry, and nothing is written outside."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import resource
import stat
import struct
import subprocess
import sys
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.labelled_sets.archives import Limits, unpack

Write = Callable[[Path], object]
SMALL = Limits(files=50, ratio=20, free_bytes=100_000, spare_bytes=0)
ZIP, TAR, GZ = "set.zip", "set.tar", "set.tar.gz"
OUT = "leads out of the archive"


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> Write:
    """A ZIP file of these entries, after a good one."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", method) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # That names are there twice.
            for name, content in (("a.txt", b"good"), *entries):
                archive.writestr(name, content)

    return write


def tarred(*entries: tuple[str | tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> Write:
    """A TAR file of these entries, after a good one; packed as its name says."""

    def write(path: Path) -> None:
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w", format=form) as archive:
            for said, content in (("a.txt", b"good"), *entries):
                one = tarfile.TarInfo(said) if isinstance(said, str) else said
                one.size = one.size or len(content)
                archive.addfile(one, io.BytesIO(content))
        content = file.getvalue()
        path.write_bytes(
            gzip.compress(content, 9) if path.suffix == ".gz" else bz2.compress(content) if path.suffix == ".bz2" else content
        )

    return write


def unix(name: str, kind: int) -> zipfile.ZipInfo:
    """An entry of a ZIP file that says that it is a link or a device."""
    one = zipfile.ZipInfo(name)
    one.external_attr = (kind | 0o644) << 16
    return one


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    one = tarfile.TarInfo(name)
    one.type, one.linkname = kind, target
    return one


def changed(write: Write, change: Callable[[bytes], bytes]) -> Write:
    """An archive with other bytes."""

    def write_changed(path: Path) -> None:
        write(path)
        path.write_bytes(change(path.read_bytes()))

    return write_changed


def as_bytes(content: bytes) -> Write:
    return lambda path: path.write_bytes(content)


def with_flag(content: bytes) -> bytes:
    """Each local and central header says that its entry is encrypted."""
    found = bytearray(content)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        while (place := content.find(mark, place + 1)) >= 0:
            found[place + at] |= 1
    return bytes(found)


def with_size(content: bytes, size: int) -> bytes:
    """The last entry's headers say another size."""
    found = bytearray(content)
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = content.rfind(mark)
        found[place + at : place + at + 4] = struct.pack("<L", size)
    return bytes(found)


def with_many(content: bytes) -> bytes:
    """The end says that there are a billion entries, in the form of large archives."""
    end = content.rfind(b"PK\x05\x06")
    record = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, 10**9, 10**9, 46 * 10**9, 0)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, end, 1)
    return content[:end] + record + locator + content[end:]


def long_header(path: Path) -> None:
    """A header of 30 MB of zeros for a name, in 30 kB."""
    one = tarfile.TarInfo("./PaxHeaders/x")
    one.type, one.size = tarfile.XHDTYPE, 30_000_000
    path.write_bytes(gzip.compress(one.tobuf(tarfile.USTAR_FORMAT) + bytes(one.size), 9))


def pax(**fields: str) -> tarfile.TarInfo:
    one = tarfile.TarInfo("b.txt")
    one.pax_headers = fields
    return one


MANY = [(f"{number}.txt", b"x") for number in range(60)]
REFUSED: dict[str, tuple[str, Write, str]] = {
    "ZIP name that leads out": (ZIP, zipped(("../b.txt", b"x")), OUT),
    "ZIP name that leads out below a folder": (ZIP, zipped(("a/../../b.txt", b"x")), OUT),
    "ZIP name that stays inside by two dots": (ZIP, zipped(("a/../b.txt", b"x")), OUT),
    "ZIP folder that leads out": (ZIP, zipped(("../b/", b"")), OUT),
    "ZIP absolute name": (ZIP, zipped(("/tmp/b.txt", b"x")), "absolute name"),
    "ZIP name of a drive": (ZIP, zipped(("C:/b.txt", b"x")), "absolute name"),
    "ZIP name with backslashes": (ZIP, zipped(("..\\..\\b.txt", b"x")), "backslash"),
    "ZIP name of a server": (ZIP, zipped(("\\\\server\\b.txt", b"x")), "backslash"),
    "ZIP name with a null byte": (
        ZIP,
        changed(zipped(("b#c", b"x")), lambda old: old.replace(b"b#c", b"b\0c")),
        "control char",
    ),
    "ZIP name with an escape": (ZIP, zipped(("b\x1b[2J.txt", b"x")), "control character"),
    "ZIP link": (ZIP, zipped((unix("b.txt", stat.S_IFLNK), b"/etc/passwd")), "found a link"),
    "ZIP link to a folder": (ZIP, zipped((unix("b/", stat.S_IFLNK), b"/etc")), "found a link"),
    "ZIP device": (ZIP, zipped((unix("b.txt", stat.S_IFCHR), b"")), "found a device"),
    "ZIP pipe": (ZIP, zipped((unix("b.txt", stat.S_IFIFO), b"")), "found a device"),
    "ZIP name twice": (ZIP, zipped(("b.txt", b"x"), ("b.txt", b"y")), "'b.txt': wanted each name once"),
    "ZIP name twice by dots": (ZIP, zipped(("b/c.txt", b"x"), ("b/./c.txt", b"y")), "'b/./c.txt': wanted each name once"),
    "ZIP names that differ in case": (ZIP, zipped(("b.txt", b"x"), ("B.TXT", b"y")), "'B.TXT': wanted each name once.*'b.txt'"),
    "ZIP folders that differ in case": (ZIP, zipped(("b/c.txt", b"x"), ("B/d.txt", b"y")), "wanted each name once.*found also 'b'"),
    "ZIP names that differ in form": (ZIP, zipped(("\u00e9.txt", b"x"), ("e\u0301.txt", b"y")), "wanted each name once"),
    "ZIP file that is a folder, too": (ZIP, zipped(("b", b"x"), ("b/c.txt", b"y")), "wanted each name once"),
    "ZIP folder that is a file, too": (ZIP, zipped(("b/c.txt", b"x"), ("b", b"y")), "wanted each name once"),
    "ZIP encrypted": (ZIP, changed(zipped(("b.txt", b"x")), with_flag), "found an encrypted file"),
    "ZIP of another method": (ZIP, zipped(("b.txt", b"x" * 99), method=zipfile.ZIP_LZMA), "the compression method 14"),
    "ZIP bomb": (ZIP, zipped(("b.txt", bytes(3_000_000))), "'b.txt': wanted at most 20 times the archive's size.*3000000 bytes"),
    "ZIP bomb in parts": (ZIP, zipped(*((f"{at}.txt", bytes(90_000)) for at in range(5))), "wanted at most 20 times"),
    "ZIP that says a smaller size": (ZIP, changed(zipped(("b.txt", b"x" * 500)), lambda old: with_size(old, 3)), "damaged|3 bytes"),
    "ZIP that says a larger size": (
        ZIP,
        changed(zipped(("b.txt", b"x" * 500)), lambda old: with_size(old, 900)),
        "damaged|900 bytes",
    ),
    "ZIP of too many entries": (ZIP, zipped(*MANY), "wanted at most 50 entries"),
    "ZIP that says a billion entries": (ZIP, changed(zipped(), with_many), "wanted at most 50 entries.*1000000000 entries"),
    "ZIP in a ZIP": (ZIP, zipped(("b/images.zip", b"x")), "'b/images.zip': .*found an archive inside the archive"),
    "TAR in a ZIP": (ZIP, zipped(("b.tar.gz", b"x")), "found an archive inside the archive"),
    "ZIP name of 256 bytes": (ZIP, zipped(("b" * 256, b"x")), "names of at most 255 bytes"),
    "ZIP of 100 folders": (ZIP, zipped(("b/" * 100 + "c.txt", b"x")), "too long or too deep"),
    "ZIP that ends early": (ZIP, changed(zipped(("b.txt", b"x" * 500)), lambda old: old[:-30]), "damaged"),
    "ZIP with a wrong check sum": (
        ZIP,
        changed(zipped(method=zipfile.ZIP_STORED), lambda old: old.replace(b"good", b"evil")),
        "damaged",
    ),
    "ZIP that is a TAR": (ZIP, tarred(), "damaged"),
    "ZIP of no bytes": (ZIP, as_bytes(b""), "damaged"),
    "TAR name that leads out": (TAR, tarred(("../b.txt", b"x")), OUT),
    "TAR name that leads out of a folder": (TAR, tarred(("./a/../../b.txt", b"x")), OUT),
    "TAR absolute name": (TAR, tarred(("/tmp/b.txt", b"x")), "absolute name"),
    "TAR absolute name in a note": (TAR, tarred((pax(path="/tmp/b.txt"), b"x")), "absolute name"),
    "TAR name that leads out in a note": (TAR, tarred((pax(path="../b.txt"), b"x")), OUT),
    "TAR link": (GZ, tarred((special("b.txt", tarfile.SYMTYPE, "/etc/passwd"), b"")), "found a link to /etc/passwd"),
    "TAR link and a file through it": (
        GZ,
        tarred((special("b", tarfile.SYMTYPE, "/tmp"), b""), ("b/c.txt", b"x")),
        "found a link to /tmp",
    ),
    "TAR link inside": (GZ, tarred((special("b.txt", tarfile.SYMTYPE, "a.txt"), b"")), "found a link to a.txt"),
    "TAR hard link": (GZ, tarred((special("b.txt", tarfile.LNKTYPE, "/etc/passwd"), b"")), "found a link to /etc/passwd"),
    "TAR device": (TAR, tarred((special("b.txt", tarfile.CHRTYPE), b"")), "found a device"),
    "TAR disk": (TAR, tarred((special("b.txt", tarfile.BLKTYPE), b"")), "found a device"),
    "TAR pipe": (TAR, tarred((special("b.txt", tarfile.FIFOTYPE), b"")), "found a device"),
    "TAR name twice": (TAR, tarred(("b.txt", b"x"), ("./b.txt", b"y")), "'./b.txt': wanted each name once"),
    "TAR names that differ in case": (TAR, tarred(("b.txt", b"x"), ("B.txt", b"y")), "wanted each name once"),
    "TAR file that is a folder, too": (TAR, tarred(("b", b"x"), ("b/c.txt", b"y")), "wanted each name once"),
    "TAR bomb": (GZ, tarred(("b.txt", bytes(3_000_000))), "'b.txt': wanted at most 20 times the archive's size"),
    "TAR bomb of bzip2": ("set.tar.bz2", tarred(("b.txt", bytes(3_000_000))), "wanted at most 20 times"),
    "TAR with a header of 30 MB": (GZ, long_header, "wanted names of files, found a header of more than 1048576 bytes"),
    "TAR of too many entries": (TAR, tarred(*MANY), "wanted at most 50"),
    "TAR in a TAR": (TAR, tarred(("b.tar", b"x")), "found an archive inside the archive"),
    "TAR name with an escape": (TAR, tarred(("b\x1b.txt", b"x")), "control character"),
    "TAR name of 256 bytes": (TAR, tarred(("b" * 256, b"x")), "names of at most 255 bytes"),
    "TAR that ends early": (TAR, changed(tarred(("b.txt", b"x" * 5000)), lambda old: old[:3000]), "damaged|4608|wanted 5000 bytes"),
    "TAR of damaged gzip": (
        GZ,
        changed(tarred(("b.txt", os.urandom(5000))), lambda old: old[:2000] + bytes(9) + old[2009:]),
        "damaged",
    ),
    "TAR that is no gzip": (GZ, as_bytes(b"no archive"), "damaged"),
    "TAR of a damaged header": (
        TAR,
        changed(tarred(("b.txt", b"x")), lambda old: old[:1024] + b"\xff" * 512 + old[1536:]),
        "damaged",
    ),
    "TAR without an end": (TAR, changed(tarred(("b.txt", b"x")), lambda old: old[:2048]), "damaged"),
    "TAR of zlib's bytes": (TAR, as_bytes(zlib.compress(bytes(9999))), "damaged"),
}
"""Case → name of the archive, its bytes, and the words that name the problem."""


def test_hostile_archives__are_at_least_forty() -> None:
    assert len(REFUSED) >= 40


@pytest.mark.parametrize("case", list(REFUSED))
def test_hostile_archive__is_refused_and_writes_nothing_outside(case: str, tmp_path: Path) -> None:
    name, write, says = REFUSED[case]
    write(tmp_path / name)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*")}

    with pytest.raises(SettingsError, match=f"(?s){name}.*({says})") as refused:
        unpack(tmp_path / name, tmp_path / "deep" / "folder", SMALL)

    assert len(str(refused.value)) < 1000
    outside = {path for path in tmp_path.rglob("*") if not path.is_relative_to(tmp_path / "deep")}
    assert {path: path.read_bytes() for path in outside} == before
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("name", [ZIP, TAR, GZ, "set.tgz", "SET.ZIP", "set.tar.bz2"])
def test_archive__is_unpacked_as_it_was_packed(name: str, tmp_path: Path) -> None:
    files = {"a.txt": b"good", "train/b c.txt": b"1" * 5000, "train/-\u05d0\n\u00e9.png": b"2", "deep/" * 20 + "c": b""}
    entries = [(key, content) for key, content in files.items() if key != "a.txt"]
    path = tmp_path / name
    (zipped if name.lower().endswith("zip") else tarred)(*entries)(path)
    if name.endswith("tgz"):
        path.write_bytes(gzip.compress(path.read_bytes()))

    unpack(path, tmp_path / "folder")

    found = {str(one.relative_to(tmp_path / "folder")): one for one in (tmp_path / "folder").rglob("*") if one.is_file()}
    assert {key: one.read_bytes() for key, one in found.items()} == files
    assert all(stat.S_IMODE(one.stat().st_mode) & 0o6111 == 0 for one in found.values())


def test_largest_bombs__end_within_two_seconds_and_200_megabytes(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("b.txt", "w") as file:
        for _ in range(100):
            file.write(bytes(2**20))
    long_header(tmp_path / "header.tar.gz")
    with gzip.open(tmp_path / "bomb.tar.gz", "wb", 1) as file:
        one = tarfile.TarInfo("b.txt")
        one.size = 10**12
        file.write(one.tobuf() + bytes(2**20))
    program = (
        "import resource, sys, time; from pathlib import Path\n"
        "from pipeline_tasks.errors import SettingsError\n"
        "from pipeline_tasks.labelled_sets.archives import unpack\n"
        "before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()\n"
        "for at, name in enumerate(sys.argv[1:]):\n"
        "    try:\n        unpack(Path(name), Path(name).with_name(f'out{at}'))\n"
        "    except SettingsError as error:\n        print(str(error)[:80])\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, time.process_time() - began)\n"
    )
    names = [str(tmp_path / name) for name in ("bomb.zip", "header.tar.gz", "bomb.tar.gz")]

    told = subprocess.run([sys.executable, "-c", program, *names], check=True, capture_output=True, text=True).stdout.splitlines()

    megabytes, seconds = told[-1].split()
    assert len(told) == 4, told
    assert int(megabytes) <= 200
    assert float(seconds) <= 2 * len(names)
    assert sum(one.stat().st_size for one in tmp_path.glob("out*/*")) == 0
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 0
