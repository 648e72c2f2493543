"""Conditions as people write them."""

import pytest

from janus_lab.errors import UsageError
from janus_lab.values.filter import Condition, Operator
from janus_lab.verbs.conditions import parse_condition


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("year>=2020", Condition("year", Operator.AT_LEAST, 2020)),
        ("year <= 2020.5", Condition("year", Operator.AT_MOST, 2020.5)),
        ("author.name=Ada Lovelace", Condition("author.name", Operator.EQUALS, "Ada Lovelace")),
        ("a==b", Condition("a", Operator.EQUALS, "b")),
        ("draft!=true", Condition("draft", Operator.NOT_EQUALS, True)),
        ("tags~physics", Condition("tags", Operator.CONTAINS, "physics")),
        ('code="007"', Condition("code", Operator.EQUALS, "007")),
        ("formula=x>=y", Condition("formula", Operator.EQUALS, "x>=y")),
        ("rate=-1e-3", Condition("rate", Operator.EQUALS, -0.001)),
    ],
)
def test_a_condition_is_read(text, condition):
    parsed = parse_condition(text)
    assert parsed == condition
    assert type(parsed.value) is type(condition.value)


@pytest.mark.parametrize("text", ["year", "=3", "year=", "", "year>2020", "two words=3"])
def test_anything_else_is_refused_with_the_forms_there_are(text):
    with pytest.raises(UsageError) as caught:
        parse_condition(text)
    assert "path>=value" in caught.value.remedy
