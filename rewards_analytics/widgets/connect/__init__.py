"""The fetch form: choose a member, watch the job, answer the institution's questions, see the rewards.

The form itself is here; `questions` is what an institution asks, `views` what is shown as HTML, `practice` the sandbox
that is offered where there are no keys.

The API is spoken with in a thread, so that the kernel stays free to hear the buttons. When an institution asks, that
thread waits for the Submit button. A key or an answer is a secret, and what a widget holds is saved with the notebook:
so keys come from the environment or `getpass`, and a question is emptied and closed when its answer is sent.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from functools import partial
from getpass import getpass
from math import inf
from threading import Event, RLock, Thread
from time import monotonic
from typing import Any, Final

import ipywidgets as widgets

from rewards_analytics.client import AtriumClient, Challenge
from rewards_analytics.errors import AtriumError, CredentialsError, RewardsError
from rewards_analytics.loading import load
from rewards_analytics.widgets.connect import views
from rewards_analytics.widgets.connect.practice import Practice
from rewards_analytics.widgets.connect.questions import Question
from rewards_analytics.wording import count, one_line

MOST_OFFERED: Final = 50
"""Users offered while one is typed: a list of thousands would make the page slow."""

NOT_CONNECTED: Final = frozenset({None, 401, 403})
"""Statuses of an answer after which another connection may help; None is no answer at all."""

_BUSY: Final = frozenset({"connecting", "reading", "fetching"})
_UNDER_WAY: Final = frozenset({"fetching", "asking"})
_LATE_S: Final = 2.0
"""Seconds after a click on Submit in which an answer still counts as given before it."""
_STYLE: Final = {"description_width": "5em"}
_WIDE: Final = {"width": "36em", "max_width": "100%"}
_ROW: Final = {"flex_flow": "row wrap"}
_UNEXPECTED: Final = (
    "Something went wrong that this form does not know. The traceback is in the notebook's log (View, Show Log "
    "Console). The form can be used again."
)


def connect(client: AtriumClient | None = None) -> Connect:
    """Make a form to fetch a member's rewards while the end user is present.

    Parameters
    ----------
    client
        Client to fetch with. If None, its keys come from the environment (see `AtriumClient.from_env`); where there
        are none, the form offers a sandbox, and its `ask_for_keys()` asks for them unseen.

    Returns
    -------
    A widget for JupyterLab, an `ipywidgets.VBox`. After a fetch, its `.rewards` is the frame.

    Examples
    --------
    >>> from rewards_analytics import AtriumClient
    >>> from rewards_analytics.sandbox import Sandbox
    >>> with Sandbox() as sandbox, AtriumClient(sandbox.api_key, sandbox.client_id, sandbox.base_url) as client:
    ...     form = connect(client)
    ...     form.wait()
    'ready'
    >>> form.user.options[:2]
    ('user-0001', 'user-0002')
    """
    return Connect(client)


class Connect(widgets.VBox):  # type: ignore[misc]
    """The fetch form. Everything that a reader does in it can be done from code: set values, `click()`, `wait()`.

    Attributes
    ----------
    state
        `connecting`, `offline` (no keys, or the API refuses them), `reading` (the members of a user), `ready`,
        `fetching`, `asking`, `fetched` or `failed`.
    rewards
        Rewards of the member that was fetched last, a Polars frame as `load` gives it; empty before.
    user, member
        Whose rewards to fetch: the user's name or guid, the member's guid.
    fetch, submit, stop, sandbox, again
        The buttons. `submit` sends the answers to `questions`, `stop` leaves the job to itself, `sandbox` connects to
        a sandbox on this machine, `again` connects once more.
    questions
        The questions that are open, each with its `challenge` and the `field` to answer in.
    timeout
        Seconds that a job may take, beside the time of the user.
    client
        The client in use, None while there is none.
    """

    def __init__(self, client: AtriumClient | None = None) -> None:
        self.state = "connecting"
        self.rewards = load([])
        self.questions: list[Question] = []
        self.timeout = 300.0
        self.client = client
        self._practice: Practice | None = None
        self._names: dict[str, str] = {}
        self._user_guid: str | None = None
        self._seen: list[str] = []
        self._answers: Mapping[str, str] = {}
        self._submit_until = -inf
        self._stopped = False
        self._turn = 0
        self._lock = RLock()
        self._settled, self._answered = Event(), Event()
        self._make_controls()
        super().__init__(
            children=[
                widgets.HTML(views.style(), layout=widgets.Layout(display="none")),
                self._status,
                self._start,
                self.user,
                self.member,
                widgets.HBox([self.fetch, self.stop], layout=widgets.Layout(**_ROW)),
                self._asked,
                self._states,
                self._table,
            ]
        )
        self.add_class("rewards-connect")
        self._connect()

    def _make_controls(self) -> None:
        self.user = widgets.Combobox(description="User", style=_STYLE, layout=widgets.Layout(**_WIDE))
        self.member = widgets.Dropdown(description="Member", style=_STYLE, layout=widgets.Layout(**_WIDE))
        self.fetch = widgets.Button(description="Fetch rewards", button_style="primary")
        self.stop = widgets.Button(description="Stop waiting")
        self.submit = widgets.Button(description="Submit", button_style="primary")
        self.sandbox = widgets.Button(description="Try it on a sandbox", layout=widgets.Layout(width="auto"))
        self.again = widgets.Button(description="Connect again", layout=widgets.Layout(width="auto"))
        self._status, self._states, self._table = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._start = widgets.HBox([self.sandbox, self.again], layout=widgets.Layout(**_ROW))
        self._asked = widgets.VBox()
        self.user.observe(self._choose_user, "value")
        self.fetch.on_click(self._fetch)
        self.stop.on_click(self._stop)
        self.submit.on_click(self._submit)
        self.sandbox.on_click(self._use_a_sandbox)
        self.again.on_click(self._connect)

    def __repr__(self) -> str:
        """Say what it is, without its state: the same text at every run of a notebook."""
        return "Connect()"

    def ask_for_keys(self) -> None:
        """Ask for the API key and the client id below the running cell, unseen and unsaved, and connect.

        The address is that of `MX_BASE_URL`, or MX's development host.
        """
        self.client = AtriumClient(getpass("MX API key: "), getpass("MX client id: "), os.environ.get("MX_BASE_URL"))
        self._connect()

    def wait(self, timeout: float = 60.0) -> str:
        """Wait until the form needs its reader, and give its `state`. It is for code that drives the form."""
        if not self._settled.wait(timeout):
            raise TimeoutError(f"The form is still {self.state} after {timeout:g} s. Wait again, or call stop.click().")
        return self.state

    def close(self) -> None:
        """Leave a running job to itself, end the sandbox if this form started it, and take the form away."""
        self._stop()
        super().close()
        if self._practice is not None:
            self._practice.close()
            self._practice = None

    # --- Connecting ---

    def _connect(self, _button: Any = None) -> None:
        """Read the users, with the client there is or one of the environment."""
        if self.client is None:
            try:
                self.client = AtriumClient.from_env()
            except CredentialsError as error:
                self._enter(
                    "offline", f"{error} Or run ask_for_keys() of this form in a cell, or try the form on a sandbox."
                )
                self._settled.set()
                return
        self._begin("connecting", "Reading the users …", partial(self._read_users, self.client))

    def _use_a_sandbox(self, _button: Any = None) -> None:
        if self._practice is not None:
            self._practice.close()
        self._practice = Practice()
        self.client = self._practice.client
        self._connect()

    def _read_users(self, client: AtriumClient) -> Callable[[], None]:
        users = list(client.list_users())
        return partial(self._offer_users, users)

    def _offer_users(self, users: Sequence[Mapping[str, Any]]) -> None:
        named = [(views.user_name(user), str(user["guid"])) for user in users]
        times = Counter(name for name, _ in named)
        names = {name if times[name] == 1 else f"{name} ({guid})": guid for name, guid in named}
        self._names, self._user_guid = names, None
        self.user.placeholder = f"{count(len(names), 'user')}: type to choose one"
        self.user.value, self.member.options = "", []
        self._offer("")
        if names:
            self._enter("ready", "Choose a user and a member. The end user must be there: the institution may ask.")
        else:
            self._enter("ready", "This client has no users yet. Create one and a member of it, then connect again.")

    # --- Choosing ---

    def _choose_user(self, _change: Any = None) -> None:
        with self._lock:
            typed = self.user.value.strip()
            matching = self._offer(typed)
            guid = self._names.get(typed) or (typed if typed in self._names.values() else None)
            if self.state in _UNDER_WAY or (guid is not None and guid == self._user_guid):
                return
            self._user_guid, self.member.options = guid, []
            if guid is not None and self.client is not None:
                task = partial(self._read_members, self.client, guid, typed)
                self._begin("reading", f"Reading the members of {one_line(typed)} …", task)
            else:
                self._turn += 1
                found = f"{count(matching, 'user')} {'matches' if matching == 1 else 'match'}: choose one of the list."
                self._enter("ready", found if typed else "")
                self._settled.set()

    def _offer(self, typed: str) -> int:
        """Offer the users that match what is typed; how many they are."""
        matching = [name for name in self._names if typed.lower() in name.lower()]
        self.user.options = matching[:MOST_OFFERED]
        return len(matching)

    def _read_members(self, client: AtriumClient, user_guid: str, name: str) -> Callable[[], None]:
        members = [(views.member_name(member), str(member["guid"])) for member in client.list_members(user_guid)]
        return partial(self._offer_members, members, name)

    def _offer_members(self, members: Sequence[tuple[str, str]], name: str) -> None:
        self.member.options = members
        if members:
            self.member.index = 0
            self._enter("ready", "")
        else:
            self._enter("ready", f"{one_line(name)} has no members. Choose another user, or create a member first.")

    # --- Fetching ---

    def _fetch(self, _button: Any = None) -> None:
        with self._lock:
            if self.client is None or self._user_guid is None or self.member.value is None or self._is_busy:
                return
            self._stopped, self._seen, self.rewards = False, [], load([])
            self._states.value = self._table.value = ""
            task = partial(self._gather, self.client, self._user_guid, self.member.value)
            self._begin("fetching", "The institution is being asked for the rewards …", task)

    def _gather(self, client: AtriumClient, user_guid: str, member_guid: str) -> Callable[[], None]:
        ended = client.fetch_rewards(user_guid, member_guid, self._ask, self.timeout, watch=self._watch)
        rewards = load(list(client.list_rewards(user_guid, member_guid)))
        words = "These are the member's rewards; they are in this form's .rewards."
        if not ended.started:
            words = (
                "No new job was started, because the last one is too recent (MX starts one in three hours): these are "
                f"the rewards of {one_line(str(ended.get('aggregated_at')))}; they are in this form's .rewards."
            )
        return partial(self._show, rewards, words)

    def _watch(self, status: Mapping[str, Any]) -> None:
        """Show a state that is new, in the thread of the job."""
        if self._stopped:
            raise _StoppedError
        state = views.state_of(status)
        if self._seen[-1:] != [state]:
            self._seen.append(state)
            self._states.value = views.states(self._seen)

    def _show(self, rewards: Any, words: str) -> None:
        self.rewards = rewards
        self._table.value = views.rewards_table(rewards.head(views.MOST_ROWS).rows(named=True), len(rewards))
        self._enter("fetched", words)

    def _stop(self, _button: Any = None) -> None:
        with self._lock:
            if self.state not in _UNDER_WAY:
                return
            self._stopped = True
            self._settled.clear()
            self._forget_questions()
            self._enter("fetching", "Stopping …")
            self._answered.set()

    # --- Asking ---

    def _ask(self, challenges: list[Challenge]) -> Mapping[str, str]:
        """Put the questions to the reader and wait for the answers, in the thread of the job."""
        with self._lock:
            if self._stopped:
                raise _StoppedError
            self._answered.clear()
            self.questions = [Question(challenge) for challenge in challenges]
            for question in self.questions:
                question.field.observe(self._answer_late, "value")
            self._submit_until = -inf
            self._asked.children = [*self.questions, self.submit]
            self._enter("asking", f"The institution asks {count(len(challenges), 'question')}.")
            self._settled.set()
        self._answered.wait()
        if self._stopped:
            raise _StoppedError
        answers, self._answers = self._answers, {}
        return answers

    def _submit(self, _button: Any = None) -> None:
        with self._lock:
            if self.state != "asking":
                return
            answers = {question.challenge.guid: question.answer for question in self.questions}
            if not all(answers.values()):
                self._submit_until = monotonic() + _LATE_S
                self._enter("asking", "Answer every question, then submit.", wrong=True)
                return
            self._settled.clear()
            self._forget_questions()
            self._enter("fetching", "The answer is on its way to the institution …")
            self._answers = answers
            self._answered.set()

    def _answer_late(self, _change: Any) -> None:
        """Submit once more if an answer comes right after the click: a busy page holds values back, and no click."""
        with self._lock:
            if monotonic() < self._submit_until and all(question.answer for question in self.questions):
                self._submit_until = -inf
                self._submit()

    def _forget_questions(self) -> None:
        self._asked.children = []
        for question in self.questions:
            question.forget()
        self.questions = []

    # --- Background work and state ---

    @property
    def _is_busy(self) -> bool:
        return self.state in _BUSY | _UNDER_WAY

    def _begin(self, state: str, words: str, task: Callable[[], Callable[[], None]]) -> None:
        """Run a task in a thread. It gives what is to be done with its result, unless another began meanwhile."""
        with self._lock:
            self._turn += 1
            self._settled.clear()
            self._enter(state, words)
            # With the context of this thread, by which the kernel knows what its messages belong to.
            run = partial(copy_context().run, self._work, self._turn, task)
        Thread(target=run, name="rewards-connect", daemon=True).start()

    def _work(self, turn: int, task: Callable[[], Callable[[], None]]) -> None:
        finish: Callable[[], None] = partial(self._enter, "failed", _UNEXPECTED, wrong=True)
        try:
            finish = task()
        except RewardsError as error:
            finish = partial(self._fail, error)
        finally:
            with self._lock:
                if turn == self._turn:
                    self._forget_questions()
                    finish()
                    self._settled.set()

    def _fail(self, error: RewardsError) -> None:
        not_connected = isinstance(error, AtriumError) and error.status in NOT_CONNECTED
        state = "offline" if not_connected and not self._names else "failed"
        self._enter(state, str(error), wrong=not isinstance(error, _StoppedError))
        if not_connected:
            self._start.layout.display = None

    def _enter(self, state: str, words: str, *, wrong: bool = False) -> None:
        """Go into a state, with the controls that it takes."""
        self.state = state
        self._status.value = views.message(words, wrong=wrong)
        self._start.layout.display = None if state == "offline" else "none"
        self.again.layout.display = None if self.client is not None else "none"
        self.user.disabled = state in ("connecting", "offline") or state in _UNDER_WAY
        self.member.disabled = self._is_busy or state == "offline" or not self.member.options
        self.fetch.disabled = self.member.disabled
        self.stop.layout.display = None if state in _UNDER_WAY else "none"


class _StoppedError(RewardsError):
    """The reader does not want to wait any longer."""

    def __str__(self) -> str:
        return "Stopped. The job goes on at MX: fetch again to join it."
