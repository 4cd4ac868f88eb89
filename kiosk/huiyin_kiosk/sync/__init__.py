"""Device side of HFP/1: a pure engine, a thin MQTT link, one loop that serves any number of devices."""
