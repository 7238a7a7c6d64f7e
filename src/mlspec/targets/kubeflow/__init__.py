"""The Kubeflow target: a plan as PipelineSpec IR (v2), one text file that KFP's backend and SDK load.

`graph` decides names and conditions, `arguments` what each step process is passed, `common` what they share; `blocks` and
`foreach` make the parts that a step becomes (`document`), and `emit` puts them in order for the templates in
`templates/kubeflow/`. `findings` is what the capability table cannot say, `check` a validator of emitted IR.
kfp is never imported: compiling needs the core only.
"""

from mlspec.targets.kubeflow.target import TARGET

__all__ = ["TARGET"]
