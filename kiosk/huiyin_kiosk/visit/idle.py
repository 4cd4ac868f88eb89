"""What time alone does to a visit: a warning, then everything typed is gone."""

from dataclasses import replace

from huiyin_kiosk.visit.state import Attract, Reasons, Saving, SettingUp, State, Thanks


def back_to_attract(state: State, now_ms: int) -> State:
    """End the visit: nothing of it stays, the language is the hall's again, a waiting configuration is taken."""
    desired = state.coming or state.desired
    return replace(
        state,
        desired=desired,
        coming=None,
        language=state.home_language,
        screen=Attract() if desired else SettingUp(),
        visit="",
        touched_ms=now_ms,
        warned_ms=None,
    )


def after_a_while(state: State, now_ms: int) -> State:
    """Return the state at `now_ms` when nothing else happened."""
    quiet_ms = now_ms - state.touched_ms
    patience = state.patience
    match state.screen:
        case SettingUp() | Saving():
            return state
        case Attract():
            foreign = state.language != state.home_language
            return back_to_attract(state, now_ms) if foreign and quiet_ms >= patience.warn_after_ms else state
        case Thanks(receipt):
            shown_ms = patience.receipt_ms if receipt else patience.thanks_ms
            return back_to_attract(state, now_ms) if quiet_ms >= shown_ms else state
        case Reasons() as reasons if reasons.untouched:
            return back_to_attract(state, now_ms) if quiet_ms >= patience.untouched_ms else state
    if state.warned_ms is None:
        return replace(state, warned_ms=now_ms) if quiet_ms >= patience.warn_after_ms else state
    return back_to_attract(state, now_ms) if now_ms - state.warned_ms >= patience.warning_ms else state
