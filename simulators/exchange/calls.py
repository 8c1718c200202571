"""One call, and each of its steps in the words of the three exchanges. Numbers and names are invented."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

TURKIYE = ZoneInfo("Europe/Istanbul")
LINE = "03620000000"


class Step(StrEnum):
    """What happens to a call; `missed` is hung up before anybody answered."""

    BEGINS = "begins"
    RINGS = "rings"
    ANSWERED = "answered"
    ENDED = "ended"
    MISSED = "missed"


@dataclass
class Call:
    """Somebody calls; `extension` is the telephone of ours that rings. The number as the exchange writes it: 05…"""

    caller: str
    extension: str = "1001"
    name: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    began: float = field(default_factory=time.time)

    @property
    def unique_id(self) -> str:
        """As Asterisk names a channel."""
        return f"{int(self.began)}.{int(self.id[:6], 16)}"


def verimor(call: Call, step: Step) -> Mapping[str, str]:
    """The form that is posted. Nothing is told when a call only begins: the announcement plays."""
    kind = {Step.BEGINS: "ringing", Step.RINGS: "ringing", Step.ANSWERED: "answer"}.get(step, "hangup")
    answered = {"answered": str(step is Step.ENDED).lower()} if kind == "hangup" else {}
    stamp = {"ringing": "start_stamp", "answer": "answer_stamp", "hangup": "end_stamp"}[kind]
    who = {"connected_user": call.extension} if step in (Step.ANSWERED, Step.ENDED) else {}
    return {
        "event_type": kind,
        "domain_id": "101",
        "direction": "inbound",
        "caller_id_number": call.caller,
        "outbound_caller_id_number": "",
        "destination_number": LINE,
        "dialed_user": "" if step is Step.BEGINS else call.extension,
        **who,
        "call_uuid": call.id,
        stamp: _stamp(),
        **answered,
    }


def bulutfon(call: Call, step: Step) -> Mapping[str, Any] | None:
    """The JSON that is posted; None: of an answer nothing is told."""
    if step is Step.ANSWERED:
        return None
    kind = {Step.BEGINS: "call_init", Step.RINGS: "incoming_call_extension"}.get(step, "call_hangup")
    more: dict[str, Any] = {"destination": int(call.extension)} if step is Step.RINGS else {}
    if kind == "call_hangup":
        more = {
            "talk_duration": 35 if step is Step.ENDED else 4,
            "hangup_cause": "NORMAL_CLEARING",
            "hangup_detail": "recv_bye",
            "result_disposition": "SUCCESS" if step is Step.ENDED else "",
        }
    return {
        "event_type": kind,
        "domain_id": 1234,
        "account_id": 5678,
        "caller": int("90" + call.caller.removeprefix("0")),
        "callee": int("90" + LINE.removeprefix("0")),
        "uuid": call.id,
        "direction": "IN",
        "timestamp": int(time.time() * 1_000_000),
        **more,
    }


def asterisk(call: Call, step: Step) -> list[dict[str, str]]:
    """The events of the manager interface."""
    caller = {
        "Channel": "PJSIP/trunk-00000001",
        "ChannelStateDesc": "Ring",
        "CallerIDNum": call.caller or "<unknown>",
        "CallerIDName": call.name or "<unknown>",
        "Context": "from-trunk",
        "Exten": LINE,
        "Uniqueid": call.unique_id,
        "Linkedid": call.unique_id,
    }
    ours = {
        "DestChannel": f"PJSIP/{call.extension}-00000002",
        "DestUniqueid": f"{call.unique_id}1",
        "DestLinkedid": call.unique_id,
    }
    in_bridge = {"Channel": f"PJSIP/{call.extension}-00000002", "Uniqueid": f"{call.unique_id}1"}
    match step:
        case Step.BEGINS:
            return [{"Event": "Newchannel", **caller}]
        case Step.RINGS:
            return [{"Event": "DialBegin", **caller, **ours}]
        case Step.ANSWERED:
            bridge = {"Event": "BridgeEnter", "BridgeUniqueid": call.id}
            return [
                {"Event": "DialEnd", **caller, **ours, "DialStatus": "ANSWER"},
                {**bridge, **caller, "BridgeNumChannels": "1"},
                {**bridge, **caller, **in_bridge, "BridgeNumChannels": "2"},
            ]
        case Step.MISSED:
            return [
                {"Event": "DialEnd", **caller, **ours, "DialStatus": "CANCEL"},
                {"Event": "QueueCallerAbandon", **caller, "Queue": "cozum", "HoldTime": "42"},
                {"Event": "Hangup", **caller, "Cause": "16"},
            ]
        case Step.ENDED:
            return [
                {"Event": "Hangup", **caller, **in_bridge, "Cause": "16"},
                {"Event": "Hangup", **caller, "Cause": "16"},
            ]


def _stamp() -> str:
    return datetime.now(TURKIYE).strftime("%Y-%m-%d %H:%M:%S")
