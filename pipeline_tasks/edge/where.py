"""Position of the device, from its settings or from a file that another program keeps up to date."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path

from pipeline_tasks.edge.settings import PositionSettings

_MAX_BYTES = 4_096


class Where:
    """Latitude and longitude at a time."""

    def __init__(self, settings: PositionSettings, clock: Callable[[], float] = time.time) -> None:
        """The file, where there is one, goes before the fixed place."""
        self._settings, self._clock = settings, clock

    def now(self) -> tuple[float, float] | tuple[None, None]:
        """Latitude and longitude in degrees, north and east positive; None twice if they are not known or too old."""
        if self._settings.file is not None:
            return self._of_file(self._settings.file)
        if self._settings.latitude_deg is None or self._settings.longitude_deg is None:
            return None, None
        return self._settings.latitude_deg, self._settings.longitude_deg

    def _of_file(self, path: Path) -> tuple[float, float] | tuple[None, None]:
        """Read `{"latitude_deg": …, "longitude_deg": …}`; its age is that of the file."""
        try:
            with path.open("rb") as file:
                given = json.loads(file.read(_MAX_BYTES))
            if self._clock() - path.stat().st_mtime > self._settings.max_age_s:
                return None, None
            latitude, longitude = float(given["latitude_deg"]), float(given["longitude_deg"])
        except (OSError, ValueError, TypeError, KeyError):
            return None, None
        # Receivers write 0, 0 before they know.
        is_meant = math.isfinite(latitude + longitude) and abs(latitude) <= 90 and abs(longitude) <= 180
        return (latitude, longitude) if is_meant and (latitude, longitude) != (0, 0) else (None, None)
