"""Pages opened in Chromium. Without it these tests are skipped."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import proof


@pytest.fixture(scope="session")
def artefacts():
    """A folder that keeps what the pages looked like, to be looked at after a run; git ignores it."""
    folder = Path(__file__).parents[2] / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def opened(chromium):
    """Open a file in a page that can reach nothing; `page.requests` and `page.messages` tell what it tried."""

    @contextmanager
    def open_file(path: Path, **settings):
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 900}} | settings))
        try:
            yield _page(context, path)
        finally:
            context.close()

    return open_file


def _page(context, path):
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.requests, page.messages = [], []

    def answer(route):
        address = route.request.url
        proof.count("requests of pages")
        if address == path.as_uri():
            route.continue_()
        else:
            page.requests.append(address)
            route.abort()

    context.route("**/*", answer)
    page.on("console", lambda message: page.messages.append(message.text))
    page.on("pageerror", lambda error: page.messages.append(str(error)))
    page.on("dialog", lambda dialog: (page.messages.append(dialog.message), dialog.dismiss()))
    page.goto(path.as_uri())
    return page
