"""Options of the command `sign_off`: a person's reply."""

from __future__ import annotations

import argparse
import getpass
from datetime import datetime, timezone

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.sign_off import SignOffReply


def add_reply_options(parser: argparse.ArgumentParser) -> None:
    """Add the reply, its reason and the person's name."""
    reply = parser.add_mutually_exclusive_group()
    reply.add_argument("--approve", action="store_true", help="sign the promotion; without a reply only say what is asked")
    reply.add_argument("--reject", action="store_true", help="keep the champion; wants a --reason")
    parser.add_argument("--reason", default="", help="recorded with the reply")
    parser.add_argument("--by", help="your name (default: the user of this machine)")


def reply_of(arguments: argparse.Namespace) -> SignOffReply | None:
    """The reply that was given; None without one.

    Raises:
        SettingsError: it was rejected without a reason.
    """
    if not arguments.approve and not arguments.reject:
        return None
    if arguments.reject and not arguments.reason.strip():
        raise SettingsError("--reject: wanted a --reason, which the ledger and the report keep; found none")
    return SignOffReply(
        arguments.approve, arguments.by or getpass.getuser(), datetime.now(timezone.utc).isoformat(), arguments.reason
    )
