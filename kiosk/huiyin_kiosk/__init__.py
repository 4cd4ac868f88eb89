"""The kiosk of Huiyin: visitors rate and speak here; nothing they were thanked for is ever lost."""
