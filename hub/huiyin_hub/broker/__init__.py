"""The MQTT broker the hub runs or uses: one port, the embedded NATS server and mosquitto behind it."""
