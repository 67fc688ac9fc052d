"""Widgets as static HTML, from the state that the notebook stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final, TypeAlias

from rewards_analytics.reporting.notebook.sanitise import NO_WORDS

VIEW: Final = "application/vnd.jupyter.widget-view+json"
STATE: Final = "application/vnd.jupyter.widget-state+json"

State: TypeAlias = Mapping[str, Any]
"""Part of a notebook's JSON: the state of a widget, or an output that it holds."""

_MODEL: Final = "IPY_MODEL_"


class Widgets:
    """The widgets of a notebook by model id. `show` renders the outputs that an Output widget holds."""

    def __init__(self, metadata: State, show: Callable[[State], Iterable[str]]) -> None:
        self._models: State = metadata.get("widgets", {}).get(STATE, {}).get("state", {})
        self.show = show

    def __contains__(self, model: object) -> bool:
        """Return whether the notebook stores the state of a model."""
        return model in self._models

    def html(self, model: str, inside: frozenset[str] = frozenset()) -> str:
        """Return a widget and those inside it as HTML; empty if its layout hides it."""
        state = self._state(model)
        if not state or model in inside or self._is_hidden(state):
            return ""
        show = _SHOW.get(state["_model_name"], _value_of)
        return show(self, state, inside | {model})

    def children(self, state: State, inside: frozenset[str]) -> Iterator[str]:
        """Yield the children of a container as HTML, in order."""
        for child in state.get("children", []):
            yield self.html(child.removeprefix(_MODEL), inside)

    def _state(self, model: str) -> State:
        """Return a model's state, with its name and its binary buffers, which are stored separately."""
        stored = self._models.get(model, {})
        buffers = {each["path"][0]: each["data"] for each in stored.get("buffers", []) if len(each["path"]) == 1}
        return {"_model_name": stored.get("model_name", "")} | dict(stored.get("state", {})) | buffers

    def _is_hidden(self, state: State) -> bool:
        layout = self._state(str(state.get("layout", "")).removeprefix(_MODEL))
        return layout.get("visibility") == "hidden" or layout.get("display") == "none"


Show = Callable[[Widgets, State, frozenset[str]], str]


def _nothing(widgets: Widgets, state: State, inside: frozenset[str]) -> str:  # noqa: ARG001
    """Render nothing: for buttons, and for secrets."""
    return ""


def _box(widgets: Widgets, state: State, inside: frozenset[str]) -> str:
    kind = "widget-row" if state["_model_name"] == "HBoxModel" else "widget-box"
    classes = " ".join([kind, *state.get("_dom_classes", [])])
    inner = "".join(widgets.children(state, inside))
    return f'<div class="{escape(classes)}">{inner}</div>' if inner else ""


def _pages(widgets: Widgets, state: State, inside: frozenset[str]) -> str:
    """Render tabs and accordions as details, which open without a script; the selected one is open."""
    titles = state.get("titles") or []
    chosen = state.get("selected_index")
    return "".join(
        f"<details{' open' if index == chosen else ''}>"
        f"<summary>{escape(_title(titles, index))}</summary>{page}</details>"
        for index, page in enumerate(widgets.children(state, inside))
        if page
    )


def _title(titles: Sequence[str], index: int) -> str:
    return (titles[index] if index < len(titles) else "") or f"Part {index + 1}"


def _stack(widgets: Widgets, state: State, inside: frozenset[str]) -> str:
    pages = list(widgets.children(state, inside))
    chosen = state.get("selected_index")
    return pages[chosen] if isinstance(chosen, int) and 0 <= chosen < len(pages) else ""


def _outputs(widgets: Widgets, state: State, inside: frozenset[str]) -> str:  # noqa: ARG001
    return "".join(block for output in state.get("outputs", []) for block in widgets.show(output))


def _html(widgets: Widgets, state: State, inside: frozenset[str]) -> str:  # noqa: ARG001
    described = _labelled(state, "") if state.get("description") else ""
    return described + f"<div>{state.get('value', '')}</div>"


def _label(widgets: Widgets, state: State, inside: frozenset[str]) -> str:  # noqa: ARG001
    return _labelled(state, str(state.get("value", "")))


def _image(widgets: Widgets, state: State, inside: frozenset[str]) -> str:  # noqa: ARG001
    words = state.get("tooltip") or NO_WORDS
    kind = {"jpg": "jpeg", "svg": "svg+xml"}.get(state.get("format", "png"), state.get("format", "png"))
    address = f"data:image/{kind};base64,{state.get('value', '')}"
    return f'<figure><img src="{escape(address)}" alt="{escape(words)}"></figure>'


def _value_of(widgets: Widgets, state: State, inside: frozenset[str]) -> str:  # noqa: ARG001
    """Render a control as its description and its value."""
    if "_options_labels" in state:
        return _labelled(state, _chosen(state))
    value = state.get("value")
    if isinstance(value, bool):
        return _labelled(state, "yes" if value else "no")
    if isinstance(value, Mapping):  # a date, whose months count from 0 as in JavaScript
        return _labelled(
            state, f"{value['year']}-{value['month'] + 1:02}-{value['date']:02}" if "date" in value else ""
        )
    if isinstance(value, list):
        return _labelled(state, " – ".join(map(str, value)))
    return _labelled(state, "" if value is None else str(value))


def _chosen(state: State) -> str:
    labels, index = state["_options_labels"], state.get("index")
    chosen = index if isinstance(index, list) else [] if index is None else [index]
    return ", ".join(str(labels[each]) for each in chosen)


def _labelled(state: State, value: str) -> str:
    name = str(state.get("description") or "")
    if not name and not value:
        return ""
    label = f"<span>{escape(name)}</span> " if name else ""
    return (
        f'<p class="control">{label}<strong>{escape(value)}</strong></p>'
        if value
        else f'<p class="control">{label}</p>'
    )


_SHOW: Final[Mapping[str, Show]] = {
    **dict.fromkeys(("BoxModel", "HBoxModel", "VBoxModel", "GridBoxModel"), _box),
    **dict.fromkeys(("TabModel", "AccordionModel"), _pages),
    "StackModel": _stack,
    "OutputModel": _outputs,
    **dict.fromkeys(("HTMLModel", "HTMLMathModel"), _html),
    "LabelModel": _label,
    "ImageModel": _image,
    **dict.fromkeys(("ButtonModel", "PasswordModel", "FileUploadModel", "PlayModel", "ControllerModel"), _nothing),
}
