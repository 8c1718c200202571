"""Codes and tokens that belong to a number: told to its citizen, never guessed, forgiving of how they are typed."""

from hypothesis import given
from hypothesis import strategies as st

from shared.tokens import CaseTokens
from tests.builders import NUMBER

TOKENS = CaseTokens(bytes(range(32)))


def test_a_code_is_known_again_however_it_is_typed() -> None:
    code = TOKENS.code(NUMBER)

    for typed in (code, code.lower(), code.replace("-", ""), f" {code} ", code.replace("0", "o").replace("1", "l")):
        assert TOKENS.is_code(NUMBER, typed), typed


@given(st.text(max_size=20))
def test_nothing_else_is_a_code(typed: str) -> None:
    assert not TOKENS.is_code("482-715-937", TOKENS.code(NUMBER))
    assert not TOKENS.is_code(NUMBER, typed)


def test_a_reply_token_leads_back_to_its_number() -> None:
    assert TOKENS.number_of(TOKENS.reply_token(NUMBER)) == NUMBER
    assert TOKENS.number_of(TOKENS.reply_token(NUMBER).upper()) == NUMBER


@given(st.text(max_size=30))
def test_a_forged_token_leads_nowhere(token: str) -> None:
    assert TOKENS.number_of(token) is None
    assert CaseTokens(b"another key of thirty-two bytes!").number_of(TOKENS.reply_token(NUMBER)) is None
