"""Images that annotators see, by the addresses that their labeling tasks hold; no other file can be named."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PATH = "/data/local-files/"


class ShownImages:
    """The annotators' images of one project below Label Studio's document root."""

    def __init__(self, document_root: Path, project: str) -> None:
        """Read nothing yet. Later generations of a project have a folder with a number behind its name."""
        self._root = document_root
        folder, name = rf"(?P<folder>{re.escape(project)}(-[0-9]+)?)", r"(?P<id>[0-9a-f]{64})(?P<blur>\.[0-9a-f]{12})?\.jpg"
        self._name = re.compile(rf"{folder}/(?P<start>[0-9a-f]{{2}})/{name}")

    def read(self, address: str) -> bytes | None:
        """Bytes of the image at an address such as `/data/local-files/?d=parts/3f/3f2a….jpg`.

        None if it is no address of an image of this project, or the image is not there (any more).
        """
        parts = urlsplit(address)
        named = parse_qs(parts.query).get("d", [])
        found = self._name.fullmatch(named[0]) if parts.path == PATH and len(named) == 1 else None
        if found is None or found["start"] != found["id"][:2]:
            return None
        path = self._root / found["folder"] / found["start"] / f"{found['id']}{found['blur'] or ''}.jpg"
        try:
            # A link could lead out of the folder.
            return None if path.resolve() != self._root.resolve() / path.relative_to(self._root) else path.read_bytes()
        except OSError:
            return None
