"""What happens when a step ends. Each observer is one file; a failure of one is a warning, never the step's."""
