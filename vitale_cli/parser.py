"""What the commands share in how they are typed."""

from typing import Annotated

from cyclopts import App, Group, Parameter

Code = Annotated[str, Parameter(help="code van de lichting, zoals 2027-voorjaar")]
Who = Annotated[str, Parameter(help="e-mailadres of deelnemersnummer")]
Reason = Annotated[str, Parameter(help="de reden, in een zin")]


def commands(name: str, text: str) -> App:
    """Return a command that has commands of its own."""
    app = App(
        name=name,
        help=text,
        version_flags=(),
        group_commands=Group("Opdrachten"),
        group_arguments=Group("Gegevens"),
        group_parameters=Group("Opties"),
    )
    app["--help"].help = "Deze uitleg."
    return app
