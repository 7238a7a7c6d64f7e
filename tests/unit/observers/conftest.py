"""Step processes to run, as for the tests of the step process itself."""

from tests.unit.exec.conftest import project

__all__ = ["project"]
