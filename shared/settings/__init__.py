"""The settings of the function app: one model, read from the environment."""
