"""Address and keys with which a bucket is reached, as plain values: Airflow's connections end before this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline_tasks.json_values import NO_FIELDS, Json


@dataclass(frozen=True)
class S3Connection:
    """Address and keys of an S3-compatible store; its repr hides the keys, and boto3 searches for those that are None."""

    name: str | None = None
    """Id of the connection, for messages; None: the project file names none."""
    url: str | None = None
    """Address of the endpoint; None: Amazon's, or what boto3's own configuration says."""
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    region: str | None = None
    profile: str | None = None
    """Profile of boto3's shared configuration, for the command line."""
    certificates: str | bool | None = None
    """File of certificates to trust, or False for none checked, as the connection's `verify` says; None: those of the system."""
    options: Mapping[str, Json] = field(default_factory=lambda: NO_FIELDS)
    """The connection's `config_kwargs`, which are those of botocore's Config, such as `{"s3": {"addressing_style": "path"}}`."""

    @property
    def called(self) -> str:
        """The connection in a message."""
        return "the keys that boto3 finds (the source names no connection)" if self.name is None else f"connection {self.name}"


Connect = Callable[[str | None], S3Connection]
"""Finds a connection by its id; None stands for a source that names none."""
