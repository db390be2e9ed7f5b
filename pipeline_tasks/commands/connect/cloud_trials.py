"""Trials of a bucket of Google's or a container of Azure's: list and read, as a source does. Nothing is ever written there."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Literal
from urllib.parse import parse_qs

from pydantic import ValidationError

from pipeline_tasks.commands.connect.trials import Trial, tried
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings.source import SourceSettings
from pipeline_tasks.sources.bucket_source import BucketSource
from pipeline_tasks.sources.clouds.azure import AzureSettings
from pipeline_tasks.sources.clouds.azure_key import AzureKey
from pipeline_tasks.sources.clouds.gcs import GcsSettings
from pipeline_tasks.sources.s3_names import Entry
from pipeline_tasks.sources.s3_versions import S3Version
from pipeline_tasks.sources.source import open_source
from pipeline_tasks.sources.source_key import KeyOf
from pipeline_tasks.wiring.projects import home_folder

Cloud = Literal["gs", "az"]
LEAST = {
    "gs": "storage.objects.list and storage.objects.get, which the role Storage Object Viewer (roles/storage.objectViewer) on the "
    "bucket has; a service account of its own, with a key file, is best",
    "az": "Read and List on the container, which a SAS token with sp=rl has: az storage container generate-sas --account-name "
    "{account} --name {container} --permissions rl --https-only --expiry DATE",
}
_NEEDED = set("rl")


def opened(cloud: Cloud, arguments: argparse.Namespace, key_of: KeyOf) -> BucketSource:
    """The source that these words mean.

    Raises:
        SettingsError: words that cannot be meant, or no key.
    """
    given = {"url": arguments.url, "connection": arguments.connection, "endpoint": arguments.endpoint}
    given = {"name": "of_this_command"} | {name: one for name, one in given.items() if one is not None}
    if cloud == "az" and arguments.account is None:
        raise SettingsError("--account: wanted the name of the storage account, found none")
    try:
        settings: SourceSettings = (
            AzureSettings(kind="azure", account=arguments.account, **given)
            if cloud == "az"
            else GcsSettings(kind="gcs", is_public=arguments.public, **given)
        )
    except ValidationError as error:
        raise SettingsError("; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in error.errors())) from error
    source = open_source(settings, home_folder(), key_of=key_of)
    assert isinstance(source, BucketSource)
    return source


def cloud_trials(source: BucketSource) -> Iterator[Trial]:
    """Try what a source needs."""
    yield tried("list", lambda: _list(source))
    yield tried("read", lambda: _read(source))


def said_of_azure_key(account: str, key: str | None) -> Trial:
    """Sentence on a key that allows more than a source needs, or will end; the key itself is not shown."""
    found = AzureKey.of("of_this_command", account, key)
    if found.secret is not None:
        return Trial("rights", is_fine=True, says="all of the account: it is an account's key; a SAS token with sp=rl is enough")
    if not found.sas:
        return Trial("rights", is_fine=True, says="those of anybody: there is no key")
    fields = parse_qs(found.sas)
    (allowed,), (ends,) = fields.get("sp", [""]), fields.get("se", ["a time that its policy says"])
    more = "".join(sorted(set(allowed) - _NEEDED))
    says = f"sp={allowed}, until {ends}" + (f"; {more} are more than a source needs" if more else "")
    return Trial("rights", is_fine=True, says=says)


def _first(source: BucketSource) -> Entry | None:
    """The first object that has bytes."""
    return next((entry for page in source.pages() for entry in page if entry["Size"]), None)


def _list(source: BucketSource) -> str:
    first = _first(source)
    return "allowed, but no object is there" if first is None else f"allowed; the first object is {_key(source, first)!r}"


def _read(source: BucketSource) -> str:
    entry = _first(source)
    if entry is None:
        return "not tried: there is no object to read"
    version = S3Version.of(entry["ETag"], entry["Size"], entry["LastModified"], entry.get("VersionId"))
    content = source.read(_key(source, entry), version.text)
    return f"allowed; read the {len(content)} bytes of {_key(source, entry)!r}"


def _key(source: BucketSource, entry: Entry) -> str:
    return entry["Key"][len(source.prefix) :]
