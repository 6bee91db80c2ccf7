from datetime import date
from decimal import Decimal

from memberships.rules.sentences import N_, NN_, Sentence, ShortDay, sentence

DAY = date(2026, 12, 5)


def test_a_sentence_reads_in_english():
    assert str(sentence(N_("Sold on %(day)s."), day=DAY)) == "Sold on 5 December 2026."
    assert str(sentence(N_("Until %(day)s."), day=ShortDay(DAY))) == "Until 5 December."
    assert str(sentence(N_("10 %% off."))) == "10 % off."


def test_the_count_chooses_the_form():
    forms = NN_("%(count)s day", "%(count)s days")
    assert [str(sentence(forms, count=n)) for n in (0, 1, 2)] == ["0 days", "1 day", "2 days"]


def test_a_sentence_and_those_inside_it_are_rendered_in_the_given_language():
    def translate(text: str) -> str:
        return {"Until %(day)s: %(why)s": "До %(day)s: %(why)s"}[text]

    def plural(one: str, many: str, count: int) -> str:
        return "%(count)s месяца" if count == 3 else many

    inner = sentence(NN_("%(count)s month", "%(count)s months"), count=3)
    outer = sentence(N_("Until %(day)s: %(why)s"), day=DAY, why=inner)
    shown = outer.render(translate, plural, lambda value: "5 декабря" if value == DAY else str(value))
    assert shown == "До 5 декабря: 3 месяца"


def test_a_snapshot_reads_back_as_the_same_sentence():
    inner = sentence(NN_("%(count)s month", "%(count)s months"), count=3)
    whole = sentence(N_("%(a)s %(b)s %(c)s %(d)s"), a=inner, b=DAY, c=ShortDay(DAY), d="text")
    assert Sentence.from_json(whole.to_json()) == whole
    assert str(Sentence.from_json(whole.to_json())) == "3 months 5 December 2026 5 December text"


def test_a_decimal_is_kept_as_text_in_a_snapshot():
    kept = sentence(N_("%(amount)s"), amount=Decimal("2.50")).to_json()
    assert kept["params"] == {"amount": "2.50"}


def test_sentences_can_be_members_of_a_set():
    assert len({sentence(N_("a")), sentence(N_("a")), sentence(N_("b"))}) == 2
