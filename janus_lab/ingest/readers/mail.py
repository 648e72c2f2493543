"""E-mail (.eml): headers and the text part; attachments are named and left alone."""

from __future__ import annotations

import email
import email.policy
import io
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

from janus_lab.errors import CorruptFile
from janus_lab.ingest.cleaner import clean_line
from janus_lab.ingest.decoding import decode
from janus_lab.ingest.draft import LINE, TextDraft
from janus_lab.ingest.readers.html import read_html
from janus_lab.ingest.source_file import SourceFile
from janus_lab.values.document import ParsedDocument

_HEADERS = {"From": "from", "To": "to", "Cc": "cc", "Date": "date", "Subject": "subject", "Message-ID": "message_id"}
_SHOWN = ("From", "To", "Cc", "Date", "Subject")


def read_mail(source: SourceFile) -> Iterator[ParsedDocument]:
    """One document of the main headers and the text (plain where there is such a part, else HTML), under its subject."""
    message = email.message_from_bytes(source.data(), policy=email.policy.default)
    headers = {name: clean_line(str(message[name])) for name in _HEADERS if message[name]}
    if not headers:
        raise CorruptFile("it has none of an e-mail's headers", remedy="save the message again as .eml")
    draft = TextDraft(source.limits.text_characters)
    for name in _SHOWN:
        if name in headers:
            draft.add(f"{name}: {headers[name]}", LINE)
    draft.add(_body(message, source))
    metadata: dict[str, Any] = {_HEADERS[name]: value for name, value in headers.items()}
    attachments = [clean_line(part.get_filename() or "unnamed") for part in message.iter_attachments()]
    if attachments:
        metadata["attachments"] = attachments
        draft.add(f"Attachments: {', '.join(attachments)}")
    yield draft.finish(headers.get("Subject", "") or source.stem, "message/rfc822", metadata=metadata)


def _body(message: EmailMessage, source: SourceFile) -> str:
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    charset = part.get_content_charset()
    if part.get_content_subtype() != "html":
        return decode(data, charset)[0] if data else ""
    page = SourceFile(source.name, io.BytesIO(data), len(data), source.limits, charset)
    return next(iter(read_html(page))).text
