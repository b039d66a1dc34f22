"""What the people of the demo do with the mails they get: they open the page, answer, or let it lie."""

import email.message
import email.policy
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime, make_msgid
from urllib.parse import urljoin

from vitale_cli.demo import cast, words
from vitale_cli.demo.browser import Browser, Form, Page
from vitale_cli.mailview import Kept
from vitale_core.adapters import ics
from vitale_core.adapters.sink import keep
from vitale_core.app import App
from vitale_core.domain import worktime
from vitale_core.domain.pictures import SHORT_MONTHS

LINK = re.compile(r"https?://[^\s<>\"]+/(?:m|h|t)/[A-Za-z0-9_-]+")
BY_EMAIL = {a.email: a for a in cast.APPLICANTS}
OTHERS = {h.email: h.contact for h in cast.HOSTS} | {
    cast.COLLEAGUE[1]: cast.COLLEAGUE[0],
    cast.TRAINER[1]: cast.TRAINER[0],
}
Deed = Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Plan:
    """Something somebody is going to do."""

    after: timedelta
    deed: Deed


@dataclass
class People:
    """Everybody but the operator. They know nothing but their mails."""

    app: App
    clock: Callable[[], datetime]
    dice: random.Random
    browser: Browser = field(default_factory=Browser)
    links: dict[str, str] = field(default_factory=dict)  # address -> own page
    reminded: dict[str, int] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)
    refusals: int = 0
    seen_days: set[str] = field(default_factory=set)

    def get(self, mail: Kept) -> list[Plan]:
        """Read a mail and decide what to do, and when."""
        who = mail.recipient
        found = LINK.search(mail.part("text/plain"))
        if found:
            self.links[who] = found.group()
        react = getattr(self, f"_on_{mail.kind}", None)
        return react(who, mail) if react else []

    # ------------------------------------------------------------------ applying

    def apply(self, a: cast.Applicant, portal: str) -> str:
        """Fill in the form on the bureau's page."""
        front = self.browser.open(portal)
        link = next(link for link in front.links if "/aanmelden/" in link)
        page = self.browser.open(link if link.startswith("http") else portal + link)
        form = page.form("naam", "mail")
        filled = self._fill(form)
        filled.update(
            naam=a.name, mail=a.email, organisatie=a.organisation, functie=a.function, telefoon="06 00 00 00 10"
        )
        self.browser.send(page, form, **filled)
        return f"{a.first} meldt zich aan"

    # ------------------------------------------------------------------ intake

    def _on_intake_request(self, who: str, _mail: Kept) -> list[Plan]:
        a = BY_EMAIL.get(who)
        if a is None:
            return [Plan(timedelta(days=1), lambda: self._intake(who))]
        if a.intake_after is None:
            return []
        return [Plan(timedelta(days=a.intake_after, hours=self.dice.randint(1, 9)), lambda: self._intake(who))]

    def _on_intake_reminder(self, who: str, _mail: Kept) -> list[Plan]:
        self.reminded[who] = self.reminded.get(who, 0) + 1
        a = BY_EMAIL.get(who)
        if a is not None and a.intake_after is None and self.reminded[who] == 2:  # noqa: PLR2004 - the second one
            return [Plan(timedelta(hours=5), lambda: self._intake(who))]
        return []

    def _intake(self, who: str) -> str | None:
        a = BY_EMAIL.get(who)
        page = self._own(who, "/intake")
        form = page.form("casus")
        filled = self._fill(form, fixed={"rol": a.function if a else "", "ervaring": str(a.experience) if a else ""})
        if a is not None:
            filled["woonplaats"] = a.home
            filled["themas"] = [theme for theme in a.themes if theme in form.choices.get("themas", [])]
            filled["vervoer"] = str(a.seats)
            if a.needs:
                filled["eten"], filled["mag"] = a.needs, form.choices["mag"][0]
        self.browser.send(page, form, **filled)
        return f"{self._first(who)} vult de intake in"

    # ------------------------------------------------------------------ seats

    def _on_seat_offer(self, who: str, _mail: Kept) -> list[Plan]:
        return [Plan(timedelta(days=1, hours=2), lambda: self._take(who))]

    def _take(self, who: str) -> str:
        page = self._own(who, "/aanbod")
        self.browser.send(page, page.form("antwoord"), antwoord="ja")
        return f"{self._first(who)} neemt de vrijgekomen plek"

    def withdraw(self, who: str) -> str:
        """Stop, on one's own page."""
        page = self._own(who, "/afmelden")
        form = page.form("zeker")
        self.browser.send(page, form, zeker=form.choices["zeker"][0])
        return f"{self._first(who)} meldt zich af"

    def send_colleague(self, who: str) -> str:
        """Give the seat to a colleague."""
        page = self._own(who, "/collega")
        form = page.form("naam", "mail", "weet")
        self.browser.send(page, form, naam=cast.COLLEAGUE[0], mail=cast.COLLEAGUE[1], weet=form.choices["weet"][0])
        return f"{self._first(who)} geeft de plek aan {cast.COLLEAGUE[0].split()[0]}"

    # ------------------------------------------------------------------ calendars

    def _on_calendar_invitation(self, who: str, mail: Kept) -> list[Plan]:
        return self._answer_later(who, mail)

    def _on_calendar_update(self, who: str, mail: Kept) -> list[Plan]:
        return self._answer_later(who, mail)

    def _answer_later(self, who: str, mail: Kept) -> list[Plan]:
        a = BY_EMAIL.get(who)
        delay = timedelta(days=self.dice.randint(0, 2), hours=self.dice.randint(1, 8))
        if a is None or a.answers_by != "page":
            return [Plan(delay, lambda: self._reply(who, mail))]
        day = f"{who}/{mail.date:%Y-%m-%d}"
        if day in self.seen_days:
            return []
        self.seen_days.add(day)
        return [Plan(delay, lambda: self._rsvp(who))]

    def _reply(self, who: str, mail: Kept) -> str:
        """Press "accept" in the calendar: the program mails a REPLY to the organiser."""
        now = self.clock()
        part = ics.reply(mail.part("text/calendar").encode(), "ACCEPTED", now=now)
        message = email.message.EmailMessage(policy=email.policy.SMTP)
        message["From"], message["To"] = who, self.app.bureau.mail_address
        message["Subject"] = f"Geaccepteerd: {mail.subject}"
        message["Date"] = format_datetime(now)
        message["Message-ID"] = make_msgid(domain=who.partition("@")[2])
        message.set_content("Geaccepteerd")
        message.add_alternative(part, "text", "calendar", params={"method": "REPLY", "charset": "utf-8"})
        keep(
            self.app.settings.home / "inbox", message.as_bytes(), sender=who, recipients=[self.app.bureau.mail_address]
        )
        return f"{self._first(who)} antwoordt vanuit de agenda"

    def _rsvp(self, who: str) -> str | None:
        page = self._own(who, "/rsvp")
        if not page.forms:
            return None
        form = next(form for form in page.forms if form.method == "post")
        questions = [name for name in form.choices if form.kinds[name] == "radio" and not form.values.get(name)]
        if not questions:
            return None
        self.browser.send(page, form, **dict.fromkeys(questions, "accepted"))
        return f"{self._first(who)} laat weten te komen"

    # ------------------------------------------------------------------ hosts

    def _on_host_request(self, who: str, _mail: Kept) -> list[Plan]:
        if not self.refusals:
            self.refusals += 1
            return [Plan(timedelta(days=1, hours=3), lambda: self._host(who, "nee"))]
        return [Plan(timedelta(days=1, hours=self.dice.randint(1, 6)), lambda: self._host(who, "ja"))]

    def _host(self, who: str, answer: str) -> str:
        overview = self.browser.open(self.links[who])
        page = next(self.browser.open(self._absolute(overview, link)) for link in overview.links if "/bezoek" in link)
        form = page.form("antwoord")
        filled = self._fill(form, fixed={"antwoord": answer, "reden": "Die dag is onze ruimte bezet."})
        self.browser.send(page, form, **filled)
        host = next(h for h in cast.HOSTS if h.email == who)
        return f"{host.project}: {'die dag kan niet' if answer == 'nee' else 'de groep is welkom'}"

    # ------------------------------------------------------------------ visits, poll, evaluation

    def _on_visit_report_request(self, who: str, mail: Kept) -> list[Plan]:
        text = mail.part("text/plain")  # one of each group writes it
        about = next((h.project for h in cast.HOSTS if h.project in text), mail.subject)
        if about in self.reported:
            return []
        self.reported.add(about)
        return [
            Plan(timedelta(days=2, hours=4), lambda: self._form(who, "/verslag", "schrijft het verslag van het bezoek"))
        ]

    def _on_date_poll(self, who: str, _mail: Kept) -> list[Plan]:
        return [Plan(timedelta(days=self.dice.randint(1, 4), hours=3), lambda: self._vote(who))]

    def _vote(self, who: str) -> str:
        page = self._own(who, "/prikker")
        form = next(form for form in page.forms if form.method == "post")
        dates = [name for name in form.choices if form.kinds[name] == "radio"]
        choices = {name: self.dice.choice(["yes", "yes", "yes", "if_needed", "no"]) for name in dates}
        self.browser.send(page, form, **choices)
        return f"{self._first(who)} kiest data voor de terugkomdag"

    def _on_direct_evaluation(self, who: str, _mail: Kept) -> list[Plan]:
        if who == cast.NEVER_EVALUATES or self.dice.random() < 0.3:  # noqa: PLR2004 - waits for a reminder
            return []
        return [Plan(timedelta(days=self.dice.randint(0, 2), hours=4), lambda: self._evaluate(who, "direct"))]

    def _on_direct_reminder(self, who: str, _mail: Kept) -> list[Plan]:
        if who == cast.NEVER_EVALUATES:
            return []
        return [Plan(timedelta(hours=6), lambda: self._evaluate(who, "direct"))]

    def _on_transfer_evaluation(self, who: str, _mail: Kept) -> list[Plan]:
        if who == cast.NEVER_EVALUATES:
            return []
        return [Plan(timedelta(days=self.dice.randint(1, 4), hours=5), lambda: self._transfer(who))]

    def _transfer(self, who: str) -> str:
        self._form(who, "/toepassing", "")
        return self._evaluate(who, "transfer") or ""

    def _evaluate(self, who: str, name: str) -> str | None:
        said = self._form(who, f"/evaluatie/{name}", "vult de evaluatie in")
        if name == "direct":
            self._form(who, "/voornemen", "")
        return said

    def _form(self, who: str, where: str, does: str) -> str | None:
        page = self._own(who, where)
        forms = [form for form in page.forms if form.method == "post"]
        if not forms:
            return None
        self.browser.send(page, forms[0], **self._fill(forms[0]))
        return f"{self._first(who)} {does}" if does else None

    # ------------------------------------------------------------------ the trainer

    def attend(self, session: str) -> str:
        """Tap who is there, on the trainer's phone."""
        page = self._own(cast.TRAINER[1], "")
        form = next(form for form in page.forms if form.method == "post" and form.choices)
        answers = {name: "present" for name, kind in form.kinds.items() if kind == "radio"}
        self.browser.send(page, form, **answers)
        return f"{cast.TRAINER[0].split()[0]} noteert wie er is bij {session}"

    # ------------------------------------------------------------------ what everybody does

    def _own(self, who: str, where: str) -> Page:
        return self.browser.open(self.links[who] + where)

    @staticmethod
    def _absolute(page: Page, link: str) -> str:
        return urljoin(page.url, link)

    def _first(self, who: str) -> str:
        return BY_EMAIL[who].first if who in BY_EMAIL else OTHERS[who].split()[0]

    def _fill(self, form: Form, fixed: dict[str, str] | None = None) -> dict[str, str | list[str]]:
        """Fill in every question of a form as this person would: fixed answers first, the rest by the dice."""
        filled: dict[str, str | list[str]] = {}
        for name, kind in form.kinds.items():
            choices = [choice for choice in form.choices.get(name, []) if choice]
            if fixed and name in fixed and (not choices or fixed[name] in choices):
                filled[name] = fixed[name]
            elif kind in {"radio", "select"} and choices and not form.values.get(name):
                filled[name] = self._choose(name, choices)
            elif kind == "checkbox" and name == "kan":
                filled[name] = [choice for choice in choices if choice != "geen" and self.dice.random() < 0.75]  # noqa: PLR2004
            elif kind == "number" and not form.values.get(name, [""])[0]:
                filled[name] = str(self.dice.randint(6, 10))
            elif kind == "textarea" and name != "nodig" and not form.values.get(name, [""])[0].strip():
                filled[name] = self.dice.choice(words.WRITTEN.get(_question(name), words.ANYTHING))
        return filled

    def _choose(self, name: str, choices: list[str]) -> str:
        if set(choices) == {"1", "2", "3", "4", "5"}:
            return self.dice.choice(["3", "4", "4", "5"])
        likely = [choice for choice in words.CHOSEN.get(_question(name), ()) if choice in choices]
        return self.dice.choice(likely or choices[:2])


def _question(field: str) -> str:
    """Return the name of a question in the programme file, of the field that asks it."""
    return field.removeprefix("vraag-")


def local_time(moment: datetime) -> str:
    """Write a virtual moment for the log: "do 18 mrt 09:30"."""
    here = worktime.local(moment)
    return f"{worktime.DAYS[here.weekday()][:2]} {here.day:>2} {SHORT_MONTHS[here.month - 1]} {here:%H:%M}"
