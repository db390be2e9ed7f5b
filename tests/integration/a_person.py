"""A person at a browser, who uses Label Studio and Airflow through their pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Page, Response, expect, sync_playwright

from local_stack.addresses import Addresses

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
CHOSEN_CLASS, LISTED_REGION = ".lsf-label_selected", ".lsf-outliner-item"
CHECKED = "input[type=checkbox]:checked"
Place = tuple[float, float]
"""x and y, in shares of the image or in pixels of the screen."""


@contextmanager
def a_browser() -> Iterator[Page]:
    """A page of Debian's chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        page = browser.new_page(viewport={"width": 1400, "height": 950})
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        yield page
        browser.close()


def log_in(page: Page, addresses: Addresses) -> None:
    """Log in to Label Studio."""
    page.goto(f"{addresses.label_studio_url}/user/login/")
    page.fill("input[name=email]", addresses.label_studio_email)
    page.fill("input[name=password]", addresses.label_studio_password)
    page.click("button[type=submit]")
    page.wait_for_load_state("networkidle")


def open_round(page: Page, round_url: str) -> None:
    """Open the first image of the round."""
    page.goto(round_url)
    page.get_by_role("button", name="Label All Tasks").click()


def annotate_round(page: Page, addresses: Addresses, round_url: str, tasks: int) -> int:
    """Log in, choose the first class for each image of the round and submit; returns how many."""
    log_in(page, addresses)
    open_round(page, round_url)
    for done in range(tasks):
        page.locator("img[alt=image]").wait_for()
        page.locator("input[type=radio]").first.check(force=True)
        submit(page, f"answer {done}")
    return tasks


class Canvas:
    """The image of an open labeling task, drawn on with mouse and keys.

    Each step waits until the page shows that the one before is done, as a person does who looks: Label Studio ends a stroke and
    a selection a moment later, and a key that is pressed before is lost.
    """

    def __init__(self, page: Page) -> None:
        image = page.locator("img[alt=image]")
        image.wait_for()
        page.wait_for_timeout(1000)
        place = image.bounding_box()
        assert place, "the image is not shown"
        self.page, self.place = page, place

    def box(self, key: str, start: Place, end: Place, *, is_inside: bool = False) -> tuple[float, ...]:
        """Choose a class by its key and drag a box between two places; inside another box with Ctrl held.

        Returns the left, top, right and bottom that the mouse, which moves by whole pixels of the screen, was at.
        """
        self._press(key, chosen=1)
        if is_inside:
            self.page.keyboard.down("Control")
        self._drag(start, end)
        if is_inside:
            self.page.keyboard.up("Control")
        self._wait_for_chosen(0)
        return *self._share(start), *self._share(end)

    def stroke(self, key: str, start: Place, end: Place) -> None:
        """Choose a class by the key of its brush, paint a line, and end the mask with Esc."""
        regions = self.page.locator(LISTED_REGION).count()
        self._press(key, chosen=1)
        self._drag(start, end)
        expect(self.page.locator(LISTED_REGION)).to_have_count(regions + 1)
        self._wait_for_chosen(1)
        self._press("Escape", chosen=0)

    def polygon(self, key: str, *corners: Place) -> list[Place]:
        """Choose a class by the key of its polygon and click the corners, the first one again at last; returns the places."""
        self._press(key, chosen=1)
        for corner in (*corners, corners[0]):
            self.page.mouse.click(*self._at(corner), delay=60)
            # Two clicks within 0.35 s are a double click, which draws a triangle.
            self.page.wait_for_timeout(400)
        self._wait_for_chosen(0)
        return [self._share(corner) for corner in corners]

    def point(self, key: str, place: Place, *, is_hidden: bool = False) -> Place:
        """Choose a point by its key and click its place; say that it is hidden, as the form's hint tells. Returns the place."""
        regions = self.page.locator(LISTED_REGION).count()
        self._press(key, chosen=1)
        self.page.mouse.click(*self._at(place), delay=60)
        expect(self.page.locator(LISTED_REGION)).to_have_count(regions + 1)
        self._wait_for_chosen(0)
        if is_hidden:
            self.page.mouse.click(*self._at(place), delay=60)
            self._wait_for_chosen(1)
            self.page.keyboard.press("n")
            expect(self.page.locator(CHECKED)).to_have_count(1)
            self._press("Escape", chosen=0)
        return self._share(place)

    def change(self, number: int, key: str) -> None:
        """Give a region, by its place in the list, the class of a key."""
        self.page.locator(LISTED_REGION).nth(number).click()
        self._wait_for_chosen(1)
        self._press(key, chosen=1)
        self._press("Escape", chosen=0)

    def delete(self, number: int) -> None:
        """Delete a region, by its place in the list."""
        regions = self.page.locator(LISTED_REGION)
        count = regions.count()
        regions.nth(number).click()
        self._press("Backspace", chosen=0)
        expect(regions).to_have_count(count - 1)

    def _press(self, key: str, *, chosen: int) -> None:
        self.page.keyboard.press(key)
        self._wait_for_chosen(chosen)

    def _wait_for_chosen(self, classes: int) -> None:
        expect(self.page.locator(CHOSEN_CLASS)).to_have_count(classes)

    def _drag(self, start: Place, end: Place) -> None:
        self.page.mouse.move(*self._at(start))
        self.page.mouse.down()
        self.page.mouse.move(*self._at(end), steps=5)
        self.page.mouse.up()

    def _at(self, place: Place) -> Place:
        """The screen's pixel at a place."""
        (x, y), whole = place, self.place
        return round(whole["x"] + x * whole["width"]), round(whole["y"] + y * whole["height"])

    def _share(self, place: Place) -> Place:
        (x, y), whole = self._at(place), self.place
        return (x - whole["x"]) / whole["width"], (y - whole["y"]) / whole["height"]


def submit(page: Page, what: str) -> None:
    """Submit the annotation, and wait for the next image."""
    with page.expect_response(_is_annotation) as posted:
        page.get_by_role("button", name="Submit current annotation").click()
    assert posted.value.ok, f"{what}: {posted.value.status}"
    page.wait_for_timeout(1000)


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
