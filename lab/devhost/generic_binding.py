"""The converter that the worker selects when a parameter or return value is annotated `str` or `bytes`."""

from __future__ import annotations

from typing import Any

from azure.functions import meta


class GenericConverter:
    """Passes text and bytes through, as the worker's own generic binding does."""

    @staticmethod
    def check_input_type_annotation(plain: type) -> bool:
        """Accept text and bytes."""
        return issubclass(plain, (str, bytes))

    @staticmethod
    def check_output_type_annotation(plain: type) -> bool:
        """Accept text and bytes."""
        return issubclass(plain, (str, bytes, bytearray))

    @staticmethod
    def decode(data: meta.Datum, *, trigger_metadata: Any) -> Any:
        """Hand the value over as it came; `trigger_metadata` is part of the converters' protocol."""
        return data.value

    @staticmethod
    def encode(value: Any, *, expected_type: type | None) -> meta.Datum:
        """Type text as `string` and bytes as `bytes`; anything else is refused with `NotImplementedError`."""
        if isinstance(value, str):
            return meta.Datum(type="string", value=value)
        if isinstance(value, (bytes, bytearray)):
            return meta.Datum(type="bytes", value=bytes(value))
        raise NotImplementedError(f"a {type(value).__name__} cannot be written to this binding")
