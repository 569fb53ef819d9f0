"""Charts of other teams that use the library; each is an app of its own, run by the tests."""
