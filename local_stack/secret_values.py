"""Random passwords and tokens, created at the first start and readable by the owner only."""

from __future__ import annotations

import base64
import secrets

from local_stack.addresses import DATABASES
from local_stack.folders import Folders
from local_stack.kept_json import read_json, write_json


def keep_secrets(folders: Folders) -> dict[str, str]:
    """Secret name → value, from a file of mode 600; missing ones are created, existing ones kept."""
    kept = read_json(folders.secrets_file) if folders.secrets_file.exists() else {}
    fresh = {name: value for name, value in _make().items() if name not in kept}
    if fresh:
        kept |= fresh
        write_json(folders.secrets_file, kept)
    folders.secrets_file.chmod(0o600)
    return kept


def _make() -> dict[str, str]:
    return {
        "airflow_password": secrets.token_urlsafe(12),
        "airflow_jwt_secret": secrets.token_hex(32),
        "airflow_fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "airflow_api_secret_key": secrets.token_hex(32),
        "label_studio_password": secrets.token_urlsafe(12),
        "label_studio_token": secrets.token_hex(20),
        "label_studio_backend_token": secrets.token_hex(20),
        "label_studio_secret_key": secrets.token_hex(32),
        "s3_access_key": secrets.token_hex(10),
        "s3_secret_key": secrets.token_hex(20),
        "postgres_password": secrets.token_hex(20),
        **{f"postgres_{name}_password": secrets.token_hex(20) for name in DATABASES},
    }
