from __future__ import annotations

from janus_lab.adapters.backend.llama_pace import LEAST_PROMPT, SMOOTH_SECONDS, Pace
from janus_lab.adapters.backend.llama_threads import TRIES, ThreadChoice

BATCH = 512


def test_a_prompt_has_all_of_the_batch_while_nobody_speaks():
    pace = Pace(BATCH)
    pace.took(500, 0, 5.0)
    assert pace.prompt_room(0) == BATCH


def test_those_who_speak_are_not_kept_waiting_longer_than_is_smooth():
    pace = Pace(BATCH)
    pace.took(500, 0, 1.0)
    assert 0.8 * SMOOTH_SECONDS < pace.prompt_room(3) * 1.0 / 500 <= SMOOTH_SECONDS
    pace = Pace(BATCH)
    pace.took(500, 0, 500.0)
    assert pace.prompt_room(3) == LEAST_PROMPT
    pace = Pace(BATCH)
    pace.took(500, 0, 0.001)
    assert pace.prompt_room(3) == BATCH - 3


def test_they_are_read_together_where_that_is_faster():
    pace = Pace(BATCH)
    assert pace.together(2), "nothing is known yet"
    pace.took(0, 1, 0.010)
    pace.took(0, 2, 0.025)
    pace.took(0, 8, 0.050)
    assert not pace.together(2)
    assert pace.together(8)


def test_what_was_slow_together_is_tried_again():
    pace = Pace(BATCH)
    pace.took(0, 1, 0.010)
    pace.took(0, 2, 0.900)
    tried = [pace.together(2) for _ in range(200)]
    assert 0 < sum(tried) < 10


def test_other_programs_change_what_is_known_only_slowly():
    pace = Pace(BATCH)
    pace.took(0, 1, 0.010)
    pace.took(0, 4, 0.030)
    pace.took(0, 4, 0.100)
    assert pace.together(4)
    for _ in range(60):
        pace.took(0, 4, 0.100)
    assert not pace.together(4)


def test_the_fastest_number_of_threads_stays():
    choice = ThreadChoice(4)
    seconds = {4: 0.02, 2: 0.01, 1: 0.03}
    seen = []
    for number in range(3 * TRIES):
        seen.append(choice.now)
        disturbed = 5.0 if number % 4 == 3 else 0.0
        choice.took(seconds[choice.now] + disturbed)
    assert {count: seen.count(count) for count in seconds} == dict.fromkeys(seconds, TRIES)
    assert choice.now == 2
    choice.took(9.0)
    assert choice.now == 2


def test_one_thread_needs_no_choice():
    assert ThreadChoice(1).now == 1
