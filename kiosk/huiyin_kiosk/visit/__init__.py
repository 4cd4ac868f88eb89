"""A visitor's time at a device as pure rules: a state, what happens, what follows. No screen, no store, no clock."""
