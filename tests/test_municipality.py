"""What the checked data of a municipality promises: İlkadım's is right, and every mistake is named."""

import shutil
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from datetime import time as clock
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.contracts import Channel, OwnerKind
from shared.municipality import (
    SLOTS,
    Fact,
    Line,
    Municipality,
    MunicipalityError,
    ReplyEvent,
    load,
    neutralise,
)
from shared.sms import size

ILKADIM = Path(__file__).parent.parent / "municipality" / "ilkadim"
LOAD_SECONDS_MAX = 0.15
Broken = Callable[..., str]
A_SHIFT = """
[[shift]]
department = "parklar"
name = "on duty"
name_en = "on duty"
phone = "+905000000001"
start = 17:00:00
end = 08:00:00
"""


@pytest.fixture(scope="module")
def ilkadim() -> Municipality:
    return load(ILKADIM)


@pytest.fixture
def broken(tmp_path: Path) -> Broken:
    """Loads İlkadım's folder with one text of one file changed, and gives the error as a person reads it."""

    def load_broken(file: str, old: str, new: str) -> str:
        folder = shutil.copytree(ILKADIM, tmp_path / "municipality")
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r} to break"
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(MunicipalityError) as caught:
            load(folder)
        return str(caught.value)

    return load_broken


# --- İlkadım's own data


def test_ilkadim_has_its_61_neighbourhoods_and_the_free_zone(ilkadim: Municipality) -> None:
    inhabited = [place for place in ilkadim.neighbourhoods if place.population]

    assert len(inhabited) == 61
    assert sum(place.population for place in inhabited) == 322_228
    assert sum(place.rural for place in inhabited) == 14
    assert {area.code for area in ilkadim.areas} == {place.code for place in ilkadim.neighbourhoods}
    assert len(ilkadim.streets) == 3_473
    assert Counter(place.district for place in ilkadim.neighbours) == {
        "Atakum": 56,
        "Canik": 53,
        "Tekkeköy": 66,
        "Kavak": 92,
    }


def test_the_solution_centre_keeps_what_nobody_knows(ilkadim: Municipality) -> None:
    centre = ilkadim.solution_centre

    assert centre.code == "cozum-merkezi"
    assert centre.kind is OwnerKind.CENTRE
    assert centre.desk


def test_departments_with_and_without_software_of_their_own_exist(ilkadim: Municipality) -> None:
    departments = [owner for owner in ilkadim.departments if owner.kind is OwnerKind.DEPARTMENT]

    assert len(departments) == 28
    assert {department.code for department in departments if department.desk} == {
        "ozel-kalem",
        "teftis-kurulu",
        "strateji-gelistirme",
    }


def test_every_channel_has_an_account(ilkadim: Municipality) -> None:
    assert {account.channel for account in ilkadim.accounts} == set(Channel)


def test_owners_are_found_by_code_whatever_their_kind(ilkadim: Municipality) -> None:
    assert ilkadim.owner("zabita").name == "Zabıta Müdürlüğü"
    assert ilkadim.owner("saski").kind is OwnerKind.INSTITUTION
    with pytest.raises(KeyError):
        ilkadim.owner("nobody")


def test_every_neighbouring_district_has_its_municipality(ilkadim: Municipality) -> None:
    for neighbour in ilkadim.neighbours:
        assert ilkadim.institution_of(neighbour.district) is not None
    assert ilkadim.institution_of("Bafra") is None


def test_nothing_of_a_municipality_can_be_changed(ilkadim: Municipality) -> None:
    with pytest.raises(ValidationError):
        ilkadim.name = "Başka"  # type: ignore[misc]


def test_loading_is_quick(ilkadim: Municipality) -> None:
    seconds = []
    for _ in range(5):
        start = time.process_time()
        load(ILKADIM)
        seconds.append(time.process_time() - start)

    assert min(seconds) < LOAD_SECONDS_MAX


# --- the calendar


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        ("2026-03-18", 8),  # an ordinary Wednesday
        ("2026-03-19", 4),  # arife, until one o'clock
        ("2026-03-20", 0),  # Ramazan Bayramı
        ("2026-03-22", 0),
        ("2026-03-23", 8),
        ("2026-03-28", 0),  # Saturday
        ("2026-05-26", 4),
        ("2026-05-30", 0),
        ("2026-10-28", 4),
        ("2027-03-09", 0),
        ("2027-05-19", 0),
    ],
)
def test_office_hours_know_weekends_holidays_and_half_days(ilkadim: Municipality, day: str, hours: int) -> None:
    spans = ilkadim.calendar.spans(date.fromisoformat(day))

    assert sum(span.end.hour - span.start.hour for span in spans) == hours
    assert ilkadim.calendar.is_working_day(date.fromisoformat(day)) is bool(hours)


def test_a_span_that_a_half_day_cuts_ends_where_the_half_day_ends(ilkadim: Municipality) -> None:
    calendar = ilkadim.calendar.model_copy(update={"half_day_ends": clock(11, 30)})

    spans = calendar.spans(date(2026, 3, 19))

    assert [(span.start, span.end) for span in spans] == [(clock(8), clock(11, 30))]


# --- replies

VALUES = {
    "number": "IK-2026-000123",
    "institution": "SASKİ",
    "institution_phone": "185",
    "outcome": "solved",
    "text": "Ekibimiz gelip onardı.",
    "department": "Fen İşleri Müdürlüğü",
    "advice_number": "112",
    "topic": "Yol çökmesi",
    "neighbourhood": "Kale",
    "code": "7K2M-9QXD",
    "link": "https://ilkim.example.org/takip",
}


def values_for(event: ReplyEvent, **changed: str | None) -> dict[str, str | None]:
    return {name: value for name, value in VALUES.items() if name in SLOTS[event].allowed} | changed


@pytest.mark.parametrize("language", ["tr", "en"])
@pytest.mark.parametrize("event", list(ReplyEvent))
def test_every_reply_says_all_it_must(ilkadim: Municipality, event: ReplyEvent, language: str) -> None:
    rendered = ilkadim.render(event, language, **values_for(event))

    slots = SLOTS[event]
    for name in (slots.required | slots.expected) - {"outcome"}:
        assert VALUES[name] in rendered.text
    assert rendered.template == f"{event}.{language}"
    assert rendered.version >= 1
    assert "{" not in rendered.text
    assert len(rendered.text) < 420


def test_a_handed_over_case_names_the_institution_and_its_phone(ilkadim: Municipality) -> None:
    saski = ilkadim.owner("saski")

    text = ilkadim.render("forwarded", "tr", number="7", institution=saski.name_in("tr"), institution_phone="185").text

    assert "SASKİ" in text
    assert "185" in text


def test_an_unknown_phone_leaves_its_line_out(ilkadim: Municipality) -> None:
    text = ilkadim.render("forwarded", "tr", number="7", institution="Canik Belediyesi", institution_phone=None).text

    assert "telefon" not in text
    assert "Canik Belediyesi" in text


def test_outcomes_are_told_in_the_readers_language(ilkadim: Municipality) -> None:
    assert "yerine getirildi" in ilkadim.render("closed", "tr", number="7", outcome="solved", text="").text
    assert "has been fulfilled" in ilkadim.render("closed", "en", number="7", outcome="solved", text="").text


def test_a_language_we_do_not_speak_is_answered_in_turkish(ilkadim: Municipality) -> None:
    assert ilkadim.render("receipt", "ar", number="7").template == "receipt.tr"


def test_a_reply_without_its_number_is_refused(ilkadim: Municipality) -> None:
    with pytest.raises(ValueError, match="needs a value for number"):
        ilkadim.render("receipt", "tr", number="")


def test_a_value_the_event_does_not_know_is_refused(ilkadim: Municipality) -> None:
    with pytest.raises(ValueError, match="knows no adress"):
        ilkadim.render("receipt", "tr", number="7", adress="x")


@given(text=st.text(min_size=1).filter(lambda text: neutralise(text) != ""))
def test_inserted_text_is_never_a_template(ilkadim: Municipality, text: str) -> None:
    rendered = ilkadim.render("question", "tr", number="7", text=text).text

    assert "".join(neutralise(text).split()) in "".join(rendered.split())


def test_braces_in_a_citizens_words_stay_braces(ilkadim: Municipality) -> None:
    text = ilkadim.render("question", "tr", number="7", text="{number} {municipality} {0.__class__}").text

    assert "{number} {municipality} {0.__class__}" in text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("bkz. https://kotu.example.com/x?y=1", "bkz. https[:]//kotu[.]example[.]com/x?y=1"),
        ("HTTP://KOTU.COM", "HTTP[:]//KOTU[.]COM"),
        ("www.kotu.site adresine", "www[.]kotu[.]site adresine"),
        ("bit.ly/abc", "bit[.]ly/abc"),
        ("kötü.com", "kötü[.]com"),
        ("ödeme.garip/yol", "ödeme[.]garip/yol"),
        ("bilgi@ilkadim.bel.tr yazın", "bilgi@ilkadim.bel.tr yazın"),
        ("Saat 14.30'da, 2. kat. Tamamlandı.", "Saat 14.30'da, 2. kat. Tamamlandı."),
        ("0362 111 22 33", "0362 111 22 33"),
        ("bitti\u202egnp.exe", "bittignp.exe"),
    ],
)
def test_links_in_inserted_text_cannot_be_clicked(text: str, safe: str) -> None:
    assert neutralise(text) == safe


@given(st.text())
def test_making_text_safe_twice_changes_nothing_more(text: str) -> None:
    assert neutralise(neutralise(text)) == neutralise(text)


@given(st.from_regex(r"[a-z]{1,9}://[a-z]{1,9}\.(com|tr|xyz)(/[a-z]{0,5})?", fullmatch=True))
def test_no_address_survives_whole(link: str) -> None:
    assert "://" not in neutralise(f"tıklayın {link} hemen")


# --- the bulletin


def a_case(**known: str | None) -> Fact:
    return {"channel": "phone", "owner": "zabita", "owner_kind": "department", "state": "routed"} | known


def nine_months() -> list[tuple[Fact, int]]:
    """Cases, as facts with how many there were, whose sums are those printed in 2020."""
    closed = {"state": "closed", "outcome": "solved"}
    place = {"neighbourhood": "61820"}
    ours = {"owner": "fen-isleri"}
    handed_over = {
        "owner": "saski",
        "owner_kind": "institution",
        "state": "waiting_institution",
        "outcome": "forwarded",
    }
    waiting = {"state": "waiting_citizen"}
    at_the_centre = {"owner": "cozum-merkezi", "owner_kind": "centre", "state": "received"}
    return [
        (a_case(channel="whatsapp", **closed, **place), 3_850),
        (a_case(channel="whatsapp"), 141),
        (a_case(**handed_over, **place), 661),
        (a_case(**closed), 1_034),
        (a_case(**closed, **ours), 288),
        (a_case(), 86),
        (a_case(**ours), 24),
        (a_case(**closed, **place), 3_059),
        (a_case(**place, state="in_progress"), 233),
        (a_case(**place, **waiting), 258),
        (a_case(**at_the_centre), 3),
    ]


def test_the_groups_are_a_partition_that_yields_the_printed_figures(ilkadim: Municipality) -> None:
    cases: Counter[str] = Counter()
    resolved: Counter[str] = Counter()

    for fact, times in nine_months():
        group = ilkadim.bulletin.group_of(fact)
        cases[group.code] += times
        resolved[group.code] += times * group.is_resolved(fact)

    assert cases == {
        "whatsapp": 3_991,
        "institutions": 661,
        "neighbourhoods": 3_550,
        "departments": 1_432,
        "rest": 3,
    }
    assert sum(cases.values()) == 9_637
    assert sum(resolved.values()) == 3_850 + 661 + 1_322 + 3_059 == 8_892
    for group in ilkadim.bulletin.groups:
        assert group.published is not None
        assert (cases[group.code], resolved[group.code]) == (group.published.cases, group.published.resolved)


def test_the_lines_beside_the_groups_yield_the_printed_figures(ilkadim: Municipality) -> None:
    def count(line: Line) -> int:
        return sum(times for fact, times in nine_months() if ilkadim.bulletin.counts(line, fact))

    assert {line.code: count(line) for line in ilkadim.bulletin.lines} == {
        "total": 9_637,
        "resolved": 8_892,
        "awaiting": 484,
    }


def test_the_departments_group_opens_by_owner_so_that_zabita_shows(ilkadim: Municipality) -> None:
    group = next(group for group in ilkadim.bulletin.groups if group.code == "departments")
    by_owner: Counter[str | None] = Counter()

    for fact, times in nine_months():
        if ilkadim.bulletin.group_of(fact) is group:
            by_owner[fact[str(group.breakdown)]] += times

    assert by_owner["zabita"] == 1_120


_VALUES = {
    "channel": st.sampled_from(["phone", "whatsapp", "sms"]),
    "owner": st.sampled_from(["zabita", "saski", None]),
    "owner_kind": st.sampled_from(["department", "institution", "centre", None]),
    "neighbourhood": st.sampled_from(["61820", None]),
    "state": st.sampled_from(["received", "routed", "closed"]),
    "outcome": st.sampled_from(["solved", "forwarded", "rejected", None]),
}


@given(fact=st.fixed_dictionaries({}, optional=_VALUES))
def test_every_case_is_counted_in_exactly_one_group(ilkadim: Municipality, fact: Fact) -> None:
    groups = ilkadim.bulletin.groups

    chosen = ilkadim.bulletin.group_of(fact)

    assert not any(group.matches(fact) for group in groups[: groups.index(chosen)])


# --- every mistake is named, with file, entry and what to do


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("departments.toml", 'code = "temizlik-isleri"', 'code = "zabita"', ["zabita", "2 times", "its own code"]),
        ("institutions.toml", 'code = "saski"', 'code = "zabita"', ["zabita", "2 times"]),
        ("departments.toml", 'kind = "centre"', 'kind = "department"', ["0 departments of kind centre", "exactly one"]),
        (
            "departments.toml",
            "\ndesk = ",
            "\ndesks = ",
            ["department 1 (cozum-merkezi)", "`desks` is unknown", "spelling"],
        ),
        ("departments.toml", 'code = "zabita"', 'code = "Zabıta"', ["department 2 (Zabıta)", "code", "Correct it"]),
        ("municipality.toml", "Europe/Istanbul", "Europe/Samsun", ["timezone", "no time zone Europe/Samsun"]),
        ("municipality.toml", 'channel = "whatsapp"', 'channel = "telex"', ["account 2 (whatsapp-main)", "channel"]),
        ("templates.toml", 'language = "en"', 'language = "tr"', ["receipt", "language en is missing", "Add a"]),
        ("templates.toml", "{number}", "{nummer}", ["receipt.tr", "{nummer} is unknown", "Use one of", "number"]),
        ("templates.toml", "{institution_phone}", "", ["forwarded.tr", "{institution_phone}", "must be told"]),
        ("templates.toml", "{number}", "{number} {", ["receipt.tr", "stray brace"]),
        ("templates.toml", 'code = "withdrawn"', 'code = "solved"', ["withdrawn", "no words"]),
        ("streets.csv", ",61820\n", ",99999\n", ["streets.csv", "unknown neighbourhood 99999", "neighbourhoods.csv"]),
        ("neighbourhoods.csv", "41.287915,36.337497", "36.337497,41.287915", ["61820", "does not surround"]),
        ("neighbourhoods.csv", "rural,aliases", "village,aliases", ["line 1", "Make them code, name"]),
        ("neighbourhoods.csv", "61820,19 Mayıs,2471", "61820,19 Mayıs,many", ["row 1 (61820)", "population"]),
        ("neighbourhoods.csv", "Hastanebaşı", "Kale", ["61858", '"kale" belongs to Hastane']),
        ("neighbourhoods.geojson", "[[[36.33273,41.28694],", "[[[36.3,41.2],", ["feature 1 (61820)", "unclosed ring"]),
        ("neighbourhoods.geojson", '"Polygon"', '"Point"', ["feature 1 (61820)", "is a Point"]),
        (
            "neighbourhoods.geojson",
            '"code":"61820"',
            '"code":"1"',
            ["61820", "has no polygon", "no known neighbourhood"],
        ),
        ("neighbours.csv", ",Atakum,", ",Bafra,", ["Bafra", "no institution", "institutions.toml"]),
        ("landmarks.csv", ",61858|61852,", ",61858|99,", ["saathane", "the neighbourhood 99 is unknown"]),
        ("landmarks.csv", ",100. Yıl Bulvar,", ",100. Yıl Yolu,", ["yuzuncu-yil", "no street is called 100. Yıl Yolu"]),
        ("landmarks.csv", ",Canik,high", ",Bafra,high", ["piazza", "no neighbour lies in Bafra"]),
        ("landmarks.csv", ",61858|61852,", ",,", ["landmarks.csv", "one of the three"]),
        ("landmarks.csv", ",,Canik,high", ",,Canik,sure", ["landmarks.csv", "certainty", "high"]),
        ("coast.csv", "41.500,36.080", "41.500,36.020", ["coast.csv", "from west to east"]),
        ("coast.csv", "latitude,longitude", "lat,lon", ["coast.csv", "columns"]),
        ("calendar.toml", "date = 2026-01-01", "date = 2026-04-23", ["2026-04-23", "2 times"]),
        ("calendar.toml", "date = 2026-01-01", "date = 2031-01-01", ["2031-01-01", "outside `years`"]),
        ("calendar.toml", "end = 12:00:00", "end = 14:00:00", ["weekday 1", "overlap"]),
        ("calendar.toml", "weekday = 1", "weekday = ", ["the file", "is no TOML", "line"]),
        (
            "departments.toml",
            "always_open = true",
            "always_open = true\noffice = [{ weekday = 1, spans = [{ start = 08:00:00, end = 12:00:00 }] }]",
            ["department 1 (cozum-merkezi)", "is always open and has office hours"],
        ),
        ("escalation.toml", 'code = "late"', 'code = "soon"', ["soon", "2 times"]),
        ("escalation.toml", "used_percent = 75", "", ["step 1 (soon)", "exactly one of used_percent"]),
        ("escalation.toml", 'tell = ["owner"]', 'tell = ["mayor"]', ["step 1 (soon)", "tell"]),
        ("escalation.toml", "minutes = 120", "minutes = 0", ["receipt", "minutes"]),
        ("duty.toml", "next_after_minutes = 15", "next_after_minutes = 15" + A_SHIFT, ["on duty", "called parklar"]),
        (
            "duty.toml",
            "next_after_minutes = 15",
            "next_after_minutes = 15" + A_SHIFT.replace("parklar", "zabita"),
            ["on duty", "zabita is always open"],
        ),
        (
            "duty.toml",
            "next_after_minutes = 15",
            "next_after_minutes = 15" + A_SHIFT.replace("+90500", "0500"),
            ["shift 1 (on duty)", "phone"],
        ),
        ("conversation.toml", "silent_days = 7", "silent_days = 3", ["question", "must be less than silent_days"]),
        ("conversation.toml", 'text = "İsteğiniz', 'text = "" # "', ["withdrawn", "text"]),
        ("opendata.toml", "least = 5", "least = 4", ["least", "greater than or equal to 5"]),
        ("opendata.toml", "settle_days = 15", "settle_days = 0", ["settle_days"]),
        ("opendata.toml", "https://", "", ["licence_url"]),
        ("bulletin.toml", 'field = "channel"', 'field = "mood"', ["group 1 (whatsapp)", "when.0.field"]),
        ("bulletin.toml", 'in = ["whatsapp"]', 'in = ["whatsup"]', ["whatsapp", "no channel is called whatsup", "sms"]),
        ("bulletin.toml", "known = true", 'known = true, in = ["61820"]', ["neighbourhoods", "either"]),
        ("reports.toml", "on = false", "on = true", ["gunluk", "cozum-merkezi@example.org is nobody's", "on = false"]),
        ("reports.toml", 'scope = "temizlik-isleri"', 'scope = "temizlik"', ["temizlik-aylik", "no department"]),
        ("reports.toml", '["pdf", "xlsx"]', '["bulletin"]', ["temizlik-aylik", "about all cases"]),
        ("reports.toml", 'every = "week"', 'every = "hour"', ["report 2 (haftalik)", "every"]),
        ("reports.toml", '"baskanlik@example.org"', '"baskanlik"', ["report 2 (haftalik)", "to.0"]),
        ("reports.toml", '"baskanlik@example.org"', '"basin@example.org"', ["haftalik", "2 times", "Keep it once"]),
        ("bulletin.toml", "published_to = 2020-09-30", "", ["whatsapp", "for which days", "published_from"]),
        ("bulletin.toml", "published_to = 2020-09-30", "published_to = 2019-09-30", ["lies after 2019-09-30", "Swap"]),
        (
            "bulletin.toml",
            'code = "rest"',
            'code = "rest"\nwhen = [{field = "owner", known = true}]',
            ["rest", "nowhere"],
        ),
        (
            "topics/temizlik.toml",
            "owner = ",
            'owner = "nobody" # ',
            ["topics/temizlik.toml", "owner nobody is unknown", "departments.toml"],
        ),
        ("topics/temizlik.toml", "phrases = [", 'phrases = ["Çöp", ', ["line 16", "topic 1", 'write "cop"']),
        ("topics/temizlik.toml", 'name = "Temizlik"', "name = Temizlik", ["is no TOML", "line 2"]),
        (
            "topics/temizlik.toml",
            '{ owner = "zabita"',
            '{ owner = "temizlik-isleri"',
            ["cop-toplama", "names temizlik-isleri twice"],
        ),
        ("kinds.toml", 'code = "thanks"', 'code = "tip"', ["each of these kinds", "thanks"]),
        ("kinds.toml", '"ihbar edi"', '"İhbar edi"', ["kind 6 (tip)", 'write "ihbar edi"']),
        ("delivery.toml", 'channel = "cimer"', 'channel = "petition"', ["cimer", "no ladder", "Add a [[ladder]]"]),
        ("delivery.toml", '"email", "call"]', '"call", "email"]', ["whatsapp", "taken by a person", "Put it last"]),
        ("delivery.toml", '["sms", "call"]\n\n[[', '["sms", "sms"]\n\n[[', ["the rung sms", "twice", "Keep one"]),
        ("delivery.toml", 'event = "question"', 'event = "closed"', ["question", "nothing says how", "closed"]),
        ("delivery.toml", "start = 21:30:00", "start = 08:00:00", ["quiet", "starts when it ends"]),
        ("delivery.toml", 'on_unknown = "person"', 'on_unknown = "again"', ["event 4 (forwarded)", "on_unknown"]),
        ("delivery.toml", '["number", "code"]', '["number", "cod"]', ["approved 1 (receipt)", "knows no cod"]),
        ("delivery.toml", "per_second = 80", "per_secund = 80", ["provider 1 (whatsapp)", "`per_secund`"]),
        ("templates.toml", "Takip kodunuz: {code}", "{link}", ["receipt.tr", "no link belongs", "email"]),
        ("templates.toml", 'alındı: {number}"', 'alındı: {numara}"', ["receipt.tr", "{numara} is unknown"]),
        ("roles.toml", '"contact_details"]', '"contacts"]', ["role 1 (memur)", "permissions", "Correct it"]),
        ("roles.toml", '"yonetici"]', '"muhtar"]', ["first_account", "the role muhtar is unknown", "[[role]]"]),
        ("roles.toml", ', "yonetici"]', "]", ["first_account", "may not add accounts", "accounts"]),
        (
            "roles.toml",
            '["temizlik-isleri"]',
            '["temizlik"]',
            ["directory.group", "the department temizlik is unknown"],
        ),
        ("roles.toml", "idle_minutes = 60", "idle_minutes = 0", ["sessions", "idle_minutes"]),
        ("roles.toml", 'code = "denetci"', 'code = "memur"', ["memur", "2 times"]),
        (
            "standard_texts.toml",
            '"{number} ',
            '"{nummer} ',
            ["yapildi", "no slot is called {nummer}", "Use one of", "{due}"],
        ),
        ("standard_texts.toml", "On your request {number}", "On your request", ["yapildi", "other slots in English"]),
        ("standard_texts.toml", "başvurunuz üzerine", "başvurunuz} üzerine", ["yapildi", "stray brace"]),
        ("standard_texts.toml", '["yol"]', '["yollar"]', ["yol-onarildi", "no group of topics is called yollar"]),
        ("standard_texts.toml", '["agac-budama", ', '["agaclar", ', ["agac-budandi", "no topic is called agaclar"]),
        ("standard_texts.toml", 'use = "ask"', 'use = "close"', ["adres-sor", "closes without one", "outcome"]),
        ("standard_texts.toml", 'use = "ask"', 'use = "information"', ["adres-sor", "no case to fill it from"]),
        ("standard_texts.toml", 'code = "yapildi"', 'code = "su"', ["su", "2 times"]),
        ("standard_texts.toml", 'outcome = "solved"', 'outcome = "done"', ["text 1 (yapildi)", "outcome"]),
        ("urgency.toml", 'number = "112"', 'number = "911"', ["fire", "911", "institutions.toml"]),
        (
            "urgency.toml",
            'by_model = "call-for-help"',
            'by_model = "help"',
            ["no emergency is called help", "by_model"],
        ),
        ("urgency.toml", 'code = "urgent"', 'code = "soon"', ["no level of urgency is called urgent"]),
        ("urgency.toml", 'lane = "urgent"', 'lane = "routine"', ["emergency", "Order the levels"]),
    ],
)
def test_a_mistake_is_named_with_its_place_and_remedy(
    broken: Broken, file: str, old: str, new: str, told: list[str]
) -> None:
    message = broken(file, old, new)

    for words in (file, *told):
        assert words in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = shutil.copytree(ILKADIM, tmp_path / "municipality")
    (folder / "calendar.toml").unlink()

    with pytest.raises(MunicipalityError, match=r"calendar\.toml: the file: is missing"):
        load(folder)


def test_without_topics_a_municipality_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(ILKADIM, tmp_path / "municipality")
    shutil.rmtree(folder / "topics")

    with pytest.raises(MunicipalityError, match=r"topics: the folder: has no file"):
        load(folder)


def test_every_topic_hangs_in_the_group_whose_file_it_stands_in(ilkadim: Municipality) -> None:
    for group in ilkadim.topic_groups:
        assert (ILKADIM / "topics" / f"{group.code}.toml").is_file()
        assert {topic.group for topic in group.topic} == {group.code}


def test_mistakes_in_several_files_are_told_together(tmp_path: Path) -> None:
    with pytest.raises(MunicipalityError) as caught:
        load(tmp_path)

    assert {problem.file for problem in caught.value.problems} >= {
        "municipality.toml",
        "calendar.toml",
        "bulletin.toml",
    }


# --- how replies reach citizens


@pytest.mark.parametrize(
    ("local", "ends"),
    [
        ("2026-03-02 21:29", None),
        ("2026-03-02 21:30", "2026-03-03 08:00"),
        ("2026-03-03 00:10", "2026-03-03 08:00"),
        ("2026-03-03 07:59", "2026-03-03 08:00"),
        ("2026-03-03 08:00", None),
    ],
)
def test_quiet_hours_pass_midnight(ilkadim: Municipality, local: str, ends: str | None) -> None:
    moment = datetime.fromisoformat(local).replace(tzinfo=ilkadim.zone)

    found = ilkadim.delivery.quiet.ends(moment.astimezone(UTC), ilkadim.zone)

    assert (found.strftime("%Y-%m-%d %H:%M") if found else None) == ends


def test_what_the_law_makes_us_tell_is_told_in_spite_of_an_opt_out(ilkadim: Municipality) -> None:
    told = {rule.event for rule in ilkadim.delivery.events if rule.in_spite_of_opt_out}

    assert {ReplyEvent.FORWARDED, ReplyEvent.CLOSED, ReplyEvent.REJECTED} <= told


def test_a_channel_has_words_of_its_own_where_it_needs_them(ilkadim: Municipality) -> None:
    mail = ilkadim.render("receipt", "tr", Channel.EMAIL, **values_for(ReplyEvent.RECEIPT))
    sms = ilkadim.render("receipt", "tr", Channel.SMS, **values_for(ReplyEvent.RECEIPT))
    whatsapp = ilkadim.render("receipt", "tr", Channel.WHATSAPP, **values_for(ReplyEvent.RECEIPT))

    assert (mail.template, sms.template, whatsapp.template) == ("receipt.tr.email", "receipt.tr.sms", "receipt.tr")
    assert mail.subject == "Başvurunuz alındı: IK-2026-000123"
    assert VALUES["link"] in mail.text
    assert "http" not in sms.text + whatsapp.text
    assert size(sms.text).parts == 1


def test_news_says_nothing_of_the_case(ilkadim: Municipality) -> None:
    with pytest.raises(ValueError, match="knows no text"):
        ilkadim.render("news", "tr", number="7", text="Ekip geldi.")


def test_standard_answers_give_the_numbers_of_the_institutions(ilkadim: Municipality) -> None:
    texts = {answer.code: (answer.text, answer.text_en) for answer in ilkadim.standard_answers}

    for code, institution in (("su", "saski"), ("elektrik", "yedas"), ("dogal-gaz", "samgaz")):
        body = next(body for body in ilkadim.institutions if body.code == institution)
        assert all(body.phone and body.phone in text for text in texts[code])
