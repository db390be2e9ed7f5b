"""Stage → its explicit, typed call, in the order of the process.

A new stage is one function in `calls/<group>.py` and its name in `CALLS` there. The import inside a call keeps a task's
process from importing other stages; mypy checks what the call passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pipeline_tasks.process import PROCESS
from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.calls import curate, deploy, evaluate, ingest, label, pretrain, search, tend, train
from pipeline_tasks.wiring.services import Services

if TYPE_CHECKING:
    from pipeline_tasks.records.reading import StageRecord

    Call = Callable[[Services, StageArguments], StageRecord]

_OF_GROUPS: tuple[tuple[Call, ...], ...] = (
    ingest.CALLS,
    curate.CALLS,
    label.CALLS,
    train.CALLS,
    evaluate.CALLS,
    deploy.CALLS,
    tend.CALLS,
    search.CALLS,
    pretrain.CALLS,
)
_BY_NAME = {call.__name__: call for calls in _OF_GROUPS for call in calls}
CALLS: Mapping[str, Call] = {stage.name: _BY_NAME[stage.name] for stage in PROCESS}
