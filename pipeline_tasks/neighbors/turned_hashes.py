"""Perceptual hashes of an image's eight turns, read off the hash of the upright image alone.

A mirrored image has the same cosine coefficients with every other sign changed; a turned one has rows and columns exchanged
besides. A bit says whether a coefficient is above the median, which is near 0: about 4 of 64 bits differ from the turned image's
own hash.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_ODD = np.arange(8) % 2 == 1


def turned_hashes(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """N hashes → 8 x N: upright, turned counter-clockwise by one to three quarters, then the same mirrored left to right."""
    turn = np.unpackbits(hashes.astype(">u8").view(np.uint8).reshape(-1, 8), axis=1).reshape(-1, 8, 8).astype(np.bool_)
    turns = []
    for _ in range(4):
        turns.append(turn)
        turn = turn.transpose(0, 2, 1) ^ _ODD[None, :, None]
    turns += [one ^ _ODD for one in turns]
    packed = [np.packbits(one.reshape(len(hashes), 64), axis=1).reshape(-1).view(">u8").astype(np.uint64) for one in turns]
    return np.stack(packed)
