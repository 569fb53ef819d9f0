"""The real thing on loopback: an API server, a scheduler and NATS, and what ships, in them."""
