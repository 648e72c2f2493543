"""A magic's line becomes a request."""

import pytest

from janus_lab.errors import UsageError
from janus_lab.verbs.parser import HelpRequested
from janus_lab.verbs.table import VERBS
from janus_magics.arguments import parse_line
from janus_magics.interpolation import interpolate


def parse(line, cell=None, **variables):
    return parse_line(line, cell, VERBS, variables)


def test_only_double_braces_around_an_existing_name_are_replaced():
    text = r'{name} {{name}} {{ name }} {{other}} {{na me}} {{name.x}} {"a": {"b": 1}} \frac{{1}}{{2}} ${name}'
    expected = r'{name} Ada Ada {{other}} {{na me}} {{name.x}} {"a": {"b": 1}} \frac{{1}}{{2}} ${name}'
    assert interpolate(text, {"name": "Ada"}) == expected


def test_values_are_inserted_and_not_read_again():
    assert interpolate("{{a}}", {"a": "{{b}}", "b": "no"}) == "{{b}}"
    invocation = parse("docs show {{which}}", which="two words --json")
    assert invocation.args.document == "two words --json"


def test_a_question_in_line_and_cell():
    invocation = parse("ask -c {{where}} -o kept in short:", "what's {{x}}?\n\nwhy?\n", where="papers", x=3)
    assert invocation.args.text == "in short:\nwhat's 3?\n\nwhy?"
    assert (invocation.args.collection, invocation.variable) == ("papers", "kept")


def test_other_verbs_take_words_and_actions():
    invocation = parse("docs find -o found 'solar power' --where 'year>=2020'")
    assert (invocation.args.action, invocation.args.words, invocation.variable) == ("find", ["solar power"], "found")
    with pytest.raises(UsageError):
        parse("status", "a cell")


@pytest.mark.parametrize("name", ["3x", "class", "a.b", "a b"])
def test_a_result_needs_a_variables_name(name):
    with pytest.raises(UsageError):
        parse(f"ask -o '{name}' what?")


@pytest.mark.parametrize("line", ["ask?", "ask ?", "ask   ?"])
def test_a_question_mark_asks_for_help(line):
    invocation = parse(line)
    assert (invocation.verb.name, invocation.args.topic) == ("help", ["ask"])


@pytest.mark.parametrize("line", ["", "?", "--help", "help"])
def test_nothing_asks_for_the_overview(line):
    assert parse(line).args.topic == []


def test_help_of_a_verb_and_unknown_verbs():
    with pytest.raises(HelpRequested) as caught:
        parse("ask --help")
    assert "%janus ask" in caught.value.text
    assert "-o NAME" in caught.value.text
    with pytest.raises(UsageError) as wrong:
        parse("serach x")
    assert "%janus search" in wrong.value.remedy


def test_an_option_after_the_text_is_spoken_of():
    invocation = parse("search heat -k 3")
    assert invocation.args.text == "heat -k 3"
    assert "-k" in invocation.hint
    assert parse("search -k 3 heat").hint == ""
