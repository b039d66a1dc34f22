"""Every page in one list: path, name, who shows it and who takes what is sent. Tests walk this list."""

from vitale_portal import (
    attending,
    bureau,
    calendars,
    evaluating,
    host,
    intake_form,
    overview,
    own_data,
    papers,
    reporting,
    room,
    seat,
    trainer,
)
from vitale_portal.doors import Door
from vitale_portal.office import cohort, deeds, mails, moving, people, plan, planning, seats, today

PUBLIC = (
    Door("/", "home", bureau.home),
    Door("/aanmelden/{code}", "apply", bureau.application, bureau.apply),
    Door("/c/{number}", "certificate", bureau.certificate),
    Door("/zaal/{key}", "room.names", room.show),
    Door("/zaal/{key}/klaar", "room.thanks", room.thanks),
    Door("/zaal/{key}/{enrolment:int}", "room.sheet", room.show_sheet, room.send_sheet),
    Door("/doorgegeven", "handed-over", seat.handed_over),
    Door("/gewist", "erased", own_data.erased),
)

PARTICIPANT = tuple(
    Door(f"/m/{{token}}{path}", f"participant{name}", show, act, "participant")
    for path, name, show, act in (
        ("", ".overview", overview.show, None),
        ("/intake", ".intake", intake_form.show, intake_form.send),
        ("/wensen", ".wishes", intake_form.show_wishes, intake_form.send_wishes),
        ("/rsvp", ".rsvp", attending.show, attending.send),
        ("/prikker", ".poll", attending.show_poll, attending.send_poll),
        ("/dagblad", ".day-sheet", papers.group_sheet, None),
        ("/verslag", ".report", reporting.show, reporting.send),
        ("/presentatie.pdf", ".file", reporting.download, None),
        ("/evaluatie/{round}", ".evaluation", evaluating.show, evaluating.send),
        ("/voornemen", ".intention", evaluating.show_intention, evaluating.send_intention),
        ("/toepassing", ".applied", evaluating.show_applied, evaluating.send_applied),
        ("/aanbod", ".offer", seat.show_offer, seat.answer_offer),
        ("/afmelden", ".stop", seat.show_stop, seat.stop),
        ("/collega", ".colleague", seat.show_colleague, seat.send_colleague),
        ("/gegevens", ".own-data", own_data.show, own_data.send),
        ("/gegevens.json", ".download", own_data.download, None),
        ("/wissen", ".erase", own_data.show_erase, own_data.erase),
        ("/agenda", ".agenda", calendars.show, calendars.change_address),
        ("/agenda.ics", ".ics", calendars.download, None),
    )
)

FILES = (
    Door(
        "/m/{token}/presentatie",
        "participant.presentation",
        reporting.show_file,
        reporting.send_file,
        "participant",
        files=True,
    ),
)

HOST = tuple(
    Door(f"/h/{{token}}{path}", f"host{name}", show, act, "host")
    for path, name, show, act in (
        ("", ".overview", host.overview, None),
        ("/bezoek/{visit:int}", ".visit", host.show_visit, host.answer_visit),
        ("/bezoek/{visit:int}/dagblad", ".day-sheet", papers.host_sheet, None),
        ("/terugblik/{visit:int}", ".look-back", host.show_look_back, host.send_look_back),
        ("/data/{project:int}", ".dates", host.show_dates, host.send_dates),
        ("/praktisch/{project:int}", ".practical", host.show_practical, host.send_practical),
        ("/gegevens", ".own", host.show_own, host.send_own),
    )
)

TRAINER = tuple(
    Door(f"/t/{{token}}{path}", f"trainer{name}", show, act, "trainer")
    for path, name, show, act in (
        ("", ".day", trainer.show, trainer.note),
        ("/lijst/{session}", ".list", trainer.show_list, trainer.note_list),
        ("/aanbevelingen", ".handout", papers.trainer_handout, None),
        ("/agenda", ".agenda", calendars.show_to_trainer, calendars.change_address_of_trainer),
        ("/scherm", ".screen", trainer.screen, None),
        ("/presentatie/{visit:int}", ".presentation", trainer.presentation, None),
    )
)

OFFICE = tuple(
    Door(f"/beheer{path}", f"office{name}", show, act, office=True, rehearsed=deeds.show if careful else None)
    for path, name, show, act, careful in (
        ("", ".today", today.show, None, False),
        ("/afgesloten", ".ended", today.show_all, None, False),
        ("/taak/{task:int}", ".task", today.show_task, today.finish_task, False),
        ("/mail/{mail:int}", ".mail", mails.show_one, mails.prepare, False),
        ("/mail/{mail:int}/brief", ".letter", mails.show_letter, None, False),
        ("/mail/{mail:int}/keuren", ".approve", mails.show_one, mails.approve, False),
        ("/mail/{mail:int}/tegenhouden", ".hold", mails.show_one, mails.hold, False),
        ("/mail/{mail:int}/overslaan", ".skip", mails.show_one, mails.skip, False),
        ("/mail/{mail:int}/afhandelen", ".settle", mails.show_one, mails.settle, False),
        ("/{code}", ".cohort", cohort.show, None, False),
        ("/{code}/doorgaan", ".go", cohort.show_go, cohort.go, True),
        ("/{code}/mensen", ".people", people.show, None, False),
        ("/{code}/mensen/{enrolment:int}", ".person", people.show_one, people.decide, True),
        ("/{code}/mensen/{enrolment:int}/antwoord", ".answer", people.show_one, people.answer, False),
        ("/{code}/mails", ".mails", mails.show, None, False),
        ("/{code}/plan", ".plan", plan.show, plan.approve, True),
        ("/{code}/plan/voorstel", ".propose", plan.show, plan.propose, False),
        ("/{code}/plan/wijzig", ".edit", planning.show_edit, planning.edit, False),
        ("/{code}/plan/keuzes", ".choices", planning.show_choices, planning.choose, False),
        ("/{code}/plan/waarom", ".reasons", plan.show_reasons, None, False),
        ("/{code}/gastheren", ".hosts", plan.show_hosts, None, False),
        ("/{code}/gastheren/{visit:int}", ".host", plan.show_hosts, plan.answer_host, True),
        ("/{code}/aanbevelingen", ".handout", papers.office_handout, None, False),
        ("/{code}/presentatie/{visit:int}", ".presentation", plan.presentation, None, False),
        ("/{code}/evaluatie", ".evaluation", plan.show_evaluation, plan.choose_date, True),
        ("/{code}/wijzigen", ".changes", moving.show_all, None, False),
        ("/{code}/sessies/{session}", ".move", moving.show_session, moving.move_session, True),
        ("/{code}/sessies/{session}/afzeggen", ".cancel", moving.show_cancel_session, moving.cancel_session, True),
        ("/{code}/dagen/{day}", ".move-day", moving.show_day, moving.move_day, True),
        ("/{code}/afzeggen", ".stop", moving.show_stop, moving.stop, True),
        ("/{code}/gastheren/{visit:int}/verplaatsen", ".move-visit", moving.show_visit, moving.move_visit, True),
        ("/{code}/instromen", ".join", seats.show_join, seats.join, True),
        ("/{code}/mensen/{enrolment:int}/collega", ".colleague", seats.show_colleague, seats.substitute, True),
        ("/{code}/mensen/{enrolment:int}/lichting", ".transfer", seats.show_transfer, seats.transfer, True),
        ("/{code}/mensen/{enrolment:int}/gegevens", ".details", seats.show_details, seats.correct, True),
        ("/{code}/mensen/{enrolment:int}/groep", ".group", seats.show_group, seats.change_group, True),
        ("/{code}/logboek", ".log", cohort.show_log, None, False),
    )
)

FEED = (Door("/agenda/{token}.ics", "feed", calendars.feed, purpose="agenda", missing=calendars.taken_back),)

DOORS = (*PUBLIC, *PARTICIPANT, *FILES, *HOST, *TRAINER, *OFFICE, *FEED)
