"""Start the prediction server of one project.

python -m pipeline_tasks.serving --root ROOT --project PROJECT --port PORT --cache FOLDER
"""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path

from pipeline_tasks.serving.server import serve
from pipeline_tasks.storage.objects.places import open_place


def main() -> None:
    """Read the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m pipeline_tasks.serving", description="The prediction server of one project.")
    parser.add_argument(
        "--root", required=True, help="the project's root: a folder, or s3://bucket/prefix with keys as boto3 finds them"
    )
    parser.add_argument("--project", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the last good model and the prediction log")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; any but loopback gives everyone access")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    root = open_place(arguments.root, url=os.environ.get("NIGHTLENS_S3_URL"))
    serve(root, arguments.project, arguments.cache, arguments.host, arguments.port)


if __name__ == "__main__":
    main()
