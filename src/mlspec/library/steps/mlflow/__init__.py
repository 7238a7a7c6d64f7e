"""Steps that talk to MLflow. One file a step, named as in `uses: mlflow/<name>`."""
