"""HFP/1 as an AsyncAPI 3 document with JSON Schemas, generated from the types that both ends run.

`python -m huiyin_shared.asyncapi` prints it; the copy in the repository (`shared/hfp1.asyncapi.json`) is tested for
drift, and a client written from that copy alone, in another language, must interoperate.
"""

import inspect
import json
from typing import Any

import msgspec

from huiyin_shared import __version__, frames, topics
from huiyin_shared.desired import Desired
from huiyin_shared.events import MAX_LINE_BYTES, Event
from huiyin_shared.frames import Ack, Header, HubState, Refusal, Status

_TEXT = """\
HFP/1 carries events from devices to the hub over MQTT 5 or 3.1.1, QoS 1, clean start. PUBACK means only that the
broker has a message; a device deletes nothing before the hub's own ack, which the hub sends after its COMMIT.

1. Make an Ed25519 key on the first start and keep it for the device's life. Connect, subscribe to your `down/ack`,
   `down/desired`, `down/cmd` and to `hy/v1/hub/state`, publish a `birth` status (retained) with the public `key`. A
   fresh store has no events: `next` is 1 and the head is the genesis. The hub remembers the first key it is told.
2. The hub answers a birth with an ack: its cursor (`next`, the sequence number it wants) and its chain head before
   that number. If `next` is older than what you have sent, send again from there. If that head is not yours, or `next`
   is beyond what you have, and the same comes again a minute later, another card went on with your history: begin a
   new store whose first event is `store_replaced` of kind `forked`, and carry what you have in it as `salvaged`.
3. Publish batches in order. A batch is UTF-8 text: the header as one line of JSON, then `n` lines, one event each,
   then the signature, separated by one LF, none at the end. Sequence numbers are gap-free from 1 and belong to the
   store; event lines hold no LF. A status is its line of JSON, LF, the signature. No object says a key twice.
   Signatures are Ed25519 (RFC 8032) in 128 lower-case hex digits. A batch's is made over "HFP/1 batch" LF device LF
   header line LF chain head after the last line (32 raw bytes), a status's over "HFP/1 status" LF device LF line.
4. Chain, all values raw bytes: genesis = SHA-256("HFP/1" LF device LF store); head after a line = SHA-256(head
   before, followed by SHA-256 of the line's bytes). `prev` in the header is the head before `first`, in lower-case
   hex.
5. Acks are cumulative. A refusal names its reason: `gap` - go to `next`; `too_large` - send smaller batches;
   `bad_frame` - damaged on the way, send again; `bad_signature` - damaged on the way, or the hub has forgotten your
   key: publish a birth and send again, and after three times in a row do as for the others; `fork`, `revoked`,
   `unknown_device`, `unknown_store` - stop sending, keep collecting, ask again (birth) about once a minute.
6. Without an answer for some seconds send again from the last acknowledged number, with growing patience. When
   `hub/state` comes with another `instance`, publish a birth again.
7. Store ids are 16 letters of Crockford's base 32 in lower case, fresh at random for every new store. `at` and
   `sent` are raw readings of the device's clocks; times since boot in milliseconds include suspend.
8. An ack echoes the boot and the time since boot of the reading it answers and names the hub's time: with the moment
   of its arrival that makes an anchor, hub time = `hub_ms` + half of the time in between, give or take that half. Put
   the best anchor of this boot into headers, and those of the last boots into births: they date your events. Check
   `sum` before: the first 32 hex digits of the SHA-256 of, separated by LF, for an ack `store`, `next`, `head`,
   `hub_ms`, `echo_boot`, `echo_mono_ms`, for a refusal `store`, `reason`, `next`, `head`, `hub_ms`; a field left out
   counts as its default.
"""


def document() -> dict[str, Any]:
    """Return the AsyncAPI 3 document as plain data."""
    types = [Header, Event, Ack, Refusal, Status, HubState, Desired]
    (header, event, ack, refusal, status, hub_state, desired), components = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    for schema in components.values():
        # Python 3.13 takes the indentation out of docstrings, older ones leave it in.
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    messages = {
        "batch": {
            "summary": "Header line, then one line per event, then the signature's line",
            "contentType": "text/plain; charset=utf-8",
            "payload": {"type": "string", "maxLength": frames.MAX_PAYLOAD_BYTES},
            "x-header": header,
            "x-line": event,
            "x-max-line-bytes": MAX_LINE_BYTES,
        },
        "answer": {"payload": {"oneOf": [ack, refusal]}},
        "status": {
            "summary": "One line of JSON, then the signature's line",
            "contentType": "text/plain; charset=utf-8",
            "payload": {"type": "string", "maxLength": frames.MAX_STATUS_BYTES},
            "x-line": status,
        },
        "hubState": {"payload": hub_state},
        "desired": {"payload": desired},
    }
    channels = {
        "events": ("/{device}/up/events", ["batch"]),
        "status": ("/{device}/up/status", ["status"]),
        "ack": ("/{device}/down/ack", ["answer"]),
        "desired": ("/{device}/down/desired", ["desired"]),
        "hubState": ("/hub/state", ["hubState"]),
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Huiyin HFP/1", "version": __version__, "description": _TEXT},
        "defaultContentType": "application/json",
        "channels": {
            name: {
                "address": topics.ROOT + path,
                "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in keys},
                **({"parameters": {"device": {"description": _DEVICE}}} if "{device}" in path else {}),
            }
            for name, (path, keys) in channels.items()
        },
        "operations": {
            name: {"action": "send" if "/up/" in path else "receive", "channel": {"$ref": f"#/channels/{name}"}}
            for name, (path, _keys) in channels.items()
        },
        "components": {"messages": messages, "schemas": components},
    }


_DEVICE = "Device id: lower-case letters, digits, - and _, at most 63, starting with a letter or digit"


def text() -> str:
    """Return the document as it lies in the repository."""
    return json.dumps(document(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(text(), end="")  # noqa: T201 - printing is this command's purpose
