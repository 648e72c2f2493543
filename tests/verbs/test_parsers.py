"""Every verb's parser: help, mistakes, defaults."""

import pytest

from janus_lab.errors import UsageError
from janus_lab.verbs.about import find_verb, help_text
from janus_lab.verbs.parser import HelpRequested
from janus_lab.verbs.table import VERBS


@pytest.mark.parametrize("prefix", ["janus", "%janus"])
@pytest.mark.parametrize("name", VERBS)
def test_help_shows_examples_that_parse(name, prefix):
    verb = VERBS[name]
    with pytest.raises(HelpRequested) as caught:
        verb.parse(verb.parser(prefix), ["--help"])
    assert f"usage: {prefix} {name}" in caught.value.text
    assert verb.examples
    for example in verb.examples:
        assert f"{prefix} {example}" in caught.value.text
        words = example.split()[1:]
        if not verb.text:
            verb.parse(verb.parser(prefix), words)


@pytest.mark.parametrize("name", VERBS)
def test_an_unknown_option_is_a_usage_error_with_a_way_on(name):
    verb = VERBS[name]
    with pytest.raises(UsageError) as caught:
        verb.parse(verb.parser("janus"), ["--no-such-option"])
    assert "--help" in caught.value.remedy


def test_options_are_not_abbreviated():
    verb = VERBS["ingest"]
    with pytest.raises(UsageError):
        verb.parse(verb.parser("janus"), ["--dry", "x"])


def test_docs_and_runs_list_by_default():
    for name in ("docs", "runs"):
        verb = VERBS[name]
        assert verb.parse(verb.parser("janus"), []).action == "list"
        assert verb.parse(verb.parser("janus"), ["-n", "3"]).limit == 3
        with pytest.raises(UsageError) as caught:
            verb.parse(verb.parser("janus"), ["nonsense"])
        assert "list" in caught.value.message


def test_a_limit_is_a_positive_number_and_a_condition_is_one():
    verb = VERBS["ask"]
    for words in (["-k", "0"], ["-k", "three"], ["--where", "year"]):
        with pytest.raises(UsageError):
            verb.parse(verb.parser("janus"), words)


def test_help_goes_down_to_actions_and_names_the_nearest_verb():
    assert "janus docs rm" in help_text(VERBS, ["docs", "rm"], "janus")
    assert all(name in help_text(VERBS, [], "janus") for name in VERBS)
    with pytest.raises(UsageError) as caught:
        help_text(VERBS, ["docs", "burn"], "janus")
    assert "burn" in caught.value.message
    with pytest.raises(UsageError) as caught:
        find_verb(VERBS, "serach", "janus")
    assert "janus search" in caught.value.remedy
