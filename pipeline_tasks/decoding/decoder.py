"""The decoder that stages are given: the pool of child processes, or a stand-in."""

from __future__ import annotations

from typing import Protocol

from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage


class Decoder(Protocol):
    """Decoder of untrusted bytes, outside this process."""

    def decode(self, content: bytes, form: CanonicalForm = NEWEST) -> CanonicalImage:
        """The canonical image in this form.

        Raises:
            RejectedFileError: the bytes are no image.
        """
        ...
