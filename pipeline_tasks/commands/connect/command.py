"""Try what may be done in a bucket, and print the least policy for each role."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pipeline_tasks.commands.outcome import Outcome
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.wiring.endpoints import connection_from_environment

if TYPE_CHECKING:
    from pipeline_tasks.commands.connect.trials import Trial


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bucket, its connection, and the leave to write."""
    parser.add_argument("url", help="s3://bucket/prefix, gs://bucket/prefix or az://container/prefix")
    parser.add_argument(
        "--connection",
        help="id of the connection, as in NIGHTLENS_S3_<CONNECTION>_URL and …_PROFILE, or NIGHTLENS_WEB_<CONNECTION>_TOKEN_FILE",
    )
    parser.add_argument(
        "--write", action="store_true", help="also put one object below the prefix and delete it: for a root's bucket only"
    )

    parser.add_argument("--account", help="az:// only: name of the storage account")
    parser.add_argument("--endpoint", help="gs:// and az:// only: address of the store, if it is not the usual one")
    parser.add_argument("--public", action="store_true", help="gs:// only: ask without any key")


def run(arguments: argparse.Namespace) -> Outcome:
    """Try the connection; the exit code is 1 if a trial failed."""
    scheme = arguments.url.partition("://")[0]
    return _cloud(scheme, arguments) if scheme in ("gs", "az") else _s3(arguments)


def _cloud(scheme: Literal["gs", "az"], arguments: argparse.Namespace) -> Outcome:
    from pipeline_tasks.commands.connect.cloud_trials import LEAST, cloud_trials, opened, said_of_azure_key
    from pipeline_tasks.wiring.endpoints import web_key_from_environment

    if arguments.write:
        raise SettingsError(f"--write is for the bucket of a root, and a root lies in a folder or at s3://, not at {arguments.url}")
    source = opened(scheme, arguments, web_key_from_environment)
    done = list(cloud_trials(source))
    if scheme == "az":
        key = None if arguments.connection is None else web_key_from_environment(arguments.connection)
        done.append(said_of_azure_key(arguments.account, key))
    container = arguments.url.partition("://")[2].partition("/")[0]
    least = LEAST[scheme].format(account=arguments.account, container=container)
    lines = ["        write: not tried: nothing is ever written to a source, and no root can lie there", ""]
    return Outcome("\n".join([*_lines(done), *lines, f"The least rights of ingest: {least}."]), all(one.is_fine for one in done))


def _lines(done: Sequence[Trial]) -> list[str]:
    return [f"{'fine' if one.is_fine else 'FAILED':6}  {one.name}: {one.says}" for one in done]


def _s3(arguments: argparse.Namespace) -> Outcome:
    from pipeline_tasks.commands.connect.policies import ROLES, policy
    from pipeline_tasks.commands.connect.trials import trials
    from pipeline_tasks.sources.s3_client import open_client
    from pipeline_tasks.sources.s3_errors import Place, bucket_and_prefix

    found = bucket_and_prefix(arguments.url)
    if found is None:
        wanted = "s3://bucket or s3://bucket/prefix, or the same of gs:// or az://"
        raise SettingsError(f"wanted {wanted}, found {arguments.url!r}")
    connection = connection_from_environment(arguments.connection)
    tried = list(trials(open_client(connection), Place("of this command", *found, connection), writes=arguments.write))
    lines = _lines(tried)
    if not arguments.write:
        lines.append("        conditional put: not tried; --write tries it, in a root's bucket only")
    lines += ["", "The least policy for each role:"]
    lines += [f"\n{role}: {purpose}\n{policy(role, *found)}" for role, purpose in ROLES.items()]
    return Outcome("\n".join(lines), all(one.is_fine for one in tried))
