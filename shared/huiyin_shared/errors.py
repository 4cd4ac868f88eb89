"""Named errors that carry their values; every unit's errors derive from `HuiyinError`."""


class HuiyinError(Exception):
    """Base of every error Huiyin raises on purpose; its text is one clear sentence in English."""

    exit_code: int = 1


class InvalidId(HuiyinError, ValueError):
    """An identifier breaks the rules of its kind."""

    def __init__(self, kind: str, value: str) -> None:
        super().__init__(f"{value!r} is not a valid {kind}")
        self.kind = kind
        self.value = value


class FrameError(HuiyinError, ValueError):
    """Bytes from the wire cannot be understood; `reason` is the short name that dead letters carry."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class EventTooLarge(HuiyinError, ValueError):
    """An event's line is longer than every unit has agreed to carry."""

    def __init__(self, *, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(f"the event takes {size_bytes} bytes, the limit is {limit_bytes}")
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes


class SettingsError(HuiyinError):
    """The settings of a process cannot be used."""

    exit_code = 2
