"""`vitale demo`: one cohort from aanmelding to evaluation, in a minute."""

import signal
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def demo(
    *,
    keep: Annotated[Path | None, Parameter(help="bewaar alles in deze map")] = None,
    seed: Annotated[int | None, Parameter(help="een ander verloop; hetzelfde getal geeft dezelfde mails")] = None,
    serve: Annotated[
        bool, Parameter(negative="--no-serve", name="--serve", help="blijf open om rond te kijken")
    ] = True,
) -> int:
    """Speel een hele lichting af, van aanmelding tot evaluatie. Er verlaat niets deze computer."""
    from vitale_cli import terminal
    from vitale_cli.demo import cast, play
    from vitale_cli.main import INTERRUPTED

    for number in (signal.SIGTERM, signal.SIGHUP):  # whoever closes the window leaves nothing behind either
        signal.signal(number, signal.default_int_handler)
    try:
        return play.main(keep=keep, seed=cast.SEED if seed is None else seed, serve=serve)
    except KeyboardInterrupt:
        left = f"Wat er tot dan toe gebeurde, staat in {keep}." if keep else "Er blijft niets van staan."
        terminal.say(f"De demo is onderbroken. {left}")
        return INTERRUPTED
