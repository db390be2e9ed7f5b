"""One CVAT server, through its SDK (`requirements-cvat.txt`), which is imported when it is first needed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nightlens_airflow.cvat.shapes import as_labeled, records_of
from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError, SettingsError
from pipeline_tasks.json_values import JsonObject

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client

MISSING = "cvat-sdk is not installed: pip install -r requirements-cvat.txt"


@dataclass(frozen=True)
class Job:
    """A part of a task that one person works on."""

    job_id: int
    state: str
    updated_at: str
    frames: tuple[int, ...]


class CvatServer:
    """Tasks and jobs of one server."""

    def __init__(self, url: str, token: str, *, check_every_s: float = 5.0) -> None:
        """`token` is an access token of CVAT.

        Raises:
            SettingsError: the SDK is not installed.
        """
        self.client = _client(url, token, check_every_s)

    def about(self) -> str:
        """The server's version."""
        with cvat_errors():
            return str(self.client.get_server_version())

    def push(self, name: str, labels: Sequence[JsonObject], addresses: Sequence[str], images_a_job: int) -> int:
        """The task of this name with these images, made once; `addresses` are of images that the server can read.

        Tasks are looked for by name before and after one is made, because a response may be lost. Of several the oldest with images
        stays; others are removed while they are empty. A task without images, of a try that was killed, gets them.

        Raises:
            ServiceRefusedError: a task of this name has another number of images.
        """
        with cvat_errors():
            if not self._named(name):
                self.client.tasks.create({"name": name, "labels": [dict(one) for one in labels], "segment_size": images_a_job})
            kept, *others = sorted(self._named(name), key=lambda one: (not one.size, one.id))
            for one in (one for one in others if not one.size):
                one.remove()
            if not kept.size:
                _upload(kept, addresses)
            if kept.size != len(addresses):
                raise ServiceRefusedError(f"CVAT task {kept.id} ({name}): wanted {len(addresses)} images, found {kept.size}")
            return int(kept.id)

    def jobs(self, task_id: int) -> list[Job]:
        """The jobs of a task, in order."""
        with cvat_errors():
            found = self.client.jobs.list(task_id=task_id)
        jobs = [
            Job(one.id, str(one.state), one.updated_date.isoformat(), tuple(range(one.start_frame, one.stop_frame + 1)))
            for one in found
        ]
        return sorted(jobs, key=lambda one: one.job_id)

    def image_names(self, task_id: int) -> list[str]:
        """Name of each frame's image."""
        with cvat_errors():
            return [str(one.name) for one in self.client.tasks.retrieve(task_id).get_frames_info()]

    def names(self, task_id: int) -> dict[int, str]:
        """Name of each label, and of each point of a skeleton, by id."""
        with cvat_errors():
            labels = self.client.tasks.retrieve(task_id).get_labels()
        return {int(one.id): str(one.name) for label in labels for one in (label, *(label.sublabels or ()))}

    def annotations(self, job_id: int, names: Mapping[int, str]) -> dict[int, list[JsonObject]]:
        """Frame → its objects, of one job; frames without objects are not in it."""
        with cvat_errors():
            _, response = self.client.api_client.jobs_api.retrieve_annotations(job_id, _parse_response=False)
        return records_of(json.loads(response.data), names)

    def annotate(self, job_id: int, records: Mapping[int, Sequence[JsonObject]], names: Mapping[int, str]) -> None:
        """Replace all annotations of a job, as pre-annotations do."""
        from cvat_sdk import models

        content = as_labeled(records, {name: number for number, name in names.items()})
        with cvat_errors():
            self.client.jobs.retrieve(job_id).set_annotations(models.LabeledDataRequest._from_openapi_data(**content))

    def _named(self, name: str) -> list[Any]:
        return [one for one in self.client.tasks.list(name=name) if one.name == name]


def _client(url: str, token: str, check_every_s: float) -> Client:
    try:
        from cvat_sdk.core.client import AccessTokenCredentials, Client, Config
    except ImportError as error:
        raise SettingsError(MISSING) from error
    client = Client(url, config=Config(status_check_period=check_every_s), check_server_version=False)
    client.login(AccessTokenCredentials(token))
    return client


def _upload(task: Any, addresses: Sequence[str]) -> None:
    from cvat_sdk.core.proxies.tasks import ResourceType

    task.upload_data(list(addresses), resource_type=ResourceType.REMOTE, params={"sorting_method": "predefined"})


@contextmanager
def cvat_errors() -> Iterator[None]:
    """Turn the SDK's errors into ours: those that waiting mends, and all others."""
    import urllib3
    from cvat_sdk import __version__ as version
    from cvat_sdk.api_client.exceptions import ApiException, OpenApiException
    from cvat_sdk.core.exceptions import BackgroundRequestException

    try:
        yield
    except ApiException as error:
        status = int(error.status or 0)
        kind = ServiceUnavailableError if status == 429 or status >= 500 or not status else ServiceRefusedError
        raise kind(f"CVAT responds with {status}: {str(error.body)[:200]}") from error
    except (OpenApiException, TypeError) as error:
        # The SDK's models raise TypeError where a response lacks a field that they want.
        raise ServiceRefusedError(
            f"CVAT's response does not fit cvat-sdk {version}; install that of the server: {error}"
        ) from error
    except BackgroundRequestException as error:
        raise ServiceRefusedError(f"CVAT could not read the images: {error}") from error
    except urllib3.exceptions.HTTPError as error:
        raise ServiceUnavailableError(f"CVAT does not respond: {error}") from error
