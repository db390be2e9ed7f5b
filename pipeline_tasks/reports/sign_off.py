"""Words of a request for a sign-off, in Markdown: the gate's sentence, every rule's figure, and a link to the report."""

from __future__ import annotations

from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.cycle import local_time, utc
from pipeline_tasks.records.gate_rule import GateRule
from pipeline_tasks.reports.figure_words import figure_words


def request_title(project: str, cycle_id: str, compared: CompareWithChampionSummary) -> str:
    """Headline of the request."""
    return f"{project}, cycle {cycle_id}: promote model {(compared.model_digest or '')[:12]}?"


def request_words(compared: CompareWithChampionSummary, deadline_at: str, report_url: str, time_zone: str) -> str:
    """All that a person needs in order to decide."""
    champion = f"champion {compared.champion_digest[:12]}" if compared.champion_digest else "no champion yet"
    lines = [
        f"**The gate lets the model pass.** {_plain(compared.why)}",
        "",
        f"[Open the cycle's report]({report_url})",
        "",
        f"Candidate {(compared.model_digest or '')[:12]}, {champion}; {compared.test_images} test images in {compared.test_groups} "
        "split groups.",
        "",
        *_rules(compared.rules),
    ]
    until = local_time(utc(deadline_at), time_zone)
    lines += ["", f"Without a reply until {until} the model is not promoted, and the night goes on."]
    return "\n".join(lines)


def _rules(rules: list[GateRule]) -> list[str]:
    """A table of the gate's rules."""
    if not rules:
        return []
    rows = [
        (
            one.rule.replace("_", " "),
            one.level,
            figure_words(one.figure, one.unit, is_difference=one.is_difference),
            figure_words(one.limit, one.unit),
            one.verdict,
        )
        for one in rules
    ]
    said = [f"| {' | '.join(_plain(cell) for cell in row)} |" for row in rows]
    return ["| rule | level | figure | limit | verdict |", "|---|---|---|---|---|", *said]


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    for sign in "\\`*_[]<>|#":
        text = text.replace(sign, f"\\{sign}")
    return text
