"""The domain's rules, each claimed by a test that would fail without it."""
