"""What starts a server of our own for a model: llama-server, vLLM, or the command that the model's record says."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from janus_lab.adapters.backend.processors import AT_REST
from janus_lab.errors import MissingPackage, SettingsError
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import LoadPlan, ModelTask

HOST = "127.0.0.1"
_LLAMA_SERVER = "llama-server"
_QUIET = {"DO_NOT_TRACK": "1", "VLLM_NO_USAGE_STATS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
_KEY_VARIABLES = ("LLAMA_API_KEY", "VLLM_API_KEY", "JANUS_SERVER_KEY")
"""Where servers look for the key that opens them. A command line would show it to everybody on the machine."""
_INSTALL = {
    _LLAMA_SERVER: "install llama.cpp, so that `llama-server` can be called, or give the model a command of its own",
    "vllm": "`pip install vllm` into an environment whose `vllm` can be called, or give the model a command of its own",
}


@dataclass(frozen=True, slots=True)
class Launch:
    """A command with its port, and what its environment has besides ours; the key is shown nowhere."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)


def launch(order: LoadOrder, port: int, key: str) -> Launch:
    """How the order's model is served on this port of loopback. Raises MissingPackage where the program is not installed."""
    command = _own(order, port) if order.record.options.command else _known(order, port)
    program = shutil.which(command[0])
    if program is None:
        raise MissingPackage(
            f"the program {command[0]} that serves the model {order.record.name} is not installed",
            remedy=_INSTALL.get(command[0], "install it, or correct the model's command"),
        )
    return Launch(
        (program, *command[1:]), {**_QUIET, **AT_REST, **_devices(order), **dict.fromkeys(_KEY_VARIABLES, key)}
    )


def model_of(order: LoadOrder) -> str:
    """What the server is to load: the first file's path, or a repository's name."""
    if order.files is not None:
        return order.files.paths[0]
    parts = urlsplit(order.record.uri)
    return unquote(f"{parts.netloc}{parts.path}").strip("/") if parts.netloc else unquote(parts.path)


def _own(order: LoadOrder, port: int) -> Sequence[str]:
    """The record's command, its places filled in."""
    places = {
        "host": HOST,
        "port": str(port),
        "model": model_of(order),
        "name": order.record.name,
        "context": str(order.plan.context_tokens),
    }
    try:
        return [part.format_map(places) for part in order.record.options.command]
    except (LookupError, ValueError, AttributeError) as error:
        raise SettingsError(
            f"the command of the model {order.record.name} can't be filled in: {error}",
            remedy="use only {host}, {port}, {model}, {name} and {context}; a brace of its own is written twice",
        ) from error


def _known(order: LoadOrder, port: int) -> Sequence[str]:
    if order.record.uri.startswith(f"{_LLAMA_SERVER}:"):
        return _llama_server(order, port)
    return _vllm(order, port)


def _llama_server(order: LoadOrder, port: int) -> Sequence[str]:
    plan = order.plan
    # What is embedded or ranked is read as one piece.
    whole = 0 if order.record.task is ModelTask.GENERATION else plan.context_tokens
    batch = str(max(plan.batch_tokens, whole))
    command = [_LLAMA_SERVER, "--host", HOST, "--port", str(port), "--model", model_of(order)]
    command += ["--alias", order.record.name, "--no-ui", "--jinja", "--n-gpu-layers", str(plan.gpu_layers)]
    command += ["--ctx-size", str(plan.cells), "--parallel", str(_at_once(plan)), "--kv-unified"]
    command += ["--batch-size", batch, "--ubatch-size", batch]
    command += ["--flash-attn", "on" if plan.flash_attention else "off"]
    command += ["--cache-type-k", plan.cache_type, "--cache-type-v", plan.cache_type]
    if order.threads:
        command += ["--threads", str(order.threads)]
    if plan.tensor_split:
        command += ["--tensor-split", ",".join(f"{share:g}" for share in plan.tensor_split)]
    if order.record.task is ModelTask.EMBEDDING:
        command += ["--embeddings"]
    if order.record.task is ModelTask.RERANKING:
        command += ["--reranking"]
    return command


def _vllm(order: LoadOrder, port: int) -> Sequence[str]:
    plan = order.plan
    command = ["vllm", "serve", model_of(order), "--host", HOST, "--port", str(port)]
    command += ["--served-model-name", order.record.name, "--max-num-seqs", str(_at_once(plan))]
    if order.record.task is ModelTask.GENERATION:
        command += ["--max-model-len", str(plan.context_tokens)]
    if len(plan.devices) > 1:
        command += ["--tensor-parallel-size", str(len(plan.devices))]
    if order.memory_part:
        command += ["--gpu-memory-utilization", f"{order.memory_part:.3f}"]
    return command


def _at_once(plan: LoadPlan) -> int:
    """Requests that have a whole window each."""
    return max(1, plan.cells // max(1, plan.context_tokens))


def _devices(order: LoadOrder) -> Mapping[str, str]:
    """The accelerators that were leased, and no others, where they have plain numbers: those of the machine, whatever we see of it."""
    devices = order.plan.devices
    if not devices or not all(map(str.isdecimal, devices)):
        return {}
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": ",".join(devices)}
