"""The decoder that stages are given: the pool of child processes, or a stand-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage

if TYPE_CHECKING:
    from pipeline_tasks.decoding.intake_image import IntakeImage, IntakeSizes


class Decoder(Protocol):
    """Decoder of untrusted bytes, outside this process."""

    def decode(self, content: bytes, form: CanonicalForm = NEWEST) -> CanonicalImage:
        """The canonical image in this form.

        Raises:
            RejectedFileError: the bytes are no image.
        """
        ...


class IntakeDecoder(Decoder, Protocol):
    """Decoder that also makes what the intake keeps."""

    def take_in(self, content: bytes, form: CanonicalForm, sizes: IntakeSizes) -> IntakeImage:
        """Properties, measurements and small copies of the image in this form.

        Raises:
            RejectedFileError: the bytes are no image.
        """
        ...
