"""Make `docs/tables.md` from the table classes and `docs/dags.md` from the DAG files; `--check` only compares."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from pathlib import Path

from pipeline_tasks.tables.catalog import ALL_TABLES
from pipeline_tasks.tables.table import Table

DOCS = Path(__file__).parent
MADE = "<!-- Made by `make docs`; do not edit. -->\n"


def tables_page() -> str:
    """All tables in the order of the process, with what stands above each column."""
    head = "# Tables\n\n" + MADE + "\nOne row a line, checked on every read and write. The key is in **bold**.\n"
    return head + "".join(_table(table) for table in ALL_TABLES)


def dags_page() -> str:
    """The documents of the DAG files, as Airflow shows them."""
    documents = [ast.get_docstring(ast.parse(path.read_text())) or "" for path in sorted((DOCS.parent / "dags").glob("*.py"))]
    return "# DAGs\n\n" + MADE + "".join("\n" + re.sub(r"^#", "##", text, flags=re.MULTILINE) + "\n" for text in documents)


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
    for line in inspect.getsource(table).splitlines():
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
    for name, page in (("tables.md", tables_page()), ("dags.md", dags_page())):
        path = DOCS / name
        if not path.exists() or path.read_text() != page:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(page)
    if stale and "--check" in sys.argv:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run `make docs`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
