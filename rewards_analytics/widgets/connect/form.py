"""The fetch form as a widget: its state, and what each event does. `view` draws it; the module only reports events.

API keys and answers are secrets, and a notebook stores the traits of its widgets. So keys come from the environment or
`getpass`, and an answer arrives in a message and leaves in the call of the API: no trait and no attribute holds it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from getpass import getpass
from html import escape
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import anywidget
import traitlets

from rewards_analytics.atrium import JOB_TIMEOUT_S
from rewards_analytics.client import AtriumClient, Challenge
from rewards_analytics.client.transport import is_loopback
from rewards_analytics.errors import ArgumentError, AtriumError, RewardsError
from rewards_analytics.loading.load import load
from rewards_analytics.show.shown import nothing, style_sheet
from rewards_analytics.widgets.connect import questions
from rewards_analytics.widgets.connect.background import Background, Finish, Task
from rewards_analytics.widgets.connect.chosen import Chosen
from rewards_analytics.widgets.connect.demo_sandbox import DemoSandbox
from rewards_analytics.widgets.connect.job import Job, StoppedError
from rewards_analytics.widgets.connect.names import Named, Users, members_of
from rewards_analytics.widgets.connect.view import WAITS_S, View
from rewards_analytics.widgets.connect.words import REFUSED, Problem, problem_of, result_of
from rewards_analytics.widgets.explore.module import module
from rewards_analytics.wording import count

if TYPE_CHECKING:
    import polars as pl

    from rewards_analytics.atrium import JsonObject
    from rewards_analytics.client.aggregation import MemberState

NOT_CONNECTED: Final = frozenset({None, 401, 403})
"""HTTP statuses after which another connection may help; None if there was no response."""

_HERE: Final = Path(__file__).parent
_JOB_STATES: Final = frozenset({"fetching", "asking"})
_BUSY: Final = frozenset({"connecting", "reading", *_JOB_STATES})
_STOPPED: Final = "Stopped. The job continues at MX: fetch again to rejoin it."
_STATIC: Final = "The fetch form needs a running kernel: run this cell in JupyterLab, Notebook, Voila or marimo."
_WELCOME: Final = "Choose a user and a member. The user must be present: the institution may ask a question."


def connect(client: AtriumClient | None = None) -> Connect:
    """Make a form that fetches a member's rewards while the end user is present.

    Parameters
    ----------
    client
        Client to fetch with. If None, its keys come from the environment (see `AtriumClient.from_env`). Without keys
        there, the form offers a sandbox, and its `ask_for_keys()` prompts for them without showing them.

    Returns
    -------
    A widget for JupyterLab, Notebook, Voila and marimo. After a fetch, its `.rewards` is the frame.

    Examples
    --------
    >>> from rewards_analytics import AtriumClient
    >>> from rewards_analytics.sandbox import Sandbox
    >>> with Sandbox() as sandbox, AtriumClient(sandbox.api_key, sandbox.client_id, sandbox.base_url) as client:
    ...     form = connect(client)
    ...     form.wait()
    'ready'
    >>> form.users[:2]
    ['user-0001', 'user-0002']
    """
    return Connect(client)


class Connect(anywidget.AnyWidget):
    """The fetch form. Code can do everything that a user can: each action is a method, and `wait()` waits for its end.

    Attributes
    ----------
    state
        `connecting`, `offline` (no keys, or the API refuses them), `reading` (the members of a user), `ready`,
        `fetching`, `asking`, `fetched` or `failed`.
    rewards
        Rewards of the member fetched last, a Polars frame as `load` returns it; empty before the first fetch.
    client
        The client in use, None if there is none.
    html
        The form as it is shown. It holds no answer.
    """

    _esm = module()
    _css = f"{style_sheet()}\n{(_HERE / 'connect.css').read_text(encoding='utf-8')}"

    html = traitlets.Unicode().tag(sync=True)
    key = traitlets.Unicode("rewards-connect").tag(sync=True)

    def __init__(self, client: AtriumClient | None = None) -> None:
        super().__init__()
        self.state = "connecting"
        self.rewards: pl.DataFrame = load([])
        self.client = client
        self._keys_from_environment = client is None
        self._timeout = JOB_TIMEOUT_S
        self._demo: DemoSandbox | None = None
        self._chosen = Chosen()
        self._job: Job | None = None
        self._round = 0
        self._enlarged = False
        self._fetched: pl.DataFrame | None = None
        self._said = ""
        self._problem: Problem | None = None
        self._disconnected = False
        self._background = Background()
        self._actions: Mapping[tuple[str, int], Callable[..., None]] = {
            ("again", 0): self.reconnect,
            ("change", 0): self._forget_user,
            ("enlarge", 0): self._enlarge,
            ("fetch", 0): self.fetch,
            ("find", 1): self.find,
            ("member", 1): self.choose_member,
            ("sandbox", 0): self.use_sandbox,
            ("set", 2): self._set,
            ("stop", 0): self.stop,
            ("user", 1): self.choose_user,
        }
        self.on_msg(self._receive)
        self.reconnect()

    def __repr__(self) -> str:
        """Leave the state out, so that a notebook shows the same text at every run."""
        return "Connect()"

    def to_html(self) -> str:
        """Return what is shown where nothing runs: a sentence, the same at every run."""
        return f'<div data-static-of="{escape(self.key)}">{nothing(_STATIC).html}</div>'

    def _ipython_display_(self) -> None:
        """Show the static sentence, which is there wherever nothing runs, and then the widget, which hides it."""
        from IPython.display import display

        show: Callable[..., object] = display
        show({"text/html": self.to_html(), "text/plain": _STATIC}, raw=True)
        bundle = self._repr_mimebundle_()
        data, about = bundle if isinstance(bundle, tuple) else (bundle, {})
        show(data, metadata=about, raw=True)

    # --- What code reads ---

    @property
    def users(self) -> list[str]:
        """Names of the users that match what is typed; all if nothing is."""
        return [user.label for user in self._chosen.matches]

    @property
    def user(self) -> str | None:
        """Guid of the chosen user."""
        return self._chosen.user and self._chosen.user.guid

    @property
    def members(self) -> dict[str, str]:
        """Guids of the chosen user's members, by their names."""
        return {member.label: member.guid for member, _ in self._chosen.members}

    @property
    def member(self) -> str | None:
        """Guid of the chosen member."""
        return self._chosen.member and self._chosen.member.guid

    @property
    def questions(self) -> Sequence[Challenge]:
        """The open questions of the institution."""
        return self._job.challenges if self._job else ()

    @property
    def timeout(self) -> float:
        """Seconds that a job may take, not counting the time that the user takes to answer."""
        return self._timeout

    @timeout.setter
    def timeout(self, seconds: float) -> None:
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not isfinite(seconds) or seconds <= 0:
            raise ArgumentError(f"timeout must be a number of seconds above 0, got {seconds!r}.")
        with self._background.lock:
            self._timeout = float(seconds)
            self._draw()

    def wait(self, timeout: float = 60.0) -> str:
        """Wait until the form needs its user, and return its `state`. For code that drives the form."""
        if not self._background.settled.wait(timeout):
            raise TimeoutError(f"The form is still {self.state} after {timeout:g} s. Wait again, or call stop().")
        return self.state

    def close(self) -> None:
        """Stop waiting for a running job, end the sandbox if this form started it, and remove the form."""
        self.stop()
        self._background.cancel()
        super().close()
        if self._demo is not None:
            self._demo.close()
            self._demo = None

    # --- Connecting ---

    def ask_for_keys(self) -> None:
        """Prompt for the API key and the client id below the running cell, hidden and unsaved, and connect.

        The address is that of `MX_BASE_URL`, or MX's development host.
        """
        client = AtriumClient(getpass("MX API key: "), getpass("MX client id: "), os.environ.get("MX_BASE_URL"))
        self._connect_with(client)

    def _connect_with(self, client: AtriumClient) -> None:
        self.client, self._keys_from_environment = client, False
        self.reconnect()

    def reconnect(self) -> None:
        """Load the users, with the form's client or with the keys that the environment has now."""
        with self._background.lock:
            if self.state in _JOB_STATES:
                return
            self._chosen = Chosen()
            self._choose(None)
            if self._keys_from_environment:
                self.client = None
                try:
                    self.client = AtriumClient.from_env()
                except ArgumentError as error:
                    self._background.cancel()
                    words = f"{error} Or call ask_for_keys() of this form in a cell, or try the sandbox."
                    self._enter("offline", problem=Problem(words))
                    return
            if self.client is None:
                return
            self._begin("connecting", "Loading the users …", partial(self._load_users, self.client))

    def use_sandbox(self) -> None:
        """Connect to a sandbox of the API on this machine, which ends with this form."""
        with self._background.lock:
            if self.state in _JOB_STATES:
                return
            if self._demo is not None:
                self._demo.close()
            self._demo = DemoSandbox()
            self._connect_with(self._demo.client)

    def _load_users(self, client: AtriumClient) -> Finish:
        return partial(self._offer_users, Users(client.list_users()))

    def _offer_users(self, users: Users) -> None:
        self._chosen.users = users
        self._enter("ready", _WELCOME if users else "This client has no users yet. Create a user and a member first.")

    # --- Choosing ---

    def find(self, text: str) -> None:
        """List the users whose name contains a text, in any case."""
        with self._background.lock:
            self._chosen.typed = text
            self._draw()

    def choose_user(self, user: str) -> None:
        """Choose a user by name or guid, and load its members."""
        with self._background.lock:
            if self.client is None or self.state in _JOB_STATES:
                return
            found = self._chosen.users.find(user)
            if found is None:
                raise ArgumentError(f"No user matches {user!r}. find() lists those whose name contains a text.")
            self._choose(found)
            words = f"Loading the members of {found.label} …"
            self._begin("reading", words, partial(self._load_members, self.client, found))

    def choose_member(self, member: str) -> None:
        """Choose one of the user's members, by name or guid."""
        with self._background.lock:
            if self.state in _JOB_STATES:
                return
            self._chosen.choose_member(member)
            self._enter("ready")

    def _choose(self, user: Named | None) -> None:
        self._chosen.choose_user(user)
        self._job = self._fetched = None

    def _forget_user(self) -> None:
        if self.state not in _JOB_STATES:
            self._background.cancel()
            self._chosen.typed = ""
            self._choose(None)
            self._enter("ready", _WELCOME)

    def _load_members(self, client: AtriumClient, user: Named) -> Finish:
        return partial(self._offer_members, members_of(client.list_members(user.guid)), user)

    def _offer_members(self, members: Sequence[tuple[Named, JsonObject]], user: Named) -> None:
        self._chosen.offer_members(members)
        none = f"{user.label} has no members. Choose another user, or create a member first."
        self._enter("ready", "" if members else none)

    # --- Fetching ---

    def fetch(self) -> None:
        """Start a job on the chosen member."""
        with self._background.lock:
            user, member = self._chosen.user, self._chosen.member
            if self.client is None or user is None or member is None or self.state in _BUSY:
                return
            job = Job(user, member, self._background, on_step=self._draw, on_questions=self._show_questions)
            self._job, self._fetched, self.rewards = job, None, load([])
            self._begin(
                "fetching", f"Fetching the rewards from {member.name} …", partial(self._run_job, self.client, job)
            )

    def stop(self) -> None:
        """Stop waiting for the job, which continues at MX."""
        with self._background.lock:
            if self._job is not None and self.state in _JOB_STATES:
                self._job.stop()
                self._enter("fetching", "Stopping …")

    def _run_job(self, client: AtriumClient, job: Job) -> Finish:
        return partial(self._show, job, *job.run(client, self._timeout))

    def _show(self, job: Job, rewards: pl.DataFrame, ended: MemberState) -> None:
        self.rewards = self._fetched = rewards
        self._chosen.update_member(ended)
        words = result_of(len(rewards), job.user.label, job.member.name, ended)
        self._enter("fetched", f"{words} They are in this form's .rewards.")

    # --- Asking ---

    def answer(self, *answers: str) -> None:
        """Answer the open questions, in their order: with a text, or with the `value` of an option."""
        with self._background.lock:
            asked, job = self.questions, self._job
            if job is None or self.state != "asking" or len(answers) != len(asked):
                raise ArgumentError(f"There are {count(len(asked), 'open question')}, not {len(answers)}.")
            job.resume({each.guid: questions.checked(each, it) for each, it in zip(asked, answers, strict=True)})
            self._enter("fetching", "Sending the answers to the institution …")

    def _answer_by_number(self, *fields: str) -> None:
        """Take the fields of the page: number of the question, what was given there, number of the next, and so on."""
        if self.state != "asking":
            return
        by_number = dict(zip(fields[::2], fields[1::2], strict=False))
        given = [questions.chosen(each, by_number.get(str(n), "")) for n, each in enumerate(self.questions)]
        if all(given):
            self.answer(*given)
        else:
            self._enter("asking", self._said, problem=Problem("Answer every question, then submit."))

    def _show_questions(self, job: Job) -> None:
        self._round += 1
        self._enlarged = False
        number = len(job.challenges)
        words = f"{job.member.name} asks {'a question' if number == 1 else f'{number} questions'}."
        self._enter("asking", words, problem=Problem(REFUSED) if job.is_refused else None)

    def _enlarge(self) -> None:
        self._enlarged = not self._enlarged
        self._draw()

    # --- The page ---

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        """Do what an event of the page asks for, and say that it is done.

        An event that the form does not have is ignored, and so is one that comes late, for a user or a question that is
        no longer there.
        """
        if not isinstance(content, dict):
            return
        name, given = str(content.get("do")), content.get("with") or []
        try:
            if isinstance(given, list) and all(isinstance(each, str) for each in given):
                action = self._answer_by_number if name == "answer" else self._actions.get((name, len(given)))
                with self._background.lock, suppress(ArgumentError):
                    if action is not None:
                        action(*given)
        finally:
            self.send({"done": content.get("n")})

    def _set(self, name: str, text: str) -> None:
        if name == "timeout" and text in [str(seconds) for seconds in (*WAITS_S, self._timeout)]:
            self.timeout = float(text)

    # --- State ---

    def _begin(self, state: str, words: str, task: Task) -> None:
        self._background.start(task, self._fail)
        self._enter(state, words)

    def _fail(self, error: RewardsError | None) -> None:
        self._disconnected = isinstance(error, AtriumError) and error.status in NOT_CONNECTED
        state = "offline" if self._disconnected and not self._chosen.users else "failed"
        if isinstance(error, StoppedError):
            self._enter(state, _STOPPED)
        else:
            institution = self._chosen.member.name if self._chosen.member else "The institution"
            self._enter(state, problem=problem_of(error, institution, self._timeout))

    def _enter(self, state: str, words: str = "", *, problem: Problem | None = None) -> None:
        """Go into a state, with a message or a problem."""
        if state != "failed":
            self._disconnected = False
        self.state, self._said, self._problem = state, words, problem
        self._draw()

    def _draw(self) -> None:
        chosen, job = self._chosen, self._job
        self.html = View(
            state=self.state,
            said=self._said,
            problem=self._problem,
            has_client=self.client is not None,
            sandbox=_local_host(self.client),
            is_disconnected=self._disconnected,
            users=bool(chosen.users),
            found=chosen.found,
            matches=chosen.suggested,
            user=chosen.user,
            members=chosen.listed_members,
            member=chosen.member,
            timeout=self._timeout,
            questions=[questions.question_of(challenge) for challenge in self.questions],
            round=self._round,
            enlarged=self._enlarged,
            steps=job.steps if job else (),
            rewards=self._fetched,
        ).html()


def _local_host(client: AtriumClient | None) -> str:
    """Return the host of a client that talks to this machine, empty if it talks to another."""
    address = urlsplit(client.base_url) if client else None
    return address.netloc if address and is_loopback(address.hostname) else ""
