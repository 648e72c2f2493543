"""Every verb both faces have, in the order help lists them."""

from __future__ import annotations

from argparse import Namespace

from janus_lab.verbs import (
    about,
    ask,
    cypher,
    docs,
    engine_room,
    ingest,
    init,
    keys,
    migrate,
    models,
    monitor,
    profile,
    queue,
    reindex,
    runs,
    search,
    serve,
    top,
    use,
    worker,
)
from janus_lab.verbs.face import Face
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


def _help(args: Namespace, _session: Session, _face: Face) -> object:
    return about.help_text(VERBS, args.topic, args.prefix, args.more)


HELP = Verb("help", "Help on a verb.", about.define_topic, _help, ("help ask", "help docs rm"))

VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        ingest.VERB,
        ask.VERB,
        search.VERB,
        cypher.VERB,
        docs.VERB,
        reindex.VERB,
        runs.VERB,
        engine_room.STATUS,
        engine_room.UP,
        engine_room.DOWN,
        engine_room.DOCTOR,
        monitor.VERB,
        top.VERB,
        queue.VERB,
        keys.VERB,
        models.VERB,
        profile.VERB,
        worker.VERB,
        serve.VERB,
        use.VERB,
        init.VERB,
        migrate.VERB,
        HELP,
        about.VERSION,
    )
}
