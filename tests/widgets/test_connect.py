"""The fetch form: its user fetches, answers, and sees rewards or what to do next; no secret is kept."""

import json
import re
import time
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

import ipywidgets as widgets
import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.client import ImageChallenge, ImageOption, ImageOptionsChallenge, Option, OptionsChallenge
from rewards_analytics.errors import ArgumentError
from rewards_analytics.sandbox import Clock, Sandbox, World
from rewards_analytics.widgets.connect.names import Named, members_of
from rewards_analytics.widgets.connect.questions import Choice, Question, question_of
from rewards_analytics.widgets.connect.view import View

TODAY = date(2026, 11, 23)
FETCH_NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "fetch.ipynb"


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


def press(form, name, *given):
    """Do what the page does when a button is pressed, a form is sent or text is typed; return the kernel's answer."""
    answers = []
    form.send = answers.append
    form._handle_custom_msg({"do": name, "with": list(given), "n": 7}, [])
    del form.send
    return answers


def fetch(form, member):
    if member.guid not in form.members.values():
        form.reconnect()  # the member is newer than the form
        form.wait()
        form.choose_user(member.user_guid)
        form.wait()
    form.choose_member(member.guid)
    form.fetch()
    return form.wait()


def answer(form, *answers):
    form.answer(*answers)
    return form.wait()


@pytest.fixture
def member_of_mxbank(sandbox):
    """Make a member of the test institution whose password decides what its job does."""

    def make(password):
        return sandbox.world.create_member(next(iter(sandbox.world.users.values())), "mxbank", password=password)

    return make


def shown(form):
    """What the form shows, as text with its markup."""
    return unescape(form.html)


def words(form):
    """What the form shows, as words."""
    return " ".join(re.sub(r"<[^>]*>", " ", form.html).split())


def buttons(form):
    """The buttons that the form shows, by what they do, with whether each is primary."""
    found = re.findall(r'<button [^>]*class="action( primary)?"[^>]*>([^<]*)<', form.html)
    return {label: bool(primary) for primary, label in found}


def options(form):
    return re.findall(r'role="option".*?<bdi>(.*?)</bdi>', form.html)


# --- Choosing ---


def test_users_are_offered_by_their_names_and_members_by_their_institutions(form, sandbox):
    user = next(iter(sandbox.world.users.values()))

    press(form, "find", user.identifier)
    assert options(form) == [user.identifier]
    press(form, "user", user.guid)
    form.wait()

    assert form.user == user.guid
    assert list(form.members.values()) == user.members
    assert form.member == user.members[0]
    assert user.identifier in words(form)
    assert "MX Bank never fetched" in words(form)
    assert user.guid not in words(form)


def test_thousands_of_users_are_searched_in_any_case_and_not_listed(sandbox, make_client):
    for number in range(1200):
        sandbox.world.create_user(f"person {number}")
    form = ra.connect(make_client())
    form.wait()

    assert len(options(form)) == 50
    assert "1,204 users." in words(form)
    press(form, "find", "PERSON 117")
    assert options(form) == ["person 117", *(f"person 117{digit}" for digit in range(10))]
    assert "11 users match." in words(form)
    press(form, "find", "person")
    assert "1,200 users match, of which the first 50 are listed: type more letters." in words(form)


def test_a_search_without_a_match_says_so_and_leaves_the_form_as_it_was(form):
    press(form, "find", "nobody of this name")

    assert "No user matches." in words(form)
    assert options(form) == []
    assert form.state == "ready"
    press(form, "find", "user-0001")
    assert options(form) == ["user-0001"]


def test_users_with_the_same_name_are_listed_with_their_guids(sandbox, make_client):
    first, second = (sandbox.world.create_user("Ann") for _ in range(2))
    form = ra.connect(make_client())
    form.wait()

    press(form, "find", "ann")

    assert options(form) == [f"Ann ({first.guid})", f"Ann ({second.guid})"]


def test_only_members_of_the_same_institution_have_guids_in_their_labels():
    listed = [
        {"guid": "MBR-1", "name": "MX Bank"},
        {"guid": "MBR-2", "name": "MX Bank"},
        {"guid": "MBR-3", "name": "Aurora Air"},
    ]

    assert [named for named, _ in members_of(listed)] == [
        Named("MX Bank", "MBR-1", "MX Bank (MBR-1)"),
        Named("MX Bank", "MBR-2", "MX Bank (MBR-2)"),
        Named("Aurora Air", "MBR-3", "Aurora Air"),
    ]


def test_nothing_can_be_fetched_before_a_member_is_chosen(form, sandbox):
    press(form, "fetch")

    assert "Fetch rewards" not in buttons(form)
    assert form.state == "ready"
    assert not [call for call in sandbox.requests if call.method == "POST"]


def test_code_that_names_nobody_is_refused(form):
    with pytest.raises(ArgumentError, match="No user matches 'user-9'"):
        form.choose_user("user-9")
    with pytest.raises(ArgumentError, match="No member of the chosen user is 'MBR-9'"):
        form.choose_member("MBR-9")


def test_a_user_without_members_is_reported_and_another_can_be_chosen(form, sandbox, member_of_mxbank):
    sandbox.world.create_user("nobody yet")
    form.reconnect()
    form.wait()

    form.choose_user("nobody yet")
    form.wait()
    assert "nobody yet has no members" in words(form)
    assert "Fetch rewards" not in buttons(form)
    press(form, "change")
    assert "5 users." in words(form)

    assert fetch(form, member_of_mxbank("password")) == "fetched"


def test_a_client_without_users_is_reported(sandbox, make_client):
    sandbox.reset(World(users=0, clock=Clock(TODAY, frozen=True)))
    form = ra.connect(make_client())

    assert form.wait() == "ready"
    assert "This client has no users yet" in words(form)
    assert buttons(form) == {"Reconnect": True}


def test_a_sandbox_on_this_machine_has_a_badge_and_another_host_has_none(form):
    assert f"Sandbox {form.client.base_url.removeprefix('http://')}, on this machine" in words(form)

    assert "Sandbox" not in View(state="ready", sandbox="").html()


# --- Fetching ---


def test_a_fetch_ends_with_the_rewards_as_a_frame_and_as_a_table(form, sandbox, member_of_mxbank):
    member = member_of_mxbank("password")
    assert form.rewards.is_empty()

    assert fetch(form, member) == "fetched"

    assert isinstance(form.rewards, pl.DataFrame)
    assert form.rewards.equals(ra.load(sandbox.world.members[member.guid].rewards))
    assert f"<caption>{len(form.rewards)} rewards" in shown(form)
    assert [step for step, _ in form._job.steps] == [
        "Signing in at MX Bank",
        "Signed in, collecting the rewards",
        "Reading the rewards",
    ]
    assert f"Fetched {len(form.rewards)} rewards of user-0001 at MX Bank" in words(form)
    assert member.guid not in words(form)


def test_one_button_at_a_time_is_primary(form, member_of_mxbank):
    seen = []
    form.observe(lambda _change: seen.append(sum(buttons(form).values())), "html")

    fetch(form, member_of_mxbank("challenge"))
    assert buttons(form) == {"Submit": True, "Stop waiting": False}
    answer(form, "wrong")
    assert buttons(form) == {"Change user": False, "Try again": True}
    fetch(form, member_of_mxbank("password"))
    assert buttons(form) == {"Change user": False, "Fetch rewards": True}

    assert max(seen) == 1


def test_a_job_too_soon_after_the_last_shows_the_age_of_the_rewards(form, member_of_mxbank):
    member = member_of_mxbank("password")
    fetch(form, member)

    assert fetch(form, member) == "fetched"

    fetched_at = datetime(2026, 11, 23, 12, tzinfo=UTC).astimezone()
    assert "MX started no new job" in words(form)
    assert re.search(rf"fetched (today|yesterday|23 Nov 2026) {fetched_at:%H:%M}\.", words(form))
    assert "+0000" not in words(form)
    assert not form.rewards.is_empty()


@pytest.mark.parametrize(
    ("password", "reason"),
    [("UNAUTHORIZED", "the credentials were refused. The user must act"), ("BAD_REQUEST", "the job failed.")],
)
def test_a_job_that_fails_says_why_and_the_form_goes_on(form, member_of_mxbank, password, reason):
    member = member_of_mxbank(password)
    assert fetch(form, member) == "failed"

    assert 'role="alert"' in shown(form)
    assert f"MX Bank: {reason}" in words(form)
    assert form.rewards.is_empty()
    assert fetch(form, member_of_mxbank("password")) == "fetched"
    assert 'class="problem"' not in shown(form)


def test_a_job_that_takes_too_long_says_so_where_a_longer_wait_can_be_chosen(form, member_of_mxbank):
    form.timeout = 5

    assert fetch(form, member_of_mxbank("password")) == "failed"

    assert "MX Bank has not finished after 5 seconds. The job continues at MX: fetch again to join it" in words(form)
    assert '<option value="5.0" selected>5 seconds</option>' in shown(form)
    press(form, "set", "timeout", "60.0")
    assert form.timeout == 60
    press(form, "fetch")
    assert form.wait() == "fetched"


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "soon", True, None])
def test_a_timeout_that_is_no_number_of_seconds_is_refused(form, seconds):
    with pytest.raises(ArgumentError, match="timeout must be a number of seconds above 0"):
        form.timeout = seconds

    assert form.timeout == 300


def test_another_kind_of_job_in_the_way_is_named(form, sandbox, member_of_mxbank):
    member = member_of_mxbank("challenge")
    sandbox.world.start_job(member, "standard")
    form.timeout = 20

    assert fetch(form, member) == "failed"

    assert "Another kind of job is still running for MX Bank" in words(form)
    assert "409" in words(form)


def test_an_institution_without_rewards_is_named(form, sandbox):
    user = next(iter(sandbox.world.users.values()))

    assert fetch(form, sandbox.world.create_member(user, "cedar_union")) == "failed"

    assert "Cedar Credit Union does not support rewards. Choose another member." in words(form)


def test_an_api_that_fails_is_reported_and_the_form_goes_on(sandbox, make_client, member_of_mxbank):
    form = ra.connect(make_client(retries=0))
    form.wait()
    member = member_of_mxbank("password")
    form.reconnect()
    form.wait()
    form.choose_user(member.user_guid)
    form.wait()
    form.choose_member(member.guid)

    sandbox.faults.next("500")
    form.fetch()

    assert form.wait() == "failed"
    assert "The API failed (status 500). Try again in a moment." in words(form)
    form.fetch()
    assert form.wait() == "fetched"


def test_a_sandbox_that_dies_during_a_job_is_reported_and_the_form_reconnects(make_client, member_of_mxbank):
    with Sandbox(world=World(users=1, clock=Clock(TODAY, frozen=True))) as mortal:
        user = next(iter(mortal.world.users.values()))
        member = mortal.world.create_member(user, "mxbank", password="challenge")
        keys = {"api_key": mortal.api_key, "client_id": mortal.client_id, "base_url": mortal.base_url}
        client = make_client(**keys, retries=1, sleep=lambda seconds: mortal.world.advance(seconds=seconds))
        form = ra.connect(client)
        form.wait()
        assert fetch(form, member) == "asking"

    assert answer(form, "correct") == "failed"

    assert "The API did not answer" in words(form)
    assert "127.0.0.1" in words(form)
    assert buttons(form) == {"Change user": False, "Try again": False, "Reconnect": True, "Try the sandbox": False}
    press(form, "sandbox")
    assert form.wait() == "ready"
    assert "12 users." in words(form)
    form.close()


def test_an_api_that_is_gone_when_the_members_are_listed_can_be_reconnected(make_client):
    with Sandbox(users=2) as mortal:
        keys = {"api_key": mortal.api_key, "client_id": mortal.client_id, "base_url": mortal.base_url}
        form = ra.connect(make_client(**keys, retries=0))
        form.wait()

    form.choose_user(form.users[0])

    assert form.wait() == "failed"
    assert "The API did not answer" in words(form)
    assert buttons(form) == {"Change user": False, "Reconnect": True, "Try the sandbox": False}
    form.close()


def test_a_wrong_key_is_reported_and_never_shown(sandbox, make_client):
    form = ra.connect(make_client(api_key="not-the-key-7731"))

    assert form.wait() == "offline"

    assert "The API refused the keys. Check MX_API_KEY" in words(form)
    assert "401" in words(form)
    assert buttons(form) == {"Reconnect": True, "Try the sandbox": False}
    assert "not-the-key-7731" not in json.dumps(widgets.Widget.get_manager_state(), default=str)


def test_waiting_can_be_stopped_while_the_institution_asks(form, member_of_mxbank):
    member = member_of_mxbank("challenge")
    assert fetch(form, member) == "asking"

    press(form, "stop")

    assert form.wait() == "failed"
    assert "Stopped. The job continues at MX" in words(form)
    assert form.questions == ()
    assert fetch(form, member) == "asking"


def test_a_form_that_is_closed_ends_its_job(form, sandbox, member_of_mxbank):
    assert fetch(form, member_of_mxbank("challenge")) == "asking"

    form.close()

    calls = len(sandbox.requests)
    time.sleep(0.3)
    assert len(sandbox.requests) == calls
    assert form.questions == ()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unexpected_error_does_not_leave_the_form_waiting(form, member_of_mxbank, monkeypatch):
    def broken(*_arguments, **_settings):
        raise ZeroDivisionError

    monkeypatch.setattr(form.client, "fetch_rewards", broken)
    assert fetch(form, member_of_mxbank("password")) == "failed"

    assert "You can use the form again" in words(form)
    monkeypatch.undo()
    assert fetch(form, member_of_mxbank("password")) == "fetched"


# --- Asking ---


@pytest.mark.parametrize(
    ("password", "given"),
    [("challenge", "correct"), ("options", "0"), ("image", "correct"), ("image_options", "0")],
)
def test_each_kind_of_question_is_asked_and_answered_in_the_page(form, member_of_mxbank, password, given):
    assert fetch(form, member_of_mxbank(password)) == "asking"
    assert ("<img " in shown(form)) == ("image" in password)
    assert 'data-submit="answer"' in shown(form)

    assert press(form, "answer", "0", given) == [{"done": 7}]

    assert form.wait() == "fetched"
    assert "MX Bank asks a question" in [step for step, _ in form._job.steps]
    assert not form.rewards.is_empty()


def test_a_picture_is_the_button_that_answers_with_it(form, member_of_mxbank):
    fetch(form, member_of_mxbank("image_options"))

    assert re.findall(
        r'<button type="submit"[^>]*name="0" value="(\d)"[^>]*><img alt="" src="data:image/png', shown(form)
    ) == [
        "0",
        "1",
    ]
    assert "Submit" not in buttons(form)


def test_the_values_of_choices_stay_out_of_the_page(form, member_of_mxbank):
    for password in ("options", "image_options"):
        fetch(form, member_of_mxbank(password))
        assert "correct" not in form.html
        form.stop()
        form.wait()


def test_an_answer_may_be_followed_by_another_question(form, member_of_mxbank):
    assert fetch(form, member_of_mxbank("options")) == "asking"
    form.questions[0].options[0].__dict__["value"] = "challenge"

    press(form, "answer", "0", "0")
    assert form.wait() == "asking"

    assert [question.type for question in form.questions] == ["TEXT"]
    assert "refused" not in words(form)
    assert answer(form, "correct") == "fetched"


def test_a_refused_answer_is_reported_and_may_be_tried_again(form, member_of_mxbank):
    member = member_of_mxbank("challenge")
    fetch(form, member)

    assert answer(form, "wrong") == "failed"

    assert "That answer was refused. Try again." in words(form)
    assert member.guid not in words(form).split("Details")[0]
    press(form, "fetch")
    assert form.wait() == "asking"
    assert "refused" not in words(form)
    assert answer(form, "correct") == "fetched"


def test_a_refused_answer_whose_question_is_asked_again_is_tried_again_at_once(form, member_of_mxbank):
    fetch(form, member_of_mxbank("challenge_again"))

    assert answer(form, "wrong") == "asking"

    assert "That answer was refused. Try again." in words(form)
    assert answer(form, "correct") == "fetched"


def test_a_question_left_too_long_has_expired(form, sandbox, member_of_mxbank):
    fetch(form, member_of_mxbank("challenge"))
    sandbox.world.advance(seconds=600)

    assert answer(form, "correct") == "failed"

    assert "MX Bank: a question was not answered in time." in words(form)
    assert buttons(form)["Try again"]


@pytest.mark.parametrize("given", [("0", "  "), ("0", ""), (), ("0",), ("1", "correct")])
def test_a_question_is_not_submitted_without_an_answer(form, member_of_mxbank, given):
    fetch(form, member_of_mxbank("challenge"))

    press(form, "answer", *given)

    assert form.state == "asking"
    assert "Answer every question, then submit" in words(form)
    assert answer(form, "correct") == "fetched"


@pytest.mark.parametrize("number", ["2", "-1", "0.5", "²", "99999999999999", "correct"])
def test_a_choice_that_is_not_there_is_no_answer(form, member_of_mxbank, number):
    fetch(form, member_of_mxbank("options"))

    press(form, "answer", "0", number)

    assert form.state == "asking"
    assert "Answer every question" in words(form)


def test_an_answer_of_code_that_cannot_be_one_is_refused_without_repeating_it(form, member_of_mxbank):
    fetch(form, member_of_mxbank("options"))

    with pytest.raises(ArgumentError, match="not the value of one of its choices") as error:
        form.answer("born-in-Zug-4711")
    with pytest.raises(ArgumentError, match="There are 1 open question, not 2"):
        form.answer("correct", "correct")

    assert "4711" not in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"do": "format the disk", "with": [], "n": 1},
        {"do": "user", "with": ["USR-nobody"], "n": 1},
        {"do": "user", "with": [], "n": 1},
        {"do": "member", "with": ["MBR-nobody"], "n": 1},
        {"do": "set", "with": ["timeout", "1e99"], "n": 1},
        {"do": "set", "with": ["client", "x"], "n": 1},
        {"do": "find", "with": [7], "n": 1},
        {"do": "find", "with": "all", "n": 1},
        {"do": "answer", "with": ["0", "correct"], "n": 1},
        {"do": "__init__", "with": [], "n": 1},
    ],
)
def test_an_event_that_the_form_does_not_have_changes_nothing(form, content):
    before = form.html

    form._handle_custom_msg(content, [])

    assert (form.state, form.html, form.timeout) == ("ready", before, 300)


@pytest.mark.parametrize("ending", ["wrong", "correct"])
def test_no_answer_and_no_key_is_ever_in_a_trait_or_a_message(form, sandbox, member_of_mxbank, ending):
    secret = {"wrong": "born-in-Zug-4711", "correct": "correct"}[ending]
    kept = []
    form.observe(lambda change: kept.append(str(change["new"])), traitlets_of(form))
    fetch(form, member_of_mxbank("challenge"))
    kept += map(str, press(form, "answer", "0", secret))
    assert form.wait() == {"wrong": "failed", "correct": "fetched"}[ending]

    kept.append(json.dumps(widgets.Widget.get_manager_state(), default=str))
    kept.append(repr(vars(form)) + repr(vars(form._job)))

    assert "rewards-connect" in kept[-2]
    assert not [each for each in (secret, sandbox.api_key, sandbox.client_id) if each in " ".join(kept)]


def traitlets_of(form):
    return [name for name in form.trait_names(sync=True) if name not in ("_esm", "_css")]


def test_the_widget_state_that_a_notebook_stores_has_no_answer():
    notebook = json.loads(FETCH_NOTEBOOK.read_text(encoding="utf-8"))
    assert any('form_of_code.answer("correct")' in "".join(cell["source"]) for cell in notebook["cells"])

    stored = notebook["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"].values()
    forms = [each["state"] for each in stored if each["state"].get("_anywidget_id", "").endswith(".Connect")]

    assert any("Sending the answers to the institution" in form["html"] for form in forms)
    assert not [form for form in forms if "correct" in form["html"]]


def test_where_nothing_runs_a_sentence_is_shown_the_same_at_every_run(form, member_of_mxbank):
    before = form.to_html()
    fetch(form, member_of_mxbank("password"))

    assert form.to_html() == before
    assert "The fetch form needs a running kernel" in before
    assert f'data-static-of="{form.key}"' in before


def test_a_fetch_leaves_no_widgets_behind(form, member_of_mxbank):
    def fetch_and_answer():
        fetch(form, member_of_mxbank("image"))
        answer(form, "correct")
        return len(widgets.Widget.get_manager_state()["state"])

    assert fetch_and_answer() == fetch_and_answer()


HOSTILE = "<img src=x onerror=alert(1)> $5 \u202eto $10 {{ 7 * 7 }}"


def test_text_from_outside_is_shown_as_text(sandbox, make_client):
    sandbox.world.create_user(HOSTILE)
    sandbox.world.create_user("x" * 10_000)
    form = ra.connect(make_client())
    form.wait()

    press(form, "find", "onerror")

    assert "<img" not in form.html
    assert options(form) == ["&lt;img src=x onerror=alert(1)&gt; $5 to $10 {{ 7 * 7 }}"]
    press(form, "find", "xxx")
    assert len(options(form)[0]) == 120


def test_a_question_from_outside_is_shown_as_text():
    challenge = OptionsChallenge("C1", "OPTIONS", HOSTILE * 300, options=[Option(HOSTILE, "1"), Option("", "2")])

    question = question_of(challenge)
    html = View(state="asking", questions=[question]).html()

    assert len(question.label) == 500
    assert question.choices[1] == Choice("Choice 2")
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt; $5 to $10" in html
    assert "mathjax_ignore" in html


@pytest.mark.parametrize("data", ["not base64", "data:image/png;base64,A", ""])
def test_a_picture_that_cannot_be_shown_is_reported_and_the_question_still_answered(data):
    one = question_of(ImageChallenge("C1", "IMAGE_DATA", "What is it?", image_data=data))
    many = question_of(
        ImageOptionsChallenge("C2", "IMAGE_OPTIONS", "Which?", image_options=[ImageOption("A", "a", data)])
    )

    html = View(state="asking", questions=[one, many]).html()

    assert one == Question("What is it?", has_picture=True)
    assert html.count("The picture cannot be shown.") == 2
    assert '<input type="radio"' in html
    assert ">Submit<" in html


# --- Keys ---


@pytest.fixture
def no_keys(monkeypatch):
    for name in ("MX_API_KEY", "MX_CLIENT_ID", "MX_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_without_keys_the_form_offers_a_sandbox_that_ends_with_it(no_keys):
    form = ra.connect()
    assert form.wait() == "offline"
    assert "MX_API_KEY and MX_CLIENT_ID are not set" in words(form)
    assert "ask_for_keys()" in words(form)

    assert buttons(form) == {"Try the sandbox": True, "Look for the keys again": False}
    press(form, "sandbox")
    assert form.wait() == "ready"
    form.choose_user(form.users[0])
    form.wait()
    form.fetch()
    assert form.wait() == "asking"
    assert answer(form, "correct") == "fetched"
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


def test_keys_that_are_corrected_in_the_environment_are_used_by_reconnect(sandbox, monkeypatch):
    for name, value in (("API_KEY", "wrong"), ("CLIENT_ID", sandbox.client_id), ("BASE_URL", sandbox.base_url)):
        monkeypatch.setenv(f"MX_{name}", value)
    form = ra.connect()
    assert form.wait() == "offline"

    monkeypatch.setenv("MX_API_KEY", sandbox.api_key)
    press(form, "again")

    assert form.wait() == "ready"
    form.client.close()


def test_an_address_that_is_refused_is_reported_in_the_form(no_keys, monkeypatch):
    for name, value in (("API_KEY", "key"), ("CLIENT_ID", "id"), ("BASE_URL", "http://atrium.example")):
        monkeypatch.setenv(f"MX_{name}", value)

    form = ra.connect()

    assert form.wait() == "offline"
    assert "http://atrium.example" in words(form)
    assert buttons(form) == {"Try the sandbox": True, "Look for the keys again": False}


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
print(form.wait(), len(form.users), "users")
"""
        said = []
        client.execute_interactive(code, stdin_hook=type_key, output_hook=said.append, timeout=60)
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)

    printed = "".join(message["content"]["text"] for message in said if message["msg_type"] == "stream")
    assert asked == [("MX API key: ", True), ("MX client id: ", True)]
    assert "ready 4 users" in printed
    assert sandbox.api_key not in json.dumps(said, default=str)
