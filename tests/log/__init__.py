import pytest

# pytest rewrites the asserts of files named test_* only.
pytest.register_assert_rewrite("tests.log.contract")
