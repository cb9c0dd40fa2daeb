"""Secrets stay out of every log, whoever writes and whoever listens."""

import io
import logging

from composition.logs import configure_logging
from shared.http.redaction import QUIETED, register_secret

SECRET = "s3cr3t-of-the-log"


def test_a_handler_that_is_added_later_to_another_logger_sees_no_secret() -> None:
    register_secret(SECRET)
    factory, levels = logging.getLogRecordFactory(), {name: logging.getLogger(name).level for name in QUIETED}
    configure_logging()
    try:
        stream = io.StringIO()
        logger = logging.getLogger("somebody.else")
        handler = logging.StreamHandler(stream)
        logger.addHandler(handler)
        try:
            int(f"https://portal/rest/1/{SECRET}/user.get")
        except ValueError:
            logger.exception("calling %s", f"https://portal/rest/1/{SECRET}/")
        logger.removeHandler(handler)
    finally:
        logging.setLogRecordFactory(factory)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    assert SECRET not in stream.getvalue()
    assert "calling https://portal/rest/1/***" in stream.getvalue()
