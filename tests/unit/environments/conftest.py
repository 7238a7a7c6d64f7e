"""Projects to run plans in, as for the tests of the engine."""

from tests.unit.engine.conftest import project

__all__ = ["project"]
