"""What IPython makes of `%janus` lines once our cleanup has seen them, by IPython's own transformer."""

import ast

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from janus_magics.input_lines import janus_lines


def transform(cell):
    manager = TransformerManager()
    manager.cleanup_transforms.append(janus_lines)
    code = manager.transform_cell(cell)
    ast.parse(code)
    return code


def call(text):
    return f"get_ipython().run_line_magic('janus', {text!r})"


@pytest.mark.parametrize(
    "text",
    [
        "ask what is RAG?",
        "ask?",
        "ask -q what's new?",
        "ask what's new",
        "ask who said \"x\" and '''y'''?",
        r'ask {"a": 1} \frac{1}{2} $5 # not a comment?',
        "ask is x = %janus fine?",
        "search a; b",
        "status",
    ],
)
def test_a_line_reaches_the_magic_as_it_was_written(text):
    assert transform(f"%janus {text}\n") == call(text) + "\n"
    assert transform(f"answer = %janus {text}\n") == f"answer = {call(text)}\n"
    assert transform(f"for i in range(3):\n    x[i].y = %janus {text}\n").endswith(f"    x[i].y = {call(text)}\n")


def test_the_magic_alone_and_its_question_mark():
    assert transform("%janus\n") == call("") + "\n"
    assert transform("%janus?\n") == call("?") + "\n"


def test_a_cell_keeps_its_body_and_an_empty_one_becomes_a_line():
    code = transform("%%janus ask -q\nwhat's {this}?\n")
    assert "run_cell_magic('janus', 'ask -q', \"what's {this}?\\n\")" in code
    assert transform("%%janus ask what is it?\n\n  \n").strip() == call("ask what is it?")
    assert transform("%%janus ask what is it?").strip() == call("ask what is it?")


@pytest.mark.parametrize(
    "cell",
    [
        'text = """\n%janus ask what?\n"""\n',
        "text = '''a\n  x = %janus ask what?\n'''\n",
        "%%time\nx = 1\n",
        "x = 5 % 3\n",
        "print('%janus ask what?')\n",
        "# %janus ask what?\n",
        "%janus_other ask what\n",
    ],
)
def test_other_code_is_left_alone(cell):
    assert janus_lines(cell.splitlines(keepends=True)) == cell.splitlines(keepends=True)


def test_a_line_after_a_closed_string_is_a_magic_again():
    assert call("status") in transform('text = """\n%janus ask?\n"""\n%janus status\n')


def test_a_continued_line_is_left_to_ipython():
    assert "run_line_magic('janus'" in transform("%janus ask \\\n  more words\n")
