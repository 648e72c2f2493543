"""Which licences a person has to read first."""

from __future__ import annotations

import pytest

from janus_lab.errors import LicenceNotAccepted
from janus_lab.inference.licences import is_open, require_accepted


@pytest.mark.parametrize("licence", ["apache-2.0", "Apache-2.0", "MIT", "mit OR Apache-2.0", "(MIT AND BSD-3-Clause)"])
def test_open_licences_let_anybody_go_on(licence):
    assert is_open(licence)
    require_accepted("org/model", licence, "somewhere", accepted=False)


@pytest.mark.parametrize(
    "licence",
    ["", "unknown", "other", "other (gemma)", "gemma", "llama3.1", "cc-by-nc-4.0", "mit AND gemma", "openrail", "()"],
)
def test_others_are_to_be_read_and_accepted(licence):
    with pytest.raises(LicenceNotAccepted, match="org/model") as caught:
        require_accepted("org/model", licence, "https://hub/org/model", accepted=False)
    assert "https://hub/org/model" in caught.value.remedy
    require_accepted("org/model", licence, "https://hub/org/model", accepted=True)
