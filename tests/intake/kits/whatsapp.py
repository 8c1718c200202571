"""WhatsApp's payloads, made by its simulator."""

import json
from collections.abc import Mapping

from shared.contracts import Channel
from simulators.whatsapp.payloads import Account, CitizenMessage, MessageStatus, message_webhook, sign, status_webhook
from tests.builders import AT
from tests.harness import APP_SECRET
from tests.intake.kits.base import ChannelKit, Posted

HEADER = "X-Hub-Signature-256"
JSON = {"Content-Type": "application/json"}


def _text(text: str, id_: str) -> bytes:
    return message_webhook(Account(), [CitizenMessage("905321112233", f"wamid.{id_}", int(AT.timestamp()), text=text)])


def _photo(id_: str) -> bytes:
    value = json.loads(_text("", id_))
    [message] = value["entry"][0]["changes"][0]["value"]["messages"]
    message |= {"type": "image", "image": {"id": "m1", "mime_type": "image/jpeg", "caption": "Çukur"}}
    return json.dumps(value).encode()


def meta_signed(body: bytes, _: str) -> Posted:
    return Posted(headers={**JSON, HEADER: sign(body, APP_SECRET)})


def meta_forged(body: bytes, _: str) -> Mapping[str, Posted]:
    right = sign(body, APP_SECRET)
    return {
        "unsigned": Posted(headers=JSON),
        "another secret": Posted(headers={**JSON, HEADER: sign(body, "another")}),
        "another body": Posted(headers={**JSON, HEADER: sign(body + b" ", APP_SECRET)}),
        "two signatures": Posted(headers={**JSON, HEADER: f"{right}, {right}"}),
        "no hash": Posted(headers={**JSON, HEADER: "sha256="}),
    }


KIT = ChannelKit(
    provider="whatsapp",
    channel=Channel.WHATSAPP,
    address="+905321112233",
    text=_text,
    photo=_photo,
    status=status_webhook(Account(), [MessageStatus("wamid.ours", "delivered", "905321112233", int(AT.timestamp()))]),
    environment={"WHATSAPP_APP_SECRET": APP_SECRET, "WHATSAPP_VERIFY_TOKEN": "verify-me"},
    signed=meta_signed,
    forged=meta_forged,
)
