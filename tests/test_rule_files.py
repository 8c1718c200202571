"""A broken file of rules is refused with file, line, entry, trouble and remedy, every mistake at once."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.municipality import MunicipalityError, load
from shared.municipality.mistakes import Problem
from shared.municipality.toml_lines import TomlLines

ILKADIM = Path(__file__).parent.parent / "municipality" / "ilkadim"
NOISE = """
[[rule]]
id = "noise"
name = "Gürültüye Zabıta bakar."
name_en = "Noise is the Municipal Police's."
source = "a test"
certainty = "high"
when.topics = ["gurultu"]
then.owner = "zabita"
"""
Refused = Callable[..., tuple[Problem, ...]]


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """The mistakes of İlkadım's folder with other rules, or with another file changed."""

    def load_with(rules: str, file: str = "rules.toml") -> tuple[Problem, ...]:
        folder = shutil.copytree(ILKADIM, tmp_path / "municipality")
        (folder / file).write_text(rules, encoding="utf-8")
        with pytest.raises(MunicipalityError) as caught:
            load(folder)
        return caught.value.problems

    return load_with


def test_every_mistake_is_told_with_its_line(refused: Refused) -> None:
    rules = NOISE.replace('"zabita"', '"nobody"') + NOISE.replace('"noise"', '"other"').replace('"high"', '"sure"')
    unreadable = refused(rules)

    assert [(problem.file, problem.line) for problem in unreadable] == [("rules.toml", 16)]
    assert str(unreadable[0]).startswith("rules.toml, line 16: rule 2 (other): certainty: Input should be 'high'")


def test_a_file_that_is_no_toml_names_the_line_the_parser_stopped_at(refused: Refused) -> None:
    (problem,) = refused(NOISE + "\nwhen.topics = [\n")

    assert problem.line == 11
    assert "is no TOML" in problem.trouble


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ('["gurultu"]', '["gurultuu"]', 8, "when.topics: nothing in topics/ is called gurultuu"),
        ('"zabita"', '"zabitta"', 9, "then.owner: nothing in departments.toml or institutions.toml is called zabitta"),
        ('"zabita"', '"cozum-merkezi"', 9, "gives the case to the solution centre"),
        ('when.topics = ["gurultu"]', 'when.neighbourhoods = ["1"]', 8, "nothing in neighbourhoods.csv is called 1"),
        ('when.topics = ["gurultu"]', 'when.keepers = ["saski"]', 8, "nothing in road_keepers.csv is called saski"),
        ('when.topics = ["gurultu"]', 'when.landmarks = ["moon"]', 8, "nothing in landmarks.csv is called moon"),
        ('when.topics = ["gurultu"]', "when.topics = []", 8, "topics is an empty list, so it never holds"),
        ('when.topics = ["gurultu"]', "when = {}", 8, "asks nothing, so it would decide every case"),
        ('when.topics = ["gurultu"]', 'when.any_of = ["Gürültü"]', 8, 'write "gurultu"'),
        ('when.topics = ["gurultu"]', 'when.days = "off"\nwhen.office = "open"', 9, "so it never applies"),
        ('when.topics = ["gurultu"]', "when.weekdays = [8]", 8, "less than or equal to 7"),
        ('when.topics = ["gurultu"]', 'when.channels = ["fax"]', 8, "channels"),
        (
            'when.topics = ["gurultu"]',
            "when.between = [{ start = 18:00:00, end = 18:00:00 }]",
            8,
            "starts and ends at 18:00",
        ),
        ('when.topics = ["gurultu"]', 'when.all_of = ["cop"]\nwhen.none_of = ["cop"]', 9, "wants and excludes cop"),
        ('then.owner = "zabita"', 'then.owner_of = "keeper"', 9, "without asking for one"),
        ('then.owner = "zabita"', "then.person = false", 9, "brings nothing about"),
        ('then.owner = "zabita"', 'then.level = "grave"', 9, "nothing in urgency.toml is called grave"),
        ('then.owner = "zabita"', "then.person = true\ncertain = true", 2, "is certain of no owner"),
        ('then.owner = "zabita"', 'then.ovner = "zabita"', 9, "field `then.ovner` is unknown"),
        ('name_en = "Noise is the Municipal Police\'s."\n', "", 2, "field `name_en` is missing"),
    ],
)
def test_a_mistake_in_a_rule_names_its_line_and_trouble(
    refused: Refused, old: str, new: str, line: int, told: str
) -> None:
    assert old in NOISE
    (problem,) = refused(NOISE.replace(old, new))

    assert told in str(problem)
    assert problem.line == line
    assert problem.remedy


def test_rules_at_odds_are_a_mistake_of_the_later_one(refused: Refused) -> None:
    other = NOISE.replace('id = "noise"', 'id = "other"').replace('"zabita"', '"fen-isleri"')
    (problem,) = refused(NOISE + other)

    assert (problem.entry, problem.line) == ("other", 11)
    assert "contradicts noise" in problem.trouble


def test_a_rule_that_a_wider_one_before_it_always_answers_is_a_mistake(refused: Refused) -> None:
    narrow = NOISE.replace('id = "noise"', 'id = "narrow"').replace("then.", 'when.channels = ["cimer"]\nthen.')
    (problem,) = refused(NOISE + narrow)

    assert "narrow never comes to pass: noise is asked before it" in f"{problem.entry} {problem.trouble}"


def test_a_narrower_rule_before_a_wider_one_and_another_effect_beside_it_are_sound(tmp_path: Path) -> None:
    narrow = NOISE.replace('id = "noise"', 'id = "narrow"').replace("then.", 'when.channels = ["cimer"]\nthen.')
    level = NOISE.replace('id = "noise"', 'id = "level"').replace('then.owner = "zabita"', 'then.level = "urgent"')
    folder = shutil.copytree(ILKADIM, tmp_path / "municipality")
    (folder / "rules.toml").write_text(narrow + NOISE + level, encoding="utf-8")

    assert [rule.id for rule in load(folder).rules] == ["narrow", "noise", "level"]


def test_two_rules_of_one_id_are_a_mistake(refused: Refused) -> None:
    again = NOISE.replace('["gurultu"]', '["dilenci"]')
    (problem,) = refused(NOISE + again)

    assert (problem.entry, problem.trouble) == ("noise", "stands there 2 times")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("Hayali,Bulvar,samsun-buyuksehir,a test,high", "is no street of streets.csv"),
        ("Barış,Bulvar,nobody,a test,high", "the keeper nobody is unknown"),
        ("Barış,Bulvar,saski,a test,sure", "certainty"),
    ],
)
def test_a_mistake_among_the_road_keepers_is_named(refused: Refused, row: str, told: str) -> None:
    text = (ILKADIM / "road_keepers.csv").read_text(encoding="utf-8").replace("\nBarış,", "\nAnkara,")
    problems = refused(text.replace("Ankara,Bulvar", "Polatlı,Bulvar", 2) + row + "\n", "road_keepers.csv")

    assert text.count("\n") + 1 in {problem.line for problem in problems if told in str(problem)}


def test_lines_are_found_through_arrays_strings_and_tables_in_tables() -> None:
    lines = TomlLines(
        'a = 1\n[[row]]\nb = [\n "x]",  # ]\n 2]\nc = """\nd = 1\n"""\ne = 3\n[[row.sub]]\nf = 1\n[[row]]\nb = 2\n'
    )

    assert [
        lines.line_of(path) for path in (["a"], ["row", 0, "b", 1], ["row", 0, "e"], ["row", 0, "sub", 0, "f"])
    ] == [
        1,
        3,
        9,
        11,
    ]
    assert lines.line_of(["row", 1, "b"]) == 13
    assert lines.line_of(["row", 0, "d"]) == 2
    assert lines.line_of(["nothing"]) is None
