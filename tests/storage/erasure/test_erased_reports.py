"""Tests of removing an erased image's card (thumbnail, id, file name) from reports; other cards are kept."""

from __future__ import annotations

from dataclasses import replace

from reports.test_process import DATA

from pipeline_tasks.reports.html import cards
from pipeline_tasks.reports.image_cards import image_card
from pipeline_tasks.storage.blobs.report_files import PAGE, read_report_file, write_report_file
from pipeline_tasks.storage.erasure.erased_reports import cut_out_of_reports
from pipeline_tasks.storage.erasure.erasure_plan import ErasurePlan
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects

ERASED, OTHER = "a" * 64, "b" * 64
FILES = {ERASED: "inbox:patients/smith_anna.jpg", OTHER: "inbox:others/smith_anna.jpg"}


def test_cut_out_of_reports__removes_the_card_with_the_name_of_the_file() -> None:
    data = replace(DATA, files=FILES, thumbnail=lambda image_id: image_id[:3].encode())
    shown = [image_card(data, one, "a line", title=title) for one in FILES for title in ("", "7 · diversity")]
    objects = MemoryObjects()
    write_report_file(objects, "2026-11-21", PAGE, cards(shown, 4, "images").encode())

    cut_out_of_reports(objects, ErasurePlan({ERASED: "c" * 64}, {ERASED: "d" * 32}, (), (), ()))

    page = read_report_file(objects, "2026-11-21").decode()
    assert ERASED[:10] not in page
    assert "patients/smith_anna.jpg" not in page
    assert page.count("inbox:others/smith_anna.jpg") == 2
    assert page.count(f"image_id={OTHER}") == 4
    assert page.count(">erased<") == 2


def test_cut_out_of_reports__of_a_report_without_the_image_changes_nothing() -> None:
    data = replace(DATA, files=FILES)
    before = cards([image_card(data, OTHER)], 1, "images").encode()
    objects = MemoryObjects()
    write_report_file(objects, "2026-11-21", PAGE, before)

    cut_out_of_reports(objects, ErasurePlan({ERASED: "c" * 64}, {ERASED: "d" * 32}, (), (), ()))

    assert read_report_file(objects, "2026-11-21") == before
