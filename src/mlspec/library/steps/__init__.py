"""The steps themselves: `uses: <group>/<name>` is `<group>/<name>.py`, with `_` for a hyphen."""
