"""A source of settings that gives no answer, or not to us."""

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError

from shared.settings.model import SettingsError


def unread(setting: str, error: Exception) -> SettingsError:
    """What to say of ``error`` at the setting that leads to the source; nothing of what the source said is quoted."""
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        why = f"HTTP {error.status_code}"
        if isinstance(error, ClientAuthenticationError) or error.status_code == 403:
            why += ": the app's identity lacks a role there"
        elif isinstance(error, ResourceNotFoundError):
            why += ": there is no such store"
    elif isinstance(error, ClientAuthenticationError):
        why = "no identity to ask with: see AZURE_CLIENT_ID, or sign in"
    else:
        why = type(error).__name__
    return SettingsError({setting: f"could not be read ({why})"})
