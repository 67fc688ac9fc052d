"""The OpenAPI document of the sandbox."""

from __future__ import annotations

from string import Formatter

from rewards_analytics import atrium
from rewards_analytics.atrium import JsonObject
from rewards_analytics.sandbox.world import INSTITUTIONS, MEMBERS_OF_A_USER
from rewards_analytics.schema import BALANCE_TYPES, FIELDS, UNIT_TYPES

JSON = "application/json"
REFUSALS = {
    400: "The body is not JSON, or the institution does not support rewards.",
    401: "The API key or the client id is wrong.",
    403: "The feature is not enabled.",
    404: "There is no such user, member or reward.",
    405: f"The method is not allowed here, or the user has {MEMBERS_OF_A_USER} members.",
    406: "Accept does not name a valid version.",
    409: "Another kind of job is running on the member.",
    422: "The body is invalid.",
    429: "Too many requests.",
}
AT_ANY_CALL = (401, 404, 406, 429)


def document(base_url: str) -> JsonObject:
    """OpenAPI 3.1 document of the API as it is served at `base_url`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sandbox of the rewards API",
            "version": "1",
            "description": "Synthetic people, institutions and balances only. Both dialects share these paths: "
            "Atrium (two key headers) and the MX Platform API (HTTP Basic).",
        },
        "servers": [{"url": base_url}],
        "security": [{"api_key": [], "client_id": []}, {"basic": []}],
        "paths": {path: _with_parameters(path, calls) for path, calls in _paths().items()},
        "components": {"schemas": SCHEMAS, "securitySchemes": SECURITY},
    }


def _paths() -> JsonObject:
    member = "/users/{user_guid}/members/{member_guid}"
    return {
        "/users": {
            "get": _list("list_users", "Users", "users"),
            "post": _call("create_user", "Add a user", (200, "UserBody"), body="UserRequest", refusals=(400, 422)),
        },
        "/users/{user_guid}": {"get": _call("read_user", "One user", (200, "UserBody"))},
        "/users/{user_guid}/members": {
            "get": _list("list_members", "Members of a user", "members"),
            "post": _call(
                "create_member",
                "Connect a user to an institution, and aggregate the member",
                (202, "MemberBody"),
                body="MemberRequest",
                refusals=(400, 405, 422),
            ),
        },
        member: {"get": _call("read_member", "One member", (200, "MemberBody"))},
        f"{member}/fetch_rewards": {"post": _fetch_rewards()},
        f"{member}/aggregate": {
            "post": _call("aggregate", "Start or join a standard aggregation", (202, "MemberBody"), refusals=(409,))
        },
        f"{member}/status": {"get": _call("member_status", "Status and open challenges", (200, "StatusBody"))},
        f"{member}/challenges": {"get": _challenges()},
        f"{member}/resume": {
            "put": _call(
                "resume", "Answer the challenges", (202, "MemberBody"), body="ResumeRequest", refusals=(400, 422)
            )
        },
        f"{member}/rewards": {"get": _list("list_rewards", "Rewards of a member", "rewards")},
        f"{member}/rewards/{{reward_guid}}": {"get": _call("read_reward", "One reward", (200, "RewardBody"))},
    }


def _with_parameters(path: str, calls: JsonObject) -> JsonObject:
    """Path item with a parameter for each name in braces."""
    names = [name for _, name, _, _ in Formatter().parse(path) if name]
    return calls | ({"parameters": [_in_path(name) for name in names]} if names else {})


def _call(
    operation_id: str,
    summary: str,
    success: tuple[int, str],
    *,
    body: str | None = None,
    refusals: tuple[int, ...] = (),
) -> JsonObject:
    status, schema = success
    call: JsonObject = {
        "operationId": operation_id,
        "summary": summary,
        "parameters": [VERSION],
        "responses": {str(status): _answer("Done.", schema)}
        | {str(code): _answer(REFUSALS[code], "Error") for code in sorted({*AT_ANY_CALL, *refusals})},
    }
    if body is not None:
        call["requestBody"] = {"required": True, "content": {JSON: {"schema": _ref(body)}}}
    return call


def _list(operation_id: str, summary: str, name: str) -> JsonObject:
    call = _call(operation_id, summary, (200, f"{name.capitalize()}Body"))
    call["parameters"] += [_in_query("page", "Number of the page, from 1."), RECORDS_PER_PAGE]
    return call


def _fetch_rewards() -> JsonObject:
    call = _call("fetch_rewards", "Start or join a rewards job", (202, "MemberBody"), refusals=(400, 403, 409))
    call["responses"]["200"] = _answer("Done, on the Platform API.", "MemberBody")
    return call


def _challenges() -> JsonObject:
    call = _list("list_challenges", "Open challenges; none unless the member is CHALLENGED", "challenges")
    call["responses"]["204"] = {"description": "The member is not CHALLENGED."}
    return call


def _answer(description: str, schema: str) -> JsonObject:
    return {"description": description, "content": {JSON: {"schema": _ref(schema)}}}


def _ref(schema: str) -> JsonObject:
    return {"$ref": f"#/components/schemas/{schema}"}


def _in_path(name: str) -> JsonObject:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _in_query(name: str, description: str) -> JsonObject:
    return {"name": name, "in": "query", "description": description, "schema": {"type": "integer"}}


def _object(required: str, text: str = "", nullable: str = "", flags: str = "", /, **others: JsonObject) -> JsonObject:
    """Schema of an object: names of its required fields, of its texts, nullable texts and booleans; other fields."""
    simple = {text: TEXT, nullable: NULLABLE_TEXT, flags: {"type": "boolean"}}
    properties = {name: schema for names, schema in simple.items() for name in names.split()} | others
    return {"type": "object", "required": required.split(), "properties": properties}


def _body(name: str, schema: str) -> JsonObject:
    return _object(name, **{name: _ref(schema)})


def _listing(name: str, schema: str) -> JsonObject:
    entries = {"type": "array", "items": _ref(schema)}
    return _object(f"{name} pagination", **{name: entries}, pagination=_ref("Pagination"))


VERSION = {
    "name": "Accept",
    "in": "header",
    "description": f"Version: {atrium.ACCEPT['atrium'][0]}; {atrium.ACCEPT['platform'][0]} on the Platform API.",
    "schema": {"type": "string"},
}
_LIMITS = f"{atrium.LEAST_PER_PAGE} to {atrium.MOST_PER_PAGE}; {atrium.DEFAULT_PER_PAGE} for anything else."
RECORDS_PER_PAGE = _in_query("records_per_page", f"Entries on a page: {_LIMITS}")
SECURITY = {
    "api_key": {"type": "apiKey", "in": "header", "name": atrium.API_KEY_HEADER},
    "client_id": {"type": "apiKey", "in": "header", "name": atrium.CLIENT_ID_HEADER},
    "basic": {"type": "http", "scheme": "basic"},
}
TEXT = {"type": "string"}
NULLABLE_TEXT = {"type": ["string", "null"]}
COUNTS = "current_page per_page total_entries total_pages"
GUIDS_AND_VALUES = {"type": "array", "items": _object("guid value", "guid value")}
SCHEMAS: JsonObject = {
    "Error": _object("error", error=_object("message status type", "message status type")),
    "Pagination": _object(COUNTS, **{name: {"type": "integer", "minimum": 0} for name in COUNTS.split()}),
    "User": _object("guid is_disabled metadata", "guid", "identifier id email metadata", "is_disabled"),
    "Member": _object(
        "guid user_guid institution_code name connection_status is_being_aggregated aggregated_at metadata",
        "guid user_guid institution_code name",
        "identifier id connection_status status aggregated_at successfully_aggregated_at metadata",
        "is_being_aggregated",
    ),
    "Status": _object(
        "guid connection_status is_being_aggregated is_authenticated aggregated_at",
        "guid",
        "connection_status status aggregated_at successfully_aggregated_at",
        "is_being_aggregated is_authenticated has_processed_accounts has_processed_transactions",
        challenges={"type": "array", "items": _ref("Challenge")},
    ),
    "Option": _object("label value", "label value data_uri"),
    "Challenge": _object(
        "guid type label field_name",
        "guid label image_data",
        "field_name",
        type={"enum": list(atrium.CHALLENGE_TYPES)},
        options={"type": "array", "items": _ref("Option")},
        image_options={"type": "array", "items": _ref("Option")},
    ),
    "Reward": _object(
        " ".join(FIELDS),
        "guid user_guid member_guid created_at updated_at",
        "account_guid description",
        balance_type={"enum": list(BALANCE_TYPES)},
        unit_type={"enum": list(UNIT_TYPES)},
        balance={"type": "number", "description": "A decimal: read it exactly."},
        expires_on={**NULLABLE_TEXT, "format": "date"},
    ),
    "UserBody": _body("user", "User"),
    "MemberBody": _body("member", "Member"),
    "StatusBody": _body("member", "Status"),
    "RewardBody": _body("reward", "Reward"),
    "UsersBody": _listing("users", "User"),
    "MembersBody": _listing("members", "Member"),
    "ChallengesBody": _listing("challenges", "Challenge"),
    "RewardsBody": _listing("rewards", "Reward"),
    "UserRequest": _object("user", user=_object("", "", "identifier id metadata")),
    "MemberRequest": _object(
        "member",
        member=_object(
            "institution_code",
            "",
            "identifier id metadata",
            "skip_aggregation",
            institution_code={"enum": sorted(INSTITUTIONS)},
            credentials=GUIDS_AND_VALUES,
        ),
    ),
    "ResumeRequest": _object("member", member=_object("challenges", challenges=GUIDS_AND_VALUES)),
}
