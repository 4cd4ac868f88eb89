"""The kiosk of Huiyin: visitors rate and speak here; nothing they were thanked for is ever lost."""

__version__ = "0.1.0"
