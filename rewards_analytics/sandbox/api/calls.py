"""One call and its response: parameters, refusals, and the pages of a list."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from starlette.exceptions import HTTPException

from rewards_analytics.atrium import DEFAULT_PER_PAGE, LEAST_PER_PAGE, MOST_PER_PAGE, Dialect, JsonObject
from rewards_analytics.sandbox.world import Member, User, World

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Settings:
    """Settings of the API."""

    api_key: str
    client_id: str
    rewards_enabled: bool = True
    default_per_page: int = DEFAULT_PER_PAGE
    most_per_page: int = MOST_PER_PAGE


@dataclass(frozen=True)
class Call:
    """One authenticated call: its dialect, path parameters, query and body."""

    world: World
    settings: Settings
    dialect: Dialect
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    shift: bool

    def user(self) -> User:
        """The user in the path."""
        user = self.world.users.get(self.path["user_guid"])
        if user is None:
            raise not_found("user", self.path["user_guid"])
        return user

    def member(self) -> Member:
        """The member in the path, with its job up to date."""
        user = self.user()
        guid = self.path["member_guid"]
        if guid not in user.members:
            raise not_found("member", guid)
        member = self.world.members[guid]
        self.world.settle(member)
        return member

    def payload(self, name: str) -> JsonObject:
        """The object called `name` in the JSON body."""
        try:
            body = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, "The body is not valid JSON.") from error
        if not isinstance(body, dict) or not isinstance(body.get(name), dict):
            raise HTTPException(422, f"The body must be an object with an object '{name}'.")
        payload: JsonObject = body[name]
        return payload


Response = tuple[int, JsonObject | None]
"""Status and body."""


def page_of(call: Call, name: str, entries: Sequence[Entry], shown: Callable[[Entry], JsonObject]) -> Response:
    """The requested page of a list, its entries as `shown`, by the API's documented rules of paging."""
    settings = call.settings
    per_page = _number(call.query.get("records_per_page"))
    if per_page is None or not min(LEAST_PER_PAGE, settings.most_per_page) <= per_page <= settings.most_per_page:
        per_page = settings.default_per_page
    page = max(_number(call.query.get("page")) or 1, 1)
    return 200, cut_page(name, entries, shown, page=page, per_page=per_page)


def cut_page(
    name: str, entries: Sequence[Entry], shown: Callable[[Entry], JsonObject], *, page: int, per_page: int
) -> JsonObject:
    """Body of one page of a list."""
    pagination = {
        "current_page": page,
        "per_page": per_page,
        "total_entries": len(entries),
        "total_pages": max(-(-len(entries) // per_page), 1),
    }
    return {name: list(map(shown, entries[(page - 1) * per_page : page * per_page])), "pagination": pagination}


def text_of(payload: Mapping[str, object], name: str) -> str | None:
    """The text called `name` in an object of the body, None if it is not given."""
    value = payload.get(name)
    if value is not None and not isinstance(value, str):
        raise HTTPException(422, f"'{name}' must be text.")
    return value


def not_found(kind: str, guid: str) -> HTTPException:
    """Refusal of a guid that does not exist."""
    return HTTPException(404, f"There is no {kind} {guid}.")


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None
