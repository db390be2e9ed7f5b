"""Check that the real DVC pulls published versions and cannot change the originals; `make drill-dvc [IMAGES=2000]`.

On disk and on S3: `git clone && dvc pull` gives the store byte for byte, `dvc status --cloud` is clean, DVC names the folder as
we do, and after every `dvc push` and `dvc gc --cloud` the store holds the same bytes as before. Root passes over permissions, so
as root each command runs twice: once without root's capabilities, like a person who owns the folders, and once with them.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from given import a_project
from given_version import a_version
from storage.an_s3_server import BUCKET, PUSHER, READER, an_s3_server

from pipeline_tasks.commands.publish.publishing import PublishSummary, publish
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.storage.objects.s3_objects import make_client
from pipeline_tasks.wiring.endpoints import Endpoints
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

ROOT = Path(__file__).parents[2]
PROGRAM = Path(os.environ.get("NIGHTLENS_DVC", ROOT / ".venv-dvc/bin/dvc"))
WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs")
"""A root that permissions hold for, like the owner that it is."""


class DrillError(AssertionError):
    """Something was not as it must be."""


@dataclass
class Place:
    """A project on disk or on S3 with readers beside it, all in one folder."""

    folder: Path
    endpoints: Endpoints = field(default_factory=Endpoints)
    root: str | None = None
    reader: Mapping[str, str] = field(default_factory=dict)
    """Environment of readers."""

    def __post_init__(self) -> None:
        (self.folder / "projects").mkdir(parents=True)
        (self.folder / "reader").mkdir()
        settings = {} if self.root is None else {"root": self.root}
        (self.folder / "projects" / "parts.yaml").write_text(yaml.safe_dump(a_project(**settings).model_dump(mode="json")))
        os.environ |= {"NIGHTLENS_HOME": str(self.folder / "home"), "NIGHTLENS_PROJECTS": str(self.folder / "projects")}
        self.store = open_store(read_project("parts"), self.endpoints.s3)

    def publish(self, version: str, *, is_canonical: bool = False) -> PublishSummary:
        """Publish into the one git folder."""
        return publish("parts", version, self.folder / "git", is_canonical=is_canonical, endpoints=self.endpoints)

    def clone(self, tag: str, name: str) -> Path:
        """First steps of a reader."""
        _check(self._run(self.folder, ["git", "clone", "-q", "-b", tag, "git", name]), "git clone")
        return self.folder / name

    def dvc(self, clone: Path, *words: str, is_plain: bool = False) -> subprocess.CompletedProcess[str]:
        """Run DVC as a reader; `is_plain` takes root's rights to pass over permissions away."""
        before = WITHOUT_RIGHTS if is_plain and os.geteuid() == 0 else ()
        return self._run(clone, [*before, str(PROGRAM), *words])

    def stored(self) -> dict[str, str]:
        """Every object of the project with the digest of its bytes."""
        return {key: hashlib.sha256(self.store.objects.read(key).content).hexdigest() for key in self.store.objects.list("")}

    def _run(self, folder: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
        own = {
            "HOME": str(self.folder / "reader"),
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(self.folder / "reader" / "site"),
        }
        own |= {"GIT_AUTHOR_NAME": "r", "GIT_AUTHOR_EMAIL": "r@r", "GIT_COMMITTER_NAME": "r", "GIT_COMMITTER_EMAIL": "r@r"}
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **own, **self.reader}
        return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def main() -> int:
    """Run everything at full size; 0 if all was as it must be."""
    images = int(os.environ.get("IMAGES", "2000"))
    with tempfile.TemporaryDirectory(prefix="nightlens-dvc-") as folder:
        Path(folder).chmod(0o755)
        for line in drill_disk(Path(folder) / "disk", images):
            say(f"disk  {line}")
        with an_s3_server(_made(Path(folder) / "server")) as client:
            for line in drill_s3(Path(folder) / "s3", client, images):
                say(f"S3    {line}")
    return 0


def drill_disk(folder: Path, images: int) -> Iterator[str]:
    """All checks on a root on disk; a line for each."""
    place = Place(folder)
    version = a_version(place.store, range(images))
    yield from _pull(place, version)
    yield from _attack(place, version, "the owner, whom permissions hold for", is_plain=True, refused=("push", "gc"))
    if os.geteuid() == 0:
        yield from _attack(place, version, "root")
        mended = place.publish(version)
        yield f"publish mends the links that root's collection took: {mended.links_made} of {images + 1} made anew"
        _wanted(mended.links_made, images + 1, "links made anew")
        yield from _pull(place, version, name="mended")
    yield from _copies(place, version)
    yield from _rot(place, version)


def drill_s3(folder: Path, client: Any, images: int) -> Iterator[str]:
    """All checks on a root on S3, readers with a key that only reads; a line for each."""
    url = client.meta.endpoint_url
    owner = Endpoints(s3=S3Connection("owner", url, "test", "test-secret"))
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    place = Place(
        folder, owner, f"s3://{BUCKET}/parts", dict(zip(names, READER, strict=True)) | {"AWS_DEFAULT_REGION": "us-east-1"}
    )
    version = a_version(place.store, range(images))
    yield from _pull(place, version)
    yield from _attack(place, version, "a key that only reads", refused=("push",))
    yield from _refused_deletes(place, url)
    place.reader = _key(PUSHER)
    yield from _copies(place, version)
    yield from _refused_deletes(place, url, PUSHER)
    yield from _rot(place, version)


def _pull(place: Place, version: str, name: str = "clone") -> Iterator[str]:
    """Clone, pull, compare; DVC's own name of what it pulled is ours."""
    published = place.publish(version)
    clone = place.clone(published.tag, name)
    _check(place.dvc(clone, "pull"), "dvc pull")
    rows = list(csv.DictReader((clone / "labels.csv").open()))
    found = {
        str(path.relative_to(clone / "pictures")): path.read_bytes() for path in (clone / "pictures").rglob("*") if path.is_file()
    }
    _wanted(
        {path: hashlib.sha256(content).hexdigest() for path, content in found.items()},
        {row["path"]: row["image_id"] for row in rows},
        "files",
    )
    yield f"git clone && dvc pull: {len(found)} images, each with the bytes of its image_id"
    said = _check(place.dvc(clone, "status", "--cloud"), "dvc status --cloud").stdout
    _wanted("in sync" in said, True, f"dvc status --cloud: {said}")
    yield f"dvc status --cloud: {said.strip()}"
    (clone / "pictures.dvc").unlink()
    _check(place.dvc(clone, "add", "pictures"), "dvc add")
    _wanted(_folder_md5(clone), published.folder_md5, "the folder object's name by dvc add")
    yield f"dvc add of what was pulled names it as we do: {published.folder_md5}"


def _attack(place: Place, version: str, who: str, *, is_plain: bool = False, refused: tuple[str, ...] = ()) -> Iterator[str]:
    """Push another image, then collect everything that an empty workspace does not use; `refused` must end in an error."""
    before = place.stored()
    clone = place.clone(place.publish(version).tag, f"attack-{is_plain}")
    _check(place.dvc(clone, "pull"), "dvc pull")
    (clone / "pictures" / "another.jpg").write_bytes(b"not yours")
    _check(place.dvc(clone, "add", "pictures"), "dvc add")
    for words in (("push",), ("gc", "--workspace", "--cloud", "--force")):
        if words[0] == "gc":
            (clone / "pictures.dvc").unlink()
        outcome = place.dvc(clone, *words, is_plain=is_plain)
        said = outcome.stdout + outcome.stderr
        _wanted(place.stored() == before, True, f"dvc {words[0]} by {who}: all {len(before)} objects unchanged")
        if words[0] in refused:
            _wanted(outcome.returncode != 0, True, f"dvc {words[0]} by {who} ends in an error: {said}")
        ended = f"exit {outcome.returncode}, {_reason(said)!r}"
        yield f"dvc {' '.join(words)} by {who}: {ended}; all {len(before)} objects of the store unchanged"


def _key(pair: tuple[str, str]) -> dict[str, str]:
    """An S3 key as DVC takes it."""
    return {"AWS_ACCESS_KEY_ID": pair[0], "AWS_SECRET_ACCESS_KEY": pair[1], "AWS_DEFAULT_REGION": "us-east-1"}


def _refused_deletes(place: Place, url: str, pair: tuple[str, str] = READER) -> Iterator[str]:
    """DVC's S3 client does not look at the refusals in the answer to a bulk delete, so the server is asked itself."""
    keys = [f"parts/{key}" for key in place.stored()]
    reader = make_client(url, *pair, None)
    answers = [reader.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key}]}) for key in keys]
    codes = {error["Code"] for answer in answers for error in answer.get("Errors", [{"Code": "deleted"}])}
    _wanted(codes, {"AccessDenied"}, f"what the server says to deletes by the key {pair[0]}")
    _wanted(len(place.stored()), len(keys), "objects afterwards")
    yield f"the server refuses a bulk delete by the key {pair[0]}: AccessDenied for each of {len(keys)} objects"


def _copies(place: Place, version: str) -> Iterator[str]:
    """The canonical copies are pulled, and pushes into their folder are allowed."""
    before = place.stored()
    published = place.publish(version, is_canonical=True)
    clone = place.clone(published.tag, "copies")
    _check(place.dvc(clone, "pull"), "dvc pull of the copies")
    yield f"canonical: {published.images} copies pulled, folder {published.folder_md5}"
    (clone / "pictures" / "another.jpg").write_bytes(b"welcome")
    _check(place.dvc(clone, "add", "pictures"), "dvc add")
    _check(place.dvc(clone, "push"), "dvc push")
    after = {key: digest for key, digest in place.stored().items() if not key.startswith("published/")}
    _wanted({key: before.get(key) for key in after}, after, "objects of the store")
    yield "canonical: dvc push to the remote of the copies is done, the store unchanged"


def _rot(place: Place, version: str) -> Iterator[str]:
    """A reader does not get a damaged original, and reading does not delete it."""
    published = place.publish(version)
    key = next(key for key in place.store.objects.list("files/") if not key.endswith(".dir"))
    whole = place.store.objects.read(key)
    place.store.objects.replace(key, bytes([whole.content[0] ^ 1]) + whole.content[1:], whole.etag)
    before = place.stored()
    clone = place.clone(published.tag, "rot")
    outcome = place.dvc(clone, "pull")
    _wanted(outcome.returncode != 0, True, "dvc pull of a rotten original fails")
    _wanted(place.stored() == before, True, "objects unchanged by a pull")
    yield f"dvc pull of a rotten original: refused ({_reason(outcome.stdout + outcome.stderr)})"


def _folder_md5(clone: Path) -> str:
    return str(yaml.safe_load((clone / "pictures.dvc").read_text())["outs"][0]["md5"])


def _reason(said: str) -> str:
    """The most specific line of DVC's output."""
    lines = [line for line in said.splitlines() if re.search(r"ERROR|[Dd]enied|from remote|pushed", line)]
    return (lines or said.strip().splitlines() or ["it said nothing"])[0].strip()[:160]


def _check(outcome: subprocess.CompletedProcess[str], what: str) -> subprocess.CompletedProcess[str]:
    if outcome.returncode:
        raise DrillError(f"{what}: wanted exit 0, found {outcome.returncode}: {outcome.stdout[-2000:]}{outcome.stderr[-2000:]}")
    return outcome


def _wanted(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise DrillError(f"{what}: wanted {str(wanted)[:300]}, found {str(found)[:300]}")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def say(line: str) -> None:
    """Log a line."""
    print(line, flush=True)  # noqa: T201 - a drill's output is its log.


if __name__ == "__main__":
    if not PROGRAM.exists() or shutil.which("git") is None:
        sys.exit(f"wanted DVC at {PROGRAM} and git; `make drill-dvc` installs DVC, NIGHTLENS_DVC names another one")
    sys.exit(main())
