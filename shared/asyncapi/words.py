"""What the AsyncAPI document says in words: the rules of the broker, and what each field means."""

from typing import Final

from shared.contracts.base import ENVELOPE_EVENTS_MAX
from shared.messaging.topology import ANSWERS, DELIVERY_LIMIT, INTAKE

TITLE: Final = "İLKİM messages (mesaj sözleşmesi)"
# Of the document as a whole; every message carries its own version in `type`.
VERSION: Final = "1.0.0"

DESCRIPTION: Final = f"""\
Everything that travels over İLKİM's broker. Two kinds of programs outside İLKİM take part, in any language:

- **a channel's program** (kanal) publishes citizens' messages (`message.received.v1`) and, when it delivers replies
  itself, takes them from `reply.{{channel}}`;
- **an owner's program**, of a department (birim) or institution (kurum), takes its assignments from
  `department.{{code}}.urgent` and `department.{{code}}.routine` and answers on `{ANSWERS}`.

Operations tagged `outside` are theirs; those tagged `ours` are İLKİM's services and stand here for completeness.
Both are told from the view of the program they are tagged with.

## Publishing

- `content_type` is `application/json` (UTF-8, no content encoding), `delivery_mode` 2 (persistent), `message_id` the
  message's `id`. Headers are not needed; unknown ones are passed over.
- Turn on publisher confirms and publish with `mandatory`. Only a confirm (`basic.ack`) means that we have the message.
  After a nack, a return, a lost connection or five seconds of silence **send the same message again with the same
  `id`**: it may have arrived all the same, and then the second one changes nothing.
- A key that no queue is bound to is not refused at `{INTAKE}` and `{ANSWERS}`: the message is confirmed, kept in the
  queue `unrouted`, and a person is told. So check your keys against this document.
- Derive `id` from what you send, e.g. UUID version 5 of your own message number: a restart then sends the same `id`.

## Receiving

- Acknowledge by hand, after your own commit; never with automatic acknowledgement, which loses messages in a crash.
- Delivery is **at least once**: apply each `id` once. An assignment is the same work whenever its `assignment_id` is
  the same, even under another `id`.
- Do not requeue (`basic.nack` or `basic.reject` with requeue): keep what you cannot handle yet in your own database
  and acknowledge it. A message that was delivered and not acknowledged {DELIVERY_LIMIT} times, or that you reject
  without requeue, moves to the queue `dead`, and a person looks at it.
- There is no order between messages. Steps of a case are ordered by `version`, never by arrival.

## Lanes (şerit)

Each hop has two queues, `urgent` (acil) and `routine` (olağan). Consume both at once, each on an AMQP channel with its
own prefetch: then urgent work never waits behind routine work, and routine work never starves. A channel's program
publishes to `urgent` what its citizen or its staff called an emergency, everything else to `routine`; İLKİM judges
each message again by its words.

## Versions and unknown fields

`type` is a name with its version (`case.opened.v1`). Within a version only optional fields are added: **pass over
fields you do not know**, and values of an enumeration you do not know where you can. A change that old readers cannot
bear comes as a new version, sent beside the old one. Optional fields without a value are left out.

## Errors

Nothing is sent back for a message İLKİM cannot read: no JSON object, an unknown `type`, a missing field. It is
acknowledged, kept on the dead-letter shelf with the reason, and its neighbours go on; a person sees it. So is an
answer that the state of its case does not allow. Test against the schemas here before going live.

## Envelopes (zarf)

Between İLKİM's services events travel together: `{{"events": [...]}}`, at most {ENVELOPE_EVENTS_MAX} of them, each
with its own `id`. To and from programs outside each AMQP message carries one bare message. İLKİM reads both shapes
everywhere.

## Access (erişim)

Each program has its own user with a password and no right to configure: exchanges and queues are there already, so
declare nothing (or passively). A channel's user may write to `{INTAKE}` and read `reply.<its channel>`; an owner's user
may write to `{ANSWERS}` under `answer.<its code>.` and read `department.<its code>.*`. Whoever sets `user_id` must set
its own name: the broker refuses another's.
"""

EXTERNAL_GUIDES: Final = {
    "channel": "How to write a channel's program: docs/channel.md",
    "department": "How to write an owner's program: docs/department.md",
}

PARAMETERS: Final = {
    "lane": "Which of the two lanes (şerit): urgent (acil) or routine (olağan).",
    "code": "The code of a department (birim), an institution (kurum) or the solution centre (çözüm merkezi).",
    "word": "What is said of the assignment.",
    "channel": "The channel (kanal) a reply goes out by.",
}

# A name means the same in every message; a description in the contract itself comes first.
FIELDS: Final = {
    "type": "Name and version of the message.",
    "id": "Identity of the message, the same on every redelivery. Apply each id once.",
    "occurred_at": "When it happened (not when it was sent), with a time zone.",
    "account": "Which of the centre's lines, mailboxes or pages (hesap).",
    "address": "What the channel answers to: a phone number in E.164, a mail address, a user id (iletişim adresi).",
    "about_case": "Identity of the case (talep) the sender chose to add this to.",
    "answer": "The text the citizen will read (cevap).",
    "answers": "Further ways to answer the sender.",
    "assignment_id": "One offer of a case to one owner (görevlendirme). After a return the next one has another id.",
    "asked_at": "When the citizen was asked.",
    "because": "Why, as a code.",
    "clock": "Which clock: our own target (`service`) or the law's (`legal`).",
    "reopened_because": "What was said when the case was opened again.",
    "seen_version": "The step of the case this was said in view of.",
    "solved": "Whether the citizen says that it is solved.",
    "attachments": "Files (ek) that came with it.",
    "attempts": "How often sending was tried.",
    "automatic": "True: a rule or model decided; false: a person.",
    "body": "The payload itself, in base64.",
    "by": "Who did it, in the terms of where they work.",
    "call_id": "The exchange's own id of the call.",
    "case_id": "Identity of the case (talep).",
    "cases": "The cases (talep) the contact opened or joined.",
    "channel": "The way it came, or goes (kanal).",
    "confidence": "How sure the decision is, from 0 to 1.",
    "contact_id": "Identity of the contact (temas) that opened the case or joined it.",
    "decided": "What a person decided while entering it.",
    "decision": "How the person settled the task (görev).",
    "decided_owner": "The owner the person chose.",
    "detail": "More on the reason.",
    "details": "What stands beside the body.",
    "due_at": "When the case should be closed (son tarih). Left out: no target.",
    "effect": "What the contact did: opened cases, joined one, or none.",
    "emergency_number": "Number to call at once.",
    "error": "What the provider said, in its own terms; no citizen data.",
    "event": "What the citizen is told: the code of a template, e.g. `receipt`.",
    "lane": "urgent (acil) or routine (olağan).",
    "language": "The language the citizen is answered in.",
    "latitude": "Degrees north, WGS84 (enlem).",
    "longitude": "Degrees east, WGS84 (boylam).",
    "media_type": "MIME type of the file.",
    "name": "A name as the channel knows it (ad).",
    "neighbourhood": "The neighbourhood (mahalle): in a `place` its name as told, else its official id (NVI).",
    "neighbourhood_name": "Name of the neighbourhood (mahalle).",
    "history": "Earlier cases (talep) of the same caller.",
    "is_open": "Whether the case is still worked on.",
    "kind": "Which sort it is.",
    "note": "A remark for colleagues, not for the citizen (not).",
    "notice_id": "Identity of the reply (bildirim).",
    "number": "The tracking number the citizen knows (takip no), e.g. `482-715-936`.",
    "opted_out": "True: no more notices; false: notices again.",
    "opened_at": "When the citizen's message opened the case.",
    "outcome": "What became of the case (sonuç).",
    "owner": "Code of who holds the case (birim, kurum); in an answer: your own code, as in the key.",
    "owner_kind": "Department (birim), institution (kurum) or solution centre (çözüm merkezi).",
    "person_id": "Pseudonym of the citizen at one channel. Left out: anonymous.",
    "place": "Where the problem is (yer).",
    "proposal": "Code of the owner you think it belongs to. Left out: the solution centre decides.",
    "proposals": "Other owners the router thought of, the likeliest first.",
    "provider": "Who carries it (sağlayıcı), e.g. `netgsm`.",
    "provider_id": "The channel's own id of the message; with channel and account it makes one contact.",
    "purpose": "Work (a request), or only information or thanks.",
    "question": "What you need to know from the citizen, as they will read it (soru).",
    "reason": "Why it is not yours (iade gerekçesi).",
    "reasons": "Why the decision fell so, for people to read.",
    "received_at": "When the webhook reached us.",
    "reference": "The `id` of the reply that this reports on.",
    "returned_by": "Code of the owner that returned the case (iade).",
    "sender": "Who wrote.",
    "source": "The service that asked for the task (görev).",
    "state": "Where the case stands (durum).",
    "status": "What we know of the reply.",
    "street": "Street and number, in words (sokak).",
    "task_id": "Identity of the task (görev).",
    "text": "The words themselves (metin).",
    "topic": "Code of the topic (konu).",
    "topic_name": "Name of the topic (konu).",
    "until": "From then on it may be used again.",
    "version": "Number of the step in the life of the case, from 1 without gap.",
    "by_model": "The text model's own likelihood.",
    "by_words": "How strongly the words of its topics speak for it.",
    "chosen": "Who else gets a case of the same message.",
    "code": "What was found, as a code.",
    "evidence": "What spoke for the decision, the weightiest first.",
    "head_case_id": "The case that leads the incident (olay).",
    "head_number": "Tracking number of the case that leads the incident.",
    "hides_identity": "True: a tip (ihbar), whose teller stays unknown to the owner.",
    "incident": "The incident (olay) the case leads.",
    "incident_id": "Identity of the incident (olay): several reports of one problem.",
    "into": "The case it joins.",
    "joined_case_id": "The case that was added.",
    "joined_number": "Tracking number of the case that was added.",
    "metres": "How far apart.",
    "reports": "How many cases tell of it.",
    "scores": "The owners that were weighed, the likeliest first.",
    "secondary": "Further owners the message concerns.",
    "separate": "The case that leaves the incident.",
    "share": "How likely, from 0 to 1.",
    "similar": "Cases that may be about the same problem.",
    "threshold": "The confidence from which on no person decides.",
    "urgency": "Code of the level of urgency (aciliyet).",
    "why": "What the decision rests on.",
    "words": "The phrases that matched, without Turkish letters.",
    "decided_by": "Who decided.",
}
