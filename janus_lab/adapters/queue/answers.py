"""What consumers of both brokers log when they have just been connected."""

BROKER_ANSWERS = "broker-answers"
"""The event's name. Each queue's consumer logs it; a worker's log keeps the first after an outage."""
