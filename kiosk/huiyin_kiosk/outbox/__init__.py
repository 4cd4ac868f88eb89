"""The device's store: every event is on disk before the visitor is thanked, and stays until the hub has it."""
