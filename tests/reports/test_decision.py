from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from reports.test_process import DATA

from pipeline_tasks.kinds.masks.mask_kind import MaskKind
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.gate_rule import GateRule
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.records.sign_off import REJECTED, SignOffRequest, SignOffSummary
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.reports.decision import header, section

SCORED = {"images": 16, "accuracy": 0.875, "accuracy_low": 0.69, "accuracy_high": 1.0, "champion_accuracy": None}
COMPARED: dict[str, Any] = {"images": 16, "candidate": 0.875, "champion": None, "difference": None, "low": None, "high": None}


def shown(golden_margin: float | None, **compared: float) -> str:
    scored = EvaluateModelSummary(None, slices={"golden": SCORED})
    decided = CompareWithChampionSummary(None, slices={"golden": COMPARED | compared}, golden_margin=golden_margin)
    return str(section(replace(DATA, records=CycleRecords((scored, decided)))))


def test_section__shows_both_models_on_each_slice_with_their_intervals() -> None:
    said = shown(0.05, difference=-0.0625, low=-0.1875, high=0.0)
    assert "87.5 % (69.0 % to 100.0 %)" in said
    assert "-6.2 (-18.8 to +0.0)" in said
    assert "the candidate must not be worse by more than 5 points" in said


def test_section__says_where_the_golden_set_stops_nothing_and_where_there_was_no_champion() -> None:
    said = shown(None)
    assert "Golden: it is only reported." in said
    assert ">–<" in said


def test_section__names_the_score_as_it_is_spelled() -> None:
    kind = MaskKind(("bolt",))

    said = str(section(replace(DATA, kind=kind, records=CycleRecords((CompareWithChampionSummary(None, why="Kept."),)))))

    assert "Mean IoU on the frozen test split" in said


def test_section__shows_every_rule_with_its_figure_its_limit_and_the_verdict() -> None:
    rules = [
        GateRule("worst_slice", "warn", "broken", -0.05, 0.02, "points"),
        GateRule("calibration", "must", "kept", 0.063812, 0.1, "points"),
        GateRule("size", "must", "stated", 13.24, None, "MB"),
    ]
    compared = CompareWithChampionSummary(None, why="Kept.", rules=rules, test_images=120, images_to_see_3_points=870)

    said = re.sub(r"<td[^>]*>", "<td>", str(section(replace(DATA, records=CycleRecords((compared,))))))

    row = "<td>worst slice</td><td>warn</td><td>-5.0 points</td><td>2 points</td><td>broken</td>"
    assert row in said
    assert "<td>calibration</td><td>must</td><td>6.38 points</td><td>10 points</td><td>kept</td>" in said
    assert "<td>13.24 MB</td><td>–</td><td>stated</td>" in said
    assert "About 870 test images like these are needed to tell a difference of 3 points (with 80 % power); there are 120." in said


def test_section__of_a_night_before_there_were_rules_shows_none() -> None:
    assert "Rules of the gate" not in str(section(replace(DATA, records=CycleRecords((CompareWithChampionSummary(None),)))))


def test_section__without_slices_says_nothing_of_them() -> None:
    assert "By slice" not in str(section(replace(DATA, records=CycleRecords((CompareWithChampionSummary(None, why="Kept."),)))))


def test_header__names_the_classes_that_the_model_never_predicts() -> None:
    said = str(header(replace(DATA, records=CycleRecords((TrainModelSummary(None, never_shown=["bracket", "spring"]),)))))

    assert "Never predicted, because no training image shows it: bracket, spring." in said


def test_header__says_nothing_of_classes_that_were_all_shown() -> None:
    assert "Never predicted" not in str(header(replace(DATA, records=CycleRecords((TrainModelSummary(None),)))))


def test_report__says_the_gates_sentence_once() -> None:
    compared = CompareWithChampionSummary(None, decision="promote", why="Promoted: better.")

    def said(*records: object) -> str:
        data = replace(DATA, records=CycleRecords((compared, *records)))  # type: ignore[arg-type]
        return f"{header(data)}{section(data)}"

    assert said().count("Promoted: better.") == 1
    assert said(PromoteModelSummary(None, True, why="Promoted: better. Approved by ada.")).count("Promoted: better.") == 1
    changed = said(PromoteModelSummary(None, False, why="Not promoted: the champion was changed."))
    assert changed.count("Promoted: better.") == 1, "where the outcome is another, the section says what the gate had decided"


def test_report__of_a_night_that_a_person_rejected_says_so_and_is_no_success() -> None:
    compared = CompareWithChampionSummary(None, decision="promote", why="Promoted: better.")
    signed = SignOffSummary(None, REJECTED, "Rejected by bo on 2026-11-21 22:20 UTC: “blurry”.")
    promoted = PromoteModelSummary(None, False, f"Not promoted. {signed.why} The gate would have let it pass: {compared.why}")
    data = replace(DATA, records=CycleRecords((compared, signed, promoted)))

    assert f'<div class="decision warn">{promoted.why}</div>' in str(header(data))
    assert f"<td>{signed.why}</td>" in re.sub(r"<td[^>]*>", "<td>", str(section(data)))


def test_report__of_a_night_that_waits_for_a_person_does_not_say_that_it_promoted() -> None:
    compared = CompareWithChampionSummary(None, decision="promote", why="Promoted: better.")
    request = SignOffRequest("2026-11-21T22:00:00+00:00", "2026-11-21T23:00:00+00:00")
    waiting = replace(DATA, records=CycleRecords((compared,)), sign_off_request=request)

    said = "Waiting until 2026-11-21 23:00 UTC for a person who signs. The gate lets the model pass: Promoted: better."
    assert f'<div class="decision">{said}</div>' in str(header(waiting))


def test_stages__are_grey_where_a_project_asks_nobody_and_orange_where_work_was_left_out() -> None:
    records = CycleRecords(
        (SignOffSummary(skipped="The project promotes by itself."), TrainModelSummary(skipped="Nothing is new."))
    )

    said = str(header(replace(DATA, stages=("train_model", "sign_off"), records=records)))

    assert '<span class="stage" title="The project promotes by itself.">sign_off</span>' in said
    assert '<span class="stage skipped" title="Nothing is new.">train_model</span>' in said
