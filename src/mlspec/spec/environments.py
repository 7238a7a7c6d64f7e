"""`environments:`, `secrets:`, `tracking:`: what steps find around them.

In: mappings of the spec. Out: frozen models. Owns their keys, but those below a secret that say who keeps it; never reads a
requirements file (see `mlspec.planning.check`), never sees a secret's value. Change it when an environment of another kind is supported.
"""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from mlspec.spec.base import Section, wrong
from mlspec.spec.scalars import ExperimentName, Identifier, Text, Variable, Variables, found
from mlspec.terms import SecretKind

_VERSION = r"^3\.\d{1,2}(\.\d{1,2})?$"


class Requirements(Section):
    """Python packages: listed here or in a file."""

    packages: list[Text] = Field(default_factory=list, description="Requirement lines, as pip reads them.")
    file: Text | None = Field(
        None, description="A requirements file, relative to the file that names it.", examples=["requirements/ml.txt"]
    )


class _RequirementsFile(Section):
    file: Text = Field(description="A requirements file, relative to the file that names it.", examples=["requirements/ml.txt"])


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
        description="The Python version, quoted: 3.10 without quotes is 3.1; default: the one that is there.",
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
    pull_secret: Identifier | None = Field(
        None, description="The secret, of `kind: registry`, that the image is pulled with.", examples=["company_registry"]
    )
    pythonpath: list[Text] = Field(
        default_factory=list, description="Folders with your modules, relative to the spec.", examples=[["src"]]
    )
    env: Variables = Field(
        default_factory=dict,
        description="Variables of its steps, which see them beside the caller's. No secrets; ${{ }} puts in params and the run.",
        examples=[{"OMP_NUM_THREADS": "4"}],
    )

    @model_validator(mode="after")
    def _pulls_an_image(self) -> Self:
        if self.pull_secret is not None and self.image is None:
            raise wrong("MLS219", "`pull_secret` without `image`: there is nothing to pull", "add `image`", key="pull_secret")
        return self


class _Login(Section):
    user: Variable = Field(description="The variable of the user's name.", examples=["DB_USER"])
    password: Variable = Field(description="The variable of the password.", examples=["DB_PASSWORD"])


class SecretVariables(Section):
    """The variables of a secret: one, or those of a login."""

    user: Variable
    password: Variable | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (self.user,) if self.password is None else (self.user, self.password)


def _variables(value: Any) -> Any:
    if isinstance(value, str):
        return {"user": value}
    if isinstance(value, dict):
        if "user" in value and "password" not in value:
            raise wrong("MLS202", "the key `password` is missing", _ENV["login"])
        return value
    raise wrong("MLS203", f"`env` names a variable, not {found(value)}", _ENV["text"])


_ENV = {
    "text": "write `env: MLFLOW_TRACKING_TOKEN`, the variable that steps find it in",
    "file": "write `env: GOOGLE_APPLICATION_CREDENTIALS`, the variable that holds the path of the file",
    "login": "write `env: {user: DB_USER, password: DB_PASSWORD}`",
}


class Secret(Section):
    """Where a secret is kept; its value never stands in a spec."""

    # What else it may say, targets declare: `checking` knows the forms that they read, and refuses others.
    model_config = ConfigDict(extra="allow")

    kind: SecretKind = Field("text", description="What it is.", examples=["file"])
    env: Annotated[SecretVariables, BeforeValidator(_variables, json_schema_input_type=Variable | _Login)] | None = Field(
        None,
        description="The environment variable in which steps find it, or the path of its file; of a login the two of user and password. "
        "A registry has none.",
        examples=["MLFLOW_TRACKING_TOKEN", {"user": "DB_USER", "password": "DB_PASSWORD"}],
    )

    @property
    def forms(self) -> dict[str, dict[str, Any]]:
        """Where it is kept, by the key that says so."""
        return self.model_dump(exclude={"env", "kind"}, exclude_none=True)

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that steps find it in."""
        return () if self.env is None else self.env.names

    @model_validator(mode="after")
    def _variables_fit_the_kind(self) -> Self:
        if self.kind == "registry":
            if self.env is not None:
                raise wrong("MLS219", "no step sees a registry: it has no `env`", "remove `env`", key="env")
        elif self.env is None:
            raise wrong("MLS202", "the key `env` is missing", _ENV[self.kind])
        elif (self.env.password is not None) != (self.kind == "login"):
            message = f"`env` of a {self.kind} is {'two variables' if self.kind == 'login' else 'one variable'}"
            raise wrong("MLS219", message, _ENV[self.kind], key="env")
        elif self.env.user == self.env.password:
            raise wrong("MLS415", f"`{self.env.user}` is both user and password", "name two variables", key="env")
        return self


class Lineage(Section):
    """OpenLineage: where steps send their events."""

    url: Text | None = Field(None, description="A server of OpenLineage.", examples=["https://marquez.acme.example"])
    file: Text | None = Field(None, description="A file that a line is appended to for each event.", examples=["lineage.jsonl"])
    namespace: Text | None = Field(
        None, description="That of its jobs and of the files of the project; default: `mlspec`.", examples=["risk"]
    )

    @property
    def place(self) -> str:
        """The URL, or `file:` and the path."""
        return self.url or f"file:{self.file}"

    @model_validator(mode="after")
    def _goes_to_one_place(self) -> Self:
        if self.url is not None and self.file is not None:
            raise wrong("MLS219", "events go to a `url` or to a `file`", "remove one of the two", key="file")
        if self.url is None and self.file is None:
            raise wrong(
                "MLS202", "neither `url` nor `file` says where events go", "write `url: https://…` or `file: lineage.jsonl`"
            )
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise wrong(
                "MLS219", f"`{self.url}` is no URL of a server", "write `https://HOST`, or `file:` and a path", key="url"
            )
        return self


class Tracking(Section):
    """MLflow: where steps log."""

    uri: Text = Field(description="The tracking server or database.", examples=["sqlite:///.mlspec/mlflow.db"])
    experiment: ExperimentName | None = Field(None, description="The experiment's name.", examples=["credit-default"])
