"""Storage report of `tend_storage`: content of a root, its cost, derived objects, unneeded objects."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.records.cycle import local_time
from pipeline_tasks.reports.document import document
from pipeline_tasks.reports.html import Html, element, paragraph, short, table, together
from pipeline_tasks.reports.storage_use import StorageUse

SHOWN_OBJECTS = 100
_GB = 1e9
_ACTIONS = {
    "wait": "too young to be removed",
    "trash": "moved to the trash",
    "keep_in_trash": "kept in the trash for now",
    "purge": "deleted for good",
    "put_back": "needed again: put back",
}


def render_storage(use: StorageUse) -> str:
    """Render the page."""
    sections = {
        "Content of the root": _kinds(use),
        "Cost per dataset version": _versions(use),
        "Intermediate outputs": _outputs(use),
        "Unneeded objects": _unneeded(use),
    }
    title = f"{use.project} · storage · {use.cycle_id}"
    body = [_header(use), *(element("section", element("h2", name), part) for name, part in sections.items())]
    footer = paragraph(f"As of {local_time(use.planned_at, use.time_zone)}, by Nightlens {use.code_version}.")
    return document(title, [*body, element("footer", footer)])


def size(count: float) -> str:
    """Bytes in readable units, in powers of 1000."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _header(use: StorageUse) -> Html:
    total = sum(kind.size_bytes for kind in use.kinds)
    said = f"{size(total)} in {sum(kind.objects for kind in use.kinds)} objects, and {size(use.trash_bytes)} in the trash."
    cost = _money(use, total + use.trash_bytes)
    sentence = element("p", _outcome(use), class_="decision " + ("warn" if use.plan.is_dry_run else "good"))
    return element("header", element("h1", f"Storage of {use.project}"), paragraph(said, cost), sentence)


def _outcome(use: StorageUse) -> str:
    planned, done = use.plan.objects, use.collection
    to_go, young = planned.get("trash", 0) + planned.get("purge", 0), planned.get("wait", 0)
    waiting = f" {young} more are unneeded, but too young to be removed." if young else ""
    if use.plan.is_dry_run:
        return f"Dry run: nothing was changed. A real run would move or delete {to_go} objects.{waiting}"
    if done is None:
        return f"Planned, not carried out yet: {to_go} objects will be moved or deleted.{waiting}"
    return (
        f"{done.moved_to_trash} objects were moved to the trash, {done.deleted} were deleted for good, "
        f"{done.put_back} were put back, {done.spared} were kept because they came into use meanwhile.{waiting}"
    )


def _kinds(use: StorageUse) -> Html:
    rows = [
        (
            kind.kind,
            kind.objects,
            size(kind.size_bytes),
            kind.unneeded_objects or "–",
            size(kind.unneeded_bytes) if kind.unneeded_objects else "–",
        )
        for kind in sorted(use.kinds, key=lambda kind: -kind.size_bytes)
    ]
    trash = ("trash", use.trash_objects, size(use.trash_bytes), *_or_dashes(0, 0))
    return table(["kind", "objects", "size", "unneeded", "size of these"], [*rows, trash])


def _or_dashes(objects: int, size_bytes: int) -> tuple[str, str]:
    return (str(objects), size(size_bytes)) if objects else ("–", "–")


def _versions(use: StorageUse) -> Html:
    if not use.versions:
        return paragraph("There is no dataset version yet.")
    prices = [] if use.price_per_gb_month is None else [f"{use.currency} a month"]
    headers = ["version", "cycle", "images", "originals", "only in this one", "manifest", *prices]
    rows = [
        (
            short(one.dataset_id),
            one.cycle_id,
            one.images,
            size(one.originals_bytes),
            size(one.own_bytes),
            size(one.manifest_bytes),
            *([_price(use, one.originals_bytes + one.manifest_bytes)] if prices else []),
        )
        for one in use.versions
    ]
    note = f"and {use.versions_left_out} older versions, which were not counted" if use.versions_left_out else None
    explained = "Versions share their images: each image is stored once."
    return together([paragraph(explained, quiet=True), table(headers, rows, numbers_from=2), note and paragraph(note, quiet=True)])


def _outputs(use: StorageUse) -> Html:
    if not use.outputs:
        return paragraph("There are none.")
    rows = [(one.kind, one.made_by, one.goes, one.objects, size(one.size_bytes)) for one in use.outputs]
    return table(["what", "made by", "kept", "objects", "size"], rows, numbers_from=3)


def _unneeded(use: StorageUse) -> Html:
    rows = use.unneeded.sort("size_bytes", descending=True)
    if rows.is_empty():
        return paragraph("None: every object in the root is used by the ledger, a publication, or an open cycle.")
    shown = [
        (row["key"], row["kind"], local_time(row["first_seen_at"], use.time_zone), _ACTIONS[row["action"]], size(row["size_bytes"]))
        for row in rows.head(SHOWN_OBJECTS).with_columns(pl.col("action").cast(pl.String)).iter_rows(named=True)
    ]
    more = rows.height - len(shown)
    rest = paragraph(f"and {more} more objects; the table unneeded_objects lists all", quiet=True) if more > 0 else None
    return together([table(["key", "kind", "first seen unneeded", "action", "size"], shown, numbers_from=4), rest])


def _money(use: StorageUse, count: float) -> str | None:
    return None if use.price_per_gb_month is None else f" That is {_price(use, count)} {use.currency} a month."


def _price(use: StorageUse, count: float) -> str:
    return "–" if use.price_per_gb_month is None else f"{count / _GB * use.price_per_gb_month:.2f}"
