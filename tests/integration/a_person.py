"""A person at a browser, who uses Label Studio and Airflow through their pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Page, Response, sync_playwright

from local_stack.addresses import Addresses

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@contextmanager
def a_browser() -> Iterator[Page]:
    """A page of Debian's chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        page = browser.new_page(viewport={"width": 1400, "height": 950})
        page.set_default_timeout(60_000)
        yield page
        browser.close()


def annotate_round(page: Page, addresses: Addresses, round_url: str, tasks: int) -> int:
    """Log in to Label Studio, open the round, choose the first class for each image and submit; returns how many."""
    page.goto(f"{addresses.label_studio_url}/user/login/")
    page.fill("input[name=email]", addresses.label_studio_email)
    page.fill("input[name=password]", addresses.label_studio_password)
    page.click("button[type=submit]")
    page.wait_for_load_state("networkidle")
    page.goto(round_url)
    page.get_by_role("button", name="Label All Tasks").click()
    for done in range(tasks):
        page.locator("img[alt=image]").wait_for()
        page.locator("input[type=radio]").first.check(force=True)
        with page.expect_response(_is_annotation) as posted:
            page.get_by_role("button", name="Submit current annotation").click()
        assert posted.value.ok, f"answer {done}: {posted.value.status}"
        page.wait_for_timeout(1000)
    return tasks


def _is_annotation(response: Response) -> bool:
    return "/annotations" in response.url and response.request.method == "POST"


@dataclass(frozen=True)
class ShownReport:
    """Visible content of a report."""

    title: str
    images: int
    broken_images: int


class AirflowPage:
    """Airflow's pages, logged in."""

    def __init__(self, page: Page, addresses: Addresses) -> None:
        self.page = page
        page.goto(f"{addresses.airflow_url}/auth/login")
        page.fill("input[name=username]", addresses.airflow_user)
        page.fill("input[name=password]", addresses.airflow_password)
        page.locator("button[type=submit]").click()
        page.wait_for_url(lambda url: "/auth/login" not in url)

    def report(self, url: str) -> ShownReport:
        """Open a cycle's report and look whether its images show."""
        self.page.goto(url)
        self.page.wait_for_load_state("load")
        images = self.page.locator("img")
        broken = self.page.evaluate("[...document.images].filter(one => one.complete && one.naturalWidth === 0).length")
        return ShownReport(self.page.title(), images.count(), int(broken))
