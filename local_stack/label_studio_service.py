"""Label Studio server, in its own environment because its requirements conflict with Airflow's."""

from __future__ import annotations

from collections.abc import Mapping

from local_stack.addresses import Addresses
from local_stack.folders import Folders
from local_stack.http_probes import is_ok
from local_stack.postgres_databases import empty_database, made_mark
from local_stack.service import Service, environment_for


def label_studio_service(folders: Folders, ports: Mapping[str, int], secrets: Mapping[str, str], addresses: Addresses) -> Service:
    """The server with its first account and token; it serves images from `for_people` only."""
    settings, port = _settings(folders, secrets, addresses), ports["label_studio"]
    arguments = ("start", "--no-browser", "--internal-host", "127.0.0.1", "-p", str(port), "--enable-legacy-api-token")
    return Service(
        name="label-studio",
        command=(str(folders.label_studio_python.with_name("label-studio")), *arguments),
        environment=environment_for(folders, "label-studio", **settings),
        port=port,
        needs=("postgres",),
        prepare=lambda: empty_database(folders, "label_studio", ports["postgres"], secrets),
        complete=made_mark(folders, "label_studio").touch,
        responds=lambda _: is_ok(f"{addresses.label_studio_url}/health"),
    )


def _settings(folders: Folders, secrets: Mapping[str, str], addresses: Addresses) -> dict[str, str]:
    database = addresses.postgres["label_studio"]
    return {
        "DJANGO_DB": "default",
        "POSTGRE_NAME": database.database,
        "POSTGRE_USER": database.user,
        "POSTGRE_PASSWORD": database.password,
        "POSTGRE_HOST": database.host,
        "POSTGRE_PORT": str(database.port),
        "SECRET_KEY": secrets["label_studio_secret_key"],
        "LABEL_STUDIO_BASE_DATA_DIR": str(folders.home / "label-studio"),
        "LABEL_STUDIO_HOST": addresses.label_studio_url,
        "LABEL_STUDIO_USERNAME": addresses.label_studio_email,
        "LABEL_STUDIO_PASSWORD": addresses.label_studio_password,
        "LABEL_STUDIO_USER_TOKEN": addresses.label_studio_token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(folders.home / "for_people"),
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "DEBUG": "false",
    }
