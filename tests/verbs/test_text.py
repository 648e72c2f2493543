"""Options end where the text begins, and the text arrives as it was written."""

import pytest

from janus_lab.errors import UsageError
from janus_lab.verbs.table import VERBS
from janus_lab.verbs.text import gather_options, late_option, split_leading_options, split_words

PARSER = VERBS["ask"].parser("%janus")

UNTOUCHED = [
    "what's new in it?",
    "he said \"no\" and 'yes'",
    '{"json": [1, {"a": null}]}',
    r"what does \frac{{x}}{2} = $5 mean?",
    "C:\\new\\table",
    "a  b\tc\n\nd",
    "-5 degrees or -3?",
    "— a dash first",
    "what does -q do?",
    "'it' is 'quoted' twice",
    "🙂 ünïcode",
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_text_arrives_untouched_with_and_without_options(text):
    assert split_leading_options(PARSER, text) == ([], text)
    assert split_leading_options(PARSER, f"-q -c notes {text}") == (["-q", "-c", "notes"], text)


@pytest.mark.parametrize(
    ("line", "options", "text"),
    [
        ("-k 3 why?", ["-k", "3"], "why?"),
        ("--limit=3 why?", ["--limit", "3"], "why?"),
        ('-c "two words" why?', ["-c", "two words"], "why?"),
        ("--where 'year>=2020' --where=a=b why?", ["--where", "year>=2020", "--where", "a=b"], "why?"),
        ('"a quoted question?"', [], "a quoted question?"),
        ("-q", ["-q"], ""),
        ("-- -q is text", [], "-q is text"),
        ("--\n-q is text", [], "-q is text"),
        ("--unknown x", ["--unknown"], " x"),
        ("-k", ["-k"], ""),
    ],
)
def test_leading_options(line, options, text):
    assert split_leading_options(PARSER, line) == (options, text)


@pytest.mark.parametrize(
    ("words", "options", "text"),
    [
        (["-k", "3", "what", "is", "it?"], ["-k", "3"], "what is it?"),
        (["what is it?", "-k", "3", "--json"], ["-k", "3", "--json"], "what is it?"),
        (["--limit=3", "it's", "-5"], ["--limit=3"], "it's -5"),
        (["why", "--", "-k", "3"], [], "why -k 3"),
        (["--nope", "why"], ["--nope"], "why"),
        (["why", "--nope"], [], "why --nope"),
    ],
)
def test_a_terminal_takes_known_options_anywhere_before_two_dashes(words, options, text):
    assert gather_options(PARSER, words) == (options, text)


def test_a_late_option_is_noticed():
    assert late_option(PARSER, "what is it -k 3") == "-k"
    assert late_option(PARSER, "what is -z or x-k ?") is None


def test_words_keep_backslashes_and_lose_quotes():
    assert split_words(r'"two words" C:\new\x #5') == ["two words", r"C:\new\x", "#5"]
    with pytest.raises(UsageError) as caught:
        split_words("it's")
    assert "quotation" in caught.value.message
