"""The fetch form as a widget.

API keys and answers are secrets, and a notebook stores the state of its widgets. So keys come from the environment or
`getpass`, and a question is emptied and closed when its answer is sent.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from getpass import getpass
from math import inf
from queue import SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Final

import ipywidgets as widgets

from rewards_analytics.client import AtriumClient, Challenge
from rewards_analytics.errors import AtriumError, CredentialsError, RewardsError
from rewards_analytics.loading.load import load
from rewards_analytics.show.shown import NO_MATHEMATICS
from rewards_analytics.widgets.connect import html
from rewards_analytics.widgets.connect.background import Background, Finish, Task
from rewards_analytics.widgets.connect.demo_sandbox import DemoSandbox
from rewards_analytics.widgets.connect.names import UserNames, member_name
from rewards_analytics.widgets.connect.questions import Question
from rewards_analytics.widgets.style import style_of
from rewards_analytics.wording import count, one_line

if TYPE_CHECKING:
    import polars as pl

MOST_SUGGESTED: Final = 50
"""Users suggested while one is typed: a list of thousands would make the page slow."""

NOT_CONNECTED: Final = frozenset({None, 401, 403})
"""HTTP statuses after which another connection may help; None if there was no response."""

_JOB_STATES: Final = frozenset({"fetching", "asking"})
_BUSY: Final = frozenset({"connecting", "reading", *_JOB_STATES})
_LATE_S: Final = 2.0
"""Seconds after a click on Submit in which an answer still counts as given before it."""
_STYLE: Final = {"description_width": "5em"}
_WIDE: Final = {"width": "36em", "max_width": "100%"}
_ROW: Final = {"flex_flow": "row wrap"}
_UNEXPECTED: Final = (
    "An unexpected error occurred. The traceback is in the notebook's log (View, Show Log Console). You can use the "
    "form again."
)


def connect(client: AtriumClient | None = None) -> Connect:
    """Make a form that fetches a member's rewards while the end user is present.

    Parameters
    ----------
    client
        Client to fetch with. If None, its keys come from the environment (see `AtriumClient.from_env`). Without keys
        there, the form offers a sandbox, and its `ask_for_keys()` prompts for them without showing them.

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
    """The fetch form. Code can do everything that a user can: set values, `click()` and `wait()`.

    Attributes
    ----------
    state
        `connecting`, `offline` (no keys, or the API refuses them), `reading` (the members of a user), `ready`,
        `fetching`, `asking`, `fetched` or `failed`.
    rewards
        Rewards of the member fetched last, a Polars frame as `load` returns it; empty before the first fetch.
    user, member
        Whose rewards to fetch: the user's name or guid, the member's guid.
    fetch, submit, stop, sandbox, again
        The buttons. `submit` sends the answers to `questions`, `stop` stops waiting for the job, `sandbox` connects to
        a sandbox on this machine, `again` reconnects.
    questions
        The open questions, each with its `challenge` and the `field` for the answer.
    timeout
        Seconds that a job may take, not counting the time that the user takes to answer.
    client
        The client in use, None if there is none.
    """

    def __init__(self, client: AtriumClient | None = None) -> None:
        self.state = "connecting"
        self.rewards: pl.DataFrame = load([])
        self.questions: Sequence[Question] = ()
        self.timeout = 300.0
        self.client = client
        self._demo: DemoSandbox | None = None
        self._users = UserNames()
        self._user_guid: str | None = None
        self._job_states: list[str] = []
        self._answers: SimpleQueue[Mapping[str, str]] = SimpleQueue()
        self._submit_until = -inf
        self._stopped = False
        self._background = Background()
        self._make_controls()
        super().__init__(
            children=[
                style_of("connect"),
                self._message,
                self._connection,
                self.user,
                self.member,
                widgets.HBox([self.fetch, self.stop], layout=widgets.Layout(**_ROW)),
                self._asked,
                self._history,
                self._table,
            ]
        )
        for name in ("rewards-shown", "rewards-widget", "rewards-connect", *NO_MATHEMATICS.split()):
            self.add_class(name)
        self._connect()

    def _make_controls(self) -> None:
        self.user = widgets.Combobox(description="User", style=_STYLE, layout=widgets.Layout(**_WIDE))
        self.member = widgets.Dropdown(description="Member", style=_STYLE, layout=widgets.Layout(**_WIDE))
        self.fetch = widgets.Button(description="Fetch rewards", button_style="primary")
        self.stop = widgets.Button(description="Stop waiting")
        self.submit = widgets.Button(description="Submit", button_style="primary")
        self.sandbox = widgets.Button(description="Try the sandbox", layout=widgets.Layout(width="auto"))
        self.again = widgets.Button(description="Reconnect", layout=widgets.Layout(width="auto"))
        self._message, self._history, self._table = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._connection = widgets.HBox([self.sandbox, self.again], layout=widgets.Layout(**_ROW))
        self._asked = widgets.VBox()
        self.user.observe(self._choose_user, "value")
        self.fetch.on_click(self._fetch)
        self.stop.on_click(self._stop)
        self.submit.on_click(self._submit)
        self.sandbox.on_click(self._use_sandbox)
        self.again.on_click(self._connect)

    def __repr__(self) -> str:
        """Leave the state out, so that a notebook shows the same text at every run."""
        return "Connect()"

    def ask_for_keys(self) -> None:
        """Prompt for the API key and the client id below the running cell, hidden and unsaved, and connect.

        The address is that of `MX_BASE_URL`, or MX's development host.
        """
        self.client = AtriumClient(getpass("MX API key: "), getpass("MX client id: "), os.environ.get("MX_BASE_URL"))
        self._connect()

    def wait(self, timeout: float = 60.0) -> str:
        """Wait until the form needs its user, and return its `state`. For code that drives the form."""
        if not self._background.settled.wait(timeout):
            raise TimeoutError(f"The form is still {self.state} after {timeout:g} s. Wait again, or call stop.click().")
        return self.state

    def close(self) -> None:
        """Stop waiting for a running job, end the sandbox if this form started it, and remove the form."""
        self._stop()
        super().close()
        if self._demo is not None:
            self._demo.close()
            self._demo = None

    # --- Connecting ---

    def _connect(self, _button: object = None) -> None:
        """Load the users, with the form's client or one configured in the environment."""
        if self.client is None:
            try:
                self.client = AtriumClient.from_env()
            except CredentialsError as error:
                self._enter("offline", f"{error} Or call ask_for_keys() of this form in a cell, or try the sandbox.")
                self._background.cancel()
                return
        self._begin("connecting", "Loading users …", partial(self._load_users, self.client))

    def _use_sandbox(self, _button: object = None) -> None:
        if self._demo is not None:
            self._demo.close()
        self._demo = DemoSandbox()
        self.client = self._demo.client
        self._connect()

    def _load_users(self, client: AtriumClient) -> Finish:
        return partial(self._offer_users, UserNames(client.list_users()))

    def _offer_users(self, users: UserNames) -> None:
        self._users, self._user_guid = users, None
        self.user.placeholder = f"{count(len(users), 'user')}: type to choose one"
        self.user.value, self.member.options = "", []
        self._suggest("")
        if users:
            words = "Choose a user and a member. The user must be present: the institution may ask a question."
            self._enter("ready", words)
        else:
            self._enter("ready", "This client has no users yet. Create a user and a member, then reconnect.")

    # --- Choosing ---

    def _choose_user(self, _change: object = None) -> None:
        with self._background.lock:
            typed = self.user.value.strip()
            matches, guid = self._suggest(typed), self._users.guid(typed)
            if self.state in _JOB_STATES or (guid is not None and guid == self._user_guid):
                return
            self._user_guid, self.member.options = guid, []
            if guid is not None and self.client is not None:
                task = partial(self._load_members, self.client, guid, one_line(typed))
                self._begin("reading", f"Loading the members of {one_line(typed)} …", task)
            else:
                found = f"{count(matches, 'user')} {'matches' if matches == 1 else 'match'}. Choose one from the list."
                self._enter("ready", found if typed else "")
                self._background.cancel()

    def _suggest(self, typed: str) -> int:
        """Suggest users whose name contains the typed letters; return their number."""
        matching = self._users.matching(typed)
        self.user.options = matching[:MOST_SUGGESTED]
        return len(matching)

    def _load_members(self, client: AtriumClient, user_guid: str, user_name: str) -> Finish:
        members = [(member_name(member), str(member["guid"])) for member in client.list_members(user_guid)]
        return partial(self._offer_members, members, user_name)

    def _offer_members(self, members: Sequence[tuple[str, str]], user_name: str) -> None:
        self.member.options = members
        if members:
            self.member.index = 0
            self._enter("ready", "")
        else:
            self._enter("ready", f"{user_name} has no members. Choose another user, or create a member first.")

    # --- Fetching ---

    def _fetch(self, _button: object = None) -> None:
        with self._background.lock:
            if self.client is None or self._user_guid is None or self.member.value is None or self.state in _BUSY:
                return
            self._stopped, self._job_states, self.rewards = False, [], load([])
            self._history.value = self._table.value = ""
            task = partial(self._run_job, self.client, self._user_guid, self.member.value)
            self._begin("fetching", "Fetching the rewards from the institution …", task)

    def _run_job(self, client: AtriumClient, user_guid: str, member_guid: str) -> Finish:
        ended = client.fetch_rewards(user_guid, member_guid, self._ask, self.timeout, watch=self._watch)
        rewards = load(list(client.list_rewards(user_guid, member_guid)))
        words = "Fetched the member's rewards. They are in this form's .rewards."
        if not ended.started:
            words = (
                "MX started no new job, because the last one is too recent (it starts one every three hours). These "
                f"are the rewards of {one_line(str(ended.get('aggregated_at')))}. They are in this form's .rewards."
            )
        return partial(self._show, rewards, words)

    def _watch(self, status: Mapping[str, object]) -> None:
        """Show a new state of the job, in the job's thread."""
        if self._stopped:
            raise _StoppedError
        state = html.job_state(status)
        if self._job_states[-1:] != [state]:
            self._job_states.append(state)
            self._history.value = html.job_history(self._job_states)

    def _show(self, rewards: pl.DataFrame, words: str) -> None:
        self.rewards = rewards
        self._table.value = html.rewards_table(rewards.head(html.MOST_ROWS).rows(named=True), len(rewards))
        self._enter("fetched", words)

    def _stop(self, _button: object = None) -> None:
        with self._background.lock:
            if self.state not in _JOB_STATES:
                return
            self._stopped = True
            self._resume({}, "Stopping …")

    # --- Asking ---

    def _ask(self, challenges: list[Challenge]) -> Mapping[str, str]:
        """Show the questions and wait for the answers, in the job's thread."""
        with self._background.lock:
            if self._stopped:
                raise _StoppedError
            self._answers = SimpleQueue()
            self.questions = [Question(challenge) for challenge in challenges]
            for question in self.questions:
                question.field.observe(self._answer_late, "value")
            self._submit_until = -inf
            self._asked.children = [*(question.box for question in self.questions), self.submit]
            self._enter("asking", f"The institution asks {count(len(challenges), 'question')}.")
            self._background.settled.set()
        answers = self._answers.get()
        if self._stopped:
            raise _StoppedError
        return answers

    def _submit(self, _button: object = None) -> None:
        with self._background.lock:
            if self.state != "asking":
                return
            answers = {question.challenge.guid: question.answer for question in self.questions}
            if not all(answers.values()):
                self._submit_until = monotonic() + _LATE_S
                self._enter("asking", "Answer every question, then submit.", alert=True)
                return
            self._resume(answers, "Sending the answers to the institution …")

    def _answer_late(self, _change: object) -> None:
        """Submit again if an answer arrives right after the click: a busy page delays values, but not clicks."""
        with self._background.lock:
            if monotonic() < self._submit_until and all(question.answer for question in self.questions):
                self._submit_until = -inf
                self._submit()

    def _resume(self, answers: Mapping[str, str], words: str) -> None:
        """Let the job go on with the answers."""
        self._background.settled.clear()
        self._close_questions()
        self._enter("fetching", words)
        self._answers.put(answers)

    def _close_questions(self) -> None:
        self._asked.children = []
        for question in self.questions:
            question.forget()
        self.questions = ()

    # --- State ---

    def _begin(self, state: str, words: str, task: Task) -> None:
        with self._background.lock:
            self._background.start(task, self._fail)
            self._close_questions()
            self._enter(state, words)

    def _fail(self, error: RewardsError | None) -> None:
        not_connected = isinstance(error, AtriumError) and error.status in NOT_CONNECTED
        state = "offline" if not_connected and not self._users else "failed"
        self._enter(state, str(error or _UNEXPECTED), alert=not isinstance(error, _StoppedError))
        if not_connected:
            self._connection.layout.display = None

    def _enter(self, state: str, words: str, *, alert: bool = False) -> None:
        """Go into a state, and enable the controls that it allows."""
        self.state = state
        self._message.value = html.message(words, alert=alert)
        self._connection.layout.display = None if state == "offline" else "none"
        self.again.layout.display = None if self.client is not None else "none"
        self.user.disabled = state in ("connecting", "offline", *_JOB_STATES)
        self.member.disabled = self.fetch.disabled = state in _BUSY or state == "offline" or not self.member.options
        self.stop.layout.display = None if state in _JOB_STATES else "none"


class _StoppedError(RewardsError):
    """The user stopped waiting."""

    def __str__(self) -> str:
        return "Stopped. The job continues at MX: fetch again to rejoin it."
