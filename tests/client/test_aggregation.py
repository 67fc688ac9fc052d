"""The rewards job: start or join, poll, answer, end. Time is the sandbox's own, so nothing here waits."""

from __future__ import annotations

import pytest

import rewards_analytics as ra
from rewards_analytics.client import (
    ImageChallenge,
    ImageOptionsChallenge,
    Option,
    OptionsChallenge,
    TextChallenge,
)

USER_MUST_ACT = ["PREVENTED", "DENIED", "LOCKED", "IMPEDED", "EXPIRED", "IMPAIRED"]
USER_CANNOT_ACT = ["DEGRADED", "DISCONNECTED", "DISCONTINUED", "CLOSED", "DELAYED", "FAILED", "DISABLED", "IMPORTED"]
STILL_OPEN = ["CREATED", "UPDATED", "RECONNECTED", "RESUMED", "PENDING", "SOMETHING_NEW"]


def calls(sandbox):
    return [f"{request.method} {request.path.rpartition('/')[2]}" for request in sandbox.requests]


class Answers:
    """Gives these answers, one per round, and records the challenges."""

    def __init__(self, *values):
        self.values = list(values)
        self.asked = []

    def __call__(self, challenges):
        self.asked.append(challenges)
        return {challenge.guid: self.values.pop(0) for challenge in challenges} if self.values else {}


# --- The course of a job ---


def test_a_job_is_started_polled_and_ended(client, sandbox, member, waits):
    state = client.fetch_rewards(member.user_guid, member.guid)

    assert state["connection_status"] == "CONNECTED"
    assert state["is_being_aggregated"] is False
    assert state.started
    assert calls(sandbox) == [
        "GET status",
        "POST fetch_rewards",
        "GET status",
        "GET status",
        "GET status",
        "GET status",
    ]
    assert waits == [3, 3, 3, 3]


def test_status_is_polled_no_faster_than_the_poll_interval(make_client, member, waits):
    make_client(poll_interval=7).fetch_rewards(member.user_guid, member.guid)

    assert waits == [7, 7]


def test_a_running_rewards_job_is_joined(client, sandbox, member):
    sandbox.world.start_job(member, "rewards")

    assert client.fetch_rewards(member.user_guid, member.guid).started


def test_a_throttled_call_is_distinguished_from_a_finished_job(client, member):
    first = client.fetch_rewards(member.user_guid, member.guid)
    second = client.fetch_rewards(member.user_guid, member.guid)

    assert first.started
    assert not second.started
    assert second["aggregated_at"] == first["aggregated_at"]


def test_after_three_hours_a_job_starts_again(client, sandbox, member):
    client.fetch_rewards(member.user_guid, member.guid)
    sandbox.world.advance(hours=3)

    assert client.fetch_rewards(member.user_guid, member.guid).started


def test_a_member_that_is_new_has_rewards_after_its_first_job(client, make_member):
    member = make_member("password")
    assert list(client.list_rewards(member.user_guid, member.guid)) == []

    client.fetch_rewards(member.user_guid, member.guid)

    assert list(client.list_rewards(member.user_guid, member.guid)) == member.rewards != []


def test_every_status_is_shown_to_the_watcher(client, make_member):
    member = make_member("challenge")
    seen = []

    client.fetch_rewards(
        member.user_guid, member.guid, Answers("correct"), watch=lambda state: seen.append(state["connection_status"])
    )

    assert list(dict.fromkeys(seen)) == ["CREATED", "CHALLENGED", "RESUMED", "CONNECTED"]


def test_the_error_for_a_job_that_takes_too_long_names_the_last_status(client, make_member):
    member = make_member("password")

    with pytest.raises(ra.AggregationTimeout, match=r"was CREATED \(still being aggregated\) after 5 s\.") as end:
        client.fetch_rewards(member.user_guid, member.guid, timeout=5)

    assert end.value.connection_status == "CREATED"
    assert isinstance(end.value, TimeoutError)


def test_an_institution_without_rewards_is_reported(client, sandbox):
    user = next(iter(sandbox.world.users.values()))
    member = sandbox.world.create_member(user, "cedar_union")

    with pytest.raises(ra.UnsupportedInstitutionError, match=r"answered 400.*does not support rewards") as refusal:
        client.fetch_rewards(member.user_guid, member.guid)

    assert refusal.value.status == 400


# --- Another kind of job in the way ---


def test_another_kind_of_job_is_waited_for(client, sandbox, member):
    sandbox.world.start_job(member, "standard")

    state = client.fetch_rewards(member.user_guid, member.guid)

    assert state["connection_status"] == "CONNECTED"
    assert calls(sandbox)[:4] == ["GET status", "POST fetch_rewards", "GET status", "GET status"]
    assert calls(sandbox).count("POST fetch_rewards") == 2


def test_another_kind_of_job_that_outlasts_the_timeout_is_a_conflict(client, sandbox, member):
    sandbox.world.start_job(member, "standard")

    with pytest.raises(ra.ConflictError, match=r"answered 409.*standard job is running") as refusal:
        client.fetch_rewards(member.user_guid, member.guid, timeout=6)

    assert refusal.value.status == 409


# --- A lost response to the call that starts the job ---


def test_a_job_is_not_started_twice_if_the_response_was_lost(client, sandbox, member):
    sandbox.faults.next("lost", on="fetch_rewards")

    state = client.fetch_rewards(member.user_guid, member.guid)

    assert state.started
    assert calls(sandbox).count("POST fetch_rewards") == 1


@pytest.mark.parametrize("fault", ["reset", "500", "503", "429"])
def test_a_failed_start_is_repeated_after_reading_the_status(client, sandbox, member, fault):
    sandbox.faults.next(fault, on="fetch_rewards")

    assert client.fetch_rewards(member.user_guid, member.guid).started
    assert calls(sandbox)[:4] == ["GET status", "POST fetch_rewards", "GET status", "POST fetch_rewards"]


def test_a_start_that_keeps_failing_is_an_error(make_client, sandbox, member):
    sandbox.faults.next("503", times=9, on="fetch_rewards")

    with pytest.raises(ra.AtriumError, match=r"POST .*fetch_rewards answered 503"):
        make_client(retries=2).fetch_rewards(member.user_guid, member.guid)

    assert calls(sandbox).count("POST fetch_rewards") == 3


def test_a_start_waits_for_retry_after(client, sandbox, member, waits):
    sandbox.faults.retry_after = "40"
    sandbox.faults.next("429", on="fetch_rewards")

    assert client.fetch_rewards(member.user_guid, member.guid).started
    assert waits[:2] == [40, 3]


@pytest.mark.parametrize("call", ["fetch_rewards", "resume"])
def test_a_retry_after_beyond_the_timeout_is_an_error_at_once(client, sandbox, make_member, waits, call):
    member = make_member("challenge")
    sandbox.faults.retry_after = "3600"
    sandbox.faults.next("429", on=call)

    with pytest.raises(ra.RateLimitError, match=r"429.*asks to wait 3600 s"):
        client.fetch_rewards(member.user_guid, member.guid, Answers("correct"))

    assert 3600 not in waits


@pytest.mark.parametrize("timeout", [-1, float("nan")])
def test_an_invalid_timeout_is_refused(client, sandbox, member, timeout):
    with pytest.raises(ra.ArgumentError, match="timeout must be a number ≥ 0, got"):
        client.fetch_rewards(member.user_guid, member.guid, timeout=timeout)

    assert sandbox.requests == []


def test_a_wrong_key_is_not_retried(make_client, sandbox, member):
    with pytest.raises(ra.AuthenticationError):
        make_client(client_id="wrong").fetch_rewards(member.user_guid, member.guid)

    assert calls(sandbox) == ["GET status"]


# --- Questions ---


def test_a_text_question_is_answered(client, sandbox, make_member):
    member = make_member("challenge")
    answer = Answers("correct")

    state = client.fetch_rewards(member.user_guid, member.guid, answer)

    ((challenge,),) = answer.asked
    assert challenge == TextChallenge(challenge.guid, "TEXT", "What city were you born in?")
    assert state["connection_status"] == "CONNECTED"
    assert calls(sandbox).count("PUT resume") == 1


def test_a_right_answer_may_be_followed_by_another_question(client, make_member):
    member = make_member("challenge")
    answer = Answers("challenge", "correct")

    client.fetch_rewards(member.user_guid, member.guid, answer)

    assert len(answer.asked) == 2
    assert answer.asked[0] != answer.asked[1]


def test_options_are_offered_with_label_and_value(client, make_member):
    member = make_member("options")
    answer = Answers("correct")

    client.fetch_rewards(member.user_guid, member.guid, answer)

    ((challenge,),) = answer.asked
    assert isinstance(challenge, OptionsChallenge)
    assert challenge.options == [Option("The right one", "correct"), Option("The wrong one", "wrong")]


def test_a_picture_is_given_as_bytes_and_not_shown_in_the_repr(client, make_member):
    member = make_member("image")
    answer = Answers("correct")

    client.fetch_rewards(member.user_guid, member.guid, answer)

    ((challenge,),) = answer.asked
    assert isinstance(challenge, ImageChallenge)
    assert challenge.image.startswith(b"\x89PNG")
    assert "iVBOR" not in repr(challenge)


def test_pictures_are_offered_with_value_and_bytes(client, make_member):
    member = make_member("image_options")
    answer = Answers("correct")

    client.fetch_rewards(member.user_guid, member.guid, answer)

    ((challenge,),) = answer.asked
    assert isinstance(challenge, ImageOptionsChallenge)
    assert [option.value for option in challenge.image_options] == ["correct", "wrong"]
    assert challenge.image_options[0].image.startswith(b"\x89PNG")


def test_without_answer_the_error_carries_the_challenges(client, make_member):
    member = make_member("challenge")

    with pytest.raises(ra.ChallengeError, match=r"What city were you born in.*no answer function was given") as end:
        client.fetch_rewards(member.user_guid, member.guid)

    assert [challenge.type for challenge in end.value.challenges] == ["TEXT"]
    assert end.value.connection_status == "CHALLENGED"


def test_an_empty_return_is_a_challenge_error(client, make_member):
    member = make_member("challenge")

    with pytest.raises(ra.ChallengeError, match="1 of 1 were not answered"):
        client.fetch_rewards(member.user_guid, member.guid, lambda _: {})


def test_a_wrong_answer_ends_in_a_challenge_error_that_does_not_show_it(client, make_member):
    member = make_member("challenge")

    with pytest.raises(ra.ChallengeError, match=r"REJECTED: the institution refused the answers") as end:
        client.fetch_rewards(member.user_guid, member.guid, Answers("Timbuktu"))

    assert end.value.connection_status == "REJECTED"
    assert len(end.value.challenges) == 1
    assert "Timbuktu" not in str(end.value)


def test_a_rejected_member_that_is_challenged_again_is_asked_again(client, make_member):
    member = make_member("challenge_again")
    answer = Answers("wrong", "correct")

    state = client.fetch_rewards(member.user_guid, member.guid, answer)

    assert state["connection_status"] == "CONNECTED"
    assert len(answer.asked) == 2


def test_the_time_of_the_user_does_not_count(client, sandbox, make_member):
    member = make_member("challenge")

    def answer(challenges):
        sandbox.world.advance(seconds=200)
        return {challenge.guid: "correct" for challenge in challenges}

    assert client.fetch_rewards(member.user_guid, member.guid, answer, timeout=30)["connection_status"] == "CONNECTED"


def test_a_question_left_for_too_long_expires(client, sandbox, make_member):
    member = make_member("challenge")

    def answer(challenges):
        sandbox.world.advance(seconds=600)
        return {challenge.guid: "correct" for challenge in challenges}

    with pytest.raises(ra.AggregationError, match=r"is EXPIRED: a question was not answered in time") as end:
        client.fetch_rewards(member.user_guid, member.guid, answer)

    assert end.value.connection_status == "EXPIRED"


def test_answers_that_the_api_refuses_are_reported_in_its_words(client, sandbox, make_member):
    member = make_member("challenge")

    def answer(challenges):
        guid = challenges[0].guid
        member.challenges.append(dict(member.challenges[0], guid="CRD-another"))
        return {guid: "correct"}

    with pytest.raises(ra.AtriumError, match=r"PUT .*resume answered 422: There is no answer to CRD-another") as end:
        client.fetch_rewards(member.user_guid, member.guid, answer)

    assert end.value.status == 422


@pytest.mark.parametrize("fault", ["reset", "lost", "503"])
def test_lost_answers_are_sent_again_without_asking_the_user(client, sandbox, make_member, fault):
    member = make_member("challenge")
    sandbox.faults.next(fault, on="resume")
    answer = Answers("correct")

    state = client.fetch_rewards(member.user_guid, member.guid, answer)

    assert state["connection_status"] == "CONNECTED"
    assert len(answer.asked) == 1


def test_resume_answers_by_hand(client, sandbox, make_member):
    member = make_member("challenge")
    with pytest.raises(ra.ChallengeError) as end:
        client.fetch_rewards(member.user_guid, member.guid)
    (challenge,) = end.value.challenges

    state = client.resume(member.user_guid, member.guid, {challenge.guid: "correct"})

    assert state["connection_status"] == "RESUMED"
    sandbox.world.advance(seconds=10)
    assert client.member_status(member.user_guid, member.guid)["connection_status"] == "CONNECTED"


# --- How a job can end ---


@pytest.mark.parametrize("status", USER_MUST_ACT)
def test_where_the_user_must_act_the_error_says_so(client, make_member, status):
    member = make_member(status)

    with pytest.raises(ra.AggregationError, match=rf"is {status}: .*The user must act") as end:
        client.fetch_rewards(member.user_guid, member.guid)

    assert end.value.connection_status == status
    assert not isinstance(end.value, ra.ChallengeError | ra.AggregationTimeout)


@pytest.mark.parametrize("status", USER_CANNOT_ACT)
def test_where_the_user_cannot_act_the_error_says_use_the_last_rewards(client, make_member, status):
    member = make_member(status)

    with pytest.raises(ra.AggregationError, match=rf"is {status}: .*use the last rewards, show their age") as end:
        client.fetch_rewards(member.user_guid, member.guid)

    assert end.value.connection_status == status


@pytest.mark.parametrize("status", STILL_OPEN)
def test_a_status_that_is_not_final_is_polled_until_the_deadline(client, make_member, status):
    member = make_member(status)

    with pytest.raises(ra.AggregationTimeout, match=rf"was {status} \(not being aggregated\) after 60 s") as end:
        client.fetch_rewards(member.user_guid, member.guid, timeout=60)

    assert end.value.connection_status == status


def test_no_status_at_all_is_polled_until_the_deadline(client, sandbox, make_member):
    member = make_member("PENDING")
    sandbox.world.advance(seconds=1)

    def forget(state):
        if not state["is_being_aggregated"]:
            member.connection_status = None

    with pytest.raises(ra.AggregationTimeout, match="was None") as end:
        client.fetch_rewards(member.user_guid, member.guid, timeout=60, watch=forget)

    assert end.value.connection_status is None


@pytest.mark.parametrize(
    ("password", "status"), [("BAD_REQUEST", "FAILED"), ("UNAUTHORIZED", "DENIED"), ("INVALID", "DENIED")]
)
def test_the_failing_passwords_of_the_test_institution_fail(client, make_member, password, status):
    member = make_member(password)

    with pytest.raises(ra.AggregationError) as end:
        client.fetch_rewards(member.user_guid, member.guid)

    assert end.value.connection_status == status


def test_the_state_before_the_job_is_not_taken_for_its_end(client, member):
    member.connection_status = "DENIED"

    assert client.fetch_rewards(member.user_guid, member.guid)["connection_status"] == "CONNECTED"


# --- Answers of another type ---


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["correct"], r"answer\(\) returned a list, which is not a mapping"),
        ([], "a list, which is not a mapping"),
        ("correct", "a str, which is not a mapping"),
        ([("CHL-1", "correct")], "a list, which is not a mapping"),
        (7, "an int, which is not a mapping"),
        (0, "an int, which is not a mapping"),
        ({1: "correct"}, "a mapping in which a key is an int, not a challenge guid"),
        ({b"CHL-1": "correct"}, "a key is a bytes"),
        ({"CHL-1": 1234}, "the answer to CHL-1 is an int, not a text"),
        ({"CHL-1": ["correct"]}, "the answer to CHL-1 is a list, not a text"),
    ],
)
def test_answers_that_are_not_a_mapping_of_texts_are_refused_before_anything_is_sent(
    client, sandbox, make_member, given, words
):
    member = make_member("challenge")

    with pytest.raises(ra.ArgumentError, match=words) as refusal:
        client.fetch_rewards(member.user_guid, member.guid, lambda _: given)

    assert "correct" not in str(refusal.value)
    assert "1234" not in str(refusal.value)
    assert "PUT resume" not in calls(sandbox)


@pytest.mark.parametrize("given", [["correct"], "correct", None, 7, {1: "correct"}, {"CHL-1": 1234}])
def test_resume_refuses_the_same_answers(client, sandbox, member, given):
    with pytest.raises(ra.ArgumentError, match=r"resume\(\) got"):
        client.resume(member.user_guid, member.guid, given)

    assert sandbox.requests == []


@pytest.mark.parametrize("given", [None, {}, {"CHL-none": "correct"}])
def test_an_empty_answer_is_a_challenge_error(client, make_member, given):
    member = make_member("challenge")

    with pytest.raises(ra.ChallengeError, match="1 of 1 were not answered") as end:
        client.fetch_rewards(member.user_guid, member.guid, lambda _: given)

    assert len(end.value.challenges) == 1


@pytest.mark.parametrize("value", ["", None])
def test_an_answer_without_text_counts_as_none(client, make_member, value):
    member = make_member("challenge")

    with pytest.raises(ra.ChallengeError, match="1 of 1 were not answered"):
        client.fetch_rewards(member.user_guid, member.guid, lambda asked: {asked[0].guid: value})
