"""What a test reads from a dashboard: the selected tab, and the text of its tables."""

import re
from html import unescape

import ipywidgets as widgets


def chosen(dashboard, tab):
    """The dashboard, with a tab selected."""
    dashboard.tabs.selected_index = list(dashboard.tabs.titles).index(tab)
    return dashboard


def cells(view):
    """The rows of a view's table, as text."""
    rows = re.findall(r"<tr>(.*?)</tr>", view.value, re.DOTALL)
    texts = [[plain(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)] for row in rows]
    return texts[1:]


def plain(html):
    return unescape(re.sub("<.*?>", "", html))


def code(view):
    return plain(re.search("<pre.*?>(.*?)</pre>", view.value, re.DOTALL)[1])


def every_widget(widget):
    return [widget, *(inner for child in getattr(widget, "children", ()) for inner in every_widget(child))]


def controls(dashboard):
    return [w for w in every_widget(dashboard) if isinstance(w, widgets.ValueWidget) and not is_text(w)]


def is_text(widget):
    return isinstance(widget, widgets.HTML | widgets.Label)
