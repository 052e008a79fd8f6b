import pytest

# pytest looks at the asserts of files named test_* alone.
pytest.register_assert_rewrite("tests.log.contract")
