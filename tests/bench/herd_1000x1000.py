"""1,000 devices come back at the same moment, each with 1,000 events: from the first connect to the last ack.

Every device dials, logs in, subscribes, greets with its birth, hears the hub's ack and sends batches of 100 in a window
of 4. Yardstick: the steady rate of the same hub process, 50 other devices that were connected and warm before: so
whatever a thousand connections cost, in the broker too, is part of the figure. The second figure is the most memory the
hub process has held in all that, beside 400 MB.
"""

from tests.bench.figures import Figure
from tests.bench.ingest import warm_rate
from tests.bench.load import drive
from tests.bench.stage import HOST, connected, peak_rss_mb, temporary_stage

DEVICES = 1_000
EVENTS = 1_000
PER_BATCH = 100
RSS_MB = 400.0


def measure() -> list[Figure]:
    """Return events a second, and the hub's memory in MB."""
    with temporary_stage(devices=50, herd=DEVICES) as stage:
        steady_fleet = stage.fleet(batches=81, per_batch=PER_BATCH)
        herd = stage.fleet(batches=EVENTS // PER_BATCH, per_batch=PER_BATCH, prefix="herd")
        with stage.running("ingest") as hub:
            with connected(steady_fleet, stage.port):
                steady = warm_rate(steady_fleet)
            try:
                rate = DEVICES * EVENTS / drive(herd, dial=(HOST, stage.port))
            finally:
                for device in herd:
                    device.hang_up()
            memory = Figure("herd_1000x1000_rss", peak_rss_mb(hub), "MB", RSS_MB)
        stage.check(events=DEVICES * EVENTS + sum(len(device.packets) * PER_BATCH for device in steady_fleet))
    return [Figure("herd_1000x1000", rate, "events/s", steady), memory]
