"""Typed constructs and proven manifests for the Mister Smith platform."""
