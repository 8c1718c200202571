"""Codes and tokens that belong to a number: told to its citizen, never guessed, forgiving of how they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import Channel
from shared.ids import new_id
from shared.tokens import CaseTokens, OptOutTokens
from tests.builders import NUMBER

TOKENS = CaseTokens(bytes(range(32)))
OPT_OUTS = OptOutTokens(bytes(range(32)))


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


@pytest.mark.parametrize("channel", Channel)
def test_an_opt_out_link_says_who_and_where(channel: Channel) -> None:
    person = new_id()

    assert OPT_OUTS.read(OPT_OUTS.token(person, channel)) == (person, channel)


@given(st.text(max_size=100))
def test_nobody_opts_out_for_another(text: str) -> None:
    token = OPT_OUTS.token(new_id(), Channel.EMAIL)

    assert OPT_OUTS.read(text) is None
    assert OPT_OUTS.read(token.replace("email", "sms")) is None
    assert OptOutTokens(b"another key of thirty-two bytes!").read(token) is None
