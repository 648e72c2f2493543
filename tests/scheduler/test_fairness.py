"""24 hours in made-up time: nobody waits for longer than a bound, whatever people ask for meanwhile."""

from __future__ import annotations

from janus_lab.scheduler.fairness import LOOK_SECONDS, TURN_SECONDS
from janus_lab.values.lease import PUT_BACK_SECONDS
from janus_lab.values.run import Priority
from tests.scheduler.simulated import SLOTS, Day, Party

DAY = 24 * 3600.0
ASK, EMBED = 5.0, 0.3
"""Seconds of a person's question, and of a batch of embeddings."""


def worst(party):
    return max(party.waits)


def test_under_constant_load_by_people_batch_work_waits_within_a_bound_and_progresses_all_day():
    people = [Party(f"person-{n}", Priority.INTERACTIVE, ASK, 1) for n in range(4)]
    agent = Party("agent", Priority.AGENT, 1.0, 20)
    ingests = [Party(f"ingest-{n}", Priority.BATCH, EMBED, 10_000) for n in range(2)]
    day = Day([*people, agent, *ingests])
    day.live(DAY)
    assert day.most_leased <= SLOTS
    # Whoever asked within the time that a class is put back is served first; each of them once, and then the next in line.
    round_of_all = len(people) * ASK + (len(ingests) + 1) * (TURN_SECONDS + 1.0)
    for party in ingests:
        assert worst(party) <= PUT_BACK_SECONDS[Priority.BATCH] + 2 * round_of_all
        # After such a wait it works for a whole turn, not for a unit.
        assert party.done * EMBED >= 0.9 * TURN_SECONDS * len(party.waits)
    assert worst(agent) <= PUT_BACK_SECONDS[Priority.AGENT] + 2 * round_of_all
    assert max(map(worst, people)) <= 2 * round_of_all


def test_who_asks_now_and_then_is_served_at_once_and_batch_work_takes_the_rest():
    person = Party("person", Priority.INTERACTIVE, ASK, 1, rest=15.0)
    ingest = Party("ingest", Priority.BATCH, EMBED, 10_000)
    day = Day([person, ingest])
    day.live(DAY)
    assert len(person.waits) > 1000
    # The unit under way when it asks, and as many as begin before the next look.
    assert worst(person) <= LOOK_SECONDS + 2 * EMBED
    assert ingest.done * EMBED > 0.95 * (DAY - person.done * ASK)


def test_alike_batch_runs_get_alike_shares():
    ingests = [Party(f"ingest-{n}", Priority.BATCH, EMBED, 10_000) for n in range(3)]
    day = Day(ingests)
    day.live(DAY / 8)
    done = [party.done for party in ingests]
    assert max(done) < 1.05 * min(done)
