"""A bucket of Google Cloud Storage as a source, by its JSON interface."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode

from pydantic import Field, field_validator

from pipeline_tasks.errors import RejectedFileError, ServiceError, ServiceRefusedError
from pipeline_tasks.sources.bucket_source import MAX_BYTES, BucketSettings
from pipeline_tasks.sources.clouds.asking import MAX_PAGE_BYTES, Asking, Signed, StoreResponse, endpoint_problem
from pipeline_tasks.sources.clouds.cloud_source import CloudSource
from pipeline_tasks.sources.clouds.cloud_store import Body
from pipeline_tasks.sources.clouds.google_token import google_token
from pipeline_tasks.sources.s3_names import Entry
from pipeline_tasks.sources.s3_versions import S3Version

GOOGLE = "https://storage.googleapis.com"
_URL = re.compile(r"gs://(?P<bucket>[a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:/(?P<prefix>.*))?", re.DOTALL)
_FIELDS = "nextPageToken,items(name,size,generation,updated,md5Hash,crc32c)"


class GcsSettings(BucketSettings):
    """Settings of a source of kind `gcs`."""

    kind: Literal["gcs"]
    url: str = Field(description="`gs://bucket/prefix`: every object whose key begins with `prefix/`; `gs://bucket`: all.")
    endpoint: str = Field(GOOGLE, description="Address of the store; another one is for tests and private endpoints.")
    is_public: bool = Field(False, description="true: ask without any key.")

    @field_validator("url")
    @classmethod
    def _url_names_a_bucket(cls, url: str) -> str:
        """Refuse what names no bucket when the file is read."""
        if _URL.fullmatch(url) is None:
            raise ValueError(f"must be gs://bucket or gs://bucket/prefix, not {url!r}")
        return url

    @field_validator("endpoint")
    @classmethod
    def _endpoint_is_safe(cls, endpoint: str) -> str:
        """Refuse an address at which others could read the key."""
        problem = endpoint_problem(endpoint)
        if problem is not None:
            raise ValueError(problem)
        return endpoint.rstrip("/")


class GcsSource(CloudSource):
    """Objects of a bucket; a version is MD5 sum, size, time and generation, and the very generation is read."""

    settings_model = GcsSettings

    @classmethod
    def with_key(cls, settings: GcsSettings, home: Path, key: str | None) -> GcsSource:
        """Open the source with the key file of a service account; without one, with what Google's library finds on this machine.

        Raises:
            SettingsError: a setting that cannot be meant, or a key that is none.
        """
        match = _URL.fullmatch(settings.url)
        assert match is not None, "the settings were checked"
        prefix = (match["prefix"] or "").strip("/")
        signed: Signed = _unsigned if settings.is_public else google_token(settings.name, key)
        return cls(settings, GcsStore(settings, match["bucket"], signed), f"{prefix}/" if prefix else "")


class GcsStore:
    """One bucket, asked by its JSON interface (https://cloud.google.com/storage/docs/json_api/v1)."""

    def __init__(self, settings: GcsSettings, bucket: str, signed: Signed) -> None:
        """Ask for this bucket; nothing is sent yet."""
        self._where = f"source {settings.name}: gs://{bucket} at {settings.endpoint}"
        self._called = "nobody (is_public)" if settings.is_public else settings.connection or "the account that was found here"
        self._bucket = bucket
        self._objects = f"{settings.endpoint}/storage/v1/b/{quote(bucket, safe='')}/o"
        self._asking = Asking(self._where, signed)

    def pages(self, prefix: str) -> Iterator[list[Entry]]:
        """Yield pages of 1,000 objects."""
        token = ""
        while True:
            query = {"prefix": prefix, "maxResults": "1000", "fields": _FIELDS} | ({"pageToken": token} if token else {})
            response = self._asking.get(f"{self._objects}?{urlencode(query)}", {}, MAX_PAGE_BYTES)
            if response.status != 200:
                raise self._refusal(response, "storage.objects.list")
            entries, token = self._page(response)
            yield entries
            if not token:
                return

    def get(self, key: str, wanted: S3Version) -> Body:
        """Return the bytes of the generation that was listed."""
        query = urlencode({"alt": "media", "generation": wanted.version_id or ""})
        # Bytes as they are stored: the store unpacks compressed objects for a client that does not take these.
        as_stored = {"Accept-Encoding": "gzip"}
        response = self._asking.get(f"{self._objects}/{quote(key, safe='')}?{query}", as_stored, MAX_BYTES)
        if response.status == 404:
            raise RejectedFileError("vanished", f"{key}: was deleted or overwritten after it was listed")
        if response.status == 403:
            fix = f"give {self._called} the role Storage Object Viewer on gs://{self._bucket}"
            raise RejectedFileError("unreadable", f"{key}: may not be read ({_reason(response)}); {fix}")
        if response.status != 200:
            raise self._refusal(response, "storage.objects.get")
        return Body(response.content, wanted.md5)

    def _page(self, response: StoreResponse) -> tuple[list[Entry], str]:
        """The objects of a page, and the token of the next one."""
        try:
            page = json.loads(response.content)
            return [_entry(one) for one in page.get("items", [])], str(page.get("nextPageToken", ""))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            said = "does not answer as Google Cloud Storage does; is `endpoint` right?"
            raise ServiceRefusedError(f"{self._where}: {said} ({type(error).__name__})") from error

    def _refusal(self, response: StoreResponse, permission: str) -> ServiceError:
        said = _reason(response)
        if response.status == 404:
            fix = "there is no such bucket; correct `url` of the source"
        elif response.status == 401:
            fix = f"the store does not accept {self._called} ({said}); renew the key of the connection"
        elif response.status == 403:
            fix = f"{self._called} may not use {permission} ({said}); give it the role Storage Object Viewer on the bucket"
        else:
            fix = f"refuses {permission} with status {response.status}: {said}"
        return ServiceRefusedError(f"{self._where}: {fix}")


def _entry(item: Mapping[str, Any]) -> Entry:
    """One object; a composed one has no MD5 sum."""
    md5 = item.get("md5Hash")
    name = base64.b64decode(md5).hex() if md5 else f"crc32c {item.get('crc32c', '')}"
    return {
        "Key": str(item["name"]),
        "Size": int(item["size"]),
        "ETag": name,
        "LastModified": datetime.fromisoformat(str(item["updated"])).astimezone(timezone.utc),
        "VersionId": str(item["generation"]),
    }


def _reason(response: StoreResponse) -> str:
    try:
        return str(json.loads(response.content)["error"]["message"])[:300]
    except (ValueError, KeyError, TypeError):
        return f"status {response.status}"


def _unsigned(url: str, headers: Mapping[str, str]) -> Mapping[str, str]:
    return headers
