"""Receive the images of edge agents into an inbox, until told to stop."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline_tasks.commands.outcome import Outcome
from pipeline_tasks.errors import SettingsError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the inbox, the keys, the address and the limits."""
    parser.add_argument("--inbox", type=Path, required=True, help="folder for the images; a source of kind edge reads it")
    parser.add_argument("--keys", type=Path, required=True, help='TOML, readable by its owner only: [devices], then gate-1 = "key"')
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; any but loopback is reached from outside")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--certificate", type=Path, help="PEM file; without it put a proxy with https before the receiver")
    parser.add_argument("--certificate-key", type=Path)
    parser.add_argument("--max-image-bytes", type=int, default=50_000_000)
    parser.add_argument("--min-free-bytes", type=int, default=1_000_000_000, help="devices wait while the disk has less than this")


def run(arguments: argparse.Namespace) -> Outcome:
    """Receive until the process is told to stop."""
    from pipeline_tasks.receiving.limits import ReceiverLimits
    from pipeline_tasks.receiving.server import Address, serve

    for name in ("max_image_bytes", "min_free_bytes"):
        if getattr(arguments, name) < 0:
            raise SettingsError(f"--{name.replace('_', '-')}: wanted a number of bytes, found {getattr(arguments, name)}")
    if (arguments.certificate is None) != (arguments.certificate_key is None):
        raise SettingsError("--certificate: wanted it together with --certificate-key")
    limits = ReceiverLimits(max_image_bytes=arguments.max_image_bytes, min_free_bytes=arguments.min_free_bytes)
    address = Address(arguments.host, arguments.port, arguments.certificate, arguments.certificate_key)
    serve(arguments.inbox, arguments.keys, address, limits)
    return Outcome("the receiver has stopped")
