"""A broker that somebody else runs: an address and a log-in, nothing to start, no devices to tell it of."""

from collections.abc import Iterable

from huiyin_hub.broker.port import Address, DeviceLogin


class ExternalBroker:
    """Only knows the way in. Who may connect is the matter of whoever runs the broker."""

    def __init__(self, address: Address) -> None:
        self._address = address

    @property
    def address(self) -> Address:
        """The hub's own way in."""
        return self._address

    def start(self, devices: Iterable[DeviceLogin]) -> None:
        """Do nothing: the broker runs elsewhere."""

    def set_devices(self, devices: Iterable[DeviceLogin]) -> None:
        """Do nothing: ingest refuses devices the registry does not know."""

    def stop(self) -> None:
        """Do nothing."""
