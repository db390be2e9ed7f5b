"""Program of one more process of a fit: `python -m pipeline_tasks.models.fit_process FOLDER NUMBER`."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from pathlib import Path

from pipeline_tasks.models.fit_material import read_material
from pipeline_tasks.models.fit_processes import failed_file, process_group, ready_file
from pipeline_tasks.models.fitting import fit_share
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.process_share import Share


def main(folder: Path, number: int) -> None:
    """Do this process's share of the fit whose material lies in the folder."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    material = read_material(folder)
    own = folder / f"scratch-{number}"
    own.mkdir()
    ready_file(folder, number).touch()
    with process_group(folder, Share(number, material.plan.fit.processes)) as share:
        try:
            fit_share(material, share, Journal(), own)
        except BaseException:
            # Whatever it is, the parent shows it; it reads this once our connection ends.
            failed_file(folder, number).write_text(traceback.format_exc())
            raise


def _end_with_parent() -> None:
    """End when standard input is closed, which the parent's end does, however it came."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
