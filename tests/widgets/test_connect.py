"""The fetch form: its user fetches, answers, and sees rewards or what to do next; no secret is kept."""

import json
from datetime import date
from html import unescape

import ipywidgets as widgets
import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.client import ImageChallenge, ImageOption, ImageOptionsChallenge, Option, OptionsChallenge
from rewards_analytics.sandbox import Clock, Sandbox, World
from rewards_analytics.widgets.connect.questions import Question

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def running_sandbox():
    with Sandbox(users=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox):
    """A world whose clock stands still but for the client's waits. A job takes ten seconds."""
    running_sandbox.reset(World(users=4, clock=Clock(TODAY, frozen=True), job_time=10))
    return running_sandbox


@pytest.fixture
def make_client(sandbox):
    clients = []

    def make(**settings):
        keys = {"api_key": sandbox.api_key, "client_id": sandbox.client_id, "base_url": sandbox.base_url}
        time = {
            "sleep": lambda seconds: sandbox.world.advance(seconds=seconds),
            "clock": lambda: sandbox.world.clock.now().timestamp(),
        }
        clients.append(ra.AtriumClient(**(keys | time | settings)))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def form(make_client):
    form = ra.connect(make_client())
    assert form.wait() == "ready"
    yield form
    form.close()


def choose(form, member):
    form.user.value = member.user_guid
    form.wait()
    form.member.value = member.guid


def fetch(form, member):
    if member.guid not in [guid for _, guid in form.member.options]:
        # The member is newer than the form.
        form.again.click()
        form.wait()
    choose(form, member)
    form.fetch.click()
    return form.wait()


def submit(form, *answers):
    for question, answer in zip(form.questions, answers, strict=True):
        question.field.value = answer
    form.submit.click()
    return form.wait()


@pytest.fixture
def member_of_mxbank(sandbox):
    """Make a member of the test institution whose password decides what its job does."""

    def make(password):
        return sandbox.world.create_member(next(iter(sandbox.world.users.values())), "mxbank", password=password)

    return make


def every_widget(widget):
    return [widget, *(inner for child in getattr(widget, "children", ()) for inner in every_widget(child))]


def shown(form):
    """All HTML that the form shows, as text with its markup."""
    return unescape("".join(w.value for w in every_widget(form) if isinstance(w, widgets.HTML)))


# --- Choosing ---


def test_users_are_offered_by_their_names_and_members_by_their_institutions(form, sandbox):
    user = next(iter(sandbox.world.users.values()))

    form.user.value = user.identifier
    form.wait()

    assert list(form.user.options) == [user.identifier]
    assert [guid for _, guid in form.member.options] == user.members
    assert form.member.options[0][0].startswith("MX Bank (MBR-")


def test_thousands_of_users_are_searched_and_not_listed(sandbox, make_client):
    for number in range(1200):
        sandbox.world.create_user(f"person {number}")
    form = ra.connect(make_client())
    form.wait()

    assert len(form.user.options) == 50
    assert form.user.placeholder.startswith("1,204 users")
    form.user.value = "PERSON 117"
    assert list(form.user.options) == ["person 117", *(f"person 117{digit}" for digit in range(10))]
    assert "11 users match" in shown(form)


def test_users_with_the_same_name_are_listed_with_their_guids(sandbox, make_client):
    first, second = (sandbox.world.create_user("Ann") for _ in range(2))
    form = ra.connect(make_client())
    form.wait()

    form.user.value = "ann"

    assert list(form.user.options) == [f"Ann ({first.guid})", f"Ann ({second.guid})"]


def test_nothing_can_be_fetched_before_a_member_is_chosen(form, sandbox):
    form.fetch.click()

    assert form.fetch.disabled
    assert form.state == "ready"
    assert not [call for call in sandbox.requests if call.method == "POST"]


def test_a_user_without_members_is_reported_and_another_can_be_chosen(form, sandbox, make_client, member_of_mxbank):
    sandbox.world.create_user("nobody yet")
    form.again.click()
    form.wait()

    form.user.value = "nobody yet"
    form.wait()
    assert "nobody yet has no members" in shown(form)

    assert fetch(form, member_of_mxbank("password")) == "fetched"


def test_a_client_without_users_is_reported(sandbox, make_client):
    sandbox.reset(World(users=0, clock=Clock(TODAY, frozen=True)))
    form = ra.connect(make_client())

    assert form.wait() == "ready"
    assert "This client has no users yet" in shown(form)


# --- Fetching ---


def test_a_fetch_ends_with_the_rewards_as_a_frame_and_as_a_table(form, sandbox, member_of_mxbank):
    member = member_of_mxbank("password")
    assert form.rewards.is_empty()

    assert fetch(form, member) == "fetched"

    assert isinstance(form.rewards, pl.DataFrame)
    assert form.rewards.equals(ra.load(sandbox.world.members[member.guid].rewards))
    assert f"<caption>{len(form.rewards)} rewards" in shown(form)
    assert "<code>CREATED</code> (new, aggregating)" in shown(form)
    assert "<code>CONNECTED</code> (done)" in shown(form)


def test_a_job_too_soon_after_the_last_shows_the_age_of_the_rewards(form, member_of_mxbank):
    member = member_of_mxbank("password")
    fetch(form, member)

    assert fetch(form, member) == "fetched"

    assert "MX started no new job" in shown(form)
    assert "rewards of 2026-11-23T12:00:00+0000" in shown(form)
    assert not form.rewards.is_empty()


@pytest.mark.parametrize(("password", "state"), [("UNAUTHORIZED", "DENIED"), ("BAD_REQUEST", "FAILED")])
def test_a_job_that_fails_says_why_and_the_form_goes_on(form, member_of_mxbank, password, state):
    assert fetch(form, member_of_mxbank(password)) == "failed"

    assert 'role="alert"' in shown(form)
    assert f" is {state}: " in shown(form)
    assert form.rewards.is_empty()
    assert fetch(form, member_of_mxbank("password")) == "fetched"
    assert 'role="alert"' not in shown(form)


def test_a_job_that_takes_too_long_says_so(form, member_of_mxbank):
    form.timeout = 5

    assert fetch(form, member_of_mxbank("password")) == "failed"

    assert "after 5 s. The job continues at MX: fetch again to join it" in shown(form)
    assert fetch(form, member_of_mxbank("password")) == "failed"


def test_another_kind_of_job_in_the_way_is_named(form, sandbox, member_of_mxbank):
    member = member_of_mxbank("challenge")
    sandbox.world.start_job(member, "standard")
    form.timeout = 20

    assert fetch(form, member) == "failed"

    assert "409" in shown(form)
    assert "Wait until member_status() says that it has ended" in shown(form)


def test_a_sandbox_that_dies_during_a_job_is_reported_and_the_form_reconnects(make_client, member_of_mxbank):
    with Sandbox(world=World(users=1, clock=Clock(TODAY, frozen=True))) as mortal:
        user = next(iter(mortal.world.users.values()))
        member = mortal.world.create_member(user, "mxbank", password="challenge")
        keys = {"api_key": mortal.api_key, "client_id": mortal.client_id, "base_url": mortal.base_url}
        client = make_client(**keys, retries=1, sleep=lambda seconds: mortal.world.advance(seconds=seconds))
        form = ra.connect(client)
        form.wait()
        assert fetch(form, member) == "asking"

    assert submit(form, "correct") == "failed"

    assert 'role="alert"' in shown(form)
    assert "127.0.0.1" in shown(form)
    assert form._connection.layout.display is None
    form.sandbox.click()
    assert form.wait() == "ready"
    assert form.user.placeholder.startswith("12 users")
    form.close()


def test_a_wrong_key_is_reported_and_never_shown(sandbox, make_client):
    form = ra.connect(make_client(api_key="not-the-key-7731"))

    assert form.wait() == "offline"

    assert "401" in shown(form)
    assert "Check MX_API_KEY" in shown(form)
    assert form.fetch.disabled
    assert "not-the-key-7731" not in json.dumps(widgets.Widget.get_manager_state(), default=str)


def test_waiting_can_be_stopped_while_the_institution_asks(form, member_of_mxbank):
    member = member_of_mxbank("challenge")
    assert fetch(form, member) == "asking"

    form.stop.click()

    assert form.wait() == "failed"
    assert "Stopped. The job continues at MX" in shown(form)
    assert form.questions == ()
    assert fetch(form, member) == "asking"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unexpected_error_does_not_leave_the_form_waiting(form, member_of_mxbank):
    form.timeout = "soon"

    assert fetch(form, member_of_mxbank("password")) == "failed"

    assert "You can use the form again" in shown(form)
    form.timeout = 300.0
    assert fetch(form, member_of_mxbank("password")) == "fetched"


# --- Asking ---


@pytest.mark.parametrize(
    ("password", "field", "answer"),
    [
        ("challenge", widgets.Text, "correct"),
        ("options", widgets.RadioButtons, 0),
        ("image", widgets.Text, "correct"),
        ("image_options", widgets.RadioButtons, 0),
    ],
)
def test_each_kind_of_question_is_asked_and_answered(form, member_of_mxbank, password, field, answer):
    assert fetch(form, member_of_mxbank(password)) == "asking"
    assert type(form.questions[0].field) is field
    assert ("<img " in shown(form)) == ("image" in password)

    assert submit(form, answer) == "fetched"

    assert "<code>CHALLENGED</code> (the institution asks a question)" in shown(form)
    assert not form.rewards.is_empty()


def test_an_answer_may_be_followed_by_another_question(form, member_of_mxbank):
    assert fetch(form, member_of_mxbank("options")) == "asking"
    form.questions[0].challenge.options[0].__dict__["value"] = "challenge"

    assert submit(form, 0) == "asking"

    assert [question.challenge.type for question in form.questions] == ["TEXT"]
    assert submit(form, "correct") == "fetched"


def test_a_wrong_answer_is_reported(form, member_of_mxbank):
    fetch(form, member_of_mxbank("challenge"))

    assert submit(form, "wrong") == "failed"

    assert "the institution refused the answers. Fetch again to try once more" in shown(form)


def test_an_answer_that_comes_right_after_the_click_on_submit_is_sent(form, member_of_mxbank):
    fetch(form, member_of_mxbank("challenge"))
    field = form.questions[0].field
    form.submit.click()
    assert form.state == "asking"

    field.value = "correct"

    assert form.wait() == "fetched"


def test_an_answer_that_comes_long_after_waits_for_another_click(form, member_of_mxbank, monkeypatch):
    monkeypatch.setattr("rewards_analytics.widgets.connect.form._LATE_S", 0.0)
    fetch(form, member_of_mxbank("challenge"))
    form.submit.click()

    form.questions[0].field.value = "correct"

    assert form.state == "asking"
    assert submit(form, "correct") == "fetched"


def test_a_question_is_not_submitted_without_an_answer(form, member_of_mxbank):
    fetch(form, member_of_mxbank("challenge"))

    assert submit(form, "  ") == "asking"

    assert "Answer every question, then submit" in shown(form)
    assert submit(form, "correct") == "fetched"


def test_no_answer_and_no_key_is_kept_in_any_widget(form, sandbox, member_of_mxbank):
    fetch(form, member_of_mxbank("challenge"))
    field = form.questions[0].field
    assert submit(form, "born-in-Zug-4711") == "failed"

    kept = json.dumps(widgets.Widget.get_manager_state(), default=str)

    assert "rewards-connect" in kept
    assert field.value == ""
    assert not [secret for secret in ("born-in-Zug-4711", sandbox.api_key, sandbox.client_id) if secret in kept]


def test_questions_that_were_answered_leave_no_widgets_behind(form, member_of_mxbank):
    def fetch_and_answer():
        fetch(form, member_of_mxbank("image"))
        submit(form, "correct")
        return len(widgets.Widget.get_manager_state()["state"])

    assert fetch_and_answer() == fetch_and_answer()


def test_text_from_an_institution_is_escaped():
    hostile = "<img src=x onerror=alert(1)>"

    question = Question(OptionsChallenge("C1", "OPTIONS", hostile, options=[Option(hostile, "1")]))

    assert "&lt;img src=x" in question.box.children[0].value
    assert question.field.options == ((f"1. {hostile}", 0),)


@pytest.mark.parametrize("data", ["not base64", "data:image/png;base64,A"])
def test_a_picture_that_cannot_be_shown_is_reported_and_the_question_still_answered(data):
    one = Question(ImageChallenge("C1", "IMAGE_DATA", "What is it?", image_data=data))
    many = Question(ImageOptionsChallenge("C2", "IMAGE_OPTIONS", "Which?", image_options=[ImageOption("A", "a", data)]))
    many.field.value = 0

    assert "cannot be shown" in one.box.children[1].value
    assert many.answer == "a"


# --- Keys ---


@pytest.fixture
def no_keys(monkeypatch):
    for name in ("MX_API_KEY", "MX_CLIENT_ID", "MX_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_without_keys_the_form_offers_a_sandbox_that_ends_with_it(no_keys):
    form = ra.connect()
    assert form.wait() == "offline"
    assert "MX_API_KEY and MX_CLIENT_ID are not set" in shown(form)
    assert "ask_for_keys()" in shown(form)

    form.sandbox.click()
    assert form.wait() == "ready"
    form.user.value = form.user.options[0]
    form.wait()
    form.fetch.click()
    assert form.wait() == "asking"
    assert submit(form, "correct") == "fetched"
    client = form.client
    form.close()

    with pytest.raises(ra.AtriumError):
        next(client.list_users())


def test_keys_of_the_environment_are_used(sandbox, monkeypatch):
    for name, value in (("API_KEY", sandbox.api_key), ("CLIENT_ID", sandbox.client_id), ("BASE_URL", sandbox.base_url)):
        monkeypatch.setenv(f"MX_{name}", value)
    form = ra.connect()

    assert form.wait() == "ready"
    assert form.client.base_url == sandbox.base_url
    form.client.close()


def test_keys_are_asked_for_unseen_in_a_kernel_and_buttons_work_while_a_job_waits(sandbox):
    manager = pytest.importorskip("jupyter_client.manager", reason='pip install "rewards-analytics[lab]"')
    pytest.importorskip("ipykernel")
    kernel, client = manager.start_new_kernel(
        startup_timeout=60, extra_arguments=["--InteractiveShell.history_load_length=0"]
    )
    try:
        asked = []

        def type_key(message):
            asked.append((message["content"]["prompt"], message["content"]["password"]))
            client.input(sandbox.api_key if "key" in message["content"]["prompt"] else sandbox.client_id)

        code = f"""
import os, rewards_analytics as ra
os.environ["MX_BASE_URL"] = {sandbox.base_url!r}
form = ra.connect()
form.ask_for_keys()
print(form.wait(), form.user.placeholder)
"""
        said = []
        client.execute_interactive(code, stdin_hook=type_key, output_hook=said.append, timeout=60)
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)

    printed = "".join(message["content"]["text"] for message in said if message["msg_type"] == "stream")
    assert asked == [("MX API key: ", True), ("MX client id: ", True)]
    assert "ready 4 users: type to choose one" in printed
    assert sandbox.api_key not in json.dumps(said, default=str)
