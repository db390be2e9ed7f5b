"""Form in which a request wants its image decoded."""

from __future__ import annotations

from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.serving.refusal import refusal


def requested_form(given: str | None, bit_depth: int | None) -> CanonicalForm:
    """The form with the bits that the request names, or else `bit_depth` of the project's sources.

    Raises:
        HTTPException: 422, the request names no such number of bits.
    """
    if given is None:
        return CanonicalForm(bit_depth=bit_depth)
    if not given.isdecimal() or not 8 <= int(given) <= 16:
        raise refusal(422, "bad_bit_depth", f"bit_depth: wanted a whole number from 8 to 16, found {given[:20]!r}.")
    return CanonicalForm(bit_depth=int(given))
