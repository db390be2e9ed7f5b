"""Origin of what runs here: the commit of the code, the installed packages, processor and GPU."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
from collections.abc import Iterable
from importlib.metadata import distributions
from pathlib import Path

from pipeline_tasks.records.run_origin import RunOrigin
from pipeline_tasks.release import RELEASE

CODE = Path(__file__).parents[2]
PROCESSORS, GPUS = Path("/proc/cpuinfo"), Path("/proc/driver/nvidia/gpus")


def run_origin() -> RunOrigin:
    """Code, packages and machine of this process."""
    return RunOrigin(
        code=commit_of(CODE) or RELEASE,
        environment=digest_of_packages((one.metadata["Name"] or "", one.version) for one in distributions()),
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        gpu=_gpu(),
    )


def commit_of(folder: Path) -> str | None:
    """Commit of the checkout with this root, with `+changes` if files that git knows are others; None if it is none."""
    if not (folder / ".git").exists():
        return None
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        return commit + ("+changes" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        # No git here, or a checkout of another user: a training does not end for that.
        return None


def digest_of_packages(packages: Iterable[tuple[str, str]]) -> str:
    """Digest of names and versions, in any order and spelling of the names (PEP 503)."""
    lines = sorted({f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}" for name, version in packages})
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True, text=True)
    return done.stdout.strip()


def _processor() -> str:
    """Model of the processor, as Linux tells it."""
    text = PROCESSORS.read_text(errors="replace") if PROCESSORS.exists() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()


def _gpu() -> str | None:
    """Models of NVIDIA GPUs, as their driver tells them; torch would take seconds to say so."""
    texts = [one.read_text(errors="replace") for one in sorted(GPUS.glob("*/information"))]
    models = [found[1].strip() for text in texts if (found := re.search(r"^Model:\s*(.+)$", text, re.MULTILINE))]
    return ", ".join(models) or None
