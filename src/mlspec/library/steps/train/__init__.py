"""Steps that train models. One file a step, named as in `uses: train/<name>`."""
