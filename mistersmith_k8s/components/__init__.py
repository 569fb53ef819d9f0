"""Components: one file each, from a frozen spec to plain manifests; none imports another."""
