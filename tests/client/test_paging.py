"""Every entry of a list exactly once, even if its pages shift."""

import pickle
import random
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


def test_contents_are_the_same_whatever_the_order_of_their_fields_and_what_is_in_them():
    once, again = {"guid": "RWD-1", "a": 1, "b": [{"c": 2}]}, {"b": [{"c": 2}], "a": 1, "guid": "RWD-1"}
    flat, tilted = {"guid": "RWD-2", "a": 1, "b": 2}, {"b": 2, "guid": "RWD-2", "a": 1}
    pages = {"rewards": [once, dict(once), flat, tilted], "pagination": {"total_entries": 2, "total_pages": 1}}

    assert list(read_all(lambda _: pages, "rewards", call="GET /rewards", consistent=True)) == [once, flat]
    pages["rewards"].append(again | {"b": [{"c": 3}]})
    with pytest.raises(ra.AtriumError, match="'RWD-1' twice with different contents"):
        list(read_all(lambda _: pages, "rewards", call="GET /rewards", consistent=True))


def test_a_long_guid_with_two_contents_is_cut():
    rewards = [{"guid": "R" * 150, "balance": 1}, {"guid": "R" * 150, "balance": 2}]

    with pytest.raises(ra.AtriumError, match=f"lists '{'R' * 100}' twice"):
        list(read_all(lambda _: {"rewards": rewards}, "rewards", call="GET /rewards", consistent=True))


# --- Announced numbers ---


def pages_read(pagination, *pages, **bounds):
    """What is read of these pages and empty ones after them, and which pages were asked for."""
    calls = []

    def get_page(page):
        calls.append(page)
        rewards = pages[page - 1] if page <= len(pages) else []
        return {"rewards": rewards, "pagination": pagination}

    return list(read_all(get_page, "rewards", call="GET /rewards", **bounds)), calls


@pytest.mark.parametrize("number", [2, "2", "02", Decimal(2), Decimal("2.0"), Decimal("2E+0")])
def test_a_number_of_pages_counts_in_any_form(number):
    read, calls = pages_read({"total_pages": number, "total_entries": 3}, entries(1, 2), entries(3), entries(4))

    assert (read, calls) == (entries(1, 2, 3), [1, 2])


NOT_NUMBERS = [None, True, -1, 0, 2.0, "", "x", "-2", "²", "٢", "2.0", [2], {}, 10**15 + 1, "1" + "0" * 15]
NOT_NUMBERS += [Decimal(text) for text in ("1.5", "NaN", "Infinity", "-2", "1e400", "1000000000000001")]


@pytest.mark.parametrize("number", NOT_NUMBERS, ids=repr)
def test_with_any_other_number_pages_are_read_until_one_is_empty(number):
    read, calls = pages_read({"total_pages": number, "total_entries": 3}, entries(1, 2), entries(3))

    assert (read, calls) == (entries(1, 2, 3), [1, 2, 3])


@pytest.mark.parametrize("number", [10**15, Decimal(10**15), "9" * 15])
def test_the_largest_number_that_is_believed(number):
    with pytest.raises(ra.AtriumError, match=rf"has {int(number):,} pages or more\. The bound is max_pages=10_000"):
        pages_read({"total_pages": number}, entries(1))


def test_as_many_pages_as_the_bound_are_read_and_no_more():
    pages = [entries(number) for number in range(4)]

    assert pages_read({"total_pages": 4}, *pages, max_pages=4) == (entries(0, 1, 2, 3), [1, 2, 3, 4])
    with pytest.raises(ra.AtriumError, match=r"has 4 pages or more\. The bound is max_pages=3"):
        pages_read({"total_pages": 4}, *pages, max_pages=3)


def test_entries_without_a_guid_are_told_apart_by_their_place():
    pages = [{"name": "a"}, {"name": "a"}], [{"name": "a"}, {"guid": None, "name": "b"}]

    read, _ = pages_read({"total_pages": 2, "total_entries": 4}, *pages)

    assert read == [*pages[0], *pages[1]]


def test_a_list_that_changes_in_each_of_six_passes_is_given_whole_with_the_latest_pass_first():
    """Of three entries one is missing in each pass, a different one each time."""
    missing = [3, 2, 1, 3, 2, 1]
    calls = []

    def get_page(page):
        calls.append(page)
        rewards = [entry for entry in entries(1, 2, 3) if entry != entries(missing[len(calls) - 1])[0]]
        return {"rewards": rewards, "pagination": {"total_entries": 3, "total_pages": 1}}

    assert read(get_page) == [2, 3, 1]
    assert calls == [1] * 6


def test_a_list_that_stays_shorter_than_announced_is_given_as_it_is():
    calls = []

    def get_page(page):
        calls.append(page)
        return {"rewards": entries(1, 2), "pagination": {"total_entries": 3, "total_pages": 1}}

    assert (read(get_page), calls) == ([1, 2], [1, 1])


def test_twenty_pages_without_a_new_entry_end_a_list():
    old = [entries(1)] * 20

    assert pages_read({"total_pages": 99, "total_entries": 1}, *old, entries(1), entries(2))[0] == entries(1)
    assert pages_read({"total_pages": 21, "total_entries": 2}, *old, entries(2))[0] == entries(1, 2)
    with pytest.raises(
        ra.AtriumError, match=r"pages 2 to 21 had no new entry, and only 1 of 2 entries of 'rewards' were read"
    ):
        pages_read({"total_pages": 99, "total_entries": 2}, *old, entries(1), entries(2))


def test_pages_without_a_new_entry_are_counted_in_a_row():
    old = [entries(1)] * 19

    read, calls = pages_read({"total_pages": 40, "total_entries": 3}, *old, entries(2), *old, entries(3))

    assert (read, calls[-1]) == (entries(1, 2, 3), 40)


# --- Memory ---


def long_page(number, size, *, repeated=False):
    """A page of one entry of about `size` bytes that cannot be compressed, or can."""
    text = "a" * size if repeated else random.Random(number).randbytes(size // 2).hex()
    return [{"guid": f"RWD-{number}", "text": text}]


def test_long_pages_stay_in_their_order():
    pages = [long_page(number, size) for number, size in enumerate((600_000, 400_000, 100_000, 10, 600_000, 10, 10))]

    assert pages_read({"total_pages": len(pages)}, *pages)[0] == [entry for page in pages for entry in page]


def test_pages_that_can_be_compressed_take_little_of_the_bound():
    pages = [long_page(number, 500_000, repeated=True) for number in range(10)]

    read, _ = pages_read({"total_pages": 10}, *pages, max_bytes=1_200_000)

    assert read == [entry for page in pages for entry in page]


def test_entries_may_take_as_many_bytes_as_the_bound():
    """The last page is not packed."""
    pages = [entries(number) for number in (1, 2, 3)]
    packed = 2 * len(pickle.dumps(pages[0]))

    assert pages_read({"total_pages": 3}, *pages, max_bytes=packed)[0] == entries(1, 2, 3)
    with pytest.raises(
        ra.AtriumError,
        match=rf"has more than {packed - 1} bytes of entries, packed, on 2 pages.* larger max_body_bytes",
    ):
        pages_read({"total_pages": 3}, *pages, max_bytes=packed - 1)


def test_the_pages_of_the_bound_are_counted_with_those_that_are_compressed():
    pages = [long_page(number, 600_000) for number in range(5)]

    with pytest.raises(ra.AtriumError, match=r"has more than 1,500,000 bytes of entries, packed, on 4 pages"):
        pages_read({"total_pages": 5}, *pages, max_bytes=1_500_000)


def test_announced_numbers_of_zero_count_and_those_below_do_not():
    """A list of another length than announced is read twice."""
    for zero in (0, Decimal(0), "0"):
        assert pages_read({"total_pages": 1, "total_entries": zero}, entries(1)) == (entries(1), [1, 1])
    for below in (-1, Decimal(-1), None):
        assert pages_read({"total_pages": 1, "total_entries": below}, entries(1)) == (entries(1), [1])


def test_the_bound_on_pages_counts_those_that_are_read():
    calls = []

    def get_page(page):
        calls.append(page)
        return {"rewards": entries(page)}

    assert pages_read({"total_pages": 1}, entries(1), max_pages=1) == (entries(1), [1])
    with pytest.raises(ra.AtriumError, match="has 4 pages or more"):
        list(read_all(get_page, "rewards", call="GET /rewards", max_pages=3))
    assert calls == [1, 2, 3]


@pytest.mark.parametrize("latest", [3, 5])
def test_of_a_list_that_keeps_changing_the_latest_number_counts(latest):
    listed = [(1, 2), (2, 3), (3, 1), (1, 2), (2, 3), (3, 1)]
    announced = iter([9, 9, 9, 9, 9, latest])
    passes = iter(listed)

    def get_page(_):
        return {"rewards": entries(*next(passes)), "pagination": {"total_entries": next(announced), "total_pages": 1}}

    if latest == 3:
        assert read(get_page) == [3, 1, 2]
    else:
        with pytest.raises(ra.AtriumError, match="kept changing: 3 of 5 entries of 'rewards' were read in 6 passes"):
            read(get_page)


def test_entries_that_are_nested_without_end_are_of_another_shape():
    deep = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(ra.AtriumError, match="without entries that are flat objects"):
        pages_read({"total_pages": 2}, [{"guid": "RWD-1", "deep": deep}], entries(2))
