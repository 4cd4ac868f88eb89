"""Buttons, lamps and sensors of a device; empty until the terminal's hardware is built on gpiozero."""
