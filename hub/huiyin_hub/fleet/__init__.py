"""Devices: who they are, where they stand, when they were last heard."""
