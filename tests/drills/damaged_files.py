"""Share of damaged files found and of whole files refused, by format and kind of damage; `make drill-damaged-files`.

Arguments: seeds a kind (default 100). Whole files are drawn ones, those of NIGHTLENS_DATA, and these written anew in every format.
"""

from __future__ import annotations

import io
import os
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from decoding.damage import DAMAGES, ENCODINGS, a_drawn_image
from PIL import Image

from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.errors import RejectedFileError

SEEDS = 100
REAL = ("tiles/images/*/*.jpg", "cells/images/*.jpg", "photos/*/*.jpg", "tiles/masks/*/*.png")
REWRITTEN = 100
"""Real images that are written anew in every format."""
FIRST = CanonicalForm(version=1)


def main() -> int:
    """Print the table of found shares, then the false refusals, then the cost; 1 if a whole file was refused."""
    warnings.simplefilter("ignore")
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    say(f"{'found, of ' + str(seeds):18}" + "".join(f"{name:>19}" for name in DAMAGES))
    for encoding in ENCODINGS:
        say(f"{encoding:18}" + "".join(f"{found(encoding, damage, seeds):>19}" for damage in DAMAGES))
    files = real_files()
    refused = [f"{file}: {reason}" for file in files if (reason := refusal(file.read_bytes()))]
    say(f"real whole files: {len(files)}, refused: {len(refused)}", *refused)
    return int(bool(refused) | rewrite(files[:: max(1, len(files) // REWRITTEN)]))


def found(encoding: str, damage: str, seeds: int) -> int:
    """Damaged files that are refused."""
    count = 0
    for seed in range(seeds):
        random = np.random.default_rng([seed, 2026])
        whole, other = (ENCODINGS[encoding].encode(a_drawn_image(random, 192)) for _ in range(2))
        count += refusal(DAMAGES[damage](whole, other, ENCODINGS[encoding], random)) is not None
    return count


def rewrite(files: list[Path]) -> bool:
    """Write real images anew in every format: print false refusals, and milliseconds an image by the rules before and now."""
    any_refused = False
    images = [Image.open(io.BytesIO(file.read_bytes())).convert("RGB") for file in files]
    for name, encoding in ENCODINGS.items():
        contents = [encoding.encode(image) for image in images]
        refused = sum(refusal(content) is not None for content in contents)
        any_refused |= refused > 0
        before, now = (milliseconds(contents, form) for form in (FIRST, NEWEST))
        cost = f"ms an image before {before:.2f}, now {now:.2f} ({now / before:.2f})"
        say(f"{name:18} {len(contents)} whole, refused {refused}; {cost}")
    return any_refused


def milliseconds(contents: list[bytes], form: CanonicalForm) -> float:
    """Processor time of one decode, the lower of two rounds."""
    rounds = []
    for _ in range(2):
        begin = time.process_time()
        for content in contents:
            refusal(content, form)
        rounds.append((time.process_time() - begin) / len(contents) * 1000)
    return min(rounds)


def refusal(content: bytes, form: CanonicalForm = NEWEST) -> str | None:
    """Reason and detail if the file is refused."""
    try:
        decode(content, Limits(), form)
    except RejectedFileError as refused:
        return f"{refused.reason}: {refused.detail}"
    return None


def real_files() -> list[Path]:
    """Whole images that other people's cameras and programs wrote."""
    folder = Path(os.environ.get("NIGHTLENS_DATA", Path(__file__).parents[3] / "shared" / "data"))
    return list(_matching(folder))


def _matching(folder: Path) -> Iterator[Path]:
    for pattern in REAL:
        yield from sorted(folder.glob(pattern))


def say(*lines: str) -> None:
    """Print at once, for whoever watches."""
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
