"""Try what may be done in a bucket, and print the least policy for each role."""

from __future__ import annotations

import argparse

from pipeline_tasks.commands.outcome import Outcome
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.wiring.endpoints import connection_from_environment


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bucket, its connection, and the leave to write."""
    parser.add_argument("url", help="s3://bucket/prefix")
    parser.add_argument("--connection", help="id of the connection, as in NIGHTLENS_S3_<CONNECTION>_URL and …_PROFILE")
    parser.add_argument(
        "--write", action="store_true", help="also put one object below the prefix and delete it: for a root's bucket only"
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Try the connection; the exit code is 1 if a trial failed."""
    from pipeline_tasks.commands.connect.policies import ROLES, policy
    from pipeline_tasks.commands.connect.trials import trials
    from pipeline_tasks.sources.s3_client import open_client
    from pipeline_tasks.sources.s3_errors import Place, bucket_and_prefix

    found = bucket_and_prefix(arguments.url)
    if found is None:
        raise SettingsError(f"wanted s3://bucket or s3://bucket/prefix, found {arguments.url!r}")
    connection = connection_from_environment(arguments.connection)
    tried = list(trials(open_client(connection), Place("of this command", *found, connection), writes=arguments.write))
    lines = [f"{'fine' if one.is_fine else 'FAILED':6}  {one.name}: {one.says}" for one in tried]
    if not arguments.write:
        lines.append("        conditional put: not tried; --write tries it, in a root's bucket only")
    lines += ["", "The least policy for each role:"]
    lines += [f"\n{role}: {purpose}\n{policy(role, *found)}" for role, purpose in ROLES.items()]
    return Outcome("\n".join(lines), all(one.is_fine for one in tried))
