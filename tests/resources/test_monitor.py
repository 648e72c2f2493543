"""What a monitor publishes, and what is granted on it: the law of the leases on a machine that tests write down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from janus_lab.errors import ProbeFailed, StoreUnreachable
from janus_lab.values.lease import GrantState
from janus_lab.values.machine import ProcessUse

GB = 1_000_000_000
MACHINE = "loom"


def worker(ram, card=0):
    return ProcessUse(7, "worker", ram=ram * GB, vram={"0": card * GB} if card else {})


def test_a_look_tells_what_there_is_and_what_may_be_granted(machine):
    sample = machine.monitor().look()
    assert sample == machine.samples.latest(MACHINE)
    assert sample.machine == MACHINE
    assert sample.at == pytest.approx(machine.ticks, abs=0.01)
    assert [process.pid for process in sample.processes if process.ours] == [7]
    book = machine.leases.book(MACHINE)
    assert book.open
    assert book.resources["ram"].capacity.budget == 60 * GB
    assert book.resources["ram"].capacity.outside == 10 * GB
    assert book.resources["vram:0"].capacity.budget == 22 * GB
    assert book.resources["cpu"].capacity.budget == 8


def test_nothing_is_granted_before_the_first_look(machine):
    assert machine.ask(ram=1).state is GrantState.CLOSED
    machine.monitor().look()
    assert machine.ask(ram=1).state is GrantState.GRANTED


def test_what_other_programs_use_is_not_granted(machine):
    machine.monitor().look()
    assert machine.ask(ram=51).state is GrantState.WAITING
    assert machine.ask("b", ram=61).state is GrantState.IMPOSSIBLE
    assert machine.ask("c", card=21).state is GrantState.WAITING


def test_memory_that_is_leased_and_then_used_is_counted_once(machine):
    monitor = machine.monitor()
    monitor.look()
    assert machine.ask(ram=30).state is GrantState.GRANTED
    machine.write(ram_used=40 * GB, processes=(worker(31),))
    monitor.look()
    assert machine.ask("b", ram=20).state is GrantState.GRANTED
    assert machine.ask("c", ram=1).state is GrantState.WAITING


def test_memory_that_a_holder_uses_beyond_its_lease_is_not_granted_to_others(machine):
    monitor = machine.monitor()
    monitor.look()
    machine.ask(ram=30)
    machine.write(ram_used=50 * GB, processes=(worker(41),))
    monitor.look()
    assert machine.ask("b", ram=11).state is GrantState.WAITING
    assert machine.ask("c", ram=10).state is GrantState.WAITING, "who asked first is first"
    machine.leases.withdraw(MACHINE, "b")
    assert machine.ask("c", ram=10).state is GrantState.GRANTED


def test_an_accelerator_s_memory_is_counted_once(machine):
    monitor = machine.monitor()
    monitor.look()
    assert machine.ask(card=15).state is GrantState.GRANTED
    card = replace(machine.inventory.devices[0], memory_used=12 * GB)
    machine.write(devices=(card,), processes=(worker(1, card=10),))
    monitor.look()
    assert machine.ask("b", card=5).state is GrantState.GRANTED
    assert machine.ask("c", card=1).state is GrantState.WAITING


def test_another_program_that_grows_shrinks_what_is_left(machine):
    monitor = machine.monitor()
    monitor.look()
    machine.write(ram_used=55 * GB)
    monitor.look()
    assert machine.ask(ram=6).state is GrantState.WAITING
    machine.write(ram_used=10 * GB)
    monitor.look()
    assert machine.ask(ram=6).state is GrantState.GRANTED


def test_a_probe_that_fails_closes_admission_at_once_and_a_look_that_succeeds_opens_it(machine):
    monitor = machine.monitor()
    monitor.look()
    machine.file.write_text("{")
    with pytest.raises(ProbeFailed, match="no inventory"):
        monitor.look()
    assert machine.ask(ram=1).state is GrantState.CLOSED
    assert machine.ask("b", cpu=1).state is GrantState.CLOSED
    assert "no inventory" in machine.leases.book(MACHINE).resources["ram"].capacity.failure
    machine.write()
    monitor.look()
    assert machine.ask(ram=1).state is GrantState.GRANTED


def test_whatever_breaks_in_a_probe_closes_admission(machine):
    class Broken:
        def sample(self, ours):
            raise RuntimeError("nobody thought of this")

    monitor = machine.monitor()
    monitor.look()
    machine.probe = Broken()
    broken = machine.monitor()
    with pytest.raises(ProbeFailed, match="RuntimeError: nobody thought of this") as caught:
        broken.look()
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert machine.ask(ram=1).state is GrantState.CLOSED


def test_one_accelerator_that_fails_closes_only_itself(machine):
    monitor = machine.monitor()
    monitor.look()
    card = replace(machine.inventory.devices[0], memory_used=0, failure="GPU is lost")
    machine.write(devices=(card, replace(card, id="1", failure="")))
    monitor.look()
    assert machine.ask(card=1).state is GrantState.CLOSED
    assert machine.ask("b", ram=1).state is GrantState.GRANTED
    assert machine.leases.book(MACHINE).resources["vram:1"].capacity.failure == ""


def test_a_failed_probe_is_not_free_memory(machine):
    """Where a driver answers nothing it also tells of no processes and of nothing used."""
    monitor = machine.monitor()
    monitor.look()
    machine.write(devices=(), processes=(), failures={"vram": "the driver does not answer"})
    monitor.look()
    assert machine.ask(card=1).state is GrantState.CLOSED
    assert machine.leases.book(MACHINE).resources["vram:0"].capacity.failure == "the driver does not answer"


def test_admission_closes_by_itself_when_nobody_looks_any_more(machine):
    machine.monitor().look()
    machine.ticks += machine.settings.stale_seconds - 0.1
    assert machine.ask(ram=1).state is GrantState.GRANTED
    machine.ticks += 0.2
    assert machine.ask("b", ram=1).state is GrantState.CLOSED
    assert machine.samples.latest(MACHINE) is None


def test_what_a_dead_holder_held_is_granted_only_when_it_was_seen_to_be_free(machine):
    monitor = machine.monitor()
    monitor.look()
    assert machine.ask(ram=50, ttl=1.0).state is GrantState.GRANTED
    machine.write(ram_used=60 * GB, processes=(worker(51),))
    machine.ticks += 0.5
    monitor.look()
    machine.ticks += 1.0
    assert machine.ask("b", ram=50).state is GrantState.WAITING, "its lease has ended, and nobody has looked since"
    monitor.look()
    assert machine.ask("b", ram=50).state is GrantState.WAITING, "it hangs, and uses what it had leased"
    machine.write(ram_used=10 * GB, processes=())
    machine.ticks += 0.5
    monitor.look()
    assert machine.ask("b", ram=50).state is GrantState.GRANTED


def test_another_monitor_goes_on_where_one_stopped(machine):
    first = machine.monitor()
    first.look()
    machine.ask(ram=30)
    machine.write(ram_used=40 * GB, processes=(worker(31),))
    first.look()
    second = machine.monitor()
    second.begin()
    second.look()
    assert machine.leases.book(MACHINE).resources["ram"].capacity.outside == 10 * GB
    machine.write(devices=())
    second.look()
    third = machine.monitor()
    third.look()
    assert machine.leases.book(MACHINE).resources["vram:0"].capacity.failure


def test_a_takeover_that_failed_is_made_up_for_before_the_next_look(machine, monkeypatch):
    one, other = machine.monitor(), machine.monitor()
    one.look()
    other.look()

    def away(name):
        raise StoreUnreachable(name, remedy="wait")

    with monkeypatch.context() as failing:
        failing.setattr(type(machine.samples), "latest", lambda _, name: away(name))
        with pytest.raises(StoreUnreachable):
            one.begin()
        with pytest.raises(StoreUnreachable):
            one.look()
    one.look()
