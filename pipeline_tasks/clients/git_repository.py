"""Git repository that dataset versions are published into: one commit and one tag each, the same for the same content."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError, StorageError

_NAME, _ADDRESS = "Nightlens", "nightlens@localhost"
# The user's own git settings must not change a commit's bytes or ask for a signing key.
_SETTINGS = ("commit.gpgSign=false", "core.autocrlf=false", "core.safecrlf=false", f"core.hooksPath={os.devnull}", "gc.auto=0")


@dataclass(frozen=True)
class Commit:
    """A published commit."""

    digest: str
    tag: str
    is_new: bool


class GitRepository:
    """A git repository that holds one project's published versions."""

    def __init__(self, folder: Path, mark: tuple[str, str]) -> None:
        """`mark` is a file name and its first line; they identify a repository as made by Nightlens."""
        self._folder = folder
        self._mark = mark

    def publish(self, files: Mapping[str, str], tag: str, message: str, at: datetime) -> Commit:
        """Commit these files (path → text) and tag the commit; an existing tag is compared and kept.

        Raises:
            StorageError: the folder or one of the files was not made by Nightlens, or the tag names other content.
            ServiceUnavailableError: there is no git.
            ServiceRefusedError: git refuses.
        """
        self._make()
        if self._try("rev-parse", "-q", "--verify", f"refs/tags/{tag}") is not None:
            self._compare(files, tag)
            return Commit(self._git("rev-parse", f"{tag}^{{commit}}").strip(), tag, is_new=False)
        self._refuse_what_is_not_ours(files)
        self._commit(files, message, at)
        self._git("tag", tag)
        return Commit(self._git("rev-parse", "HEAD").strip(), tag, is_new=True)

    def _make(self) -> None:
        if (self._folder / ".git").exists():
            return
        if self._folder.exists() and any(self._folder.iterdir()):
            raise StorageError(
                f"{self._folder}: wanted a git repository or an empty folder, found one with other files; publish into a new folder"
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        self._git("init", "-q", "-b", "main")

    def _compare(self, files: Mapping[str, str], tag: str) -> None:
        changed = [path for path, text in files.items() if self._try("show", f"{tag}:{path}") != text]
        if changed:
            raise StorageError(
                f"{self._folder}: the tag {tag} names other content in {', '.join(changed)}: the version was published otherwise "
                "(another place of the store, another release of Nightlens); publish into a new folder, or delete the tag first"
            )

    def _refuse_what_is_not_ours(self, files: Mapping[str, str]) -> None:
        path, line = self._mark
        mark = self._folder / path
        found = mark.read_text().partition("\n")[0] if mark.is_file() else None
        if found == line:
            return
        foreign = [one for one in files if (self._folder / one).exists()]
        if foreign:
            raise StorageError(
                f"{self._folder}: {foreign[0]} exists and was not made by Nightlens: wanted {path} to begin with {line!r}"
            )

    def _commit(self, files: Mapping[str, str], message: str, at: datetime) -> None:
        path, _ = self._mark
        # Write the mark first, so that an interrupted publication is still recognized.
        for one in sorted(files, key=lambda name: name != path):
            (self._folder / one).parent.mkdir(parents=True, exist_ok=True)
            (self._folder / one).write_text(files[one], newline="")
        self._git("add", "-f", "--", *files)
        is_committed = self._try("diff", "--cached", "--quiet", "HEAD", "--", *files) is not None
        if not is_committed:
            self._git("commit", "-q", "--only", "-m", message, "--", *files, at=at)

    def _git(self, *words: str, at: datetime | None = None) -> str:
        outcome = self._run(words, at)
        if outcome.returncode:
            said = outcome.stderr.decode(errors="replace").strip()
            raise ServiceRefusedError(f"{self._folder}: git {words[0]} refuses: {said}")
        return outcome.stdout.decode()

    def _try(self, *words: str) -> str | None:
        """Git's output; None if it fails."""
        outcome = self._run(words, None)
        return None if outcome.returncode else outcome.stdout.decode()

    def _run(self, words: tuple[str, ...], at: datetime | None) -> subprocess.CompletedProcess[bytes]:
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        try:
            return subprocess.run(
                ["git", *settings, *words], cwd=self._folder, env=_environment(at), capture_output=True, check=False
            )
        except FileNotFoundError as error:
            raise ServiceUnavailableError("git: wanted the program git to publish with, found none") from error


def _environment(at: datetime | None) -> dict[str, str]:
    """Git's environment: no caller's GIT_* variables, a fixed author and time, so that a version always gives the same commit."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {"LC_ALL": "C"}
    own |= {
        f"GIT_{role}_{field}": said for role in ("AUTHOR", "COMMITTER") for field, said in (("NAME", _NAME), ("EMAIL", _ADDRESS))
    }
    if at is not None:
        own |= dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{int(at.timestamp())} +0000")
    return own
