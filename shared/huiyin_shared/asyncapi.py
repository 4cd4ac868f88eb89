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

1. Connect, subscribe to your `down/ack`, `down/desired`, `down/cmd` and to `hy/v1/hub/state`, publish a `birth`
   status (retained). A fresh store has no events: `next` is 1 and the head is the genesis.
2. The hub answers a birth with an ack: its cursor (`next`, the sequence number it wants) and its chain head before
   that number. If that head is not yours, stop: the histories differ. If `next` is older than what you have sent,
   send again from there.
3. Publish batches in order. A batch is UTF-8 text: the header as one line of JSON, then `n` lines, one event each,
   separated by one LF, none at the end. Sequence numbers are gap-free from 1 and belong to the store; event lines
   hold no LF.
4. Chain, all values raw bytes: genesis = SHA-256("HFP/1" LF device LF store); head after a line = SHA-256(head
   before, followed by SHA-256 of the line's bytes). `prev` in the header is the head before `first`, in lower-case
   hex.
5. Acks are cumulative. A refusal names its reason: `gap` - go to `next`; `too_large` - send smaller batches;
   `bad_frame` - damaged on the way, send again; `fork`, `revoked`, `unknown_device`, `unknown_store`,
   `bad_signature` - stop sending, keep collecting, ask again (birth) about once a minute.
6. Without an answer for some seconds send again from the last acknowledged number, with growing patience. When
   `hub/state` comes with another `instance`, publish a birth again.
7. Store ids are 16 letters of Crockford's base 32 in lower case, fresh at random for every new store. `at` and
   `sent` are raw readings of the device's clocks; times since boot in milliseconds include suspend.
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
            "summary": "Header line, then one line per event",
            "contentType": "text/plain; charset=utf-8",
            "payload": {"type": "string", "maxLength": frames.MAX_PAYLOAD_BYTES},
            "x-header": header,
            "x-line": event,
            "x-max-line-bytes": MAX_LINE_BYTES,
        },
        "answer": {"payload": {"oneOf": [ack, refusal]}},
        "status": {"payload": status},
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
