"""Tokens are stored encrypted, and keys can be changed without losing them."""

import pytest

from accounts import tokens


def test_a_token_comes_back_and_cannot_be_read_in_between(settings):
    settings.TOKEN_KEYS = ["a key"]
    stored = tokens.encrypt("secret-of-alice")
    assert b"secret-of-alice" not in stored
    assert tokens.decrypt(memoryview(stored)) == "secret-of-alice"
    assert tokens.encrypt("secret-of-alice") != stored


def test_the_first_key_encrypts_and_all_decrypt(settings):
    settings.TOKEN_KEYS = ["old"]
    stored = tokens.encrypt("x")
    settings.TOKEN_KEYS = ["new", "old"]
    assert tokens.decrypt(stored) == "x"
    renewed = tokens.encrypt("x")
    settings.TOKEN_KEYS = ["new"]
    assert tokens.decrypt(renewed) == "x"
    with pytest.raises(tokens.LostKey, match="TOKEN_KEYS"):
        tokens.decrypt(stored)


@pytest.mark.parametrize("damaged", [b"", b"plain text", b"gAAAA"])
def test_what_was_not_encrypted_by_us_is_refused(settings, damaged):
    settings.TOKEN_KEYS = ["a key"]
    with pytest.raises(tokens.LostKey):
        tokens.decrypt(damaged)


def test_without_a_key_nothing_is_stored_in_the_clear(settings):
    settings.TOKEN_KEYS = []
    with pytest.raises(tokens.LostKey, match="TOKEN_KEYS is empty"):
        tokens.encrypt("x")
