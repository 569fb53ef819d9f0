"""The pages that are generated from the code, and what runs the pages that people write."""
