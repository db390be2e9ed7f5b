"""Opener of the place of a project's root or of a copy: a folder, or a prefix in an S3 bucket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.storage.objects.object_store import ObjectStore

if TYPE_CHECKING:
    from pipeline_tasks.storage.objects.s3_objects import MoreOfAConnection


def open_place(
    where: str,
    url: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
    region: str | None = None,
    **more: Unpack[MoreOfAConnection],
) -> ObjectStore:
    """Open a folder or `s3://bucket/prefix`; boto3 searches for arguments that are None (environment, instance role).

    Raises:
        SettingsError: `where` is neither, or boto3 can make no client of the arguments.
    """
    if "://" not in where:
        from pipeline_tasks.storage.objects.disk_objects import DiskObjects

        return DiskObjects(Path(where))
    scheme, _, rest = where.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not bucket or not prefix:
        raise SettingsError(f"wanted a folder or s3://bucket/prefix, found {where!r}")
    # Imported here, because a root in a folder needs no boto3.
    from botocore.exceptions import BotoCoreError

    from pipeline_tasks.storage.objects.s3_objects import S3Objects, make_client

    try:
        client = make_client(url, access_key, secret_key, region, **more)
    except (BotoCoreError, ValueError, TypeError) as error:
        raise SettingsError(f"no client for S3 can be made of its connection: {error}") from error
    return S3Objects(client, bucket, prefix)
