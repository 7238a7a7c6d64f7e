"""Steps that turn models into other formats. One file a step, named as in `uses: export/<name>`."""
