"""Make `docs/tables.md` from the table classes, `docs/dags.md` from the DAG files and `process.py`, `docs/settings.md`
from the settings models, and the README's table of the process from `process.py`; `--check` only compares.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from inspect import isclass
from itertools import zip_longest
from pathlib import Path
from typing import get_args

from pydantic.fields import FieldInfo

from pipeline_tasks.process import GROUPS, NIGHTLY, PROCESS, Stage
from pipeline_tasks.registries import KINDS, SOURCES
from pipeline_tasks.settings import Project
from pipeline_tasks.settings.section import NoSettings, Settings
from pipeline_tasks.settings.source import SourceSettings
from pipeline_tasks.tables.catalog import ALL_TABLES
from pipeline_tasks.tables.table import Table

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PROCESS_BEGINS, PROCESS_ENDS = "<!-- process: made by `make docs` -->", "<!-- end of process -->"
MADE = "<!-- Made by `make docs`; do not edit. -->\n"


def tables_page() -> str:
    """All tables in the order of the process, with what stands above each column."""
    head = "# Tables\n\n" + MADE + "\nOne row a line, checked on every read and write. The key is in **bold**.\n"
    return head + "".join(_table(table) for table in ALL_TABLES)


def dags_page() -> str:
    """The documents of the DAG files, as Airflow shows them, each with its stages."""
    return "# DAGs\n\n" + MADE + "".join(_dag(path) for path in sorted((ROOT / "dags").glob("*.py")))


def settings_page() -> str:
    """All keys of a project file with their defaults, a section at a time."""
    head = (
        "# Settings of a project file\n\n"
        + MADE
        + "\nA key that is left out has its default. Those marked **none** have no default "
        "and must be there. [parts.yaml](../dags/projects/parts.yaml) shows them in use; its values are the demo's.\n"
    )
    top = {name: field for name, field in Project.model_fields.items() if _section(field) is None}
    sections = {name: model for name, field in Project.model_fields.items() if (model := _section(field)) is not None}
    pages = [_settings("The top of the file", top)]
    for name, model in sections.items():
        pages += _with_inner_sections(name, model.model_fields)
    kinds = ((name, kind.settings_model()) for name, kind in KINDS.load_all())
    pages += [_settings(f"labels: of label_kind {name}", model.model_fields) for name, model in kinds if model is not NoSettings]
    for name, source in SOURCES.load_all():
        fields = source.settings_model.model_fields
        pages.append(_settings(f"sources: one of kind {name}", fields))
        inner = {key: model for key, field in fields.items() if (model := _section(field)) is not None}
        pages += [_settings(f"sources: {key} of one of kind {name}", model.model_fields) for key, model in inner.items()]
    return head + "".join(pages)


def readme() -> str:
    """The README with a fresh table of the process between its two marks."""
    text = (ROOT / "README.md").read_text()
    before, _, rest = text.partition(PROCESS_BEGINS)
    _, _, after = rest.partition(PROCESS_ENDS)
    return before + PROCESS_BEGINS + "\n" + process_table() + PROCESS_ENDS + after


def process_table() -> str:
    """The nightly process as a table, a column a group; each stage links to its code."""
    columns = [_column(group, is_last=group == GROUPS[-1]) for group in GROUPS]
    rows = zip_longest(*columns, fillvalue="")
    head = [f"**{group}**" + ("" if group == GROUPS[-1] else " →") for group in GROUPS]
    lines = [head, ["---"] * len(GROUPS), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def _column(group: str, *, is_last: bool) -> list[str]:
    stages = [stage for stage in NIGHTLY if stage.group == group]
    opens = stages[0].name == NIGHTLY[0].name
    arrows = [" ↓"] * (len(stages) - 1) + ["" if is_last else " →"]
    cells = [f"[{stage.name}]({_file(stage)}){arrow}" for stage, arrow in zip(stages, arrows, strict=True)]
    return cells if opens else ["↓", *cells]


def _file(stage: Stage) -> str:
    return f"{stage.module.replace('.', '/')}.py"


def _dag(path: Path) -> str:
    tree = ast.parse(path.read_text())
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    document = re.sub(r"^#", "##", ast.get_docstring(tree) or "", flags=re.MULTILINE)
    head = ["| stage | does | reads | writes | talks to |", "|---|---|---|---|---|"]
    rows = [_stage_row(stage) for stage in PROCESS if stage.name in named]
    return f"\n{document}\n" + ("\n" + "\n".join([*head, *rows]) + "\n" if rows else "")


def _stage_row(stage: Stage) -> str:
    things = [", ".join(one.replace("_", " ") for one in names) for names in (stage.reads, stage.writes, stage.services)]
    return f"| [{stage.name}](../{_file(stage)}) | {stage.does} | " + " | ".join(things) + " |"


def _section(field: FieldInfo) -> type[Settings] | None:
    """The model of a section, also of one that may be null."""
    models = [one for one in (field.annotation, *get_args(field.annotation)) if isclass(one) and issubclass(one, Settings)]
    return models[0] if models and models[0] not in (Settings, SourceSettings) else None


def _with_inner_sections(name: str, fields: Mapping[str, FieldInfo]) -> Iterator[str]:
    """A section, and those inside it by their dotted names."""
    yield _settings(name, fields)
    for key, field in fields.items():
        if (inner := _section(field)) is not None:
            yield from _with_inner_sections(f"{name}.{key}", inner.model_fields)


def _settings(title: str, fields: Mapping[str, FieldInfo]) -> str:
    rows = [
        f"| {name} | {_default(field)} | {(field.description or '').replace('|', chr(92) + '|')} |"
        for name, field in fields.items()
    ]
    return "\n".join([f"\n## {title}\n", "| key | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _default(field: FieldInfo) -> str:
    """The default as a project file would have it."""
    if field.is_required():
        return "**none**"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Settings):
        inner = {name: getattr(value, name) for name in type(value).model_fields}
        return ", ".join(f"{name}: {'null' if one is None else one}" for name, one in inner.items())
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)}`"


def _table(table: type[Table]) -> str:
    comments = _column_comments(table)
    lines = [
        f"\n## {table.table_name}\n",
        inspect.cleandoc(table.__doc__ or "") + "\n",
        "| column | type | meaning |",
        "|---|---|---|",
    ]
    for name, column in table.columns().items():
        shown = f"**{name}**" if column.primary_key else name
        kind = str(column.dtype).replace("|", "/") + (", may be null" if column.nullable else "")
        lines.append(f"| {shown} | {kind} | {comments.get(name, '')} |")
    return "\n".join(lines) + "\n"


def _column_comments(table: type[Table]) -> dict[str, str]:
    """Column → the `#:` lines above it."""
    found, waiting = {}, []
    own = [one for one in table.__mro__ if one.__module__.startswith("pipeline_tasks.")]
    for line in "\n".join(inspect.getsource(one) for one in own).splitlines():
        text = line.strip()
        if text.startswith("#:"):
            waiting.append(text.removeprefix("#:").strip())
        elif name := re.match(r"(\w+) = dy\.", text):
            found[name.group(1)] = " ".join(waiting)
            waiting = []
    return found


def main() -> int:
    """Write the pages, or say which is out of date."""
    stale = []
    pages = {DOCS / "tables.md": tables_page(), DOCS / "dags.md": dags_page(), DOCS / "settings.md": settings_page()}
    for path, page in (pages | {ROOT / "README.md": readme()}).items():
        if not path.exists() or path.read_text() != page:
            stale.append(str(path.relative_to(ROOT)))
            if "--check" not in sys.argv:
                path.write_text(page)
    if stale and "--check" in sys.argv:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run `make docs`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
