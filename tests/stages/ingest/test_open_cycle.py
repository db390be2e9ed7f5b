from __future__ import annotations

import pytest
from given import STARTED_AT, a_project, an_open_cycle

from pipeline_tasks.backbones.backbone import Backbone
from pipeline_tasks.backbones.small_cnn import SmallCnn
from pipeline_tasks.commands.check_project import checks
from pipeline_tasks.errors import CorruptObjectError, CycleTakenError, MissingStageError, SettingsError
from pipeline_tasks.records.cycle import CycleArguments, CycleOpening
from pipeline_tasks.settings import Project
from pipeline_tasks.stages.ingest.open_cycle import open_cycle
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store

FREEZING = {"unfreeze_epochs": 1, "fit": {"freeze_until": "blocks.7"}}


def test_open_cycle__freezes_settings_with_the_runs_arguments(store: Store) -> None:
    cycle = an_open_cycle(store, arguments=CycleArguments(budget=7, deadline_s=60, training="force"))

    assert (cycle.project.selection.budget, cycle.project.labeling.deadline_s, cycle.arguments.training) == (7, 60, "force")
    assert cycle.started_at == STARTED_AT
    assert cycle.outside_name == "parts"


def test_open_cycle__keeps_its_frozen_settings_when_the_project_file_changes(store: Store) -> None:
    first = an_open_cycle(store)

    assert an_open_cycle(store, selection={"budget": 99}) == first


def test_open_cycle__refuses_a_second_run_with_a_taken_id(store: Store) -> None:
    an_open_cycle(store)

    with pytest.raises(CycleTakenError, match="manual__2"):
        open_cycle(store, CycleOpening(a_project(), "2026-11-21", "manual__2", STARTED_AT, "test"))


def test_open_cycle__gives_each_cycle_its_seed_from_the_project_file(store: Store) -> None:
    first, second = an_open_cycle(store, "2026-11-21"), an_open_cycle(store, "2026-11-22")

    assert first.seed != second.seed
    assert an_open_cycle(store, "2026-11-21").seed == first.seed


def test_open_cycle__started_by_hand_at_another_time_has_the_same_seed(store: Store) -> None:
    """Its cycle_id is a time, and a repeated series of nights must have the same seeds."""
    first, second = an_open_cycle(store, "2026-11-21T143000"), an_open_cycle(store, "2026-11-21T150000")
    again = Store(type(store.objects)())

    assert an_open_cycle(again, "2026-11-29T080000").seed == first.seed
    assert an_open_cycle(again, "2026-11-29T081512").seed == second.seed


@pytest.mark.parametrize("cycle_id", ["", "today", "2026-11-21T1", "../2026-11-21", "2026-11-21\n"])
def test_open_cycle__refuses_an_id_of_another_form(store: Store, cycle_id: str) -> None:
    with pytest.raises(SettingsError, match="cycle_id"):
        an_open_cycle(store, cycle_id)


def test_read_cycle__refuses_an_unopened_cycle_and_changed_settings(store: Store) -> None:
    with pytest.raises(MissingStageError, match="never opened"):
        read_cycle(store, "2026-11-21")
    an_open_cycle(store)
    key = next(store.objects.list("cycles/"))
    stored = store.objects.read(key)
    store.objects.replace(key, stored.content + b" ", stored.etag)

    with pytest.raises(CorruptObjectError, match="frozen settings"):
        read_cycle(store, "2026-11-21")


def test_open_cycle__refuses_a_layer_that_the_backbone_does_not_have(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    project = a_project(backbone={"name": "small_cnn", "side_px": 32}, training=FREEZING)
    said = "training.fit.freeze_until: found blocks.7; the backbone has no layer of this name. Use one of: features.stages.0, "

    with pytest.raises(SettingsError, match=said):
        open_cycle(store, CycleOpening(project, "2026-12-24", "manual__1", STARTED_AT, "test"), backbone_of=a_small_backbone)
    monkeypatch.setattr(checks, "backbone_of", a_small_backbone)

    assert checks._outcome(lambda: checks._check_backbone(project, None)).startswith(said)
    assert "2026-12-24" not in store.state().stages


def a_small_backbone(project: Project) -> Backbone:
    """The backbone without its export, which takes seconds."""
    backbone = SmallCnn.__new__(SmallCnn)
    backbone.side_px, backbone.weights = project.backbone.side_px, None
    return backbone
