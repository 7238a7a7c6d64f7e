"""Argo Workflows for mlspec: a target, and beside it a library step and a policy, to show how another package brings each.

`target` is the object that mlspec sees · `options` what a spec may say of Argo alone · `capabilities` what Argo does, and how ·
`findings` with `catalogue/` what that table cannot express · `emit` with `templates/` the file · `shell` its one quoting ·
`summarise` the library step · `timeouts_set` the policy.
"""
