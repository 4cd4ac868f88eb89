"""Every feedback becomes a case, in the transaction that takes its event: none can be lost in between (E4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert

from huiyin_hub.cases.tables import case, case_history
from huiyin_hub.db.statements import storable
from huiyin_shared.events import Feedback
from huiyin_shared.ids import StoreId, receipt_number

FIRST_STATE = "received"
FIRST_MOVE = "received"


@dataclass(frozen=True)
class Intake:
    """A feedback to open a case for: the event it is, and the store and number of the visitor's receipt.

    These are the same unless the event is carried by another store than the one it was made in.
    """

    store_id: int
    seq: int
    receipt_store: str
    receipt_seq: int
    feedback: Feedback
    occurred_ms: int
    received_ms: int
    channel: str = "kiosk"


def open_cases(connection: Connection, intakes: Sequence[Intake]) -> None:
    """Open a case in state `received` for each feedback, with the first line of its history."""
    if not intakes:
        return
    made = connection.execute(
        insert(case).returning(case.c.id, sort_by_parameter_order=True), [_row(intake) for intake in intakes]
    )
    connection.execute(
        insert(case_history),
        [
            {
                "case_id": case_id,
                "move": FIRST_MOVE,
                "from_state": "",
                "to_state": FIRST_STATE,
                "by_account": "",
                "note": "",
                "at_ms": intake.received_ms,
            }
            for case_id, intake in zip(made.scalars(), intakes, strict=True)
        ],
    )


def _row(intake: Intake) -> dict[str, object]:
    feedback = intake.feedback
    contact = feedback.contact
    return {
        "store_id": intake.store_id,
        "seq": intake.seq,
        "receipt": receipt_number(StoreId(intake.receipt_store), intake.receipt_seq),
        "channel": intake.channel,
        "kind": feedback.kind,
        "counter_code": feedback.counter,
        "staff_code": feedback.staff,
        "category_code": feedback.category,
        "text": storable(feedback.text),
        "contact_name": storable(contact.name) if contact else "",
        "contact_phone": storable(contact.phone) if contact else "",
        "language": storable(feedback.lang),
        "state": FIRST_STATE,
        "version": 1,
        "occurred_ms": intake.occurred_ms,
        "opened_ms": intake.received_ms,
        "answer": "",
    }
