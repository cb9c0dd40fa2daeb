"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# A machine that stands still for a moment is no finding, and the same tree gives the same result each time.
# `pytest --hypothesis-profile=default` looks for more.
settings.register_profile("portage", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portage")
