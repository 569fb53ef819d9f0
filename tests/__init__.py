"""The laws of the project, one file for each part."""
