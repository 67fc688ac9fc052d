"""Responses that are broken at the level of HTTP: retried if that may help, otherwise a typed error."""

from __future__ import annotations

import gzip
import json
import ssl

import pytest

import rewards_analytics as ra
from tests.client.conftest import make_certificate
from tests.client.wire import Wire

GOOD = json.dumps({"users": [{"guid": "USR-1"}], "pagination": {"total_entries": 1, "total_pages": 1}}).encode()


def answer(body=GOOD, *headers, status="200 OK", length=None):
    lines = [f"HTTP/1.1 {status}", "Connection: close", "Content-Type: application/json", *headers]
    if length is not False:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(*parts):
    return answer(b"\r\n".join(parts), "Transfer-Encoding: chunked", length=False)


BROKEN = {
    "nothing": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "half a status line": b"HTTP/1.1 20",
    "half of the headers": b"HTTP/1.1 200 OK\r\nContent-Ty",
    "less than was announced": answer(GOOD[:40], length=len(GOOD)),
    "half of it, without a length": answer(GOOD[:40], length=False),
    "a chunk that is cut short": chunked(b"ff", GOOD[:40]),
    "a chunk without a size": chunked(b"zz", GOOD, b"0", b"", b""),
    "packed, but not whole": answer(gzip.compress(GOOD)[:30], "Content-Encoding: gzip"),
    "packed in name only": answer(GOOD, "Content-Encoding: gzip"),
    "a text that is not UTF-8": answer(GOOD.replace(b"USR-1", b"USR-\xff")),
    "a web page": answer(b"<!doctype html><title>Maintenance</title>"),
    "nothing at all in the body": answer(b""),
    "two hundred headers": answer(GOOD, *[f"X-{number}: x" for number in range(200)]),
    "a length that is not a number": answer(GOOD[:9], length="many"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_response_is_requested_again(make_client, wire, waits, broken):
    wire.answers = [broken, broken, answer()]

    users = list(make_client(base_url=wire.base_url).list_users())

    assert users == [{"guid": "USR-1"}]
    assert len(wire.requests) == 3
    assert len(waits) == 2


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_response_that_stays_broken_raises_only_an_error_of_this_package(make_client, wire, broken):
    wire.answers = [broken] * 2

    with pytest.raises(ra.AtriumError, match="GET /users") as failure:
        list(make_client(base_url=wire.base_url, retries=1).list_users())

    assert failure.value.__context__ is None


@pytest.mark.parametrize(
    "good",
    [
        chunked(b"%x" % len(GOOD), GOOD, b"0", b"", b""),
        answer(gzip.compress(GOOD), "Content-Encoding: gzip"),
        answer(GOOD, length=False),
        answer(b"\xef\xbb\xbf" + GOOD),
        answer(GOOD, "Set-Cookie: session=1"),
    ],
    ids=["chunked", "packed", "without a length", "with a byte order mark", "with a cookie"],
)
def test_an_unusual_but_valid_response_is_read(make_client, wire, good):
    wire.answers = [good]

    assert list(make_client(base_url=wire.base_url).list_users()) == [{"guid": "USR-1"}]


@pytest.mark.parametrize("status", ["301", "302", "303", "307", "308"])
@pytest.mark.parametrize(
    "place", ["/elsewhere", "http://127.0.0.1:1/", "https://thief.example/", "http://[", "\xff", "", "//"]
)
def test_no_redirect_is_followed_wherever_it_leads(make_client, wire, status, place):
    wire.answers = [answer(b"", f"Location: {place}", status=status)]

    with pytest.raises(ra.AtriumError, match=rf"answered {status}: a redirect, which is not followed"):
        list(make_client(base_url=wire.base_url).list_users())

    assert len(wire.requests) == 1


@pytest.mark.parametrize("status", ["100 Continue", "204 No Content", "418 Teapot", "999 What"])
def test_an_unexpected_status_is_a_typed_error(make_client, wire, status):
    wire.answers = [answer(b"", status=status)]

    with pytest.raises(ra.AtriumError, match=r"^GET /users (answered|got no answer)"):
        list(make_client(base_url=wire.base_url, retries=0).list_users())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("400", ra.AtriumError),
        ("401", ra.AuthenticationError),
        ("403", ra.ForbiddenError),
        ("404", ra.NotFoundError),
        ("405", ra.AtriumError),
        ("406", ra.AtriumError),
        ("409", ra.ConflictError),
        ("422", ra.AtriumError),
        ("429", ra.RateLimitError),
        ("500", ra.AtriumError),
        ("501", ra.AtriumError),
    ],
)
@pytest.mark.parametrize(
    "body", [b'{"error": {"message": "No.", "status": "x", "type": "y"}}', b"<html>No</html>", b"[]"]
)
def test_every_refusal_has_its_class_its_status_and_what_was_said(make_client, wire, status, kind, body):
    wire.answers = [answer(body, "X-Request-ID: R-1", status=status)]

    with pytest.raises(ra.AtriumError, match=rf"GET /users answered {status}: .*No|{status}: .*\[\]") as refusal:
        list(make_client(base_url=wire.base_url, retries=0).list_users())

    assert type(refusal.value) is kind
    assert refusal.value.status == int(status)
    assert refusal.value.request_id == "R-1"


@pytest.mark.parametrize("dialect", ["atrium", "platform"])
def test_a_call_carries_the_keys_the_version_and_no_cookie(make_client, wire, dialect):
    wire.answers = [answer(GOOD, "Set-Cookie: session=1"), answer()]
    client = make_client(base_url=wire.base_url, dialect=dialect, api_key="the-key", client_id="the-id")

    for _ in range(2):
        list(client.list_users())

    lines = wire.requests[1].decode().split("\r\n")
    signature = (
        {"MX-API-Key: the-key", "MX-Client-ID: the-id", "Accept: application/vnd.mx.atrium.v1+json"}
        if dialect == "atrium"
        else {"Authorization: Basic dGhlLWlkOnRoZS1rZXk=", "Accept: application/vnd.mx.api.v1+json"}
    )
    assert lines[0] == "GET /users?page=1&records_per_page=100 HTTP/1.1"
    assert signature <= set(lines)
    assert not [line for line in lines if line.lower().startswith("cookie")]


@pytest.fixture
def impostor(tmp_path):
    """An https server with a self-signed certificate."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make_certificate(key, certificate, "IP:127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Wire(context) as server:
        yield server


def test_a_server_with_an_invalid_certificate_never_receives_a_call(make_client, impostor, waits):
    client = make_client(base_url=impostor.base_url)

    with pytest.raises(ra.AtriumError, match=r"the server's certificate could not be verified"):
        list(client.list_users())

    assert impostor.requests == []
    assert waits == []


def test_a_connection_that_breaks_within_tls_is_retried(make_client, wire, waits):
    wire.answers = [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b""]
    client = make_client(base_url=wire.base_url.replace("http:", "https:"), retries=2)

    with pytest.raises(ra.AtriumError, match="the secure connection could not be made, or broke"):
        list(client.list_users())

    assert len(wire.requests) == 3
    assert len(waits) == 2


def test_a_missing_certificate_file_named_by_the_environment_is_reported(make_client, waits, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/certificates.pem")
    client = make_client(base_url="https://host.invalid")

    with pytest.raises(ra.AtriumError, match=r"could not be sent: .*/nowhere/certificates.pem") as failure:
        list(client.list_users())

    assert failure.value.__context__ is None
    assert waits == []
