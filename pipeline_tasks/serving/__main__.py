"""Start the prediction server of one project.

python -m pipeline_tasks.serving --root ROOT --project PROJECT --port PORT --cache FOLDER
"""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.serving.api_keys import api_keys
from pipeline_tasks.serving.certificate import read_certificate
from pipeline_tasks.serving.label_studio_backend import BackendAccess
from pipeline_tasks.serving.server import serve
from pipeline_tasks.serving.shown_images import ShownImages
from pipeline_tasks.storage.objects.places import open_place

TOKEN = "NIGHTLENS_LABEL_STUDIO_BACKEND_TOKEN"
LEAST_TOKEN = 20


def main() -> None:
    """Read the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m pipeline_tasks.serving", description="The prediction server of one project.")
    parser.add_argument(
        "--root", required=True, help="the project's root: a folder, or s3://bucket/prefix with keys as boto3 finds them"
    )
    parser.add_argument("--project", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the last good model and the prediction log")
    parser.add_argument("--grpc-port", type=int, help="port for gRPC, beside HTTP; without it there is no gRPC")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; any but loopback gives everyone access")
    parser.add_argument("--people", type=Path, help="Label Studio's document root, with the images that people see")
    parser.add_argument(
        "--certificate", type=Path, help="PEM file of a certificate with its chain; with it the server speaks TLS only"
    )
    parser.add_argument("--certificate-key", type=Path, help="PEM file of its key, without a password")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    root = open_place(arguments.root, url=os.environ.get("NIGHTLENS_S3_URL"))
    backend = _backend(arguments.people, arguments.project, os.environ)
    try:
        keys, certificate = api_keys(os.environ), read_certificate(arguments.certificate, arguments.certificate_key)
    except SettingsError as error:
        raise SystemExit(str(error)) from error
    place = (arguments.cache, arguments.host, arguments.port)
    access: dict[str, Any] = {"backend": backend, "keys": keys, "certificate": certificate}
    serve(root, arguments.project, *place, grpc_port=arguments.grpc_port, **access)


def _backend(people: Path | None, project: str, environment: Mapping[str, str]) -> BackendAccess | None:
    """Access of Label Studio, by a token in a variable or in a file that a variable names; None without token or folder.

    Raises:
        SystemExit: the file cannot be read, or the token is too short to be one.
    """
    token = environment.get(TOKEN, "")
    if not token and (file := environment.get(f"{TOKEN}_FILE")):
        try:
            token = Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SystemExit(f"{TOKEN}_FILE: {file} cannot be read: {error.strerror}") from error
    if not token or people is None:
        return None
    if len(token) < LEAST_TOKEN:
        raise SystemExit(
            f"{TOKEN}: wanted at least {LEAST_TOKEN} characters, found {len(token)}; make one with `openssl rand -hex 20`"
        )
    return BackendAccess(token, ShownImages(people, project))


if __name__ == "__main__":
    main()
