"""Every entry of a list exactly once, even if its pages shift."""

from decimal import Decimal
from itertools import count as count_from

import pytest
from hypothesis import given, settings, strategies as st

import rewards_analytics as ra
from rewards_analytics import AtriumClient
from rewards_analytics.client.paging import read_all
from rewards_analytics.sandbox import Sandbox


def entries(*numbers):
    return [{"guid": f"RWD-{number}"} for number in numbers]


def numbers(read):
    return [int(entry["guid"].removeprefix("RWD-")) for entry in read]


def page_of(content, page, size):
    pages = max(-(-len(content) // size), 1)
    start = (page - 1) * size
    return {
        "rewards": entries(*content[start : start + size]),
        "pagination": {"current_page": page, "per_page": size, "total_entries": len(content), "total_pages": pages},
    }


class Shifting:
    """A list in pages of `size` on which something happens before some of the calls, counted from 1."""

    def __init__(self, content, size, events):
        self.content = list(content)
        self.size = size
        self.events = events
        self.calls = []

    def __call__(self, page):
        self.calls.append(page)
        self.events.get(len(self.calls), lambda _: None)(self.content)
        return page_of(self.content, page, self.size)


def read(get_page):
    return numbers(read_all(get_page, "rewards", call="GET /rewards"))


def test_all_pages_are_read_once():
    pages = Shifting(range(25), 10, {})

    assert read(pages) == list(range(25))
    assert pages.calls == [1, 2, 3]


def test_an_empty_list_is_one_page():
    pages = Shifting([], 10, {})

    assert read(pages) == []
    assert pages.calls == [1]


def test_a_reward_listed_twice_because_one_was_added_is_kept_once():
    pages = Shifting(range(25), 10, {2: lambda content: content.insert(0, 99)})

    assert sorted(read(pages)) == [*range(25), 99]


def test_a_reward_that_moves_to_a_page_already_read_is_not_lost():
    pages = Shifting(range(25), 10, {2: lambda content: content.remove(3)})

    assert sorted(read(pages)) == [0, 1, 2, *range(4, 25)]


def test_a_growing_number_of_pages_is_followed():
    pages = Shifting(range(10), 10, {2: lambda content: content.extend(range(10, 35))})

    assert sorted(read(Shifting(range(10), 10, {1: lambda content: content.extend(range(10, 35))}))) == list(range(35))
    assert sorted(read(pages)) == list(range(10))


def test_an_empty_last_page_ends_the_list():
    def get_page(page):
        body = page_of(range(10), page, 10)
        body["pagination"]["total_pages"] = 2
        return body

    assert read(get_page) == list(range(10))


def test_without_pagination_pages_are_read_until_one_has_nothing_new():
    calls = []

    def get_page(page):
        calls.append(page)
        return {"rewards": page_of(range(25), page, 10)["rewards"]}

    assert read(get_page) == list(range(25))
    assert calls == [1, 2, 3, 4]


def test_a_server_without_paging_is_read_at_most_once_more():
    calls = []

    def get_page(page):
        calls.append(page)
        return {"rewards": entries(1, 2, 3), "pagination": None}

    assert read(get_page) == [1, 2, 3]
    assert calls == [1, 2]


def test_a_guid_that_the_server_holds_twice_is_kept_once():
    def get_page(page):
        body = page_of(range(12), page, 10)
        body["rewards"] = body["rewards"] if page == 1 else entries(10, 3)
        return body

    assert read(get_page) == list(range(11))


def test_a_list_that_keeps_changing_is_an_error_instead_of_an_incomplete_list():
    first = [0]

    def get_page(page):
        first[0] += 2
        start = first[0] if page == 2 else 0
        body = page_of(range(1000), page, 10)
        return {"rewards": entries(start), "pagination": body["pagination"] | {"total_pages": 2}}

    with pytest.raises(ra.AtriumError, match=r"kept changing: \d of 1000 entries"):
        read(get_page)


@pytest.mark.parametrize("body", [None, [], {}, {"rewards": None}, {"rewards": ["x"]}, {"error": {}}])
def test_json_of_another_shape_is_reported(body):
    with pytest.raises(ra.AtriumError, match=r"without a list of objects 'rewards'.*Is the base URL"):
        read(lambda _: body)


PLACES = st.dictionaries(st.integers(1, 12), st.integers(0, 40), max_size=4)


@settings(deadline=None)
@given(size=st.integers(1, 7), count=st.integers(0, 40), places=PLACES, removing=st.booleans())
def test_entries_that_exist_throughout_are_read_exactly_once(size, count, places, removing):
    """Whether entries are inserted or removed, anywhere, before any of the calls."""

    new = count_from(1)

    def change(place):
        if removing:
            return lambda content: content.remove(place) if place in content else None
        return lambda content: content.insert(place, place + 1000 * next(new))

    found = read(Shifting(range(count), size, {call: change(place) for call, place in places.items()}))

    gone = set(places.values()) if removing else set()
    assert len(found) == len(set(found))
    assert not set(range(count)) - gone - set(found)


@pytest.mark.parametrize("fault", [None, "shift"])
def test_a_long_list_is_complete_over_http(fault):
    with Sandbox(users=1, default_per_page=10, most_per_page=10) as sandbox:
        member = next(iter(sandbox.world.members.values()))
        member.rewards = [
            {"guid": f"RWD-{n}", "balance": Decimal(n), "created_at": None, "member_guid": member.guid}
            for n in range(55)
        ]
        if fault:
            sandbox.faults.next(fault, times=3, on="page=")
        with AtriumClient(sandbox.api_key, sandbox.client_id, sandbox.base_url) as client:
            rewards = list(client.list_rewards(member.user_guid, member.guid))

    assert sorted(int(reward["balance"]) for reward in rewards) == list(range(55))


# --- One guid with two contents ---


def page_with(*balances):
    """A list of one page that gives RWD-1 once for each balance."""
    rewards = [{"guid": "RWD-1", "balance": balance} for balance in balances]
    return {"rewards": rewards, "pagination": {"total_entries": len(rewards), "total_pages": 1}}


def test_a_reward_that_changes_between_two_pages_is_read_again():
    answers = iter([page_with(1, 2), page_with(2)])

    assert list(read_all(lambda _: next(answers), "rewards", call="GET /rewards", consistent=True)) == [
        {"guid": "RWD-1", "balance": 2}
    ]


def test_a_reward_that_keeps_two_contents_is_an_error_where_the_list_has_to_be_consistent():
    with pytest.raises(ra.AtriumError, match="GET /rewards lists 'RWD-1' twice with different contents"):
        list(read_all(lambda _: page_with(1, 2), "rewards", call="GET /rewards", consistent=True))


def test_of_any_other_list_the_first_content_is_kept():
    assert next(iter(read_all(lambda _: page_with(1, 2), "rewards", call="GET /rewards")))["balance"] == 1
