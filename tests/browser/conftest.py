"""Fixtures: one browser for the tests of a file"""

import pytest

from tests.support.browser import Browser


@pytest.fixture(scope="module")
def browser(stack):
    running = Browser(stack.base, ["www.salon-lumiere.example"])
    yield running
    running.close()
