"""Tools through `janus serve`: offered, asked for, called and answered, with a model behind another server."""

from __future__ import annotations

import json

import openai
import pytest
from openai_scripts import DONE, MODEL, Scripted, chunk, event, said, usage
from openai_stand_in import open_stand_in

from janus_lab.values.model import ModelOptions

CHAT = "SmolLM2-135M-Instruct.Q4_1"
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
NAMED = {"type": "function", "function": {"name": "weather"}}
QUESTION = [{"role": "user", "content": "Is it raining in Paris and in Lima?"}]
CITIES = ("Paris", "Lima")


def calls():
    """Two calls, told in pieces that are mixed."""
    first = [
        {"index": n, "id": f"call-{n}", "type": "function", "function": {"name": "weather", "arguments": ""}}
        for n in range(2)
    ]
    pieces = [
        {"index": n, "function": {"arguments": part}}
        for parts in zip(*(('{"city": ', f'"{city}"', "}") for city in CITIES), strict=True)
        for n, part in enumerate(parts)
    ]
    told = [event(chunk(tool_calls=[piece])) for piece in (*first, *pieces)]
    return Scripted([*told, event(chunk(finish="tool_calls")), event(usage(20, 9)), DONE])


@pytest.fixture(scope="module")
def behind(offer):
    with open_stand_in() as server:
        server.listed = [{"id": MODEL, "object": "model", "max_model_len": 4096}]
        offer.lab.models.add("remote", server.url, options=ModelOptions(remote_model=MODEL))
        yield server
        offer.lab.models.remove("remote")


@pytest.fixture
def ask(offer, behind):
    with offer.openai() as client:

        def asked(**options):
            return client.chat.completions.create(**{"model": "remote", "messages": QUESTION, **options})

        yield asked


def arguments(tool_calls):
    return [(call.id, call.function.name, json.loads(call.function.arguments)) for call in tool_calls]


EXPECTED = [(f"call-{n}", "weather", {"city": city}) for n, city in enumerate(CITIES)]


def test_calls_come_whole(ask, behind):
    behind.next(calls())
    reply = ask(tools=[WEATHER])
    assert reply.choices[0].finish_reason == "tool_calls"
    assert reply.choices[0].message.content is None
    assert arguments(reply.choices[0].message.tool_calls) == EXPECTED
    assert reply.usage.completion_tokens == 9
    sent = behind.chats()[-1]
    assert sent["tools"] == [WEATHER]
    assert "tool_choice" not in sent


def test_calls_come_in_a_stream(ask, behind):
    behind.next(calls())
    chunks = list(ask(tools=[WEATHER], stream=True))
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "tool_calls"
    told = [call for c in chunks for call in c.choices[0].delta.tool_calls or ()]
    assert [call.index for call in told] == [0, 1]
    assert arguments(told) == EXPECTED


@pytest.mark.parametrize(
    ("choice", "sent"), [("auto", None), ("required", "required"), (NAMED, NAMED)], ids=["auto", "required", "named"]
)
def test_which_tool_must_be_called_is_passed_on(ask, behind, choice, sent):
    behind.next(calls())
    ask(tools=[WEATHER], tool_choice=choice)
    assert behind.chats()[-1].get("tool_choice") == sent


def test_no_tool_is_offered_where_none_is_to_be_called(ask, behind):
    behind.next(said("No."))
    assert ask(tools=[WEATHER], tool_choice="none").choices[0].message.content == "No."
    assert "tools" not in behind.chats()[-1]


def test_what_tools_answered_is_passed_on(ask, behind):
    behind.next(calls())
    asking = ask(tools=[WEATHER]).choices[0].message
    answers = [{"role": "tool", "tool_call_id": f"call-{n}", "content": "dry"} for n in range(2)]
    behind.next(said("It is ", "dry."))
    messages = [*QUESTION, asking.model_dump(exclude_none=True), *answers]
    assert ask(messages=messages, tools=[WEATHER]).choices[0].message.content == "It is dry."
    _, asked, *told = behind.chats()[-1]["messages"]
    assert [call["function"]["name"] for call in asked["tool_calls"]] == ["weather", "weather"]
    assert told == answers


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"tools": [WEATHER], "tool_choice": "perhaps"}, "one of auto, none, required"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "other"}}}, "no tool 'other'"),
        ({"tool_choice": "required"}, "needs tools"),
        ({"tools": [{"type": "function", "function": {}}]}, "name is missing"),
        ({"tools": [{"type": "custom"}]}, "function is expected"),
        ({"tools": [WEATHER], "parallel_tool_calls": False}, "parallel_tool_calls is not supported"),
        ({"model": CHAT, "tools": [WEATHER]}, "calls no tools"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_makes_no_sense_is_refused(ask, options, told, stream):
    with pytest.raises(openai.BadRequestError, match=told):
        ask(stream=stream, **options)
