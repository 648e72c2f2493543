from __future__ import annotations

from email.message import EmailMessage

import pytest

from janus_lab.errors import CorruptFile


def message(**headers: str) -> EmailMessage:
    made = EmailMessage()
    for name, value in {
        "From": "Ada <ada@example.org>",
        "To": "bob@example.org",
        "Subject": "Über den Bau",
        **headers,
    }.items():
        made[name] = value
    return made


def test_plain_text_wins_and_attachments_are_named(read) -> None:
    made = message(Date="Thu, 03 Apr 2025 08:12:00 +0200")
    made.set_content("Liebe Leute,\n\nes geht los.", charset="iso-8859-15")
    made.add_alternative("<p>HTML <script>alert(1)</script></p>", subtype="html")
    made.add_attachment(b"MZ\x90", maintype="application", subtype="octet-stream", filename="../../evil.exe")
    document = read.one("x.eml", bytes(made))
    assert document.title == "Über den Bau"
    assert document.metadata["from"] == "Ada <ada@example.org>"
    assert document.metadata["attachments"] == ["../../evil.exe"]
    assert document.text == (
        "From: Ada <ada@example.org>\nTo: bob@example.org\nDate: Thu, 03 Apr 2025 08:12:00 +0200\nSubject: Über den Bau\n\n"
        "Liebe Leute,\n\nes geht los.\n\nAttachments: ../../evil.exe"
    )


def test_html_is_the_fallback(read) -> None:
    made = message()
    made.set_content("<h1>Hello</h1><script>alert(1)</script><p>Words.</p>", subtype="html")
    text = read.one("x.eml", bytes(made)).text
    assert text.endswith("Hello\n\nWords.")
    assert "alert" not in text


def test_unknown_character_sets_and_no_headers(read) -> None:
    data = b"From: a@b.c\nSubject: x\nContent-Type: text/plain; charset=nonsense\n\ncaf\xe9 au lait, d\xe9j\xe0 vu\n"
    assert "au lait" in read.one("x.eml", data).text
    with pytest.raises(CorruptFile):
        read("y.eml", "just words, no headers\n")
