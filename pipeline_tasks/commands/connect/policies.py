"""The least policy for each role that reaches a bucket."""

from __future__ import annotations

import json
from collections.abc import Sequence

ROLES = {
    "ingest": "a source is taken in: nothing is ever written to it",
    "view": "people or Label Studio look at what is below the prefix",
    "root": "a project's root: its stages read, write and delete below the prefix",
    "serving": "the prediction server of a root reads its pointer and its models",
}
"""Role → what it is for."""


def policy(role: str, bucket: str, prefix: str) -> str:
    """A policy of this role as JSON; `prefix` is empty or ends with a slash."""
    if role == "serving":
        keys = [f"{prefix}serving/*", f"{prefix}models/*"]
        return _written([_listing(bucket, keys), _objects(bucket, ["s3:GetObject"], keys)])
    keys = [f"{prefix}*"]
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"] if role == "root" else ["s3:GetObject"]
    return _written([_listing(bucket, keys), _objects(bucket, actions, keys)])


def _listing(bucket: str, keys: Sequence[str]) -> dict[str, object]:
    """Without this right a store says of a missing object that it is forbidden."""
    condition = {"StringLike": {"s3:prefix": list(keys)}}
    return {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}", "Condition": condition}


def _objects(bucket: str, actions: Sequence[str], keys: Sequence[str]) -> dict[str, object]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": [f"arn:aws:s3:::{bucket}/{key}" for key in keys]}


def _written(statements: Sequence[dict[str, object]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
