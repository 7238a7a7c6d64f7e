"""Steps that compare groups of people. One file a step, named as in `uses: fairness/<name>`."""
