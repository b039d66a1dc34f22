"""What may be told of answers together, and what never."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training import document
from vitale_core.domain import evaluation, programme_document
from vitale_core.domain.errors import Refused

TEMPO = {
    "name": "tempo",
    "kind": "choice",
    "label": "Hoe was het tempo?",
    "options": [{"value": "goed", "label": "Goed"}, {"value": "snel", "label": "Te snel"}],
}
QUESTIONS = [
    {"name": "trainer", "kind": "scale", "label": "De trainer maakte het helder."},
    {"name": "aanraden", "kind": "number", "label": "Raad je het aan?"},
    TEMPO,
    {**TEMPO, "name": "hulp", "kind": "several", "label": "Wat hielp?"},
    {"name": "anders", "kind": "long", "label": "Wat had anders gemogen?"},
]


def a_programme(**changes):
    plan = {
        "name": "direct",
        "title": "Direct",
        "opens": "last_day",
        "closes": "last_day + 14d",
        "questions": QUESTIONS,
    }
    return programme_document.read({**document(), "rounds": [plan | changes], "mails": [], "tasks": []})


PROGRAMME = a_programme(outcomes=False)
PLAN = PROGRAMME.round("direct")


def told(sheets, name, programme=PROGRAMME):
    report = evaluation.aggregate(programme, programme.round("direct"), sheets, invited=12)
    assert report is not None
    return next(q for q in report["questions"] if q["name"] == name)


# --------------------------------------------------------------------------------------------------- answers


def test_a_round_asks_the_outcomes_looks_back_and_asks_its_own_questions():
    programme = a_programme(outcomes=True, look_back=True)

    names = [q.name for q in evaluation.asked(programme, programme.round("direct"))]

    assert names[:2] == ["outcome-1", "outcome-2"]
    assert names[5:7] == ["before-1", "before-2"]
    assert names[10:] == ["trainer", "aanraden", "tempo", "hulp", "anders"]


def test_answers_are_read_as_forms_send_them_and_empty_ones_fall_out():
    sent = {"trainer": "4", "aanraden": " 10 ", "tempo": "", "hulp": ["snel", "goed"], "anders": " Meer  pauze "}

    kept = evaluation.valid(PROGRAMME, PLAN, sent)

    assert kept == {"trainer": 4, "aanraden": 10, "hulp": ["goed", "snel"], "anders": "Meer pauze"}
    assert evaluation.valid(PROGRAMME, PLAN, {"hulp": "goed", "tempo": "snel"}) == {"hulp": ["goed"], "tempo": "snel"}


@pytest.mark.parametrize(
    "sent,problem",
    [
        ({"trainer": 0}, "cijfer van 1 tot 5"),
        ({"trainer": 6}, "cijfer van 1 tot 5"),
        ({"trainer": True}, "cijfer van 1 tot 5"),
        ({"trainer": "vier"}, "cijfer van 1 tot 5"),
        ({"aanraden": 11}, "cijfer van 0 tot 10"),
        ({"aanraden": -1}, "cijfer van 0 tot 10"),
        ({"tempo": "traag"}, "een van de antwoorden"),
        ({"hulp": ["goed", "geluk"]}, "Kies uit"),
        ({"anders": "x" * 2001}, "te lang"),
        ({"naam": "Noor"}, "niet bij deze evaluatie"),
        ({"trainer": "", "hulp": None}, "leeg"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(sent, problem):
    with pytest.raises(Refused, match=problem):
        evaluation.valid(PROGRAMME, PLAN, sent)


def test_the_outcomes_must_be_answered():
    programme = a_programme(outcomes=True)

    with pytest.raises(Refused, match="Vul nog in: “Ik weet hoe ik procesmatig werk"):
        evaluation.valid(programme, programme.round("direct"), {"outcome-1": 4})


# ---------------------------------------------------------------------------------------------------- together


def test_below_the_threshold_there_is_no_report():
    sheets = [{"trainer": 4}] * 4

    assert evaluation.aggregate(PROGRAMME, PLAN, sheets, invited=12) is None


def test_a_question_that_few_answered_is_withheld_in_a_report_that_is_not():
    sheets = [{"trainer": 4, "tempo": "goed"}] * 4 + [{"trainer": 2}] * 2

    assert told(sheets, "trainer")["n"] == 6
    assert told(sheets, "tempo") == {
        "name": "tempo",
        "kind": "choice",
        "label": "Hoe was het tempo?",
        "about": "question",
        "withheld": "minder dan 5 antwoorden",
    }


def test_figures_are_counts_and_a_mean():
    sheets = [{"trainer": v, "aanraden": v * 2, "tempo": "goed", "hulp": ["goed", "snel"]} for v in (1, 3, 4, 5, 5)]

    assert told(sheets, "trainer") | {"label": ""} == {
        "name": "trainer",
        "kind": "scale",
        "label": "",
        "about": "question",
        "n": 5,
        "counts": {"1": 1, "2": 0, "3": 1, "4": 1, "5": 2},
        "mean": 3.6,
    }
    assert told(sheets, "aanraden")["counts"]["10"] == 2
    assert told(sheets, "tempo")["counts"] == {"goed": 5, "snel": 0}
    assert told(sheets, "hulp")["counts"] == {"goed": 5, "snel": 5}
    assert told(sheets, "hulp")["labels"] == {"goed": "Goed", "snel": "Te snel"}


def test_texts_come_in_an_order_that_tells_nothing_of_who_came_when():
    texts = [f"Antwoord {n}" for n in range(8)]
    shuffled = random.Random(3).sample(texts, len(texts))

    one = told([{"anders": t} for t in texts], "anders")["texts"]
    other = told([{"anders": t} for t in shuffled], "anders")["texts"]

    assert one == other
    assert sorted(one) == texts
    assert one != texts


SHEETS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "trainer": st.integers(1, 5),
            "aanraden": st.integers(0, 10),
            "tempo": st.sampled_from(["goed", "snel"]),
            "anders": st.text("abc", min_size=1, max_size=4),
        },
    ),
    max_size=14,
)


@given(SHEETS)
def test_no_report_tells_of_fewer_people_than_the_threshold(sheets):
    report = evaluation.aggregate(PROGRAMME, PLAN, sheets, invited=14)

    if len(sheets) < PROGRAMME.threshold:
        assert report is None
    else:
        assert report is not None
        for question in report["questions"]:
            given_answers = sum(1 for sheet in sheets if question["name"] in sheet)
            assert ("withheld" in question) == (given_answers < PROGRAMME.threshold)
            assert not {"min", "max", "n", "counts", "texts"} & question.keys() or given_answers >= 5


@given(SHEETS, st.randoms(use_true_random=False))
def test_a_report_does_not_know_in_which_order_answers_came(sheets, chance):
    other = chance.sample(sheets, len(sheets))

    assert evaluation.aggregate(PROGRAMME, PLAN, sheets, invited=14) == evaluation.aggregate(
        PROGRAMME, PLAN, other, invited=14
    )
