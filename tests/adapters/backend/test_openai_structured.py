"""Replies under a schema, and calls of tools, through a server."""

from __future__ import annotations

import json

import pytest
from openai_scripts import DONE, Scripted, chunk, event, said
from served_models import HELLO, reply

from janus_lab.errors import (
    ContextTooLong,
    GrammarRefused,
    ModelFailed,
)
from janus_lab.values.generation import FinishReason, GenerationRequest, Message, Tool, ToolCall

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def with_schema(schema):
    return GenerationRequest(HELLO.messages, 40, schema=json.dumps(schema))


def test_a_schema_is_asked_for_and_checked_afterwards(model_server, served):
    model_server.next(said('{"city": ', '"Paris"}'), said('{"town": 1}'), said('{"city": "Par', finish="length"))
    assert reply(served, with_schema(CITY))[0] == '{"city": "Paris"}'
    told = model_server.chats()[0]["response_format"]
    assert told == {"type": "json_schema", "json_schema": {"name": "reply", "schema": CITY, "strict": False}}
    with pytest.raises(ModelFailed, match="city"):
        reply(served, with_schema(CITY))
    assert reply(served, with_schema(CITY))[1].finish is FinishReason.LENGTH


def test_a_closed_schema_is_asked_to_be_kept_strictly(model_server, served):
    model_server.next(said('{"city": "Paris"}'))
    reply(served, with_schema({**CITY, "additionalProperties": False}))
    assert model_server.chats()[0]["response_format"]["json_schema"]["strict"] is True


def test_any_object_is_json_of_any_shape(model_server, served):
    model_server.next(said('{"a": [1]}'), said("[1]"))
    assert reply(served, with_schema({}))[0] == '{"a": [1]}'
    assert model_server.chats()[0]["response_format"] == {"type": "json_object"}
    with pytest.raises(ModelFailed):
        reply(served, with_schema({}))


@pytest.mark.parametrize("schema", ["{", '{"type": "no such type"}', "[]"])
def test_what_is_no_schema_is_refused_before_anything_is_asked(model_server, served, schema):
    with pytest.raises(GrammarRefused):
        reply(served, GenerationRequest(HELLO.messages, 40, schema=schema))
    assert model_server.chats() == []


WEATHER = Tool("weather", "Tells the weather.", '{"type": "object", "properties": {"city": {"type": "string"}}}')


def call(index, *, call_id=None, name=None, arguments=None):
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    return {"index": index, **({"id": call_id} if call_id else {}), "type": "function", "function": function}


def test_calls_of_tools_are_put_together_from_their_pieces(model_server, served):
    pieces = [
        call(0, call_id="a", name="weather", arguments=""),
        call(0, arguments='{"city": '),
        call(1, call_id="b", name="weather", arguments='{"city": "Rome"}'),
        call(0, arguments='"Paris"}'),
    ]
    events = [event(chunk(tool_calls=[piece])) for piece in pieces]
    model_server.next(Scripted([*events, event(chunk(finish="tool_calls")), DONE]))
    _, last = reply(served, GenerationRequest(HELLO.messages, 40, tools=(WEATHER,)))
    assert last.finish is FinishReason.TOOL_CALLS
    assert last.tool_calls == (
        ToolCall("a", "weather", '{"city": "Paris"}'),
        ToolCall("b", "weather", '{"city": "Rome"}'),
    )
    assert model_server.chats()[0]["tools"][0]["function"]["parameters"]["type"] == "object"


def test_calls_that_a_server_ends_as_any_reply_are_calls_all_the_same(model_server, served):
    model_server.next(
        Scripted(
            [event(chunk(tool_calls=[call(0, name="weather", arguments="{}")])), event(chunk(finish="stop")), DONE]
        )
    )
    _, last = reply(served)
    assert (last.finish, last.tool_calls) == (FinishReason.TOOL_CALLS, (ToolCall("call_0", "weather", "{}"),))


def test_a_call_that_was_cut_is_left_out(model_server, served):
    cut = call(0, call_id="a", name="weather", arguments='{"city": "Pa')
    model_server.next(Scripted([event(chunk(tool_calls=[cut])), event(chunk(finish="length")), DONE]))
    _, last = reply(served)
    assert (last.finish, last.tool_calls) == (FinishReason.LENGTH, ())


def test_the_answer_to_a_call_goes_back_with_its_call(model_server, served):
    model_server.next(said("It rains."))
    asked = Message("assistant", "", (ToolCall("a", "weather", '{"city": "Paris"}'),))
    reply(served, GenerationRequest((*HELLO.messages, asked, Message("tool", "rain", call_id="a")), 40))
    _, first, second = model_server.chats()[0]["messages"]
    assert first["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"city": "Paris"}'}
    assert second == {"role": "tool", "content": "rain", "tool_call_id": "a"}


def test_tools_take_room_too(model_server, served):
    large = Tool("large", "word " * 3000, "{}")
    with pytest.raises(ContextTooLong):
        reply(served, GenerationRequest(HELLO.messages, 40, tools=(large,)))
    assert model_server.chats() == []


def test_no_token_is_wanted_and_nobody_is_asked(model_server, served):
    assert reply(served, GenerationRequest(HELLO.messages, 0))[1].finish is FinishReason.LENGTH
    assert model_server.chats() == []
