"""What `mlspec exec` is to do: one value, its arguments, and back.

`model` is the value, `parse` reads arguments, `from_plan` makes it of a step of a plan, `kubeflow` is Kubeflow's way of passing
it. `model`, `parse` and `kubeflow` run in users' images: standard library only.
To pass the step process something new: a field in `model`, its option in `parse` and `from_plan`, a line in docs/step-process.md.
"""
