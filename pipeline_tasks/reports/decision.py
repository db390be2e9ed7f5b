"""Header of the report: the cycle, its decision and its stages."""

from __future__ import annotations

from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.cycle import local_time, utc
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.records.roll_out import RollOutSummary
from pipeline_tasks.records.sign_off import SignOffSummary
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.reports import corrupted
from pipeline_tasks.reports.charts import Figure, intervals
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.figure_words import figure_words
from pipeline_tasks.reports.html import Html, element, paragraph, ratio, short, table, together
from pipeline_tasks.tables.slice_image import SLICES


def header(data: CycleData) -> Html:
    """Project, cycle, the decision in a sentence, and the completed stages."""
    started = f"{data.cycle_kind} cycle, started {local_time(data.started_at, data.time_zone)}"
    return element(
        "header",
        element("h1", f"{data.project} · {data.cycle_id}"),
        paragraph(data.description) if data.description else None,
        paragraph(started, quiet=True),
        _outcome(data),
        _label_quality(data),
        _names_note(data),
        _never_shown(data),
        _mirror_notes(data),
        element("div", *(_stage(data, stage) for stage in data.stages), class_="stages"),
    )


def _outcome(data: CycleData) -> Html:
    """The decision in a sentence; of a cycle that failed the cause and the remedy, in red."""
    if data.failure is not None:
        said = f"Failed in {data.failure.stage}: {data.failure.message.rstrip('.')}."
        return element("div", element("strong", said), paragraph(data.failure.remedy), class_="decision bad")
    kind = {"promote": "good", "keep": "warn"}.get(_decision(data), "")
    return element("div", sentence(data), class_=f"decision {kind}".strip())


def sentence(data: CycleData) -> str:
    """Outcome of the cycle, in a sentence."""
    if data.sign_off_request is not None and not data.records.has("sign_off"):
        until = local_time(utc(data.sign_off_request.deadline_at), data.time_zone)
        passed = data.records.why("compare_with_champion")
        return f"Waiting until {until} for a person who signs. The gate lets the model pass: {passed}"
    for stage in ("promote_model", "compare_with_champion", "evaluate_model", "train_model", "build_dataset_version"):
        why = data.records.why(stage)
        if why:
            return why
    done = [stage for stage in data.stages if data.records.has(stage)]
    return f"No decision yet: the last completed stage is {done[-1]}." if done else "No decision yet: no stage has been done."


def _label_quality(data: CycleData) -> Html | None:
    """The verdict of the gate on labels, which is the only one for kinds that train nothing."""
    built = data.records.find(BuildDatasetVersionSummary)
    if built is None or built.is_label_quality_kept is None:
        return None
    return element("div", built.label_quality, class_=f"decision {'good' if built.is_label_quality_kept else 'warn'}")


def _names_note(data: CycleData) -> Html | None:
    """Labels that are left out for their names, said where nobody overlooks it."""
    opened = data.records.find(OpenCycleSummary)
    return element("div", opened.note, class_="decision warn") if opened is not None and opened.note else None


def _never_shown(data: CycleData) -> Html | None:
    """Names that the candidate never predicts."""
    trained = data.records.find(TrainModelSummary)
    if trained is None or not trained.never_shown:
        return None
    names = ", ".join(trained.never_shown)
    return paragraph(f"Never predicted, because no training image shows it: {names}. Label some, and the next model learns it.")


def _mirror_notes(data: CycleData) -> Html | None:
    """Things gone, changed or out of reach in MLflow and W&B."""
    find = data.records.find
    summaries = (find(TrainModelSummary), find(ExportModelSummary), find(PromoteModelSummary))
    notes = dict.fromkeys(note for summary in summaries if summary is not None for note in summary.mirror_notes)
    if not notes:
        return None
    lines = element("ul", *(element("li", note) for note in notes), class_="mirrors")
    return together([paragraph("Notes on MLflow and W&B; the ledger and the served model do not depend on them:"), lines])


def section(data: CycleData) -> Html | None:
    """Figures that the decision is based on."""
    compared, promoted = data.records.find(CompareWithChampionSummary), data.records.find(PromoteModelSummary)
    if compared is None or compared.skipped:
        return None
    names = data.kind.scoring.names
    figures = [_figure("candidate", compared.candidate_score, compared.candidate_low, compared.candidate_high)]
    figures += [_figure("champion", compared.champion_score), _figure(names.baseline_short, compared.baseline_score)]
    shown = [one for one in figures if one is not None]
    rolled = data.records.find(RollOutSummary)
    rows = [
        ("candidate", short(compared.model_digest or "–")),
        ("champion before", short(compared.champion_digest or "none")),
        *_signed(data),
        ("champion now", short(promoted.champion_digest) if promoted and promoted.champion_digest else "not decided"),
        ("test images", f"{compared.test_images} in {compared.test_groups} split groups"),
        ("roll-out", (rolled and (rolled.why or rolled.skipped)) or "not reached"),
    ]
    return together(
        [
            None if compared.why in sentence(data) else paragraph(compared.why),
            paragraph(f"{_begun(names.words)} on the frozen test split, intervals by bootstrap over split groups:", quiet=True),
            intervals(shown) if shown else None,
            table(("", ""), rows, numbers_from=2),
            _rules(compared),
            _needed(compared),
            _used(compared),
            _slices(data),
            corrupted.table_of(data),
        ]
    )


def _signed(data: CycleData) -> list[tuple[str, str]]:
    """The outcome of the request for a sign-off, where a person was asked."""
    signed = data.records.find(SignOffSummary)
    return [("sign-off", signed.why)] if signed is not None and not signed.skipped else []


def _rules(compared: CompareWithChampionSummary) -> Html | None:
    """Every rule of the gate with its figure, its limit and the verdict."""
    if not compared.rules:
        return None
    verdicts = {"not_measured": "not measured", "not_asked": "not asked yet"}
    rows = [
        (
            one.rule.replace("_", " "),
            one.level,
            figure_words(one.figure, one.unit, is_difference=one.is_difference),
            figure_words(one.limit, one.unit),
            verdicts.get(one.verdict, one.verdict),
        )
        for one in compared.rules
    ]
    note = "must: a broken rule stops the promotion; warn: it is only said. A rule without a limit only states its figure."
    headers = ("rule", "level", "figure", "limit", "verdict")
    return together([element("h3", "Rules of the gate"), table(headers, rows, numbers_from=2), paragraph(note, quiet=True)])


def _needed(compared: CompareWithChampionSummary) -> Html | None:
    """The size of test that a difference of 3 points needs."""
    needed = compared.images_to_see_3_points
    if needed is None:
        return None
    said = f"About {needed} test images like these are needed to tell a difference of 3 points (with 80 % power)"
    return paragraph(f"{said}; there are {compared.test_images}.", quiet=True)


def _used(compared: CompareWithChampionSummary) -> Html | None:
    """Number of decisions that the test was used for; a warning if luck is likelier than not."""
    if not compared.test_decisions:
        return None
    if compared.test_worn:
        return element("div", compared.test_worn, class_="decision warn")
    return paragraph(f"Each test image was used for {compared.test_decisions:.3g} decisions on average, with this one.", quiet=True)


def _slices(data: CycleData) -> Html | None:
    """Both models on the slices of test."""
    compared, scored = data.records.find(CompareWithChampionSummary), data.records.find(EvaluateModelSummary)
    if not compared or not scored or not compared.slices or not scored.slices:
        return None
    margin, names = compared.golden_margin, data.kind.scoring.names
    rule = "it is only reported" if margin is None else f"the candidate must not be worse by more than {100 * margin:g} points"
    rows = [
        (
            name,
            found["images"],
            _with_bounds(scored.slices[name], names.image_metric),
            _with_bounds(scored.slices[name], f"champion_{names.image_metric}"),
            _points(found),
        )
        for name, found in sorted(compared.slices.items(), key=lambda one: SLICES.index(one[0]))
    ]
    headers = ("slice of test", "images", "candidate", "champion", "difference in points")
    note = f"{_begun(names.image_words)} on each slice, intervals as above. Golden: {rule}."
    return together([element("h3", "By slice"), table(headers, rows), paragraph(note, quiet=True)])


def _with_bounds(figures: dict[str, float | None], name: str) -> str:
    value, low, high = (figures.get(f"{name}{end}") for end in ("", "_low", "_high"))
    bounds = "" if low is None or high is None else f" ({ratio(low)} to {ratio(high)})"
    return f"{ratio(value)}{bounds}"


def _points(found: dict[str, float | None]) -> str:
    difference, low, high = (found.get(name) for name in ("difference", "low", "high"))
    if difference is None:
        return "–"
    return f"{100 * difference:+.1f}" + ("" if low is None or high is None else f" ({100 * low:+.1f} to {100 * high:+.1f})")


def _figure(name: str, value: float | None, low: float | None = None, high: float | None = None) -> Figure | None:
    return None if value is None else Figure(name, value, low, high)


def _decision(data: CycleData) -> str:
    compared, promoted = data.records.find(CompareWithChampionSummary), data.records.find(PromoteModelSummary)
    if promoted is not None and not promoted.skipped:
        return "promote" if promoted.is_promoted else "keep"
    return "" if compared is None or compared.skipped or data.sign_off_request is not None else compared.decision


def _stage(data: CycleData, stage: str) -> Html:
    """One stage: done, skipped (the tooltip says why), failed, or not reached."""
    if data.failure is not None and data.failure.stage == stage:
        return element("span", stage, class_="stage failed", title=f"failed: {data.failure.message}")
    if not data.records.has(stage):
        return element("span", stage, class_="stage", title="not done")
    skipped = data.records.why_skipped(stage)
    if not skipped:
        return element("span", stage, class_="stage done", title="done")
    # Where a project promotes by itself nothing is missing if nobody is asked.
    return element("span", stage, class_="stage" if stage == SignOffSummary.stage else "stage skipped", title=skipped)


def _begun(words: str) -> str:
    """Words as the beginning of a sentence; capitals within them stay."""
    return words[:1].upper() + words[1:]
