"""The keys appear nowhere: not in a repr, a log record, an exception, a traceback with variables, or a file."""

from __future__ import annotations

import copy
import http.client
import io
import itertools
import json
import logging
import pickle
import socket
import sys
import traceback
from base64 import b64encode, urlsafe_b64encode

import pytest
from rich.console import Console
from rich.traceback import Traceback

import rewards_analytics as ra
from rewards_analytics import AtriumClient
from rewards_analytics.client.credentials import Secret
from rewards_analytics.sandbox import Sandbox

KEY = "key-0d4f7a11c9e2"
CLIENT = "client-9b1e55d07f3a"
AUDITORS = []
sys.addaudithook(lambda *event: [auditor(*event) for auditor in tuple(AUDITORS)])  # a hook cannot be removed
SHOWN = (KEY, CLIENT, b64encode(f"{CLIENT}:{KEY}".encode()).decode())


def holds_no_secret(*texts):
    return not [secret for text in texts for secret in SHOWN if secret in str(text)]


@pytest.fixture(scope="module")
def guarded():
    """A sandbox with keys that occur nowhere else."""
    with Sandbox(users=2, api_key=KEY, client_id=CLIENT) as sandbox:
        yield sandbox


@pytest.fixture(params=["atrium", "platform"])
def own_client(guarded, request):
    with AtriumClient(
        KEY, CLIENT, guarded.base_url, dialect=request.param, retries=1, timeout=0.5, sleep=lambda _: None
    ) as client:
        yield client


def failing_calls(client, sandbox, tmp_path):
    """Every kind of failure that a session can have."""
    member = next(iter(sandbox.world.members.values()))
    for fault in ("reset", "truncated", "html", "429", "503", "redirect", "silence"):
        sandbox.faults.next(fault, times=2, on="/users")
        yield lambda: list(client.list_users())
    yield lambda: client.member_status(member.user_guid, "MBR-none")
    yield lambda: client.resume(member.user_guid, member.guid, {"CRD-1": "x"})
    yield lambda: client.list_members("..")
    yield lambda: ra.pull(client, [(member.user_guid, member.guid)], workers=0)
    yield lambda: ra.pull(client, out=tmp_path / "file" / "folder")


def with_variables(error):
    """Traceback as a debugger shows it, with the local variables of every frame of the whole exception chain."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def test_a_session_with_failures_shows_no_key_anywhere(own_client, guarded, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    (tmp_path / "file").write_text("in the way")
    raised = []

    for call in failing_calls(own_client, guarded, tmp_path):
        with pytest.raises(ra.RewardsError) as failure:
            call()
        raised.append(failure.value)
    pulled = ra.pull(own_client, out=tmp_path / "pulled")

    assert len(raised) == 12
    assert any(record.name.startswith("urllib3") for record in caplog.records)
    assert holds_no_secret(*[record.getMessage() for record in caplog.records], *[vars(r) for r in caplog.records])
    assert holds_no_secret(*raised, *map(repr, raised), *[vars(error) for error in raised])
    assert holds_no_secret(*map(with_variables, raised))
    assert holds_no_secret(own_client, repr(own_client), vars(own_client), repr(pulled), vars(pulled))
    files = [path.read_bytes().decode("latin-1") for path in (tmp_path / "pulled").iterdir()]
    assert files
    assert holds_no_secret(*files)


def test_no_exception_leads_to_the_request_that_carried_the_keys(own_client, guarded):
    guarded.faults.next("reset", times=2)

    with pytest.raises(ra.AtriumError) as failure:
        list(own_client.list_users())

    assert failure.value.__cause__ is None
    assert failure.value.__context__ is None


def test_a_key_that_a_server_echoes_is_removed_from_the_message():
    with Sandbox(users=0, api_key=KEY, client_id=CLIENT) as sandbox:
        client = AtriumClient(KEY, CLIENT, sandbox.base_url)
        with pytest.raises(ra.NotFoundError, match=r"There is no user \*\*\*") as refusal:
            list(client.list_members(KEY))
        client.close()

    assert KEY not in str(refusal.value).partition("answered")[2]


@pytest.mark.parametrize("dialect", ["atrium", "platform"])
@pytest.mark.parametrize("padding", [0, 110, 118])
def test_keys_that_a_server_echoes_anywhere_are_never_shown(wire, dialect, padding):
    echo = f"{'.' * padding}{KEY} {CLIENT} {SHOWN[2]}"
    wire.answers = [
        f"HTTP/1.1 500 X\r\nConnection: close\r\nX-Request-ID: {echo}\r\nContent-Type: {echo}\r\n\r\n{body}".encode()
        for body in (echo, json.dumps({"error": {"message": echo}}))
    ]
    client = AtriumClient(KEY, CLIENT, wire.base_url, dialect=dialect, retries=0)

    for _ in range(2):
        with pytest.raises(ra.AtriumError, match="answered 500") as failure:
            list(client.list_users())
        own = failure.value.with_traceback(failure.value.__traceback__.tb_next)
        assert holds_no_secret(own, vars(own), with_variables(own))
        assert KEY[:5] not in str(own)
    client.close()


def test_a_secret_hides_itself_and_still_signs():
    secret = Secret(KEY)

    assert holds_no_secret(secret, repr(secret), f"{secret}", f"{secret:>50}", "%s" % secret, [secret], {"k": secret})  # noqa: UP031
    assert secret.encode() == KEY.encode()
    assert secret.reveal() == KEY


def test_no_part_of_a_secret_is_shown():
    secret = Secret(KEY)
    parts = [secret[:5], secret[0], secret + "", "" + secret, secret * 2, "".join(secret), secret.upper(), *secret]

    assert json.dumps([secret, {"key": secret}]) == '["***", {"key": "***"}]'
    assert set("".join(parts)) == {"*"}
    assert f"{secret!s} {secret!r} {secret!a} {secret:.3}" == "*** '***' '***' ***"
    assert not any(KEY[:5] in repr(getattr(secret, name)) for name in dir(secret) if name != "reveal")


@pytest.mark.parametrize("dialect", ["atrium", "platform"])
def test_a_signed_request_holds_no_key_until_it_is_sent(wire, dialect):
    """Whatever looks at the request on its way (a log, an audit hook, a debugger) sees no key."""
    wire.answers = [b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"]
    seen = []

    def audit(event, arguments):
        if event.startswith("http.client"):
            frames = [sys._getframe(2)]
            while frames[-1].f_back is not None:
                frames.append(frames[-1].f_back)
            library = [
                frame
                for frame in frames
                if "packages" in frame.f_code.co_filename or "http" in frame.f_code.co_filename
            ]
            seen.append((event, repr(arguments), *(repr(dict(frame.f_locals)) for frame in library)))

    AUDITORS.append(audit)
    try:
        with AtriumClient(KEY, CLIENT, wire.base_url, dialect=dialect) as client:
            client._transport.get("users")
    finally:
        AUDITORS.remove(audit)

    assert {event for event, *_ in seen} == {"http.client.connect", "http.client.send"}
    assert len(seen[1]) > 5
    assert holds_no_secret(*itertools.chain(*seen))
    (request,) = wire.requests
    assert (KEY if dialect == "atrium" else SHOWN[2]) in request.decode()


@pytest.mark.parametrize("dialect", ["atrium", "platform"])
def test_debug_output_of_the_standard_library_shows_no_key(wire, dialect, monkeypatch, capsys, caplog):
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    caplog.set_level(logging.DEBUG)
    wire.answers = [b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"]

    with AtriumClient(KEY, CLIENT, wire.base_url, dialect=dialect) as client:
        client._transport.get("users")

    assert holds_no_secret(*capsys.readouterr(), caplog.text)
    assert "GET /users" in caplog.text


def fail_to_send(monkeypatch, fault):
    """Let sending a request fail. Other sockets go on: Spark's cleans up in any thread, whenever it likes."""
    send = socket.socket.sendall

    def sendall(own, data, *flags):
        if b" HTTP/1.1" in bytes(data):
            fault()
        return send(own, data, *flags)

    monkeypatch.setattr(socket.socket, "sendall", sendall)


@pytest.mark.parametrize("dialect", ["atrium", "platform"])
@pytest.mark.parametrize(
    "kind", [RuntimeError, MemoryError, RecursionError, SystemExit, KeyboardInterrupt, AssertionError]
)
def test_an_error_from_anywhere_within_a_call_shows_no_key(guarded, dialect, kind, monkeypatch):
    def stopped():
        try:
            raise OSError
        except OSError:
            raise kind from None

    fail_to_send(monkeypatch, stopped)

    with pytest.raises(kind) as stop, AtriumClient(KEY, CLIENT, guarded.base_url, dialect=dialect) as client:
        list(client.list_users())

    # The first frame is this test's own.
    own = stop.value.with_traceback(stop.value.__traceback__.tb_next)
    assert holds_no_secret(with_variables(own), with_rich(own))
    assert own.__context__ is None


def with_rich(error):
    """Traceback as rich shows it, with local variables."""
    console = Console(width=200, file=io.StringIO())
    console.print(Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True))
    return console.file.getvalue()


ECHOES = {
    "base64 of the key": b64encode(KEY.encode()).decode(),
    "base64 of the client id": b64encode(CLIENT.encode()).decode(),
    "base64 of both": b64encode(f"{CLIENT}:{KEY}".encode()).decode(),
    "base64 of a longer text": b64encode(f"the key {KEY} is wrong".encode()).decode(),
    "base64 one further": b64encode(f"a key {KEY} is wrong".encode()).decode(),
    "base64 two further": b64encode(f"key {KEY} is wrong".encode()).decode(),
    "base64 for an address": urlsafe_b64encode(f"?>{KEY}?>".encode()).decode(),
    "hex": KEY.encode().hex(),
    "capitals": KEY.upper(),
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize("dialect", ["atrium", "platform"])
def test_an_encoded_echo_of_a_key_is_removed(wire, dialect, echo):
    wire.answers = [
        f"HTTP/1.1 400 X\r\nConnection: close\r\nX-Request-ID: {echo}\r\nContent-Type: {echo}\r\n\r\n{body}".encode()
        for body in (
            echo,
            json.dumps({"error": {"message": f"No: {echo}."}}),
            json.dumps({echo: 1})[:-1] + f', "{echo}": 2}}',
        )
    ]
    client = AtriumClient(KEY, CLIENT, wire.base_url, dialect=dialect, retries=0)

    for _ in range(3):
        with pytest.raises(ra.AtriumError, match=r"answered 400: .*\*\*\*") as failure:
            list(client.list_users())
        middle = echo[len(echo) // 2 - 3 : len(echo) // 2 + 3]  # of nothing but the key
        assert middle not in str(failure.value)
        assert middle not in str(failure.value.request_id)
    client.close()


def test_an_echo_that_is_cut_shows_no_part_of_a_key(wire):
    """Also where the redacted beginning is so short that the place where the body was cut is quoted."""
    key = "k3y-" + "0123456789abcdef" * 8
    body = key * 40
    for padding in range(0, len(key), 7):
        wire.answers.append(f"HTTP/1.1 400 X\r\nConnection: close\r\n\r\n{' ' * padding}{body}".encode())
    client = AtriumClient(key, CLIENT, wire.base_url, retries=0)

    for _ in range(0, len(key), 7):
        with pytest.raises(ra.AtriumError) as failure:
            list(client.list_users())
        assert "k3y" not in str(failure.value)
        assert "0123" not in str(failure.value)
    client.close()


def test_a_socks_proxy_is_refused_because_the_keys_would_not_be_put_in(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")

    with (
        pytest.raises(ra.AtriumError, match=r"could not be sent \(InvalidProxyURL\)"),
        AtriumClient(KEY, CLIENT, "https://host.invalid") as client,
    ):
        list(client.list_users())


@pytest.mark.parametrize("copied", [pickle.dumps, copy.deepcopy])
def test_neither_a_client_nor_its_signature_can_be_copied(own_client, copied):
    for holder in (own_client, own_client._transport, own_client._transport._signature, Secret(KEY)):
        with pytest.raises(TypeError):
            copied(holder)


def test_an_interrupt_while_the_keys_are_being_sent_does_not_show_them(own_client, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    fail_to_send(monkeypatch, interrupted)

    with pytest.raises(KeyboardInterrupt) as stop:
        list(own_client.list_users())

    assert "list_users" in with_variables(stop.value)
    assert holds_no_secret(with_variables(stop.value))


@pytest.mark.parametrize("key", ["", " key", "key\n", "key\r\nX: y", "kéy", "a b", None, 5])
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(key):
    with pytest.raises(ra.CredentialsError, match="API key") as refusal:
        AtriumClient(key, CLIENT)

    assert not key or repr(key) not in str(refusal.value)


@pytest.mark.parametrize(
    "settings", [{"api_key": f"{KEY}\n"}, {"timeout": 0}, {"dialect": "other"}, {"base_url": "ftp:"}]
)
def test_a_client_that_cannot_be_created_shows_no_key_in_its_traceback(settings):
    with pytest.raises(ra.ArgumentError) as refusal:
        AtriumClient(**({"api_key": KEY, "client_id": CLIENT} | settings))

    # The first frame is this test's own.
    inner = refusal.value.with_traceback(refusal.value.__traceback__.tb_next)
    assert holds_no_secret(with_variables(inner))


# --- Where the keys come from ---


@pytest.fixture
def no_keys(monkeypatch):
    for name in ("MX_API_KEY", "MX_CLIENT_ID", "MX_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_keys_and_address_come_from_the_environment(guarded, monkeypatch):
    monkeypatch.setenv("MX_API_KEY", KEY)
    monkeypatch.setenv("MX_CLIENT_ID", CLIENT)
    monkeypatch.setenv("MX_BASE_URL", guarded.base_url)

    with AtriumClient.from_env() as client:
        assert len(list(client.list_users())) == 2


@pytest.mark.usefixtures("no_keys")
def test_missing_keys_are_named(monkeypatch):
    with pytest.raises(ra.CredentialsError, match="MX_API_KEY and MX_CLIENT_ID are not set"):
        AtriumClient.from_env()

    monkeypatch.setenv("MX_API_KEY", KEY)
    with pytest.raises(ra.CredentialsError, match=r"^MX_CLIENT_ID is not set") as refusal:
        AtriumClient.from_env()
    assert holds_no_secret(refusal.value, with_variables(refusal.value))


@pytest.fixture
def keyring(tmp_path, monkeypatch):
    """A small stand-in for the package, which keeps its passwords in a JSON file."""
    package = tmp_path / "keyring"
    package.mkdir()
    (package / "errors.py").write_text("class KeyringError(Exception): ...\n")
    (package / "__init__.py").write_text(
        "import json, pathlib\n"
        "from keyring.errors import KeyringError\n"
        "def get_password(service, name):\n"
        "    file = pathlib.Path(__file__).with_name('passwords.json')\n"
        "    if not file.exists(): raise KeyringError('locked')\n"
        "    return json.loads(file.read_text()).get(f'{service} {name}')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield package / "passwords.json"
    for name in ("keyring", "keyring.errors"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("no_keys")
def test_keys_come_from_the_keyring_if_it_is_installed(guarded, keyring):
    keyring.write_text(json.dumps({"rewards-analytics MX_API_KEY": KEY, "rewards-analytics MX_CLIENT_ID": CLIENT}))

    with AtriumClient.from_env(base_url=guarded.base_url) as client:
        assert len(list(client.list_users())) == 2


@pytest.mark.usefixtures("no_keys", "keyring")
def test_a_locked_keyring_counts_as_none():
    with pytest.raises(ra.CredentialsError, match="MX_API_KEY and MX_CLIENT_ID are not set"):
        AtriumClient.from_env()
