"""Command line of the demo: `python -m demo`, or `make demo`.

Environment: NIGHTLENS_HOME, IMAGES (a folder of labelled images), ANNOTATORS=none, BUDGET, IMAGES_A_NIGHT,
KIND (class, box or mask), SOURCE (folder or s3).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from demo.errors import DemoError
from demo.show import Options, show
from pipeline_tasks.errors import NightlensError
from pipeline_tasks.wiring.projects import home_folder


def main(words: list[str] | None = None) -> int:
    """Run two nights; 0 if both cycles succeed, one promotes a champion, and the prediction server serves it."""
    options, home = _options(words), home_folder()
    try:
        show(options, home, lambda line: print(line, flush=True))
    except (DemoError, NightlensError) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\ndemo: stopped by Ctrl-C. An open DAG run is marked failed in Airflow; running services stay up "
            "(`make status` shows them, `make down` stops them). `make demo` starts again with an emptied project.",
            file=sys.stderr,
        )
        return 130
    return 0


def _options(words: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m demo", description="Run two nightly cycles through the real services.")
    environment = os.environ
    parser.add_argument("--images", default=environment.get("IMAGES") or None, help="folder of labelled images (or IMAGES=…)")
    parser.add_argument("--annotators", default=environment.get("ANNOTATORS") or "simulated", choices=["simulated", "none"])
    parser.add_argument("--budget", type=int, default=int(environment.get("BUDGET") or 240), help="images a night")
    parser.add_argument(
        "--images-a-night", type=int, default=int(environment.get("IMAGES_A_NIGHT") or 600), help="files drawn a night"
    )
    kinds = ["class", "box", "mask"]
    parser.add_argument("--kind", default=environment.get("KIND") or None, choices=kinds, help="label kind (or KIND=…)")
    parser.add_argument(
        "--source",
        default=environment.get("SOURCE") or "folder",
        choices=["folder", "s3"],
        help="where images come from; s3: a bucket that holds the root, too, and whose new images start the nights (or SOURCE=s3)",
    )
    parser.add_argument("--nights", type=int, default=2, help="number of nights")
    chosen = parser.parse_args(words)
    images = Path(chosen.images).expanduser().resolve() if chosen.images else None
    return Options(
        images,
        chosen.annotators == "simulated",
        chosen.budget,
        chosen.images_a_night,
        chosen.nights,
        chosen.source == "s3",
        chosen.kind,
    )


if __name__ == "__main__":
    sys.exit(main())
