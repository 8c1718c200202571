"""X's account activity."""

import json
from collections.abc import Mapping
from typing import Any

from services.intake.channels.x import signature
from shared.contracts import Channel
from tests.builders import AT
from tests.intake.kits.base import ChannelKit, Posted
from tests.outside import CREDENTIALS

SECRET = CREDENTIALS["X_API_SECRET"].encode()
HEADER = "x-twitter-webhooks-signature"
JSON = {"Content-Type": "application/json"}
OURS, CITIZEN = "2000000001", "3000000001"
MILLISECONDS = str(int(AT.timestamp() * 1000))


def an_activity(**what: Any) -> bytes:
    return json.dumps({"for_user_id": OURS, **what}, ensure_ascii=False).encode()


def an_event(text: str, id_: str, sender: str = CITIZEN, **data: Any) -> dict[str, Any]:
    message = {"target": {"recipient_id": OURS}, "sender_id": sender, "message_data": {"text": text, **data}}
    return {"type": "message_create", "id": id_, "created_timestamp": MILLISECONDS, "message_create": message}


def _text(text: str, id_: str) -> bytes:
    users = {CITIZEN: {"id": CITIZEN, "name": "Ayşe Yılmaz"}}
    return an_activity(direct_message_events=[an_event(text, id_)], users=users)


def _photo(id_: str) -> bytes:
    url = "https://ton.twitter.com/1.1/ton/data/dm/1/2/3.jpg"
    file = {"id": 42, "media_url_https": url, "url": "https://t.co/abc", "type": "photo"}
    event = an_event("Çukur https://t.co/abc", id_, attachment={"type": "media", "media": file})
    return an_activity(direct_message_events=[event])


SEEN = {"created_timestamp": MILLISECONDS, "sender_id": CITIZEN, "last_read_event_id": "77"}


def _signed(body: bytes, _: str, secret: bytes = SECRET) -> Posted:
    return Posted(headers={**JSON, HEADER: signature(body, secret)})


def _forged(body: bytes, url: str) -> Mapping[str, Posted]:
    right = signature(body, SECRET)
    return {
        "unsigned": Posted(headers=JSON),
        "another secret": _signed(body, url, b"another"),
        "another body": _signed(body + b" ", url),
        "two signatures": Posted(headers={**JSON, HEADER: f"{right}, {right}"}),
    }


KIT = ChannelKit(
    provider="x",
    channel=Channel.SOCIAL,
    address=CITIZEN,
    text=_text,
    photo=_photo,
    status=an_activity(direct_message_mark_read_events=[SEEN]),
    environment={"X_API_SECRET": CREDENTIALS["X_API_SECRET"]},
    signed=_signed,
    forged=_forged,
)
