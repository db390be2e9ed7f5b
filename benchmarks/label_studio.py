"""Push and pull of 5,000 tasks with a prediction and an annotation each, beside Label Studio's own SDK; `make bench-label-studio`.

The server is that of NIGHTLENS_TEST_LABEL_STUDIO_URL and _TOKEN, else a local stack's. The SDK imports in one request and counts
nothing; ours lists before and after. Pulls: all, and 50 that changed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from label_studio_sdk.client import LabelStudio as Sdk

from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.clients.label_studio_connection import Connection

T = TypeVar("T")
FORM = (
    '<View><Image name="picture" value="$picture"/><Choices name="class" toName="picture"><Choice value="bolt"/></Choices></View>'
)
SAID = [{"from_name": "class", "to_name": "picture", "type": "choices", "value": {"choices": ["bolt"]}}]
CHANGED = 50


def main(words: list[str] | None = None) -> int:
    """Measure and print; 0 if the pull of what changed took at most a tenth of the pull of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=5_000)
    tasks = parser.parse_args(words).tasks
    with a_server() as (url, token):
        return measure(url, token, tasks)


def measure(url: str, token: str, tasks: int) -> int:
    """Push and pull both ways in projects of their own."""
    ours, sdk, bare = LabelStudio(url, token), Sdk(base_url=url, api_key=token), Connection(url, token)
    mark = str(time.time_ns())
    mine = ours.find_or_create_project(f"bench-{mark}", FORM, mark)
    theirs = int(bare.post("api/projects", {"title": f"sdk-{mark}", "label_config": FORM})["id"])
    data = [{"picture": "/x.jpg", "round_id": mark, "task_key": f"{mark}-{n}", "image_id": str(n)} for n in range(tasks)]
    said: list[dict[str, Any]] = [{"id": 1, "result": SAID, "was_cancelled": False, "ground_truth": False}]
    given = {one["task_key"]: said for one in data}
    guess = {"result": SAID, "score": 0.5, "model_version": "bench"}
    guessed = {str(one["task_key"]): guess for one in data}
    request: Sequence[Any] = [{"data": one, "annotations": said, "predictions": [guess]} for one in data]
    try:
        _, push_s = timed(lambda: ours.import_tasks(mine, mark, data, annotations=given, predictions=guessed))
        _, sdk_push_s = timed(lambda: sdk.projects.import_tasks(id=theirs, request=request))
        there, pull_s = timed(lambda: ours.changed_since(mine, None))
        pulled, sdk_pull_s = timed(lambda: list(sdk.tasks.list(project=theirs, fields="all", page_size=500)))
        assert len(there) == len(pulled) == tasks, (len(there), len(pulled))
        since = max(task["updated_at"] for task in there)
        for task in there[:: tasks // CHANGED][:CHANGED]:
            bare.patch(f"api/annotations/{task['annotations'][0]['id']}", {"result": []})
        changed, changed_s = timed(lambda: ours.changed_since(mine, since))
        assert len(changed) == CHANGED, len(changed)
        count, count_s = timed(lambda: ours.count_annotations(mine))
        assert count == tasks
    finally:
        for project in (mine, theirs):
            bare.delete(f"api/projects/{project}")
    say(f"push of {tasks}: {push_s:.1f} s, SDK's import {sdk_push_s:.1f} s: ratio {push_s / sdk_push_s:.2f}")
    say(f"pull of all {tasks}, as each night: {pull_s:.1f} s, SDK's list {sdk_pull_s:.1f} s: ratio {pull_s / sdk_pull_s:.2f}")
    say(f"pull of {CHANGED} that changed and the count: {changed_s + count_s:.2f} s: {(changed_s + count_s) / pull_s:.3f} of all")
    return 0 if changed_s + count_s <= 0.1 * pull_s else 1


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """The outcome and its seconds."""
    began = time.perf_counter()
    outcome = work()
    return outcome, time.perf_counter() - began


@contextmanager
def a_server() -> Iterator[tuple[str, str]]:
    """Address and token of a real Label Studio."""
    if url := os.environ.get("NIGHTLENS_TEST_LABEL_STUDIO_URL"):
        yield url, os.environ["NIGHTLENS_TEST_LABEL_STUDIO_TOKEN"]
        return
    from given_stack import a_running_stack

    with a_running_stack() as stack:
        yield stack.addresses.label_studio_url, stack.addresses.label_studio_token


def say(line: str) -> None:
    """Print a line of the comparison."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
