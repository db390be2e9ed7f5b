"""A colour profile that readers cannot overlook: red and blue are exchanged."""

from __future__ import annotations

from PIL import ImageCms

_TAGS_AT, _TAG_BYTES = 132, 12


def a_profile_of_exchanged_colours() -> bytes:
    """A valid profile of RGB in which full red is sRGB's blue, and full blue its red."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for name, foreign in ((b"sRGB", b"BGRs"), ("sRGB".encode("utf-16-be"), "BGRs".encode("utf-16-be"))):
        while (at := profile.find(name)) >= 0:
            profile[at : at + len(name)] = foreign
    for number in range(int.from_bytes(profile[_TAGS_AT - 4 : _TAGS_AT], "big")):
        at = _TAGS_AT + number * _TAG_BYTES
        profile[at : at + 4] = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(bytes(profile[at : at + 4]), bytes(profile[at : at + 4]))
    return bytes(profile)
