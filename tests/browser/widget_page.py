"""A page that holds one widget: its real module in Chromium, its real Python here, and messages carried between them.

It starts in a second where a notebook takes ten, so that a test can look at each state in each theme and width.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>One widget</title>
<meta name="viewport" content="width=device-width">
<body><main><h1>A notebook</h1><h2>A cell</h2><div id="output"></div></main></body></html>"""

MODEL = """async ([source, css, values]) => {
    const sheet = document.createElement("style");
    const page = "color-scheme: light dark; background: light-dark(#fff, #111); color: light-dark(#111, #eee)";
    sheet.textContent = `${css} body { ${page} }`;
    document.head.append(sheet);
    const listeners = {};
    window.sent = [];
    window.set = (name, value) => { values[name] = value; (listeners[`change:${name}`] ?? []).forEach(it => it()); };
    window.tell = message => (listeners["msg:custom"] ?? []).forEach(it => it(message));
    const model = {
        get: name => values[name],
        on: (name, listener) => (listeners[name] ??= []).push(listener),
        off: (name, listener) => { listeners[name] = (listeners[name] ?? []).filter(it => it !== listener); },
        send: message => window.sent.push(message),
    };
    const module = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
    module.default.render({model, el: document.getElementById("output")});
}"""


class WidgetPage:
    """One widget in one page; `until` carries messages both ways until something is so."""

    def __init__(self, page: Any, widget: Any) -> None:
        self.page, self.widget = page, widget
        self.answers: list[Any] = []
        self.sent: list[dict[str, Any]] = []
        widget.send = self.answers.append
        page.set_content(PAGE)
        self._shown = widget.html
        page.evaluate(MODEL, [str(widget._esm), str(widget._css), {"html": self._shown, "key": widget.key}])

    def until(self, is_so: Callable[[], bool], seconds: float = 15.0) -> None:
        """Carry messages until a condition holds, and then once more."""
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, self.page.locator("#output").inner_text()
            self.carry()
            self.page.wait_for_timeout(10)
        self.carry()

    def shows(self, state: str) -> bool:
        """Whether the widget shows this state; its attribute may have it a moment before."""
        return f'data-state="{state}"' in self.widget.html

    def carry(self) -> None:
        """Give the page's messages to the widget, and what the widget shows and answers to the page."""
        for message in self.page.evaluate("() => window.sent.splice(0)"):
            self.sent.append(message)
            self.widget._handle_custom_msg(message, [])
        if self.widget.html != self._shown:
            self._shown = self.widget.html
            self.page.evaluate("html => window.set('html', html)", self._shown)
        for answer in self.answers:
            self.page.evaluate("message => window.tell(message)", answer)
        self.answers.clear()
