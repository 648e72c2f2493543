"""Many processes with models on one machine that is only imagined: its memory is what they have loaded, its clock goes by itself."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack

from janus_lab.adapters.leases.memory import MemoryLeases
from janus_lab.errors import CapacityError, LeaseTimeout, ModelFailed
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.recall import recall
from janus_lab.scheduler.work import Somebody, Work
from janus_lab.values.lease import CPU, RAM, Capacity, vram
from janus_lab.values.model import ModelTask
from janus_lab.values.run import Priority
from tests.inference.models_in_hand import REQUEST, House, layout, never

MACHINE = "imagined"
GPU = vram("0")
BUDGETS = {RAM: 100, GPU: 60, CPU: 2}
TTL = 10.0
MODELS = {
    "tiny": {RAM: 8},
    "small": {RAM: 25},
    "middle": {RAM: 45},
    "large": {RAM: 80},
    "giant": {RAM: 140},
    "card": {RAM: 5, GPU: 40},
    "cards": {RAM: 10, GPU: 55},
}
SMALLER = {"large": ({RAM: 60}, {RAM: 35}), "giant": ({RAM: 120}, {RAM: 70}), "cards": ({RAM: 20, GPU: 30}, {RAM: 50})}
PINNED = "tiny"


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


class Asking(Somebody):
    """Waits while the imagined clock goes on, others live on and the machine is measured; gives up after some seconds."""

    def __init__(self, fleet, priority, patience):
        self.priority = priority
        self._fleet, self._patience = fleet, patience

    def waiting(self, grant, seconds):
        self._fleet.pass_by(0.5)
        if seconds > self._patience:
            raise LeaseTimeout("enough", remedy="x")

    def told(self, code, text):
        self._fleet.told[code] += 1


class Process(House):
    """A process: its admission, its models, and what they take of the machine now."""

    def __init__(self, fleet, name, cache, registry):
        self.fleet, self.name = fleet, name
        admission = Admission(fleet.leases, machine=MACHINE, holder=name, ttl_seconds=TTL, clock=fleet.clock)
        super().__init__(admission, cache)
        self.registry = registry
        self.clock = fleet.clock
        self.idle_seconds = 30.0
        self.taken = {}
        self.models = self.residency()
        self.speaking = []
        # Its threads would live by the real clock, beside what the imagined one lets happen.
        admission._heartbeat._over.set()
        self.models._over.set()

    def layouts(self, record):
        name = record.name
        ways = [MODELS[name], *SMALLER.get(name, ())]
        return [
            layout(name, way, lambda _wanted, way=way: self.opener_of(name, way), *["smaller"] * (place > 0))
            for place, way in enumerate(ways)
        ]

    def opener_of(self, name, way):
        return _Taken(self, name, way, self.opener(name))

    def beat(self):
        """What the heartbeat's thread would do in time."""
        for held in list(self.admission._heartbeat._held.values()):
            self.admission._heartbeat._beat(held)

    def die(self):
        """As by kill -9: nothing is given back, and its memory is the system's again."""
        self.fleet.processes.remove(self)
        self.admission._heartbeat._held.clear()
        self.admission.close()
        self.models._over.set()
        self.taken.clear()
        self.fleet.dead.append(self)


class _Taken:
    """An open model, whose memory is taken from the machine while it is open."""

    def __init__(self, process, name, way, opener):
        self.process, self.name, self.way, self.opener = process, name, way, opener

    def __enter__(self):
        model = self.opener.__enter__()
        self.process.taken[self.name] = self.way
        self.process.fleet.check_memory()
        return model

    def __exit__(self, *error):
        self.process.taken.pop(self.name, None)
        return self.opener.__exit__(*error)


class Fleet:
    """The machine, its leases and its processes."""

    def __init__(self, cache, registry, processes=3):
        self.clock = Clock()
        self.leases = MemoryLeases(self.clock)
        self.told = Counter()
        self.cache, self.registry = cache, registry
        self.processes, self.dead, self.started = [], [], 0
        self.measure()
        for _ in range(processes):
            self.start()
        for name in MODELS:
            self.processes[0].add(name, pinned=name == PINNED)

    def start(self):
        self.started += 1
        self.processes.append(Process(self, f"p{self.started}", self.cache, self.registry))

    def used(self):
        used = Counter()
        for process in self.processes:
            for way in process.taken.values():
                used.update(way)
        return used

    def measure(self):
        """As the sampler does: what is used and no lease covers is outside."""
        at, _ = self.leases.held(MACHINE)
        outside = Counter()
        for process in self.processes:
            used, covered = Counter(), Counter()
            for way in process.taken.values():
                used.update(way)
            for lease in self.leases.book(MACHINE).leases:
                if lease.request.holder == process.name:
                    covered.update(lease.request.weights)
            outside.update(used - covered)
        capacities = {name: Capacity(budget, outside[name]) for name, budget in BUDGETS.items()}
        self.leases.publish(MACHINE, capacities, measured_at=at, stale_seconds=3600.0)

    def pass_by(self, seconds):
        self.clock.now += seconds
        for process in list(self.processes):
            process.beat()
        self.measure()

    def check_memory(self):
        used = self.used()
        assert all(used[name] <= BUDGETS[name] for name in BUDGETS), dict(used)

    def check(self):
        """Whatever lives has exactly the leases of what it has loaded; nothing waits; no more is leased than there is."""
        self.check_memory()
        book = self.leases.book(MACHINE)
        assert book.waiting == ()
        for name, use in book.resources.items():
            assert use.leased + use.ending <= use.capacity.budget, (name, use)
        for process in self.processes:
            mine = [lease for lease in book.leases if lease.request.holder == process.name]
            lasting = {lease.request.purpose: dict(lease.request.weights) for lease in mine if lease.request.lasting}
            lost = {f"model {place.model.name}" for place in process.models._all() if _is_lost(place)}
            loaded = {f"model {name}": way for name, way in process.taken.items()}
            assert lasting == {purpose: way for purpose, way in loaded.items() if purpose not in lost}
            assert len(lasting) == sum(lease.request.lasting for lease in mine)
            passing = [lease for lease in mine if not lease.request.lasting]
            assert len(passing) <= len(process.speaking), passing

    def end(self):
        """Everybody stops in order; what the dead held has expired: nothing is left."""
        for process in self.processes:
            for speech in process.speaking:
                speech.close()
            process.models.close()
            assert not process.taken
            assert process.open == set()
            assert not process.admission._heartbeat._held
            process.admission.close()
        self.clock.now += TTL + 1
        self.measure()
        self.clock.now += 1
        self.measure()
        book = self.leases.book(MACHINE)
        assert (book.leases, book.waiting) == ((), ())
        assert all(use.leased == use.ending == use.capacity.outside == 0 for use in book.resources.values())


def _is_lost(place):
    held = place.model._held
    return held is not None and held.lost


ACTS = ["ask"] * 6 + ["chain", "speak", "speak", "hush", "unload", "fail", "pass", "rest", "stall", "kill"]


def act(fleet, random):
    """One random thing that happens."""
    process, name = random.choice(fleet.processes), random.choice(list(MODELS))
    asker = Asking(fleet, random.choice(list(Priority)), random.choice([1.0, 5.0, 20.0]))
    match random.choice(ACTS):
        case "ask":
            _ask(process, asker, name)
        case "chain":
            fleet.registry.choose(ModelTask.GENERATION, random.sample(list(MODELS), 3))
            _ask(process, asker, "")
        case "speak":
            _speak(process, asker, name)
        case "fail":
            process.load_errors[name] = ModelFailed("broken", remedy="x")
            _ask(process, asker, name)
            del process.load_errors[name]
        case "kill":
            process.die()
            fleet.start()
        case other:
            _happen(fleet, process, name, other, random)


def _happen(fleet, process, name, what, random):
    """What nobody asks a model for."""
    match what:
        case "hush" if process.speaking:
            process.speaking.pop().close()
        case "unload":
            purpose = f"model {name}"
            recall(fleet.leases, [MACHINE], purpose, seconds=3.0, clock=fleet.clock, sleep=lambda _: fleet.pass_by(1.0))
        case "pass":
            fleet.pass_by(random.choice([0.5, 3.0, 8.0]))
        case "rest":
            for _ in range(8):
                fleet.pass_by(5.0)
            process.models.sweep()
        case "stall":
            # Nobody renews for longer than a lease lives, as on a machine that was suspended.
            fleet.clock.now += TTL + 2
            fleet.measure()
            fleet.pass_by(0.5)
            fleet.pass_by(0.5)


def _ask(process, asker, name):
    work = Work(process.admission, Demand("ask", {RAM: 3}), asker)
    try:
        with work.going():
            process.models.speakers().attempt(
                lambda model: list(model.stream(REQUEST, cancelled=never)), name=name, begun=lambda: False
            )
    except (CapacityError, ModelFailed, LookupError) as error:
        process.fleet.told[type(error).__name__] += 1
    finally:
        work.end()


def _speak(process, asker, name):
    """Begin to speak, and be silent with half of it said: the model is in use."""
    work = Work(process.admission, Demand("ask", {RAM: 3}), asker)
    model = process.models.on_demand(process.models.roster.find(name))
    with ExitStack() as speaking:
        speaking.callback(work.end)
        try:
            work.take()
            speaking.enter_context(model.using(work))
        except (CapacityError, ModelFailed) as error:
            process.fleet.told[type(error).__name__] += 1
        else:
            process.speaking.append(speaking.pop_all())
