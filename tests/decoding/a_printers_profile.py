"""A printer's colour profile made here, and the colours that it stands for, computed without any colour library.

The profile is a table of CMYK → Lab (ICC.1:2001-04, type `mft2`). The reference interpolates the same table and follows the
definitions of CIE Lab and of sRGB (IEC 61966-2-1), with the matrices of D50.
"""

from __future__ import annotations

import itertools
import struct

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GRID = 11
_WHITE = np.array([0.9642, 1.0, 0.8249])
"""D50, to which profiles refer."""
_INKS = np.array([[0.15, 0.60, 0.75], [0.70, 0.12, 0.35], [0.95, 0.80, 0.12], [0.0, 0.0, 0.0]])
"""Share of linear red, green and blue that a full coat of cyan, magenta, yellow and black lets through. All their colours are
within sRGB and black is without light, so that every rendering intent means the same."""
_TO_LINEAR_SRGB = np.array(
    [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540], [0.0719453, -0.2289914, 1.4052427]]
)
"""XYZ of D50 → linear sRGB (Bradford)."""


def a_printers_profile() -> bytes:
    """A valid profile of CMYK, whose inks are unlike what (1 - C)(1 - K) would give."""
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 9) + b"a printer" + bytes(80),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * one) for one in _WHITE)),
        b"A2B0": _table(),
    }
    place, index, body = 132 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        index += name + struct.pack(">2I", place + len(body), len(content))
        body += content
    date, white = struct.pack(">6H", 2026, 1, 1, 0, 0, 0), struct.pack(">3i", *(round(65536 * one) for one in _WHITE))
    head = b"\0\0\0\0" + b"\x02\x40\0\0" + b"prtrCMYKLab " + date + b"acsp" + bytes(28) + white
    head = struct.pack(">I", place + len(body)) + head
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + index + body


def in_srgb(cmyk: NDArray[np.uint8]) -> Floats:
    """sRGB (0 to 255) of inks (N x 4, 255 is a full coat), by this profile."""
    lab = _interpolated(cmyk.astype(np.float64) / 255 * (GRID - 1))
    height = (lab[:, 0] + 16) / 116
    roots = np.stack([height + lab[:, 1] / 500, height, height - lab[:, 2] / 200], axis=1)
    xyz = _WHITE * np.where(roots > 6 / 29, roots**3, 3 * (6 / 29) ** 2 * (roots - 4 / 29))
    linear = np.clip(xyz @ _TO_LINEAR_SRGB.T, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _lab_of(inks: Floats) -> Floats:
    """Lab of shares of ink (N x 4): each coat lets its share of the light through."""
    through = (1 - inks[:, :, np.newaxis] * (1 - _INKS)).prod(axis=1) @ np.linalg.inv(_TO_LINEAR_SRGB).T / _WHITE
    roots = np.where(through > (6 / 29) ** 3, np.cbrt(np.maximum(through, 0)), through / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * roots[:, 1] - 16, 500 * (roots[:, 0] - roots[:, 1]), 200 * (roots[:, 1] - roots[:, 2])], axis=1)


def _grid() -> Floats:
    """Lab at each place of the table, the last ink fastest."""
    return _lab_of(np.array(list(itertools.product(range(GRID), repeat=4))) / (GRID - 1))


def _table() -> bytes:
    lab, straight = _grid(), np.array([0, 65535], ">u2").tobytes()
    values = np.rint(np.stack([lab[:, 0] * 652.8, (lab[:, 1] + 128) * 256, (lab[:, 2] + 128) * 256], axis=1)).astype(">u2")
    matrix = struct.pack(">9i", *(65536 if number % 4 == 0 else 0 for number in range(9)))
    head = b"mft2\0\0\0\0" + bytes([4, 3, GRID, 0]) + matrix + struct.pack(">2H", 2, 2)
    return head + 4 * straight + values.tobytes() + 3 * straight


def _interpolated(places: Floats) -> Floats:
    """Lab at places between those of the table, as colour management interpolates four inks.

    Linear in the first one; in the others along a path over four corners of the cube (tetrahedra: Sakamoto, US patent 4,275,413).
    """
    table = _grid().reshape(GRID, GRID, GRID, GRID, 3)
    low = np.minimum(places.astype(int), GRID - 2)
    share = places - low
    between = [_in_tetrahedra(table, low + np.array([first, 0, 0, 0]), share[:, 1:]) for first in (0, 1)]
    lab: Floats = between[0] + share[:, :1] * (between[1] - between[0])
    return lab


def _in_tetrahedra(table: Floats, corner: NDArray[np.int64], share: Floats) -> Floats:
    """From the corner one step along each of the last three axes, the one with the largest share first."""
    lab, corner, rows = table[tuple(corner.T)], corner.copy(), np.arange(len(corner))
    for axis in np.argsort(-share, axis=1, kind="stable").T:
        before = table[tuple(corner.T)]
        corner[rows, axis + 1] += 1
        lab = lab + share[rows, axis, np.newaxis] * (table[tuple(corner.T)] - before)
    return lab
