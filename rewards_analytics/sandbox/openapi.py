"""The OpenAPI document of the sandbox."""

from __future__ import annotations

from string import Formatter

from rewards_analytics import atrium
from rewards_analytics.atrium import JsonObject
from rewards_analytics.sandbox.api.endpoints import ATRIUM_PRODUCTS, ENDPOINTS, Endpoint
from rewards_analytics.sandbox.world import INSTITUTIONS, MEMBERS_OF_A_USER
from rewards_analytics.schema import BALANCE_TYPES, UNIT_TYPES

JSON = "application/json"
REFUSALS = {
    400: "The body is not JSON, or the institution does not support rewards.",
    401: "The API key or the client id is wrong.",
    403: "The feature is not enabled.",
    404: "There is no such institution, user, member or reward.",
    405: f"The method is not allowed here, or the user has {MEMBERS_OF_A_USER} members.",
    406: f"Accept, or {atrium.ACCEPT_VERSION_HEADER} on the Platform API, does not name a valid version.",
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
            "Atrium (two key headers) and the MX Platform API (HTTP Basic, and Accept-Version on each call). Where "
            "their models differ, a schema is one of the two.",
        },
        "servers": [{"url": base_url}],
        "security": [{"api_key": [], "client_id": []}, {"basic": []}],
        "paths": {path: _path(path) for path in ENDPOINTS},
        "components": {"schemas": SCHEMAS, "securitySchemes": SECURITY},
    }


def _path(path: str) -> JsonObject:
    """Path item, with a parameter for each name in braces."""
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for _, name, _, _ in Formatter().parse(path)
        if name
    ]
    calls = {method.lower(): _call(endpoint) for method, endpoint in ENDPOINTS[path].items()}
    return calls | ({"parameters": parameters} if parameters else {})


def _call(endpoint: Endpoint) -> JsonObject:
    name = endpoint.handler.__name__
    refusals = {str(code): _answer(REFUSALS[code], "Error") for code in (*AT_ANY_CALL, *endpoint.refusals)}
    is_paged = "pagination" in SCHEMAS[endpoint.schema]["properties"]
    body = {"required": True, "content": {JSON: {"schema": _ref(endpoint.body)}}} if endpoint.body else None
    return {
        "operationId": name,
        "summary": (endpoint.handler.__doc__ or name).rstrip("."),
        "parameters": [ACCEPT, ACCEPT_VERSION, *([PAGE, RECORDS_PER_PAGE] if is_paged else [])],
        "responses": {
            str(endpoint.status): _answer("Done.", endpoint.schema),
            **OTHER_SUCCESSES.get(name, {}),
            **refusals,
        },
    } | ({"requestBody": body} if body else {})


def _answer(description: str, schema: str) -> JsonObject:
    return {"description": description, "content": {JSON: {"schema": _ref(schema)}}}


def _ref(schema: str) -> JsonObject:
    return {"$ref": f"#/components/schemas/{schema}"}


def _in_query(name: str, description: str) -> JsonObject:
    return {"name": name, "in": "query", "description": description, "schema": {"type": "integer"}}


def _in_header(name: str, description: str) -> JsonObject:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}


def _object(required: str, **fields: JsonObject) -> JsonObject:
    """Schema of an object that may have other fields too: names of its required fields, and its fields."""
    return {"type": "object", "required": required.split(), "properties": fields}


def _fields(schema: JsonObject, names: str) -> JsonObject:
    """Fields that have the same schema."""
    return dict.fromkeys(names.split(), schema)


def _model(fields: JsonObject, optional: str) -> JsonObject:
    """Schema of an object with exactly these fields."""
    required = [name for name in fields if name not in optional.split()]
    return {"type": "object", "required": required, "properties": fields, "additionalProperties": False}


def _models(
    name: str, shared: JsonObject, *, atrium_only: JsonObject, platform_only: JsonObject, optional: str = ""
) -> JsonObject:
    """Schemas of an object in each dialect, and the one of that name, which is either of them."""
    models = {
        f"Atrium{name}": _model(shared | atrium_only, optional),
        f"Platform{name}": _model(shared | platform_only, optional),
    }
    return models | {name: {"oneOf": [_ref(model) for model in models]}}


def _array(schema: JsonObject) -> JsonObject:
    return {"type": "array", "items": schema}


ACCEPT = _in_header("Accept", f"{atrium.ACCEPT['atrium'][0]}; {atrium.ACCEPT['platform'][0]} on the Platform API.")
ACCEPT_VERSION = _in_header(
    atrium.ACCEPT_VERSION_HEADER, f"On the Platform API only, and required: {atrium.API_VERSION}."
)
_LIMITS = f"{atrium.LEAST_PER_PAGE} to {atrium.MOST_PER_PAGE}; {atrium.DEFAULT_PER_PAGE} for anything else."
PAGE = _in_query("page", "Number of the page, from 1.")
RECORDS_PER_PAGE = _in_query("records_per_page", f"Entries on a page: {_LIMITS}")
OTHER_SUCCESSES = {
    "fetch_rewards": {"200": _answer("Done, on the Platform API.", "MemberBody")},
    "list_challenges": {"204": {"description": "The member is not CHALLENGED."}},
}
SECURITY = {
    "api_key": {"type": "apiKey", "in": "header", "name": atrium.API_KEY_HEADER},
    "client_id": {"type": "apiKey", "in": "header", "name": atrium.CLIENT_ID_HEADER},
    "basic": {"type": "http", "scheme": "basic"},
}
TEXT = {"type": "string"}
NULLABLE_TEXT = {"type": ["string", "null"]}
FLAG = {"type": "boolean"}
COUNTS = "current_page per_page total_entries total_pages"
GUIDS_AND_VALUES = _array(_object("guid value", **_fields(TEXT, "guid value")))
PAGINATION = {"pagination": _ref("Pagination")}

USER = _fields(TEXT, "guid") | _fields(NULLABLE_TEXT, "metadata") | _fields(FLAG, "is_disabled")
MEMBER = (
    _fields(TEXT, "guid user_guid institution_code name")
    | _fields(NULLABLE_TEXT, "connection_status aggregated_at successfully_aggregated_at metadata")
    | _fields(FLAG, "is_being_aggregated")
)
STATUS = (
    _fields(TEXT, "guid")
    | _fields(NULLABLE_TEXT, "connection_status aggregated_at successfully_aggregated_at")
    | _fields(FLAG, "is_being_aggregated is_authenticated has_processed_accounts has_processed_transactions")
    | {"challenges": _array(_ref("Challenge"))}
)
INSTITUTION = _fields(TEXT, "code name") | _fields(NULLABLE_TEXT, "url") | _fields(FLAG, "supports_oauth")
REWARD = (
    _fields(TEXT, "guid created_at")
    | _fields(NULLABLE_TEXT, "description")
    | {
        "balance_type": {"enum": list(BALANCE_TYPES)},
        "unit_type": {"enum": list(UNIT_TYPES)},
        "balance": {"type": "number", "description": "A decimal: read it exactly."},
        "expires_on": {**NULLABLE_TEXT, "format": "date"},
    }
)
SCHEMAS: JsonObject = {
    "Error": _object("error", error=_object("message status type", **_fields(TEXT, "message status type"))),
    "Pagination": _object(COUNTS, **_fields({"type": "integer", "minimum": 0}, COUNTS)),
    **_models(
        "User",
        USER,
        atrium_only=_fields(NULLABLE_TEXT, "identifier"),
        platform_only=_fields(NULLABLE_TEXT, "id email"),
    ),
    **_models(
        "Member",
        MEMBER,
        atrium_only=_fields(NULLABLE_TEXT, "identifier status"),
        platform_only=_fields(NULLABLE_TEXT, "id"),
    ),
    **_models(
        "Status",
        STATUS,
        atrium_only=_fields(NULLABLE_TEXT, "status"),
        platform_only={},
        optional="challenges",
    ),
    **_models(
        "Institution",
        INSTITUTION,
        atrium_only=_fields(FLAG, " ".join(ATRIUM_PRODUCTS)),
        platform_only={"iso_country_code": TEXT, "supported_products": _array(TEXT)},
    ),
    **_models(
        "Reward",
        REWARD,
        atrium_only=_fields(TEXT, "user_guid member_guid") | _fields(NULLABLE_TEXT, "account_guid"),
        platform_only=_fields(TEXT, "updated_at"),
    ),
    "Option": _object("label value", **_fields(TEXT, "label value data_uri")),
    "Challenge": _object(
        "guid type label field_name",
        **_fields(TEXT, "guid label image_data"),
        **_fields(NULLABLE_TEXT, "field_name"),
        type={"enum": list(atrium.CHALLENGE_TYPES)},
        options=_array(_ref("Option")),
        image_options=_array(_ref("Option")),
    ),
    "UserBody": _object("user", user=_ref("User")),
    "MemberBody": _object("member", member=_ref("Member")),
    "StatusBody": _object("member", member=_ref("Status")),
    "RewardBody": _object("reward", reward=_ref("Reward")),
    "InstitutionBody": _object("institution", institution=_ref("Institution")),
    "UsersBody": _object("users pagination", users=_array(_ref("User")), **PAGINATION),
    "MembersBody": _object("members pagination", members=_array(_ref("Member")), **PAGINATION),
    "ChallengesBody": _object("challenges pagination", challenges=_array(_ref("Challenge")), **PAGINATION),
    "RewardsBody": _object("rewards pagination", rewards=_array(_ref("Reward")), **PAGINATION),
    "InstitutionsBody": _object("institutions pagination", institutions=_array(_ref("Institution")), **PAGINATION),
    "UserRequest": _object("user", user=_object("", **_fields(NULLABLE_TEXT, "identifier id metadata"))),
    "MemberRequest": _object(
        "member",
        member=_object(
            "institution_code",
            **_fields(NULLABLE_TEXT, "identifier id metadata"),
            skip_aggregation=FLAG,
            institution_code={"enum": sorted(INSTITUTIONS)},
            credentials=GUIDS_AND_VALUES,
        ),
    ),
    "ResumeRequest": _object("member", member=_object("challenges", challenges=GUIDS_AND_VALUES)),
}
