"""The golden loads' counts are asserted outside of a test module: that says what it compared, too."""

import pytest

pytest.register_assert_rewrite("tests.steps.trace.golden")
