"""`environments:`, `secrets:`, `tracking:`: what steps find around them.

In: mappings of the spec. Out: frozen models. Owns their keys, but those below a secret that say who keeps it; never reads a
requirements file (see `mlspec.planning.check`), never sees a secret's value. Change it when an environment of another kind is supported.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from mlspec.spec.base import Section, wrong
from mlspec.spec.scalars import Text, Variable, found

_VERSION = r"^3\.\d{1,2}(\.\d{1,2})?$"


class Requirements(Section):
    """Python packages: listed here or in a file."""

    packages: list[Text] = Field(default_factory=list, description="Requirement lines, as pip reads them.")
    file: Text | None = Field(None, description="A requirements file, relative to the spec.", examples=["requirements/ml.txt"])


class _RequirementsFile(Section):
    file: Text = Field(description="A requirements file, relative to the spec.", examples=["requirements/ml.txt"])


def _requirements(value: Any) -> Any:
    if isinstance(value, list):
        return {"packages": value}
    if isinstance(value, dict) and value and "packages" not in value:
        return value
    raise wrong(
        "MLS203",
        f"requirements are a list or a file, not {found(value)}",
        "write [scikit-learn==1.8.0] or {file: requirements.txt}",
    )


def _python(value: Any) -> Any:
    if isinstance(value, float | int) and not isinstance(value, bool):
        raise wrong("MLS203", f"the Python version is text, not {found(value)}", 'quote it: "3.10" without quotes is 3.1')
    return value


class Environment(Section):
    """What steps need; training and deployment can name the same one."""

    python: Annotated[str, BeforeValidator(_python)] | None = Field(
        None,
        pattern=_VERSION,
        description="The Python version, quoted: 3.10 without quotes is 3.1.",
        examples=["3.11"],
        json_schema_extra={"pattern": _VERSION, "patternErrorMessage": 'A Python version: "3.11" or "3.11.7".'},
    )
    requirements: Annotated[
        Requirements, BeforeValidator(_requirements, json_schema_input_type=list[Text] | _RequirementsFile)
    ] = Field(
        default_factory=Requirements.model_construct,
        description="Python packages: a list, or {file: …}.",
        examples=[["scikit-learn==1.8.0"]],
    )
    image: Text | None = Field(
        None,
        description="The image that container targets run; built from the generated Dockerfile.",
        examples=["ghcr.io/acme/credit-ml:1.4.2"],
    )
    pythonpath: list[Text] = Field(
        default_factory=list, description="Folders with your modules, relative to the spec.", examples=[["src"]]
    )


class Secret(Section):
    """Where a secret is kept; its value never stands in a spec."""

    # What else it may say, targets declare: `checking` knows the forms that they read, and refuses others.
    model_config = ConfigDict(extra="allow")

    env: Variable = Field(description="The environment variable in which steps find it.")

    @property
    def forms(self) -> dict[str, dict[str, Any]]:
        """Where it is kept, by the key that says so."""
        return self.model_dump(exclude={"env"}, exclude_none=True)


class Tracking(Section):
    """MLflow: where steps log."""

    uri: Text = Field(description="The tracking server or database.", examples=["sqlite:///.mlspec/mlflow.db"])
    experiment: Text | None = Field(None, description="The experiment's name.", examples=["credit-default"])
