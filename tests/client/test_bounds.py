"""Every answer has bounds: seconds for a call, bytes for a body, pages for a list. Each error names its bound."""

from __future__ import annotations

import gzip
import itertools
import json
import re
import socket
import subprocess
import sys
import threading
import time
import zlib

import pytest

import rewards_analytics as ra
from tests.client.wire import Wire

GOOD = json.dumps({"users": [{"guid": "USR-1"}], "pagination": {"total_entries": 1, "total_pages": 1}}).encode()
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WHOLE = OK + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD
MIB, GIB = 1 << 20, 1 << 30


def drip(data, pause=0.05):
    for start in range(0, len(data), 2):
        yield data[start : start + 2]
        time.sleep(pause)


def again(head, piece, pause=0.02):
    """A response that never ends."""
    yield head
    while True:
        yield piece
        time.sleep(pause)


SLOW = {
    "two bytes at a time": lambda: drip(WHOLE),
    "a header that never ends": lambda: again(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
    "headers without an end": lambda: again(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "100 Continue for ever": lambda: again(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body without an end": lambda: again(OK + b"\r\n", b" "),
    "empty gzip members for ever": lambda: again(
        OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", b"14\r\n" + gzip.compress(b"") + b"\r\n"
    ),
    "trailers without an end": lambda: again(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", b"X: y\r\n"),
}


@pytest.mark.parametrize("answer", SLOW.values(), ids=SLOW)
def test_a_call_ends_when_its_time_is_up_and_is_not_repeated(make_client, wire, waits, answer):
    wire.answers = [answer()]
    threads = threading.active_count()
    began = time.monotonic()

    with pytest.raises(
        ra.AtriumError, match=r"^GET /users took longer than 0.5 s in all\. .* call_timeout=0.5; .*larger"
    ):
        list(make_client(base_url=wire.base_url, call_timeout=0.5).list_users())

    assert 0.4 < time.monotonic() - began < 2
    assert len(wire.requests) == 1
    assert waits == []
    settled = time.monotonic() + 5
    while (wire.open_connections or threading.active_count() > threads + 1) and time.monotonic() < settled:
        time.sleep(0.01)
    assert wire.open_connections == 0
    assert threading.active_count() <= threads + 1  # the test server's own


def test_a_slow_answer_within_the_time_is_read(make_client, wire):
    wire.answers = [drip(WHOLE, pause=0.001)]

    assert list(make_client(base_url=wire.base_url, call_timeout=60).list_users()) == [{"guid": "USR-1"}]


def test_all_attempts_of_a_call_share_its_time(make_client, wire):
    wire.answers = [again(b"", b"", pause=0.05) for _ in range(9)]  # nothing at all: each attempt waits for `timeout`
    client = make_client(base_url=wire.base_url, timeout=0.2, call_timeout=0.5, retries=8)

    with pytest.raises(ra.AtriumError, match=r"call_timeout=0\.5"):
        list(client.list_users())

    assert len(wire.requests) == 3


def test_the_waits_between_attempts_do_not_count(make_client, wire, waits):
    busy = b"HTTP/1.1 429 Wait\r\nConnection: close\r\nRetry-After: 200\r\nContent-Length: 0\r\n\r\n"
    wire.answers = [busy, busy, WHOLE]

    assert len(list(make_client(base_url=wire.base_url, call_timeout=5).list_users())) == 1
    assert waits == [200, 200]


def test_a_job_that_is_started_has_the_same_bound(make_client, wire):
    status = b'{"member": {"connection_status": "CONNECTED", "is_being_aggregated": false}}'
    wire.answers = [OK + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(status) + status, drip(WHOLE)]

    with pytest.raises(ra.AtriumError, match=r"^POST .*/fetch_rewards took longer than 0\.4 s in all"):
        make_client(base_url=wire.base_url, call_timeout=0.4).fetch_rewards("USR-1", "MBR-1")


def test_a_slow_member_of_a_pull_costs_no_other(make_client, wire):
    good = json.dumps({"rewards": [], "pagination": {"total_entries": 0, "total_pages": 1}}).encode()
    quick = OK + b"Content-Length: %d\r\n\r\n" % len(good) + good
    wire.respond = lambda line: drip(WHOLE) if "MBR-3" in line else quick

    pulled = ra.pull(
        make_client(base_url=wire.base_url, call_timeout=0.5),
        [("USR-1", f"MBR-{number}") for number in range(6)],
        workers=3,
        progress=False,
    )

    assert pulled.members == 5
    ((member, error),) = pulled.failures
    assert member == ("USR-1", "MBR-3")
    assert "call_timeout=0.5" in str(error)


# --- Names ---


@pytest.fixture
def resolve(monkeypatch):
    """Stands in for the system's resolver: a function that returns the addresses of `atrium.test`."""
    real = socket.getaddrinfo
    answers = {}

    def getaddrinfo(host, port, *arguments, **settings):
        if host != "atrium.test":
            return real(host, port, *arguments, **settings)
        return [
            answer for address in answers["atrium.test"]() for answer in real(address, port, type=socket.SOCK_STREAM)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    def set_answer(answer):
        answers["atrium.test"] = answer

    return set_answer


def test_a_name_that_is_never_found_ends_with_the_time_of_the_call(make_client, resolve):
    known = threading.Event()
    resolve(lambda: known.wait(20) and [])
    began = time.monotonic()

    with pytest.raises(ra.AtriumError, match=r"call_timeout=0\.3"):
        list(make_client(base_url="https://atrium.test", call_timeout=0.3).list_users())

    assert time.monotonic() - began < 2
    known.set()
    for thread in threading.enumerate():
        if thread.name == "rewards-resolver":
            thread.join(5)
            assert not thread.is_alive()


def test_the_addresses_of_a_name_are_tried_in_turn(make_client, authority, resolve):
    resolve(lambda: ["127.0.0.7", "127.0.0.1"])
    authority.answers = [WHOLE]

    assert len(list(make_client(base_url=f"https://atrium.test:{authority.port}").list_users())) == 1


@pytest.mark.parametrize("answer", SLOW.values(), ids=SLOW)
def test_a_call_over_tls_ends_as_well(make_client, authority, resolve, answer):
    resolve(lambda: ["127.0.0.1"])
    authority.answers = [answer()]
    client = make_client(base_url=f"https://atrium.test:{authority.port}", call_timeout=0.5)
    began = time.monotonic()

    with pytest.raises(ra.AtriumError, match=r"call_timeout=0\.5"):
        list(client.list_users())

    assert time.monotonic() - began < 2


def test_a_handshake_that_is_never_answered_ends_as_well(make_client, wire, resolve):
    resolve(lambda: ["127.0.0.1"])
    wire.answers = [again(b"", b"\x16", pause=0.05)]

    with pytest.raises(ra.AtriumError, match=r"call_timeout=0\.5|secure connection"):
        list(make_client(base_url=f"https://atrium.test:{wire.port}", call_timeout=0.5, retries=0).list_users())


# --- Bodies ---


def gzip_bomb():
    """4 MB that unpack to 4 GB."""
    packer, block = zlib.compressobj(9, wbits=31), bytes(MIB)
    yield OK + b"Connection: close\r\nContent-Encoding: gzip\r\n\r\n"
    yield from filter(None, (packer.compress(block) for _ in range(4096)))


def packed(*encodings):
    """96 MiB, packed by each encoding in turn."""
    body = bytes(96 * MIB)
    for encoding in encodings:
        body = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
    return OK + f"Content-Encoding: {', '.join(encodings)}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def endless_spaces(head, before=b"", after=b""):
    yield OK + head + b"\r\n\r\n"
    for _ in range(1024):
        yield before + b" " * MIB + after


LARGE = {
    "1 GB": lambda: endless_spaces(b"Content-Length: %d" % GIB),
    "1 GB without a length": lambda: endless_spaces(b"Connection: close"),
    "1 GB in chunks": lambda: endless_spaces(b"Transfer-Encoding: chunked", b"100000\r\n", b"\r\n"),
    "1 GB in one chunk": lambda: itertools.chain(
        [OK + b"Transfer-Encoding: chunked\r\n\r\n40000000\r\n"], itertools.repeat(b" " * MIB, 1024)
    ),
    "a gzip bomb": gzip_bomb,
    "a deflate bomb": lambda: packed("deflate"),
    "a gzip bomb in gzip": lambda: packed("gzip", "gzip"),
    "a gzip bomb in deflate in gzip": lambda: packed("gzip", "deflate", "gzip"),
}


@pytest.mark.parametrize("answer", LARGE.values(), ids=LARGE)
def test_a_body_is_read_no_further_than_its_bound(make_client, wire, waits, answer):
    wire.answers = [answer()]

    with pytest.raises(
        ra.AtriumError, match=r"^GET /users answered more than 4,194,304 bytes, .* max_body_bytes=4_194_304; .*larger"
    ) as failure:
        list(make_client(base_url=wire.base_url, max_body_bytes=4 * MIB).list_users())

    assert failure.value.status == 200
    assert len(wire.requests) == 1
    assert waits == []


def test_the_bound_of_a_body_is_32_mib_and_exact(make_client, wire):
    def answer(size):
        body = GOOD.ljust(size)
        return OK + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % size + body

    wire.answers = [answer(32 * MIB), answer(32 * MIB + 1)]
    client = make_client(base_url=wire.base_url)

    assert list(client.list_users()) == [{"guid": "USR-1"}]
    with pytest.raises(ra.AtriumError, match="max_body_bytes=33_554_432"):
        list(client.list_users())


def test_more_encodings_than_anyone_uses_are_refused(make_client, wire):
    body = GOOD
    for _ in range(8):
        body = gzip.compress(body)
    wire.answers = [OK + b"Connection: close\r\nContent-Encoding: " + b", ".join([b"gzip"] * 8) + b"\r\n\r\n" + body]

    with pytest.raises(ra.AtriumError, match="GET /users got no answer"):
        list(make_client(base_url=wire.base_url, retries=0).list_users())


# --- Pages ---


def pages(per_page, pagination, name="users", **fields):
    """Answers a list in pages, each with new entries."""

    def respond(line):
        page = int(re.search(r"[?&]page=(\d+)", line)[1])
        entries = [{"guid": f"USR-{page}-{number}", **fields} for number in range(per_page)]
        body = {name: entries, **pagination(page)}
        data = json.dumps(body).encode()
        return OK + b"Content-Length: %d\r\n\r\n" % len(data) + data

    return respond


ENDLESS = {
    "one page more each time": lambda page: {"pagination": {"total_entries": 10 * page + 10, "total_pages": page + 1}},
    "no pagination": lambda _: {},
    "pagination is null": lambda _: {"pagination": None},
    "pagination that counts nothing": lambda _: {"pagination": {"total_entries": None, "total_pages": -3}},
}


@pytest.mark.parametrize("pagination", ENDLESS.values(), ids=ENDLESS)
def test_a_list_that_never_ends_is_read_to_its_bound(make_client, wire, pagination):
    wire.respond = pages(10, pagination)

    with pytest.raises(
        ra.AtriumError, match=r"^GET /users has 31 pages or more\. .* max_pages=30; .* larger max_pages"
    ):
        list(make_client(base_url=wire.base_url, max_pages=30).list_users())

    assert len(wire.requests) == 30


def test_more_pages_than_the_bound_are_not_begun(make_client, wire):
    wire.respond = pages(10, lambda _: {"pagination": {"total_entries": 10**9, "total_pages": 10**8}})

    with pytest.raises(ra.AtriumError, match=r"has 100,000,000 pages or more\. The bound is max_pages=10_000"):
        list(make_client(base_url=wire.base_url).list_users())

    assert len(wire.requests) == 1


def test_as_many_pages_as_the_bound_are_read(make_client, wire):
    wire.respond = pages(10, lambda _: {"pagination": {"total_entries": 300, "total_pages": 30}})

    assert len(list(make_client(base_url=wire.base_url, max_pages=30).list_users())) == 300


def test_the_same_page_for_ever_is_an_error_instead_of_a_part_of_the_list(make_client, wire):
    pagination = {"pagination": {"total_entries": 5000, "total_pages": 500}}
    answer = pages(10, lambda _: pagination)
    wire.respond = lambda _: answer("GET /users?page=1 HTTP/1.1")

    with pytest.raises(ra.AtriumError, match=r"repeats itself: pages 2 to 21 had no new entry, and only 10 of 5,000"):
        list(make_client(base_url=wire.base_url).list_users())


@pytest.mark.parametrize(
    "pagination",
    [None, [], "none", {"total_pages": "3", "total_entries": "30"}, {"total_pages": 3.0, "total_entries": 30.0}]
    + [{"total_pages": wrong, "total_entries": wrong} for wrong in (None, True, -1, 1.5, "x", [3], {}, "9" * 5000)]
    + [{"total_pages": 0, "total_entries": 30}, {}],
    ids=str,
)
def test_pagination_of_another_type_costs_no_entry(make_client, wire, pagination):
    answer = pages(10, lambda _: {"pagination": pagination})
    empty = pages(0, lambda _: {"pagination": pagination})
    wire.respond = lambda line: (answer if re.search(r"[?&]page=[123]&", line) else empty)(line)

    assert len(list(make_client(base_url=wire.base_url).list_users())) == 30


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999999", b"1e99999999999999999999"])
def test_a_number_of_pages_that_is_none_costs_no_entry(make_client, wire, number):
    def respond(line):
        entries = b'[{"guid": "USR-1"}]' if "page=1&" in line else b"[]"
        body = b'{"users": %s, "pagination": {"total_pages": %s, "total_entries": %s}}' % (entries, number, number)
        return OK + b"Content-Length: %d\r\n\r\n" % len(body) + body

    wire.respond = respond

    assert list(make_client(base_url=wire.base_url).list_users()) == [{"guid": "USR-1"}]


# --- Memory ---

MEASURED = """
import resource, sys
import rewards_analytics as ra
base_url, path, settings = sys.argv[1], sys.argv[2], eval(sys.argv[3])
with ra.AtriumClient("key-12345", "client-12345", base_url, **settings) as client:
    list(client.list_rewards("USR-1", "MBR-warm"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        list(client.list_rewards("USR-1", path))
    except ra.AtriumError as error:
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, error)
"""

FIELDS = {
    "user_guid": "USR-11111111-2222-3333-4444-555555555555",
    "member_guid": "MBR-11111111-2222-3333-4444-555555555555",
    "account_guid": "ACT-11111111-2222-3333-4444-555555555555",
    "balance_type": "BALANCE",
    "unit_type": "POINTS",
    "balance": 1234.5,
    "expires_on": "2027-01-31",
    "created_at": "2026-01-28T21:09:01+0000",
    "description": "Points of the programme",
}


HUNGRY = {
    "gzip": (lambda _: gzip_bomb(), {}, "max_body_bytes=33_554_432"),
    "gzip in gzip": (lambda _: packed("gzip", "gzip"), {}, "max_body_bytes=33_554_432"),
    "1 GB": (lambda _: LARGE["1 GB"](), {}, "max_body_bytes=33_554_432"),
    "1 GB in one chunk": (lambda _: LARGE["1 GB in one chunk"](), {}, "max_body_bytes=33_554_432"),
    "100 Continue": (
        lambda _: again(b"", b"HTTP/1.1 100 Continue\r\nX: " + b"x" * 60_000 + b"\r\n\r\n", 0),
        {"call_timeout": 2},
        "call_timeout=2",
    ),
    "a header that never ends": (
        lambda _: again(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 60_000, 0),
        {"call_timeout": 2, "retries": 0},
        "the connection was refused or broke",
    ),
    "one page more each time": (
        pages(100, ENDLESS["one page more each time"], "rewards", **FIELDS),
        {"max_pages": 1_500},
        "max_pages=1_500",
    ),
}


@pytest.mark.parametrize(("answer", "settings", "bound"), HUNGRY.values(), ids=HUNGRY)
def test_no_answer_takes_much_memory(answer, settings, bound):
    """Measured in a process of its own. 1,500 pages of 100 rewards are 150 MB as dicts, and ten thousand a gigabyte."""
    empty = pages(0, lambda _: {}, "rewards")
    with Wire() as server:
        server.respond = lambda line: empty(line) if "MBR-warm" in line else answer(line)
        command = [sys.executable, "-c", MEASURED, server.base_url, "MBR-1", repr(settings)]
        run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)

    megabytes, _, error = run.stdout.partition(" ")
    assert bound in error
    assert int(megabytes) < 80
