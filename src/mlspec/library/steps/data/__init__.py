"""Steps that check and prepare tables. One file a step, named as in `uses: data/<name>`."""
