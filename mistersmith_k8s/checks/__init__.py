"""Checks: what is wrong with manifests, found before they are applied."""
