"""Registered models, versions, aliases and files in MLflow: found by the model's digest, created again if they are missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pipeline_tasks.clients.mlflow_api import MlflowApi
from pipeline_tasks.clients.mlflow_runs import pairs
from pipeline_tasks.json_values import JsonObject

MODEL_DIGEST = "nightlens.model_digest"
_FILE = "model.onnx"
_FOLDER = re.compile(r"/model-([0-9a-f]{12})$")
_SHORT = 12


@dataclass(frozen=True)
class RegisteredVersion:
    """A model version in the registry."""

    version: str
    url: str
    """Its page."""
    notes: tuple[str, ...] = ()
    """Things deleted or changed in MLflow that were put right; empty if nothing."""


class MlflowVersions:
    """Versions of one server."""

    def __init__(self, api: MlflowApi) -> None:
        """Use this server."""
        self._api = api

    def register(
        self,
        name: str,
        digest: str,
        tags: Mapping[str, str],
        run_of: Callable[[], tuple[str, str]],
        read: Callable[[], bytes],
    ) -> tuple[RegisteredVersion, bool]:
        """Find the version of a digest, with its file and tag, or make it; and True if it had to be made.

        `run_of` gives a run's id and the address of its artifacts, `read` the model; each is called only at need.
        """
        notes: list[str] = []
        standing = self._find(name, digest)
        if standing is None:
            run_id, folder = run_of()
            made = self._make(name, digest, tags, run_id, folder, read)
            return self._registered(name, made, notes), True
        version, source = str(standing["version"]), str(standing["source"])
        if _tag(standing) != digest:
            self._api.post("model-versions/set-tag", {"name": name, "version": version, "key": MODEL_DIGEST, "value": digest})
            notes.append(f"MLflow: the tag {MODEL_DIGEST} of {name} version {version} had been changed; set back")
        if not self._api.has_artifact(source, _FILE):
            self._api.put_artifact(source, _FILE, read())
            notes.append(f"MLflow: the file of {name} version {version} was not there; put back from the store")
        return self._registered(name, version, notes), False

    def elsewhere(self, name: str, digest: str) -> str | None:
        """The other registered model that has this digest, such as one that was renamed; None if there is none."""
        found = self._search(f"tags.`{MODEL_DIGEST}` = '{digest}'")
        return next((str(one["name"]) for one in found if one["name"] != name and _is_of(one, digest)), None)

    def set_alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias to this version; doing so again changes nothing."""
        self._api.post("registered-models/alias", {"name": name, "alias": alias, "version": version})

    def alias(self, name: str, alias: str) -> str | None:
        """The version that an alias points to; None if the alias does not exist."""
        found = self._api.find("registered-models/alias", name=name, alias=alias)
        return None if found is None else str(found["model_version"]["version"])

    def _find(self, name: str, digest: str) -> JsonObject | None:
        """The first version whose file is this model: by its tag, else, as anyone may edit a tag, by the folder of its file."""
        by_tag = f"name = '{name}' AND tags.`{MODEL_DIGEST}` = '{digest}'"
        for filter_ in (by_tag, f"name = '{name}'"):
            fitting = [one for one in self._search(filter_) if _is_of(one, digest)]
            if fitting:
                return min(fitting, key=lambda one: int(one["version"]))
        return None

    def _search(self, filter_: str) -> Iterator[JsonObject]:
        token = ""
        while True:
            page = self._api.get("model-versions/search", filter=filter_, max_results="200", page_token=token)
            yield from page.get("model_versions", [])
            token = str(page.get("next_page_token", ""))
            if not token:
                return

    def _make(
        self, name: str, digest: str, tags: Mapping[str, str], run_id: str, artifact_uri: str, read: Callable[[], bytes]
    ) -> str:
        if self._api.find("registered-models/get", name=name) is None:
            self._api.make("registered-models/create", {"name": name})
        # One folder for each file: a version's content must not change when its run exports another file.
        folder = f"{artifact_uri}/model-{digest[:_SHORT]}"
        self._api.put_artifact(folder, _FILE, read())
        fields = {"name": name, "source": folder, "run_id": run_id, "tags": pairs({**tags, MODEL_DIGEST: digest})}
        return str(self._api.post("model-versions/create", fields)["model_version"]["version"])

    def _registered(self, name: str, version: str, notes: list[str]) -> RegisteredVersion:
        return RegisteredVersion(version, f"{self._api.page_url}/#/models/{name}/versions/{version}", tuple(notes))


def _is_of(version: JsonObject, digest: str) -> bool:
    """Return True if a version's file is this model; its folder says so, and cannot be edited."""
    folder = _FOLDER.search(str(version.get("source", "")))
    return _tag(version) == digest if folder is None else folder[1] == digest[:_SHORT]


def _tag(version: JsonObject) -> str | None:
    return next((str(one.get("value")) for one in version.get("tags", []) if one["key"] == MODEL_DIGEST), None)
