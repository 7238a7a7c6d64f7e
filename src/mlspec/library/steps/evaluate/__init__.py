"""Steps that measure models. One file a step, named as in `uses: evaluate/<name>`."""
