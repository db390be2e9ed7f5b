"""Opens the place where a project's root lies, or a copy of one: a folder, or a prefix in an S3 bucket."""

from __future__ import annotations

from pathlib import Path

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.storage.objects.object_store import ObjectStore


def open_place(
    where: str, url: str | None = None, access_key: str | None = None, secret_key: str | None = None, region: str | None = None
) -> ObjectStore:
    """A folder or `s3://bucket/prefix`; what is None of the rest is left to boto3's own search (environment, instance role).

    Raises:
        SettingsError: it is neither.
    """
    if "://" not in where:
        from pipeline_tasks.storage.objects.disk_objects import DiskObjects

        return DiskObjects(Path(where))
    scheme, _, rest = where.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not bucket or not prefix:
        raise SettingsError(f"wanted a folder or s3://bucket/prefix, found {where!r}")
    # Those whose root is a folder need no boto3.
    from pipeline_tasks.storage.objects.s3_objects import S3Objects, make_client

    return S3Objects(make_client(url, access_key, secret_key, region), bucket, prefix)
