"""The reference platform as a cdk8s app, and charts of others that use the library."""
