"""What the people of the demo write fits the question they were asked."""

from tests.training import document
from vitale_cli.demo import words
from vitale_core.domain.programme_document import read
from vitale_portal import evaluating, host, reporting

NUMBER = tuple(str(n) for n in range(11))


def asked():
    """Every question of the programme file, by name."""
    course = read(document())
    return {q.name: q for qs in (course.application, course.intake, *(r.questions for r in course.rounds)) for q in qs}


def test_every_long_question_of_the_programme_has_answers_of_its_own():
    unanswered = {name for name, question in asked().items() if question.kind == "long"} - set(words.WRITTEN)

    assert unanswered == set()


def test_every_long_field_that_the_demo_fills_in_has_answers_of_its_own():
    forms = (reporting.REPORT, evaluating.INTENTION, evaluating.APPLIED, host.PRACTICAL)
    fields = {field.name for form in forms for field in form.fields if field.kind == "long"}

    assert fields - set(words.WRITTEN) == set()


def test_what_is_likely_can_be_chosen():
    for name, likely in words.CHOSEN.items():
        question = asked()[name]
        possible = {option.value for option in question.options} if question.options else set(NUMBER)
        assert set(likely) <= possible


def test_no_two_questions_share_an_answer():
    answers = [answer for answers in words.WRITTEN.values() for answer in answers]

    assert len(answers) == len(set(answers))
