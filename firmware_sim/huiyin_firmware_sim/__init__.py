"""Simulated button terminals: the real device code in fleets, living plausible days from a seed."""
