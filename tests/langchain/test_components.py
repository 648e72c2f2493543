"""What the LangChain components say of a real lab, and what they refuse."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import numpy as np
import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, ChatMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from pydantic import ValidationError
from waiting import until

from janus_lab import Lab, open_lab
from janus_lab.errors import RunFailed, UserError
from janus_lab.langchain import ChatJanus, JanusEmbeddings, JanusRetriever
from janus_lab.values.filter import Condition, Operator
from janus_lab.values.run import RunKind, RunState

ROOT = Path(__file__).parents[2]
LONG = [HumanMessage("Write a very long story about a village by the sea, with many chapters.")]


def last_chat(lab: Lab):
    """The newest chat's run, once it is over."""
    (run,) = lab.runs(limit=1, kinds=(RunKind.CHAT,))
    until(lambda: lab.run(run.id).state.final)
    return lab.run(run.id)


def begun(lab: Lab) -> None:
    """Wait for a chat that runs."""
    until(lambda: lab.runs(limit=1, kinds=(RunKind.CHAT,), states=(RunState.RUNNING,)))


def test_documents_say_where_they_stand(lab):
    (first,) = JanusRetriever(lab=lab, k=1).invoke("How tall is the north mast?")
    (hit,) = lab.search("How tall is the north mast?", limit=1).hits
    assert first.id == hit.chunk.id
    assert first.page_content == hit.chunk.text
    assert first.metadata["source"].endswith("mast.md")
    assert {"title", "heading", "page", "start", "end", "version_id", "dense_score"} <= set(first.metadata)
    assert (first.metadata["score"], first.metadata["rank"]) == (hit.score, 1)


def test_a_call_may_choose_for_itself(lab):
    retriever = JanusRetriever(lab=lab)
    assert len(retriever.invoke("pumps", k=2)) == 2
    assert retriever.invoke("pumps", collection="empty") == []
    snow = Condition("file", Operator.CONTAINS, "snow")
    assert JanusRetriever(lab=lab, where=(snow,)).invoke("pumps") == retriever.invoke("pumps", where=(snow,))


def test_no_number_of_documents_below_one(lab):
    with pytest.raises(ValidationError):
        JanusRetriever(lab=lab, k=0)


def test_embeddings_are_those_of_the_lab(lab):
    embeddings = JanusEmbeddings(lab)
    query = embeddings.embed_query("a pump")
    assert np.allclose(embeddings.embed_documents(["a mast", "a pump"])[1], query)
    assert np.linalg.norm(query) == pytest.approx(1, abs=1e-5)
    assert embeddings.embed_documents([]) == []


def test_a_reply_names_its_model_and_its_cost(lab):
    reply = ChatJanus(lab=lab, max_tokens=8).invoke([SystemMessage("You are terse."), HumanMessage("Name a colour.")])
    assert reply.response_metadata["model_name"].startswith("SmolLM2")
    assert reply.response_metadata["finish_reason"] in {"stop", "length"}
    assert 0 < reply.usage_metadata["output_tokens"] <= 9
    assert lab.run(reply.response_metadata["janus_run"]).state is RunState.DONE


def test_the_same_seed_says_the_same(lab):
    model = ChatJanus(lab=lab, max_tokens=12, temperature=1.5)
    said = [model.invoke("Tell me a story.", seed=seed).text for seed in (1, 1, 2)]
    assert said[0] == said[1] != said[2]


def test_what_is_streamed_is_what_is_said_at_once(lab):
    model = ChatJanus(lab=lab, max_tokens=20)
    whole = None
    for chunk in model.stream("Where do pumps stand?"):
        whole = chunk if whole is None else whole + chunk
    assert isinstance(whole, AIMessageChunk)
    at_once = model.invoke("Where do pumps stand?")
    assert (whole.text, whole.usage_metadata) == (at_once.text, at_once.usage_metadata)


def test_a_stop_ends_the_reply_before_it(lab):
    model = ChatJanus(lab=lab, max_tokens=60)
    text = model.invoke("Where do pumps stand?").text
    word = text.split()[3]
    assert model.invoke("Where do pumps stand?", stop=[word]).text == text[: text.index(word)]
    assert (
        ChatJanus(lab=lab, max_tokens=60, stop=[word]).invoke("Where do pumps stand?").text == text[: text.index(word)]
    )


def test_closing_a_stream_stops_the_model(lab):
    stream = ChatJanus(lab=lab, max_tokens=1500).stream(LONG)
    first = next(stream)
    stream.close()
    assert first.text
    run = last_chat(lab)
    assert run.state is RunState.CANCELLED
    assert run.result["finish"] == "cancelled"


async def test_leaving_an_async_stream_stops_the_model(lab):
    stream = ChatJanus(lab=lab, max_tokens=1500).astream(LONG)
    assert (await anext(stream)).text
    await stream.aclose()
    assert (await asyncio.to_thread(last_chat, lab)).state is RunState.CANCELLED


async def test_a_cancelled_task_stops_the_model(lab):
    async def listen() -> None:
        async for _ in ChatJanus(lab=lab, max_tokens=1500).astream(LONG):
            pass

    task = asyncio.create_task(listen())
    await asyncio.to_thread(begun, lab)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await asyncio.to_thread(last_chat, lab)).state is RunState.CANCELLED


@pytest.mark.parametrize(
    "message",
    [
        HumanMessage(
            [{"type": "text", "text": "What is this?"}, {"type": "image", "url": "https://example.org/x.png"}]
        ),
        ToolMessage("3", tool_call_id="1"),
        ChatMessage("a secret", role="developer"),
        AIMessage("", tool_calls=[{"name": "add", "args": {}, "id": "1"}]),
    ],
)
def test_what_the_model_can_not_take_is_refused(lab, message):
    with pytest.raises(UserError):
        ChatJanus(lab=lab).invoke([message])


def test_text_in_blocks_is_taken(lab):
    blocks = HumanMessage([{"type": "text", "text": "Name a "}, {"type": "text", "text": "colour."}])
    model = ChatJanus(lab=lab, max_tokens=5)
    assert model.invoke([blocks]).text == model.invoke("Name a colour.").text


def test_a_prompt_that_does_not_fit_is_told(lab):
    with pytest.raises(RunFailed, match="context-too-long"):
        ChatJanus(lab=lab, max_tokens=5).invoke("word " * 5000)


def test_tools_and_structured_output_are_not_claimed(lab):
    model = ChatJanus(lab=lab)
    with pytest.raises(NotImplementedError):
        model.bind_tools([])
    assert (model | StrOutputParser()).invoke("Hello", max_tokens=3)


def test_the_components_show_no_lab_in_their_repr(lab):
    assert "Lab" not in repr(ChatJanus(lab=lab)) + repr(JanusRetriever(lab=lab))


@pytest.mark.parametrize(
    "block", re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "langchain.md").read_text(), re.DOTALL)
)
def test_what_the_document_shows_works(block, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("JANUS_HOME", str(tmp_path / "home"))
    try:
        exec(compile(block, "docs/langchain.md", "exec"), {})
    finally:
        with open_lab(tmp_path / "home", start=False) as lab:
            lab.down()
    shown = capsys.readouterr().out
    assert "384" in shown
