"""`.env` files are read as Docker Compose reads them, and nothing in them is executed or shown."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_lab.errors import SettingsError
from janus_lab.settings.dotenv import parse_dotenv, read_dotenv


def test_every_way_of_writing_a_value():
    text = """\
# a comment
A=bare
 export B = spaced # and a comment
C='as $it \\n is # here'
D="tab\\tquote\\" dollar\\$ back\\\\slash"
E="two
lines" # comment
F=
G= # only a comment
H=a#b
A=last
"""
    assert parse_dotenv(text, "x") == {
        "A": "last",
        "B": "spaced",
        "C": "as $it \\n is # here",
        "D": 'tab\tquote" dollar$ back\\slash',
        "E": "two\nlines",
        "F": "",
        "G": "",
        "H": "a#b",
    }


@pytest.mark.parametrize("line", ["no equals", "=a value", "1A=x", "A='open", 'A="open', "A='x' y", "A B=c"])
def test_a_line_that_means_nothing_is_named_and_not_quoted(line):
    with pytest.raises(SettingsError) as caught:
        parse_dotenv(f"OK=1\n\n{line}\n", "the file")
    assert "line 3 of the file" in caught.value.message
    assert line not in caught.value.message


@pytest.mark.parametrize("value", ["a$b", "$(rm -rf x)", '"${HOME}"', "${A}"])
def test_what_compose_would_replace_is_refused(value):
    with pytest.raises(SettingsError) as caught:
        parse_dotenv(f"SECRET={value}", "x")
    assert "single quotes" in caught.value.remedy
    assert value not in "".join(caught.value.lines())


def test_what_a_shell_would_execute_is_text(tmp_path):
    file = tmp_path / ".env"
    file.write_bytes(f"\ufeffA=`touch {tmp_path}/x`\r\nB='$(touch {tmp_path}/y)'\r\n".encode())
    assert read_dotenv(file) == {"A": f"`touch {tmp_path}/x`", "B": f"$(touch {tmp_path}/y)"}
    assert sorted(p.name for p in tmp_path.iterdir()) == [".env"]


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe")
    with pytest.raises(SettingsError, match="not UTF-8"):
        read_dotenv(tmp_path / ".env")


@given(
    st.dictionaries(
        st.from_regex(r"\A[A-Z_][A-Z0-9_]{0,8}\Z"), st.text().filter(lambda t: "'" not in t and "\r" not in t)
    )
)
def test_single_quotes_keep_everything(values):
    assert parse_dotenv("".join(f"{name}='{value}'\n" for name, value in values.items()), "x") == values


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(SettingsError):
        parse_dotenv(text, "x")
