"""Embeddings of the images that were kept last: a ring of fixed size that neither a restart nor a kill forgets.

All are saved now and then; those added since then lie in a second file, written one by one.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Floats, distances, nearest
from pipeline_tasks.sent_images.lasting_files import write_lasting

logger = logging.getLogger(__name__)
_ENDING = ".added"


class KeptImages:
    """The newest `size` kept embeddings, each of length 1; a full ring forgets the oldest one."""

    def __init__(self, size: int) -> None:
        """Start with none; memory is taken as it fills."""
        self._size, self._kept = size, 0
        self._units: Floats = np.empty((0, 0), np.float32)

    def __len__(self) -> int:
        """Number of embeddings."""
        return min(self._kept, self._size)

    def distance(self, unit: Floats) -> float | None:
        """Distance of an embedding (1 x D) to the nearest kept one, from 0 to 1; None if none is kept."""
        if not len(self):
            return None
        return float(distances(nearest(unit, self._units[: len(self)], 1)[1])[0, 0])

    def add(self, unit: Floats) -> None:
        """Keep an embedding (1 x D)."""
        place = self._kept % self._size
        if place == len(self._units):
            more = min(max(64, 2 * place), self._size)
            grown = np.empty((more, unit.shape[1]), np.float32)
            grown[:place] = self._units.reshape(place, unit.shape[1])
            self._units = grown
        self._units[place] = unit[0]
        self._kept += 1

    def write_down(self, unit: Floats, path: Path, backbone: str) -> None:
        """Write an embedding that was just added behind those since the last `save`; on a full disk it waits for the next save."""
        try:
            with _since_saved(path, backbone).open("ab") as file:
                np.save(file, unit.astype(np.float16))
        except OSError as error:
            logger.warning("kept images: %s cannot be written now: %s", path, error)

    def save(self, path: Path, backbone: str) -> None:
        """Write all embeddings, oldest first, in half precision; `backbone` names what made them."""
        rows: npt.NDArray[np.float16] = np.roll(self._units[: len(self)], -(self._kept % self._size), axis=0).astype(np.float16)
        if self._kept <= self._size:
            rows = self._units[: len(self)].astype(np.float16)
        buffer = io.BytesIO()
        np.savez(buffer, rows=rows, backbone=np.array(backbone))
        write_lasting(path, buffer.getvalue())
        for written in path.parent.glob(f"{path.stem}-*{_ENDING}"):
            written.unlink()

    @classmethod
    def load(cls, path: Path, size: int, backbone: str) -> KeptImages:
        """Read what was saved and what was written down since; empty if there is nothing, or another backbone made it."""
        kept = cls._saved(path, size, backbone)
        for row in _written_down(_since_saved(path, backbone)):
            kept.add(row.astype(np.float32))
        return kept

    @classmethod
    def _saved(cls, path: Path, size: int, backbone: str) -> KeptImages:
        kept = cls(size)
        try:
            with np.load(path, allow_pickle=False) as found:
                rows, made_by = found["rows"], str(found["backbone"])
        except FileNotFoundError:
            return kept
        except (OSError, ValueError, KeyError, EOFError) as error:
            logger.warning("kept images: %s cannot be read, starting without: %s", path, error)
            return kept
        if made_by != backbone:
            logger.warning("kept images: %s is of another backbone, starting without", path)
            return kept
        for row in rows[-size:]:
            kept.add(row[np.newaxis].astype(np.float32))
        return kept


def _since_saved(path: Path, backbone: str) -> Path:
    """File of the embeddings since the last `save`, of this backbone alone."""
    return path.with_name(f"{path.stem}-{backbone[:16]}{_ENDING}")


def _written_down(path: Path) -> Iterator[npt.NDArray[np.float16]]:
    """The embeddings of a file one by one, up to one that a kill cut off."""
    try:
        with path.open("rb") as file:
            while True:
                yield np.load(file, allow_pickle=False)
    except (FileNotFoundError, EOFError):
        return
    except (OSError, ValueError) as error:
        logger.warning("kept images: %s ends before its last one: %s", path, error)
