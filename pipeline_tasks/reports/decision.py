"""The head of the report: which cycle, what was decided, how far it came."""

from __future__ import annotations

from pipeline_tasks.reports.charts import Figure, intervals
from pipeline_tasks.reports.facts import CycleFacts
from pipeline_tasks.reports.html import Html, element, paragraph, short, table, together


def header(facts: CycleFacts) -> Html:
    """Project, cycle, the decision in a sentence, and how far the cycle came."""
    kind = {"promote": "good", "keep": "warn"}.get(_decision(facts), "")
    started = f"{facts.cycle_kind} cycle, started {facts.started_at:%Y-%m-%d %H:%M} UTC"
    return element(
        "header",
        element("h1", f"{facts.project} · {facts.cycle_id}"),
        paragraph(facts.description) if facts.description else None,
        paragraph(started, quiet=True),
        element("div", sentence(facts), class_=f"decision {kind}".strip()),
        element("div", *(_stage(facts, stage) for stage in facts.stages), class_="stages"),
    )


def sentence(facts: CycleFacts) -> str:
    """What came of the cycle, in a sentence."""
    for stage in ("promote_model", "compare_with_champion", "evaluate_model", "train_model", "build_dataset_version"):
        summary = facts.summary(stage)
        if summary.get("why") or summary.get("skipped"):
            return str(summary.get("why") or summary.get("skipped"))
    done = [stage for stage in facts.stages if stage in facts.summaries]
    return f"No decision yet: the cycle came as far as {done[-1]}." if done else "No decision yet: no stage has been done."


def section(facts: CycleFacts) -> Html | None:
    """The figures that the decision rests on."""
    compared, promoted = facts.summary("compare_with_champion"), facts.summary("promote_model")
    if not compared or compared.get("skipped"):
        return None
    figures = [_figure("candidate", compared, "candidate_score", "candidate_low", "candidate_high")]
    figures += [_figure("champion", compared, "champion_score"), _figure("most frequent class", compared, "majority_score")]
    shown = [one for one in figures if one is not None]
    rolled = facts.summary("roll_out")
    rows = [
        ("candidate", short(str(compared.get("model_digest") or "–"))),
        ("champion before", short(str(compared.get("champion_digest") or "none"))),
        ("champion now", short(str(promoted.get("champion_digest") or "not decided"))),
        ("test pictures", f"{compared.get('test_images', 0)} in {compared.get('test_groups', 0)} split groups"),
        ("roll-out", str(rolled.get("why") or rolled.get("skipped") or "not reached")),
    ]
    return together(
        [
            paragraph(str(compared.get("why", ""))),
            paragraph("Balanced accuracy on the frozen test split, intervals by bootstrap over split groups:", quiet=True),
            intervals(shown) if shown else None,
            table(("", ""), rows, numbers_from=2),
        ]
    )


def _figure(name: str, summary: object, value: str, low: str = "", high: str = "") -> Figure | None:
    fields = dict(summary) if isinstance(summary, dict) else {}
    if fields.get(value) is None:
        return None
    return Figure(name, float(fields[value]), fields.get(low), fields.get(high))


def _decision(facts: CycleFacts) -> str:
    compared = facts.summary("compare_with_champion")
    return "" if not compared or compared.get("skipped") else str(compared.get("decision", ""))


def _stage(facts: CycleFacts, stage: str) -> Html:
    """One stage: done, skipped (hover says why), or not reached."""
    if stage not in facts.summaries:
        return element("span", stage, class_="stage", title="not done")
    skipped = facts.summary(stage).get("skipped")
    return element("span", stage, class_="stage skipped" if skipped else "stage done", title=str(skipped or "done"))
