"""Deterministic worlds: the real engines and stores on a simulated network, with faults, from one seed.

A world has a few devices, a broker and a hub, and a list of faults drawn from the seed. After the faults stop and the
network heals, the invariants must hold. The same seed tells the same story.
"""
