"""The dashboard: a page without a build step, put together when the app starts."""
