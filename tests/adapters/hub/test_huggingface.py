"""Models fetched from a hub: once, whole, or not at all."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from huggingface_hub import constants, try_to_load_from_cache

from janus_lab.errors import DiskFull, HashMismatch, HubUnreachable, ModelGated, NotFound, RunCancelled

WEIGHTS = random.Random(1).randbytes(700_000)
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
URI = "hf://org/model/model.gguf"
FETCH = """
import sys
from pathlib import Path
from janus_lab.adapters.hub.huggingface import open_hub
def told(name, have, whole):
    if name.endswith("gguf") and have >= 200_000:
        print("here", flush=True)
        sys.stdin.read()
with open_hub(sys.argv[1], hash_of=lambda path: "", cache=Path(sys.argv[3])) as hub:
    hub.fetch(hub.find(sys.argv[2]), progress=told, cancelled=lambda: False)
"""


@pytest.fixture(autouse=True)
def published(hub):
    return hub.put("org/model", {"model.gguf": WEIGHTS, "other.gguf": b"x" * 100}, licence="apache-2.0")


def test_a_model_is_fetched_with_its_hash_licence_and_commit(hub, fetched, published):
    files, told = fetched(URI)
    assert Path(files.paths[0]).read_bytes() == WEIGHTS
    assert files.content_hash == SHA256
    assert files.size == len(WEIGHTS)
    assert files.licence == "apache-2.0"
    assert files.uri == f"{URI}@{published}"
    assert files.source == f"{hub.url}/org/model@{published}"
    of_weights = [have for name, have, whole in told if name == "model.gguf" and whole == len(WEIGHTS)]
    assert of_weights == sorted(of_weights)
    assert of_weights[-1] == len(WEIGHTS)
    assert not hub.asked("other.gguf")


def test_what_is_here_is_not_asked_for_again(hub, opened, fetched, published):
    first, _ = fetched(URI)
    hub.log.clear()
    assert opened().cached(URI) == opened().cached(f"{URI}@{published}") == first
    for uri in (URI, f"{URI}@{published}"):
        found = opened(offline=True).find(uri)
        assert (found.commit, found.licence) == (published, "apache-2.0")
    assert opened().find(f"{URI}@{published}").licence == "apache-2.0"
    assert hub.log == []
    assert fetched(URI)[0] == first
    assert not hub.asked("resolve")


def test_other_clients_of_the_hub_share_the_cache(fetched, tmp_path):
    files, _ = fetched(URI)
    assert try_to_load_from_cache("org/model", "model.gguf", cache_dir=tmp_path / "hf") == files.paths[0]


def test_a_new_commit_is_fetched_and_the_old_one_stays(hub, opened, fetched, published):
    fetched(URI)
    commit = hub.put("org/model", {"model.gguf": WEIGHTS[::-1]})
    assert opened().cached(URI).uri == f"{URI}@{published}"
    files, _ = fetched(URI)
    assert files.uri == f"{URI}@{commit}"
    assert opened().cached(URI) == files
    assert opened().cached(f"{URI}@{published}").content_hash == SHA256


def test_a_cut_connection_is_gone_on_with(hub, fetched):
    hub.cut_after = [10**9, 100_000, 50_000, 200_000]  # the card comes first
    files, told = fetched(URI)
    assert files.content_hash == SHA256
    starts = [asked.range for asked in hub.asked("model.gguf")]
    assert starts[0] == ""
    assert starts[1:4] == ["bytes=100000-", "bytes=150000-", "bytes=350000-"]
    have = [have for name, have, _ in told if name == "model.gguf"]
    assert have == sorted(have)


def test_a_cancelled_fetch_is_gone_on_with(hub, fetched, opened, tmp_path):
    hub.slow_seconds = 0.05
    partial = tmp_path / f"hf/models--org--model/blobs/{SHA256}.incomplete"
    with pytest.raises(RunCancelled):
        fetched(URI, cancelled=lambda: partial.exists() and partial.stat().st_size > 100_000)
    hub.slow_seconds = 0.0
    hub.log.clear()
    assert opened().cached(URI) is None
    assert fetched(URI)[0].content_hash == SHA256
    assert [begin(asked) > 0 for asked in hub.asked("model.gguf")] == [True]


def begin(asked) -> int:
    return int(asked.range.removeprefix("bytes=").removesuffix("-") or 0)


def test_another_process_goes_on_with_what_a_killed_one_left(hub, fetched, tmp_path):
    program = [sys.executable, "-c", FETCH, hub.url, URI, str(tmp_path / "hf")]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "here\n"
        child.kill()
    hub.log.clear()
    assert fetched(URI)[0].content_hash == SHA256
    assert [begin(asked) >= 131_072 for asked in hub.asked("model.gguf")] == [True]


def test_two_who_want_the_same_fetch_it_once(hub, fetched):
    hub.slow_seconds = 0.02
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(lambda _: fetched(URI)[0].content_hash, range(3)))
    assert found == [SHA256] * 3
    assert len(hub.asked("model.gguf")) == 1


def test_a_damaged_rest_of_an_earlier_fetch_costs_time_and_nothing_else(hub, fetched, tmp_path):
    blobs = tmp_path / "hf/models--org--model/blobs"
    blobs.mkdir(parents=True)
    (blobs / f"{SHA256}.incomplete").write_bytes(b"?" * 5000)
    assert Path(fetched(URI)[0].paths[0]).read_bytes() == WEIGHTS
    assert [asked.range for asked in hub.asked("model.gguf")] == ["bytes=5000-", ""]


def test_a_hub_that_ignores_ranges_is_read_from_the_beginning(hub, fetched):
    hub.ignores_ranges, hub.cut_after = True, [10**9, 300_000]
    assert Path(fetched(URI)[0].paths[0]).read_bytes() == WEIGHTS


def test_wrong_bytes_are_thrown_away(hub, fetched, opened, tmp_path):
    hub.damaged = True
    with pytest.raises(HashMismatch, match=r"README\.md|model\.gguf"):
        fetched(URI)
    assert opened().cached(URI) is None
    assert not list((tmp_path / "hf").rglob("*.incomplete"))
    hub.damaged = False
    assert fetched(URI)[0].content_hash == SHA256


def test_a_file_damaged_on_disk_is_not_served_and_fetched_again(fetched, opened):
    path = Path(fetched(URI)[0].paths[0])
    path.resolve().write_bytes(WEIGHTS[:-1] + b"?")
    assert opened().cached(URI) is None
    assert Path(fetched(URI)[0].paths[0]).read_bytes() == WEIGHTS


def test_a_split_model_is_all_of_its_parts(hub, fetched, opened):
    parts = {f"m-{n:05}-of-00003.gguf": WEIGHTS[n:200_000] for n in (1, 2, 3)}
    hub.put("org/split", parts)
    files, _ = fetched("hf://org/split")
    assert [Path(path).name for path in files.paths] == list(parts)
    assert files.size == sum(map(len, parts.values()))
    assert opened().cached("hf://org/split/m-00002-of-00003.gguf") == files
    Path(files.paths[2]).unlink()
    assert opened().cached("hf://org/split") is None


def test_a_gated_model_says_where_to_ask(hub, fetched):
    hub.put("org/gated", {"model.gguf": WEIGHTS}, gated=True)
    with pytest.raises(ModelGated) as caught:
        fetched("hf://org/gated/model.gguf")
    assert f"{hub.url}/org/gated" in caught.value.remedy
    assert "hf auth login" in caught.value.remedy


@pytest.mark.parametrize(
    ("uri", "word"),
    [
        ("hf://org/nothing", "org/nothing"),
        ("hf://org/model/nothing.gguf", r"nothing\.gguf"),
        ("hf://org/model/model.gguf@v9", "'v9'"),
    ],
)
def test_what_is_not_there_is_named(fetched, uri, word):
    with pytest.raises(NotFound, match=word):
        fetched(uri)


def test_a_busy_hub_is_asked_again_and_then_given_up(hub, fetched):
    hub.answers = [429, 503, 500]
    assert fetched(URI)[0].content_hash == SHA256
    hub.put("org/model", {"model.gguf": WEIGHTS + b"2"})
    hub.answers = [503] * 20
    with pytest.raises(HubUnreachable, match="HTTP 503"):
        fetched(URI)


def test_a_hub_that_is_down_is_named_and_cached_models_go_on(fetched, opened):
    fetched(URI)
    with pytest.raises(HubUnreachable, match=r"127\.0\.0\.1:9"):
        fetched(URI, url="http://127.0.0.1:9")
    assert opened("http://127.0.0.1:9").cached(URI) is not None


def test_offline_nobody_is_asked(hub, fetched):
    with pytest.raises(NotFound, match="offline"):
        fetched(URI, offline=True)
    assert hub.log == []
    fetched(URI)
    hub.log.clear()
    assert fetched(URI, offline=True)[0].content_hash == SHA256
    assert hub.log == []


def test_it_is_cancelled_even_while_nothing_arrives(hub, fetched):
    hub.hangs.set()
    began = time.monotonic()
    with pytest.raises(RunCancelled):
        fetched(URI, cancelled=lambda: time.monotonic() - began > 0.5)
    assert time.monotonic() - began < 150, "the next piece would come after 300 seconds"


def test_who_is_logged_in_is_not_told_without_tls(hub, fetched, monkeypatch):
    monkeypatch.setattr("janus_lab.adapters.hub.huggingface.get_token", lambda: "hf_secret")
    assert fetched(URI)[0].content_hash == SHA256
    assert not any(asked.authorization for asked in hub.log)


def test_who_is_logged_in_is_not_told_to_where_a_hub_leads(hub, second_hub, opened, monkeypatch):
    second_hub.revisions = hub.revisions
    hub.redirects_to = second_hub.url
    adapter = opened()
    monkeypatch.setattr(adapter, "_token", "hf_secret")
    adapter.fetch(adapter.find(URI), progress=lambda *_: None, cancelled=lambda: False)
    assert hub.asked("resolve")[0].authorization == "Bearer hf_secret"
    assert second_hub.asked("resolve")
    assert not any(asked.authorization for asked in second_hub.log)


def test_names_that_lead_elsewhere_are_passed_over(hub, fetched, tmp_path):
    hub.put("org/evil", {"../../evil.gguf": WEIGHTS, "/etc/evil.gguf": WEIGHTS, "good.gguf": WEIGHTS})
    assert [Path(path).name for path in fetched("hf://org/evil")[0].paths] == ["good.gguf"]
    assert not list(tmp_path.rglob("evil.gguf"))


def test_what_the_machine_runs_is_not_told(hub, fetched):
    fetched(URI)
    assert constants.HF_HUB_DISABLE_TELEMETRY


def test_a_licence_of_the_publishers_own_is_named(hub, opened, fetched):
    card = b"---\nlicense: other\nlicense_name: gemma\nlicense_link: https://example.org\n---\n" + b" " * 80
    hub.put("org/own", {"m.gguf": WEIGHTS, "README.md": card})
    hub.put("org/none", {"m.gguf": WEIGHTS})
    fetched("hf://org/own")
    assert opened().cached("hf://org/own").licence == "other (gemma)"
    assert opened().find("hf://org/none").licence == "unknown"


def test_what_is_published_after_the_licence_was_read_is_not_fetched_under_it(hub, opened, fetched, published):
    """Nor is the licence of an older commit, which is here, told for the one that the branch means by now."""
    fetched(URI)
    adapter = opened()
    moved = hub.put("org/model", {"model.gguf": WEIGHTS[::-1]}, licence="gemma")
    found = adapter.find(URI)
    assert (found.commit, found.licence) == (moved, "gemma")
    hub.put("org/model", {"model.gguf": WEIGHTS[1:]}, licence="none-of-your-business")
    files = adapter.fetch(found, progress=lambda *_: None, cancelled=lambda: False)
    assert (files.uri, files.licence) == (f"{URI}@{moved}", "gemma")
    assert Path(files.paths[0]).read_bytes() == WEIGHTS[::-1]


def test_an_encoder_that_is_rounded_here_comes_whole_and_others_as_their_publisher_rounded_them(hub, opened, fetched):
    both = {"onnx/model.onnx": WEIGHTS, "onnx/model_quantized.onnx": WEIGHTS[:1000]}
    for name, config in (
        ("bert", b'{"architectures": ["BertModel"]}'),
        ("other", b'{"architectures": ["XLMRobertaModel"]}'),
    ):
        hub.put(f"org/{name}", {**both, "config.json": config})
    assert fetched("hf://org/bert")[0].paths[0].endswith("onnx/model.onnx")
    assert fetched("hf://org/other")[0].paths[0].endswith("onnx/model_quantized.onnx")
    fetched("hf://org/bert/onnx/model_quantized.onnx")
    assert opened(offline=True).find("hf://org/bert").commit
    assert opened().cached("hf://org/bert").paths[0].endswith("onnx/model.onnx")


def test_a_full_disk_is_told_before_anything_comes(hub, fetched, small_disk):
    place, _ = small_disk("2m")
    with pytest.raises(DiskFull, match="free"):
        fetched(URI, cache=place)
    assert not hub.asked("resolve")


def test_a_disk_that_fills_up_meanwhile_is_told(hub, fetched, small_disk, monkeypatch):
    monkeypatch.setattr("janus_lab.adapters.hub.huggingface._SPARE_BYTES", -(1 << 40))
    hub.put("org/large", {"large.gguf": WEIGHTS * 4}, licence="mit")
    place, _ = small_disk("2m")
    with pytest.raises(DiskFull, match="no space is left"):
        fetched("hf://org/large", cache=place)
