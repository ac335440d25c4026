"""Records of a run of any length."""

import numpy as np
import pytest

from engine.history import History, Series


def test_a_view_stays_what_it_was_while_the_series_grows() -> None:
    series = Series(capacity=2)
    series.append(1.0)
    early = series.view()
    for value in (2.0, 3.0, 4.0):
        series.append(value)
    np.testing.assert_array_equal(early, [1.0])
    np.testing.assert_array_equal(series.view(), [1.0, 2.0, 3.0, 4.0])
    with pytest.raises(ValueError, match="read-only"):
        early[0] = 9.0


def test_the_series_can_still_be_written_after_a_view() -> None:
    series = Series()
    for value in range(5000):
        series.append(value)
        assert series.view()[-1] == value
    assert len(series) == 5000


@pytest.mark.parametrize("length", [1, 2, 7, 16, 17, 1000, 12345])
def test_a_history_is_bounded_even_and_ends_with_the_newest(length: int) -> None:
    history: History[int] = History(capacity=16)
    for entry in range(length):
        history.add(entry)
    assert len(history) <= 17 and history.indices[0] == 0 and history.indices[-1] == length - 1
    gaps = np.diff(history.indices[:-1])
    assert len(set(gaps.tolist())) <= 1, "the record covers the run evenly"
    assert [history.at(index) for index in history.indices] == list(history.indices)


def test_between_two_held_entries_the_earlier_one_is_given() -> None:
    history: History[int] = History(capacity=4)
    for entry in range(100):
        history.add(entry)
    held = history.indices
    assert history.at(held[1] + 1) == held[1]
    assert history.at(10**9) == 99


def test_bad_positions_and_capacities_are_refused() -> None:
    with pytest.raises(IndexError):
        History[int]().at(0)
    with pytest.raises(ValueError, match="at least 2"):
        History[int](capacity=1)
