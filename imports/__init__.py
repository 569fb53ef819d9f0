"""What comes from upstream: pinned inputs and the generator of types and schemas."""
