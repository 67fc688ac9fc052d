"""What a test reads from a dashboard: the text of a tab's tables, its sentences, its code; and how to press things."""

import re
from html import unescape


def chosen(dashboard, tab):
    """The dashboard, with a tab chosen."""
    dashboard.state = {"tab": tab}
    return dashboard


def press(dashboard, name, *given):
    """Send what the front end sends when something is pressed; return what the kernel answers."""
    answers = []
    dashboard.send = answers.append
    dashboard._handle_custom_msg({"do": name, "with": list(given), "n": 7}, [])
    del dashboard.send
    return answers


def table(html, name):
    """The rows of a table of the widget, as text."""
    (found,) = re.findall(rf'<table id="table-{name}".*?</table>', html, re.DOTALL)
    return _rows(found)


def tables(html):
    """The rows of each table of a page, by its caption."""
    found = re.findall(r"<table.*?</table>", html, re.DOTALL)
    return {plain(re.findall("<caption>.*?</caption>", each)[0]): _rows(each) for each in found}


def _rows(markup):
    rows = re.findall(r"<tr>(.*?)</tr>", markup, re.DOTALL)
    texts = [[plain(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)] for row in rows]
    return texts[1:]


def cards(html):
    """The cards of the units, each as its texts."""
    found = re.findall(r'<li class="card .*?</li>', html, re.DOTALL)
    return [[each for part in re.split("<.*?>", card) if (each := unescape(part).strip())] for card in found]


def plain(html):
    return unescape(re.sub("<.*?>", "", html))


def words(html):
    """All text of a page, with single spaces."""
    return re.sub(r"\s+", " ", plain(re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", html, flags=re.DOTALL)))


def links(dashboard, tab):
    """The links to the files of a tab."""
    press(chosen(dashboard, tab), "files", tab)
    return "".join(re.findall(r"<ul><li>(?:Table|Picture).*?</ul>", dashboard.html, re.DOTALL))
