"""Halls, counters, staff and the service catalogue."""
