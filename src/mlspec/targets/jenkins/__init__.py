"""The Jenkins target: a plan as a declarative Jenkinsfile, `<lifecycle>.Jenkinsfile`.

`levels` makes stages of the graph, `size` says when a controller could not compile them and the steps become `data`,
`settings` is what a step asks of Jenkins, `groovy` all escaping, `emit` joins them with `templates/jenkins/`; `findings`
finds what the capability table cannot say. To give steps something new of Jenkins: a field in `options`, a key in
`settings`, its wrapper in `functions.groovy.j2`.
"""

from mlspec.targets.jenkins.target import TARGET

__all__ = ["TARGET"]
