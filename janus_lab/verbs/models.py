"""`models`: which models there are, which fit, which are loaded, and which of them serve."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from janus_lab.errors import ModelInUse, UsageError
from janus_lab.values.model import ModelOptions, ModelTask
from janus_lab.values.model_run import BenchRequest
from janus_lab.verbs.face import Face
from janus_lab.verbs.listings import ModelAdded, ModelChain, ModelFits, ModelForgotten, told_as
from janus_lab.verbs.options import MODEL, add_json, positive
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb

if TYPE_CHECKING:
    from janus_lab.lab import Lab
    from janus_lab.lab.ingesting import OnEvent
    from janus_lab.lab.registry import Models

_TASKS = [task.value for task in ModelTask]
_CACHE_TYPES = ("f16", "q8_0")


def define(parser: VerbParser) -> None:
    """Actions and options of `models`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", summary="List models.", help="what there is, fits and is loaded (the default)")
    listing.add_argument("--once", action="store_true", help="as they are now: no live display in a notebook")
    show = actions.add_parser("show", summary="Show one model.", help="everything that is known of one model")
    pull = actions.add_parser("pull", summary="Fetch a model and make it known.", help="fetch a model")
    pull.add_argument("uri", metavar="URI", help="hf://organisation/repository[/file][@revision]")
    pull.add_argument("--name", default="", metavar="NAME", help="what to call it (default: as its file)")
    pull.add_argument("--accept-licence", action="store_true", help="you have read its licence and agree to it")
    _add_task(pull, "what it is for")
    add = actions.add_parser(
        "add", summary="Make a file or a server's model known.", help="make a file or a server's model known"
    )
    add.add_argument("name", metavar="NAME", help="what to call it")
    add.add_argument(
        "uri",
        metavar="URI",
        help="a file's path or file:///path, hf://…, package://…, or a server's http://host:port/v1",
    )
    for action in (pull, add):
        _add_options(action)
    _add_task(add, "what it is for")
    use = actions.add_parser(
        "use", summary="Choose the model that serves, and those that follow where it can't.", help="choose who serves"
    )
    use.add_argument("names", nargs="*", metavar=MODEL, help="the first serves, the others in its place")
    use.add_argument("--default", action="store_true", help="as the settings say")
    _add_task(use, "for what")
    fit = actions.add_parser("fit", summary="Whether and how a model fits.", help="whether and how one fits here now")
    load = actions.add_parser("load", summary="Load a model.", help="bring one into memory before it is needed")
    unload = actions.add_parser("unload", summary="Unload a model.", help="have its memory given back")
    bench = actions.add_parser("bench", summary="Measure how fast a model is.", help="measure how fast one is here")
    bench.add_argument("--prompt", type=positive, default=256, metavar="N", help="tokens to read (default: 256)")
    bench.add_argument("--reply", type=positive, default=48, metavar="N", help="tokens to write (default: 48)")
    bench.add_argument(
        "--streams", type=_streams, default=(1, 4), metavar="N,N", help="requests at the same time (default: 1,4)"
    )
    remove = actions.add_parser("remove", summary="Forget a model; its files stay.", help="forget one; its files stay")
    remove.add_argument("-y", "--yes", action="store_true", help="don't ask, though collections are searched by it")
    for action in (show, fit, load, unload, bench, remove):
        action.add_argument("name", metavar=MODEL, help="the model's name")
    for action in (listing, show, pull, add, use, fit, load, unload, bench, remove):
        add_json(action)


def execute(args: Namespace, session: Session, face: Face) -> object:
    """What the action gives: a ModelView, a ModelStatus, a report."""
    models = session.lab().models
    on_event = None if args.json else face.follow
    simple: dict[str, Callable[[str], object]] = {
        "show": models.show,
        "fit": lambda name: told_as(ModelFits, models.fit(name)),
        "unload": models.unload,
    }
    if args.action in simple:
        return simple[args.action](args.name)
    if args.action in ("load", "bench", "pull"):
        return _run(models, args, on_event)
    match args.action:
        case "add":
            added = models.add(args.name, args.uri, ModelTask(args.task), _options(args))
            return told_as(ModelAdded, models.show(added.name))
        case "use":
            return _use(session.lab(), args)
        case "remove":
            return _remove(models, args, face)
        case _:
            return models.view()


def _run(models: Models, args: Namespace, on_event: OnEvent | None) -> object:
    """What takes a while, and is done in the engine room."""
    match args.action:
        case "load":
            return models.load(args.name, on_event=on_event)
        case "bench":
            task = models.show(args.name).record.task
            return models.bench(BenchRequest(args.name, task, args.prompt, args.reply, args.streams), on_event=on_event)
        case _:
            return models.pull(
                args.uri,
                name=args.name,
                task=ModelTask(args.task),
                options=_options(args),
                accept_licence=args.accept_licence,
                on_event=on_event,
            )


def _use(lab: Lab, args: Namespace) -> ModelChain:
    if bool(args.names) == args.default:
        raise UsageError("name a model, or give --default", remedy="`janus models` lists those there are")
    task = ModelTask(args.task)
    chain = lab.models.use(*args.names, task=task)
    if task is not ModelTask.EMBEDDING or not chain:
        return ModelChain(task, chain)
    indexes = lab.status().indexes
    return ModelChain(task, chain, tuple(name for name, model in indexes.items() if model != chain[0].name))


def _remove(models: Models, args: Namespace, face: Face) -> ModelForgotten:
    try:
        return ModelForgotten(models.remove(args.name, anyway=args.yes))
    except ModelInUse as needed:
        try:
            agreed = face.confirm(f"{needed.message}. Forget it all the same?")
        except UsageError:
            raise needed from None
        return ModelForgotten(models.remove(args.name, anyway=True) if agreed else None)


def _add_task(action: VerbParser, meaning: str) -> None:
    action.add_argument(
        "--for", dest="task", choices=_TASKS, default=_TASKS[0], help=f"{meaning} (default: {_TASKS[0]})"
    )


def _add_options(action: VerbParser) -> None:
    action.add_argument("--context", type=positive, default=0, metavar="N", help="tokens of a request's window")
    action.add_argument("--parallel", type=positive, default=0, metavar="N", help="requests answered at a time")
    action.add_argument("--gpu-layers", type=int, metavar="N", help="layers on accelerators: -1 is all, 0 none")
    action.add_argument("--cache", choices=_CACHE_TYPES, default="", help="format of what was read: q8_0 takes half")
    action.add_argument("--precision", choices=("int8", "fp32"), default="", help="of an embedding model in ONNX")
    action.add_argument(
        "--dimensions", type=positive, default=0, metavar="N", help="cut embeddings to the first N numbers"
    )
    action.add_argument("--query-prefix", metavar="TEXT", help="what an embedding model reads before a query")
    action.add_argument("--passage-prefix", metavar="TEXT", help="what it reads before a text that is searched")
    action.add_argument("--idle", type=float, metavar="SECONDS", help="unload it when unused for so long")
    action.add_argument("--pin", action="store_true", help="never unload it for others")
    action.add_argument("--model", default="", metavar="NAME", help="what a server calls it")
    action.add_argument(
        "--key-env", default="", metavar="VARIABLE", help="the environment variable with a server's key"
    )
    action.add_argument("--timeout", type=float, default=0.0, metavar="SECONDS", help="how long a server may be silent")


def _options(args: Namespace) -> ModelOptions:
    return ModelOptions(
        context_tokens=args.context,
        parallel_requests=args.parallel,
        gpu_layers=args.gpu_layers,
        cache_type=args.cache,
        idle_seconds=args.idle,
        pinned=args.pin,
        precision=args.precision,
        dimensions=args.dimensions,
        query_prefix=args.query_prefix,
        passage_prefix=args.passage_prefix,
        remote_model=args.model,
        key_variable=args.key_env,
        timeout_seconds=args.timeout,
    )


def _streams(text: str) -> tuple[int, ...]:
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or min(found) < 1:
        raise ArgumentTypeError(f"{text!r} is no list of numbers such as 1,4,8")
    return found


VERB = Verb(
    "models",
    "List models, fetch, add and choose them, see which fit, load, unload and measure them.",
    define,
    execute,
    examples=(
        "models",
        "models pull hf://Qwen/Qwen2.5-0.5B-Instruct-GGUF/qwen2.5-0.5b-instruct-q8_0.gguf",
        "models add big http://127.0.0.1:8000/v1 --model Qwen/Qwen2.5-7B-Instruct --key-env VLLM_KEY",
        "models use big SmolLM2-135M-Instruct.Q4_1",
        "models fit big",
        "models bench SmolLM2-135M-Instruct.Q4_1",
        "models unload big",
    ),
    default_action="list",
)
