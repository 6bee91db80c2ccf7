import datetime as dt

import pytest

from config import clock


@pytest.mark.django_db
def test_now_is_aware():
    assert clock.now().tzinfo is dt.UTC
