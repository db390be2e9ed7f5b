"""Errors of a bucket in our words: the problem, the value, and the fix."""

from __future__ import annotations

import re
from dataclasses import dataclass

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from pipeline_tasks.errors import RejectedFileError, ServiceError, ServiceRefusedError, ServiceUnavailableError
from pipeline_tasks.sources.s3_connection import S3Connection

GONE = {"404", "NoSuchKey", "NoSuchVersion", "NotFound"}
OTHER_VERSION = {"412", "PreconditionFailed"}
DENIED = {"403", "AccessDenied", "AllAccessDisabled"}
OF_THE_OBJECT = {
    "InvalidObjectState": "is archived; restore it in the bucket, or leave it out by `ignore`",
    "KMS.DisabledException": "is encrypted with a key that is disabled; enable the key",
    "KMS.NotFoundException": "is encrypted with a key that is gone",
}
"""Refusals of one object that say nothing about others."""
_WRONG_KEYS = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "TokenRefreshRequired"}
_CLOCK = {"RequestTimeTooSkewed", "RequestExpired"}
_PASSING = {"429", "500", "502", "503", "504", "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded"}
_PASSING |= {"InternalError", "ServiceUnavailable", "RequestTimeout", "ConditionalRequestConflict", "409"}
_REGION = {"301", "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
_OF_THE_BUCKET = _WRONG_KEYS | _CLOCK | _PASSING | _REGION | {"NoSuchBucket"}


_URL = re.compile(r"s3://(?P<bucket>[A-Za-z0-9][A-Za-z0-9._-]{1,254})(?:/(?P<prefix>.*))?", re.DOTALL)


def bucket_and_prefix(url: str) -> tuple[str, str] | None:
    """Bucket of `s3://bucket/prefix`, and its prefix, empty or with a slash at its end; None if no bucket is named."""
    match = _URL.fullmatch(url)
    if match is None:
        return None
    prefix = (match["prefix"] or "").strip("/")
    return match["bucket"], f"{prefix}/" if prefix else ""


@dataclass(frozen=True)
class Place:
    """A source's bucket, as messages name it."""

    source: str
    bucket: str
    prefix: str
    connection: S3Connection

    def __str__(self) -> str:
        """Source, address, and the way to it."""
        at = "" if self.connection.url is None else f" at {self.connection.url}"
        return f"source {self.source}: s3://{self.bucket}/{self.prefix}{at}"


def code_of(error: ClientError) -> str:
    """The store's name of an error, or the status where it gives none."""
    found = error.response.get("Error", {}).get("Code")
    return str(found or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "unknown"))


def of_bucket(error: BotoCoreError | ClientError, place: Place, action: str) -> ServiceError:
    """The error of a bucket; `action` is the permission that was used, such as `s3:ListBucket`."""
    if isinstance(error, ClientError):
        return _refusal(code_of(error), error, place, action)
    keys = place.connection.called
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        fix = "set `connection` of the source to an Amazon connection with login and password (docs/how-to/take-images-from-s3.md)"
        return ServiceRefusedError(f"{place}: no keys are known by {keys}; {fix}")
    if isinstance(error, ConnectionError | HTTPClientError):
        return ServiceUnavailableError(f"{place}: does not answer: {error}")
    return ServiceRefusedError(f"{place}: does not answer as S3 does, with {keys}: {error}; is the endpoint's address right?")


def of_object(error: ClientError, key: str, place: Place) -> RejectedFileError | ServiceError:
    """The error of one object: a reason to leave this file, or the bucket's error."""
    code = code_of(error)
    if code in GONE:
        return RejectedFileError("vanished", f"{key}: was deleted after it was listed")
    if code in OTHER_VERSION:
        return RejectedFileError("changed_while_reading", f"{key}: was overwritten after it was listed")
    if code in DENIED:
        wanted = f"allow s3:GetObject on arn:aws:s3:::{place.bucket}/{place.prefix}*"
        return RejectedFileError("unreadable", f"{key}: {place.connection.called} may not read it ({code}); {wanted}")
    if code in OF_THE_OBJECT or code.startswith("KMS."):
        return RejectedFileError("unreadable", f"{key}: {OF_THE_OBJECT.get(code, 'cannot be decrypted')} ({code})")
    if code in _OF_THE_BUCKET:
        return of_bucket(error, place, "s3:GetObject")
    # Whatever a store has against one object, the others may be fine.
    return RejectedFileError("unreadable", f"{key}: the store refuses to give it: {error}")


def _refusal(code: str, error: ClientError, place: Place, action: str) -> ServiceError:
    keys = place.connection.called
    if code in _PASSING:
        return ServiceUnavailableError(f"{place}: is overloaded or failing ({code}), also after more tries")
    if code in DENIED:
        below = f"arn:aws:s3:::{place.bucket}"
        what = "list it" if action.startswith("s3:List") else f"use {action}"
        said = f"{keys} may not {what} ({code}); allow {action} on {below} for keys that begin with {place.prefix!r}"
    elif code == "NoSuchBucket":
        said = f"there is no bucket {place.bucket!r}; correct `url` of the source, or the connection's endpoint_url"
    elif code in _WRONG_KEYS:
        said = f"the store does not accept {keys} ({code}); correct or renew login and password there"
    elif code in _CLOCK:
        theirs = error.response.get("Error", {}).get("ServerTime")
        said = f"this machine's clock differs too much from the store's{f' ({theirs})' if theirs else ''}; set it by NTP"
    elif code in _REGION:
        theirs = error.response.get("Error", {}).get("Region") or error.response.get("Error", {}).get("Endpoint")
        said = f"the bucket is in another region{f' ({theirs})' if theirs else ''}; set region_name in the extra of {keys}"
    else:
        said = f"the store refuses {action} with {keys}: {error}"
    return ServiceRefusedError(f"{place}: {said}")
