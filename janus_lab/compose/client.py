"""`open_lab`: a lab for a kernel, a terminal or a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from janus_lab.compose.catalogs import found_model
from janus_lab.compose.hardware import hardware
from janus_lab.compose.ingesting import bringer
from janus_lab.compose.inline_room import InlineRoom
from janus_lab.compose.logging_within import log_to_standard_logging
from janus_lab.compose.model_outlook import known_models
from janus_lab.compose.models import roster
from janus_lab.compose.process_room import ProcessRoom
from janus_lab.compose.server_room import ServerRoom
from janus_lab.compose.servers import check_servers, unreachable_servers
from janus_lab.compose.stores import open_shared, opened_once
from janus_lab.errors import JanusError, StoreUnreachable
from janus_lab.lab import Lab
from janus_lab.lab.board import Boards
from janus_lab.lab.diagnosis import Diagnosis
from janus_lab.lab.surroundings import Surroundings
from janus_lab.migration.marker import refuse_half_filled
from janus_lab.ports.engine_room import EngineRoom
from janus_lab.ports.graph import GraphStore
from janus_lab.ports.index_notes import IndexNotes
from janus_lab.ports.probe import Probe
from janus_lab.schemes import factory
from janus_lab.settings import Settings, load_settings
from janus_lab.values.health import HealthReport
from janus_lab.values.machine import Sample
from janus_lab.values.model import ModelRecord, ModelTask


def open_lab(
    home: str | Path | None = None,
    *,
    inline: bool = False,
    start: bool = True,
    restart: bool = True,
    announce: Callable[[str], None] | None = None,
    **settings: Any,
) -> Lab:
    """Open the lab of a data directory (default: see `janus_lab.settings.find_home`).

    With `inline`, runs are carried out in this process without an engine room: for scripts and tests. Without `start`, an
    engine room that is not running is not started, and what needs it raises EngineRoomFailed; without `restart`, that holds for one
    that somebody stopped (`janus down`) after this lab was opened. `announce` is told one line when the engine room is
    started. Other keywords are settings; an engine room that runs already keeps those
    it was started with (`janus down` lets the next start take new ones). Close the lab, or use it in a `with` block.
    """
    log_to_standard_logging()
    chosen = load_settings(home, **settings)
    with ExitStack() as opening:
        refuse_half_filled(chosen.home, chosen.profile)
        try:
            shared = open_shared(chosen, opening)
        except StoreUnreachable as error:
            raise unreachable_servers(chosen, error) from error
        room: EngineRoom = (
            InlineRoom(chosen, shared) if inline else _room(chosen, start=start, restart=restart, overrides=settings)
        )
        opening.callback(room.close)
        open_graph: Callable[[], GraphStore] = opened_once(
            "graph", chosen.url("graph_url"), opening.enter_context(ExitStack())
        )
        notes: Callable[[], IndexNotes] = opened_once(
            "index notes", chosen.url("vectors_url"), opening.enter_context(ExitStack())
        )
        models = known_models(chosen, room, opening, notes)
        probing = opening.enter_context(ExitStack())
        bring = bringer(chosen, opening.enter_context(ExitStack()))
        diagnosis = Diagnosis(
            chosen,
            ledger=shared.ledger,
            census=shared.documents,
            room=room,
            surroundings=_surroundings(chosen),
            serving=lambda: _serving(chosen),
            indexes=lambda: notes().serving(),
        )
        return Lab(
            chosen,
            ledger=shared.ledger,
            documents=shared.documents,
            census=shared.documents,
            room=room,
            resources=opening.pop_all(),
            announce=announce or (lambda _line: None),
            diagnosis=diagnosis,
            boards=Boards(room, shared.ledger, here=chosen.machine_name, open_probe=_probe(chosen, probing)),
            hardware=hardware(chosen),
            open_graph=open_graph,
            models=models,
            bringer=bring,
        )


def _serving(settings: Settings) -> Mapping[ModelTask, Sequence[ModelRecord]]:
    """The models that serve, by task."""
    url = settings.url("relational_url")
    with factory("model registry", url)(url) as registry:
        known = roster(settings, registry)
        return {task: known.chain(task) for task in ModelTask}


def _probe(settings: Settings, resources: ExitStack) -> Callable[[], Probe]:
    """What measures this machine, opened into `resources`."""

    def opened() -> Probe:
        url = settings.url("probe_url")
        probe: Probe = resources.enter_context(factory("probe", url)(url, machine=settings.machine_name))
        return probe

    return opened


def _measured(settings: Settings) -> Sample:
    """This machine, once."""
    with ExitStack() as probing:
        return _probe(settings, probing)().sample([])


def _room(settings: Settings, *, start: bool, restart: bool, overrides: Mapping[str, Any]) -> EngineRoom:
    if settings.own_server:
        return ProcessRoom(settings, start=start, restart=restart, overrides=overrides)
    return ServerRoom(settings, overrides)


def diagnose(settings: Settings, error: JanusError) -> HealthReport:
    """What `janus doctor` finds out about a lab that can't be opened, because of `error`."""
    return _surroundings(settings).report_without_stores(error)


def _surroundings(settings: Settings) -> Surroundings:
    return Surroundings(
        settings,
        check_servers=lambda: check_servers(settings),
        find_model=lambda record: found_model(settings, record),
        measure=lambda: _measured(settings),
    )
