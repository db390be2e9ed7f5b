"""Page at /docs: the addresses of the server with `curl` lines, made of the OpenAPI schema; it loads nothing from other hosts."""

from __future__ import annotations

from html import escape
from typing import Any

from pipeline_tasks.json_values import JsonObject

CURL = "x-curl"
"""Key of an operation in the schema with the arguments of its `curl` line."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff; }
h2 { margin: 2rem 0 .3rem; font-size: 1.1rem; } h2 b { color: #0b5394; } p { margin: .3rem 0; }
pre { background: #f2f4f7; padding: .6rem .8rem; overflow-x: auto; border-radius: 4px; margin: .5rem 0; }
td { padding: .1rem 1rem .1rem 0; vertical-align: top; } td:first-child { white-space: nowrap; font-family: monospace; }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #161a20; }
  pre { background: #232933; } h2 b, a { color: #8ab8ef; } }
"""


def documentation_page(schema: JsonObject, address: str, model: str, *, wants_key: bool) -> str:
    """HTML of the page; `address` is the server's, as the reader's browser knows it, `model` the name of its model."""
    title = escape(f"{schema['info']['title']}")
    operations = [
        _operation(method, path.replace("{name}", model), operation, address, wants_key=wants_key)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    key = "<p>Every address that is not marked as open wants an API key.</p>" if wants_key else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style></head><body>'
        f'<h1>{title}</h1><p>The same for programs: <a href="/openapi.json">/openapi.json</a>. '
        "A refusal is JSON: <code>detail.reason</code> is one word for programs, <code>detail.why</code> a sentence for people.</p>"
        f"{key}{''.join(operations)}</body></html>"
    )


def _operation(method: str, path: str, operation: JsonObject, address: str, *, wants_key: bool) -> str:
    """One address: its purpose, a line to try it, its parameters and its responses."""
    is_open = operation.get("x-open", False)
    arguments = operation.get(CURL, "" if method == "get" else "-X POST")
    header = '-H "Authorization: Bearer $NIGHTLENS_API_KEY"' if wants_key and not is_open else ""
    line = " ".join(part for part in ("curl", header, arguments, f"{address.rstrip('/')}{path}") if part)
    rows = [(f"?{one['name']}", one.get("description", "")) for one in operation.get("parameters", []) if one["in"] == "query"]
    rows += [(status, one.get("description", "")) for status, one in operation["responses"].items()]
    mark = " <small>open</small>" if wants_key and is_open else ""
    return (
        f"<h2><b>{method.upper()}</b> {escape(path)}{mark}</h2><p>{escape(operation.get('description', ''))}</p>"
        f"<pre>{escape(line)}</pre><table>{''.join(_row(*row) for row in rows)}</table>"
    )


def _row(name: Any, text: str) -> str:
    return f"<tr><td>{escape(str(name))}</td><td>{escape(text)}</td></tr>"
