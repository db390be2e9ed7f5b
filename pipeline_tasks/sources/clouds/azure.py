"""A container of Azure Blob Storage as a source, by its REST interface."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote, urlencode
from xml.etree import ElementTree as ET

from pydantic import Field, field_validator

from pipeline_tasks.errors import RejectedFileError, ServiceError, ServiceRefusedError
from pipeline_tasks.sources.bucket_source import MAX_BYTES, BucketSettings
from pipeline_tasks.sources.clouds.asking import MAX_PAGE_BYTES, Asking, StoreResponse, endpoint_problem
from pipeline_tasks.sources.clouds.azure_key import AzureKey
from pipeline_tasks.sources.clouds.cloud_source import CloudSource
from pipeline_tasks.sources.clouds.cloud_store import Body
from pipeline_tasks.sources.s3_names import Entry
from pipeline_tasks.sources.s3_versions import S3Version

_URL = re.compile(r"az://(?P<container>[a-z0-9$](?:[a-z0-9-]{1,61}[a-z0-9]))(?:/(?P<prefix>.*))?", re.DOTALL)
_OF_THE_KEY = {"AuthenticationFailed", "AuthorizationFailure", "InvalidAuthenticationInfo", "NoAuthenticationInformation"}


class AzureSettings(BucketSettings):
    """Settings of a source of kind `azure`."""

    kind: Literal["azure"]
    url: str = Field(description="`az://container/prefix`: every blob whose name begins with `prefix/`; `az://container`: all.")
    account: str = Field(pattern=r"^[a-z0-9]{3,24}$", description="Name of the storage account.")
    endpoint: str | None = Field(None, description="Address of the account; null: https://ACCOUNT.blob.core.windows.net.")

    @field_validator("url")
    @classmethod
    def _url_names_a_container(cls, url: str) -> str:
        """Refuse what names no container when the file is read."""
        if _URL.fullmatch(url) is None:
            raise ValueError(f"must be az://container or az://container/prefix, not {url!r}")
        return url

    @field_validator("endpoint")
    @classmethod
    def _endpoint_is_safe(cls, endpoint: str | None) -> str | None:
        """Refuse an address at which others could read what is sent."""
        problem = None if endpoint is None else endpoint_problem(endpoint)
        if problem is not None:
            raise ValueError(problem)
        return endpoint if endpoint is None else endpoint.rstrip("/")


class AzureSource(CloudSource):
    """Blobs of a container; a version is ETag, size and time, and only that ETag is read."""

    settings_model = AzureSettings

    @classmethod
    def with_key(cls, settings: AzureSettings, home: Path, key: str | None) -> AzureSource:
        """Open the source with an account's key or a SAS token; without one, as a public container.

        Raises:
            SettingsError: a setting that cannot be meant, or a key that is none.
        """
        match = _URL.fullmatch(settings.url)
        assert match is not None, "the settings were checked"
        prefix = (match["prefix"] or "").strip("/")
        store = AzureStore(settings, match["container"], AzureKey.of(settings.name, settings.account, key))
        return cls(settings, store, f"{prefix}/" if prefix else "")


class AzureStore:
    """One container (https://learn.microsoft.com/rest/api/storageservices/list-blobs)."""

    def __init__(self, settings: AzureSettings, container: str, key: AzureKey) -> None:
        """Ask for this container; nothing is sent yet."""
        endpoint = settings.endpoint or f"https://{settings.account}.blob.core.windows.net"
        self._where = f"source {settings.name}: az://{container} at {endpoint}"
        self._called = settings.connection or "nobody (the source names no connection)"
        self._key, self._container = key, f"{endpoint}/{quote(container)}"
        self._asking = Asking(self._where, key.signed)

    def pages(self, prefix: str) -> Iterator[list[Entry]]:
        """Yield pages of at most 5,000 blobs."""
        marker = ""
        while True:
            query = {"restype": "container", "comp": "list", "prefix": prefix} | ({"marker": marker} if marker else {})
            response = self._asking.get(self._address("", query), {}, MAX_PAGE_BYTES)
            if response.status != 200:
                raise self._refusal(response, "list")
            entries, marker = self._page(response)
            yield entries
            if not marker:
                return

    def get(self, key: str, wanted: S3Version) -> Body:
        """Return the bytes of a blob while it has the ETag that was listed."""
        response = self._asking.get(self._address(f"/{quote(key)}", {}), {"If-Match": f'"{wanted.etag}"'}, MAX_BYTES)
        code = _code(response)
        if code == "ContainerNotFound":
            raise self._refusal(response, "read")
        if response.status == 404:
            raise RejectedFileError("vanished", f"{key}: was deleted after it was listed")
        if response.status == 412:
            raise RejectedFileError("changed_while_reading", f"{key}: was overwritten after it was listed")
        if response.status == 409:
            raise RejectedFileError("unreadable", f"{key}: cannot be read now ({code}); bring it back from the archive tier")
        if response.status != 200:
            raise self._refusal(response, "read")
        md5 = response.headers.get("Content-MD5")
        return Body(response.content, base64.b64decode(md5).hex() if md5 else None)

    def _address(self, path: str, query: dict[str, str]) -> str:
        asked = urlencode(query, quote_via=quote)
        return f"{self._container}{path}?" + "&".join(part for part in (asked, self._key.sas) if part)

    def _page(self, response: StoreResponse) -> tuple[list[Entry], str]:
        """The blobs of a page, and the marker of the next one."""
        try:
            # A page of such a store declares no entities, which could grow without end.
            if b"<!DOCTYPE" in response.content:
                raise ValueError("a declaration of entities")
            page = ET.fromstring(response.content)
            return [_entry(blob) for blob in page.iterfind("Blobs/Blob")], page.findtext("NextMarker") or ""
        except (ET.ParseError, ValueError, TypeError) as error:
            said = "does not answer as Azure Blob Storage does; is `endpoint` right?"
            raise ServiceRefusedError(f"{self._where}: {said} ({error})") from error

    def _refusal(self, response: StoreResponse, action: str) -> ServiceError:
        code = _code(response)
        if code == "ContainerNotFound":
            fix = "there is no such container; correct `url` or `account` of the source"
        elif code in _OF_THE_KEY:
            fix = f"the account does not accept {self._called} ({code}); renew the key or the SAS token of the connection"
        elif response.status in (401, 403, 404):
            fix = f"{self._called} may not {action} ({code}); allow `Read` and `List` in the SAS token, or use the account's key"
        else:
            fix = f"refuses to {action} with status {response.status} ({code})"
        return ServiceRefusedError(f"{self._where}: {fix}")


def _entry(blob: ET.Element) -> Entry:
    """One blob; a directory of a hierarchical account ends in a slash, as one of a bucket does."""
    name, about = blob.find("Name"), blob.find("Properties")
    if name is None or about is None:
        raise ValueError("a blob without a name or properties")
    key = unquote(name.text or "") if name.get("Encoded") == "true" else name.text or ""
    entry: Entry = {
        "Key": f"{key}/" if about.findtext("ResourceType") == "directory" else key,
        "Size": int(about.findtext("Content-Length") or 0),
        "ETag": about.findtext("Etag") or "",
        "LastModified": parsedate_to_datetime(about.findtext("Last-Modified") or "").astimezone(timezone.utc),
    }
    entry["StorageClass"] = about.findtext("AccessTier") or ""
    return entry


def _code(response: StoreResponse) -> str:
    return str(response.headers.get("x-ms-error-code", f"status {response.status}"))
