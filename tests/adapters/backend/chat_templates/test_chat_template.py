"""Chat templates: those of honest models as they are, those of others within bounds."""

from __future__ import annotations

import resource
import time

import pytest

from janus_lab.adapters.backend.chat_templates.bounded import BoundedEnvironment
from janus_lab.adapters.backend.chat_templates.chat_template import chat_writer
from janus_lab.errors import ModelFailed
from janus_lab.values.generation import Message, ToolCall

CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
IN_TURN = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system here') }}{% endif %}"
    "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('in turn, please') }}{% endif %}{{ '<' + message.role + '>' + message['content'] | trim + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}<model>{% endif %}"
)
RICH = (
    "{%- macro say(m) -%}[{{ m.role|upper }}] {{ m.content }}{%- endmacro -%}"
    "{%- set ns = namespace(seen=false, parts=[]) -%}{%- if not tools is defined or tools is none %}{% set tools = [] %}{% endif -%}"
    "{%- for m in messages if m.content is string -%}{%- if loop.first %}{{ bos_token }}{% endif -%}"
    "{% generation %}{{ say(m) }}{% endgeneration %}"
    "{%- set ns.parts = ns.parts + [m.role] -%}{%- if m.role == 'stop' %}{% break %}{% endif -%}"
    "{%- endfor -%}{{ '|' ~ ns.parts|join(',') ~ '|' ~ {'a': [1, 'é']}|tojson }}"
    "{%- if messages[-1].content.strip().startswith('x') and 'y' not in messages[-1]['content'] %} {{ 3 * 2 + 1 }}{% endif -%}"
    "{{ strftime_now('%Y') | length }}{{ messages | selectattr('role', 'equalto', 'user') | list | length }}"
)
SYSTEM, USER = Message("system", "be kind"), Message("user", "x marks")


def written(template, *messages):
    return chat_writer(template, bos="<s>", eos="</s>")(messages)


def test_a_common_template_is_written_as_it_says():
    assert written(CHATML, SYSTEM, USER) == (
        "<|im_start|>system\nbe kind<|im_end|>\n<|im_start|>user\nx marks<|im_end|>\n<|im_start|>assistant\n"
    )


def test_a_template_without_a_system_gets_it_in_the_first_message_and_turns_joined():
    chat = (SYSTEM, Message("user", "one"), Message("user", "two"), Message("assistant", "three"), USER)
    assert written(IN_TURN, *chat) == "<s><user>be kind\n\none\n\ntwo\n<assistant>three\n<user>x marks\n<model>"


def test_a_system_alone_becomes_a_question():
    assert written(IN_TURN, SYSTEM) == "<s><user>be kind\n<model>"


def test_what_honest_templates_use_is_there():
    assert written(RICH, SYSTEM, USER) == '<s>[SYSTEM] be kind[USER] x marks|system,user|{"a": [1, "é"]} 741'


def test_calls_of_tools_are_seen():
    template = "{% for m in messages %}{{ m.content }}{% if m.tool_calls %}{{ m.tool_calls[0].function.name }}{% endif %}{% endfor %}"
    assert written(template, USER, Message("assistant", "", (ToolCall("1", "look", "{}"),))) == "x markslook"


def test_messages_that_a_template_refuses_in_any_shape_are_refused():
    template = "{% if 'bad' in messages[0].content %}{{ raise_exception('never') }}{% endif %}{{ messages[0].content }}"
    with pytest.raises(ModelFailed, match="never"):
        written(template, Message("user", "bad"))


@pytest.mark.parametrize("template", ["", "{% broken", "{{ 'nothing of it' }}", "{{ nowhere.at.all }}"])
def test_without_a_template_that_is_any_good_plain_lines_are_written(template):
    assert written(template, SYSTEM, USER) == "system: be kind\n\nuser: x marks\n\nassistant:"


def test_a_template_that_llama_cpp_knows_is_written_by_it_where_it_can_not_be_read():
    assert "<|im_start|>user\nx marks<|im_end|>" in written("{% broken <|im_start|>", USER)


NASTY = {
    "round and round": "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "round without a body": "{% for a in range(9999) if range(9999)|select('odd')|list|length > 99999 %}{% endfor %}",
    "far": "{% for a in range(10 ** 9) %}{% endfor %}",
    "repeat": "{{ 'a' * 10 ** 9 }}",
    "repeat a list": "{{ [1] * 10 ** 9 }}",
    "power": "{{ 9 ** 9 ** 9 }}",
    "square": "{% set n = namespace(x=3) %}{% for i in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}",
    "percent": "{{ '%1000000000d' % 1 }}",
    "centre": "{{ 'x'.center(10 ** 9) }}",
    "format": "{{ '{:1000000000}'.format(1) }}",
    "double by ~": "{% set n = namespace(s='ab') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    "double by +": "{% set n = namespace(s='ab') %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}",
    "double by block": "{% set n = namespace(s='ab') %}{% for i in range(60) %}{% set n.s %}{{ n.s }}{{ n.s }}{% endset %}{% endfor %}",
    "double by replace": "{% set n = namespace(s='aa') %}{% for i in range(60) %}{% set n.s = n.s|replace('a', n.s) %}{% endfor %}",
    "double by method": "{% set n = namespace(s='aa') %}{% for i in range(60) %}{% set n.s = n.s.replace('a', n.s) %}{% endfor %}",
    "double by join": "{% set n = namespace(s='aa') %}{% for i in range(60) %}{% set n.s = n.s.join([n.s, n.s, n.s]) %}{% endfor %}",
    "double a list": "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "lists within lists": "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
    "as JSON": "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x|tojson }}",
    "compared": "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}",
    "a macro in itself": "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "our name": "{% macro _turn(n=0) %}{% endmacro %}{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "wide": "{{ 'a\n' | indent(10 ** 9) }}{{ 'a' * 99999 * 99999 }}",
    "random words": "{{ lipsum(n=10 ** 7) }}",
    "classes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "globals": "{{ raise_exception.__globals__.keys() }}",
    "cycler": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "by attr": "{{ ''|attr('__class__') }}{{ (''|attr('__class__')).mro() }}",
    "files": "{% include '/etc/passwd' %}",
    "imports": "{% import 'os' as os %}{{ os }}",
    "brackets": "{{" + "(" * 5000 + "1" + ")" * 5000 + "}}",
    "ifs": "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
    "loops": "{% for a in [1] %}" * 30 + "{% endfor %}" * 30,
    "long": "x" * 400_000,
    "change": "{{ messages.append(1) }}",
}  # fmt: skip


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_template_harms_nobody(name):
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.thread_time()
    environment = BoundedEnvironment()
    with pytest.raises(Exception) as failed:  # whatever it is: it is one that can be caught
        environment.rendered(environment.bounded(NASTY[name]), messages=[], add_generation_prompt=True)
    assert not isinstance(failed.value, MemoryError)
    assert time.thread_time() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_a_nasty_template_costs_a_model_its_own_and_not_its_service():
    assert written(NASTY["round and round"], USER) == "user: x marks\n\nassistant:"
