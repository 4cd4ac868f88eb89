"""From the wire to the database: judge batches, one transaction per flush, ack after COMMIT."""
