"""Where Dutch places lie, and how long one travels between them: an estimate for planning.

The table holds the centres of towns, rounded to a hundredth of a degree (about a kilometre). Travel is the
straight line times 1.2 for the bends of the road, by car at 90 km/h, plus ten minutes to get in and out of town;
rounded to five minutes. It serves to compare plans, not to catch a train: the operator's own figures (`Travel`
rows) go first.
"""

import unicodedata
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

EARTH_KM = 6371.0
DETOUR = 1.2
KM_PER_HOUR = 90
DOOR_TO_DOOR = 10  # minutes within the two towns
STEP = 5  # minutes; finer would pretend to know


@dataclass(frozen=True, slots=True)
class Place:
    """A town: degrees north and east, and its province."""

    name: str
    north: float
    east: float
    province: str


def find(name: str) -> Place | None:
    """Return the place with this name, or None when the table does not know it.

    Capitals, accents, an apostrophe and something in brackets behind the name do not matter: "emmen (Dr.)" is Emmen.
    """
    return _BY_KEY.get(_key(name))


def minutes(origin: str, destination: str) -> int | None:
    """Return the estimated travel time one way, or None when a place is unknown.

    An unknown place lies at least near itself.
    """
    one, other = find(origin), find(destination)
    if one is None or other is None:
        return DOOR_TO_DOOR if _key(origin) == _key(destination) != "" else None
    road = _kilometres(one, other) * DETOUR
    return round((DOOR_TO_DOOR + road / KM_PER_HOUR * 60) / STEP) * STEP


def _kilometres(one: Place, other: Place) -> float:
    """Return the length of the straight line over the globe (haversine)."""
    north, east = radians(other.north - one.north), radians(other.east - one.east)
    chord = sin(north / 2) ** 2 + cos(radians(one.north)) * cos(radians(other.north)) * sin(east / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(chord))


def _key(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.partition("(")[0]).casefold()
    return "".join(c for c in plain if c.isalnum())


_TABLE = {
    "Drenthe": (
        "Assen 53.00 6.56; Beilen 52.86 6.51; Borger 52.92 6.79; Coevorden 52.66 6.74; Eelde 53.13 6.56; Emmen "
        "52.79 6.90; Gieten 53.00 6.76; Hoogeveen 52.73 6.48; Meppel 52.70 6.19; Norg 53.07 6.46; Roden 53.14 "
        "6.43; Rolde 52.98 6.65; Ruinen 52.76 6.35; Vries 53.07 6.58; Westerbork 52.85 6.61; Zuidlaren 53.09 "
        "6.68; Diever 52.85 6.32; Dwingeloo 52.83 6.37; Odoorn 52.85 6.85; Klazienaveen 52.72 7.00"
    ),
    "Groningen": (
        "Groningen 53.22 6.57; Appingedam 53.32 6.86; Bedum 53.30 6.60; Delfzijl 53.33 6.92; Haren 53.17 6.60; "
        "Hoogezand 53.16 6.76; Leek 53.16 6.38; Loppersum 53.33 6.75; Stadskanaal 52.99 6.95; Ter Apel 52.88 "
        "7.06; Uithuizen 53.41 6.67; Veendam 53.10 6.88; Winschoten 53.14 7.03; Winsum 53.33 6.52; Zuidhorn 53.25 "
        "6.40"
    ),
    "Fryslân": (
        "Leeuwarden 53.20 5.80; Bolsward 53.06 5.53; Dokkum 53.33 6.00; Drachten 53.11 6.10; Franeker 53.19 5.54; "
        "Gorredijk 53.01 6.06; Harlingen 53.17 5.42; Heerenveen 52.96 5.92; Joure 52.97 5.80; Lemmer 52.84 5.71; "
        "Oosterwolde 52.99 6.29; Sneek 53.03 5.66; Surhuisterveen 53.18 6.17; Wolvega 52.88 6.00; Burgum 53.19 "
        "5.99"
    ),
    "Overijssel": (
        "Zwolle 52.51 6.09; Almelo 52.36 6.66; Deventer 52.25 6.16; Enschede 52.22 6.89; Hardenberg 52.58 6.62; "
        "Hengelo 52.27 6.79; Kampen 52.56 5.91; Nijverdal 52.36 6.47; Oldenzaal 52.31 6.93; Ommen 52.52 6.42; "
        "Raalte 52.39 6.28; Rijssen 52.31 6.52; Steenwijk 52.79 6.12; Vroomshoop 52.46 6.57; Dalfsen 52.51 6.26"
    ),
    "Flevoland": (
        "Lelystad 52.52 5.47; Almere 52.37 5.22; Dronten 52.52 5.72; Emmeloord 52.71 5.75; Urk 52.66 5.60; "
        "Zeewolde 52.33 5.54"
    ),
    "Gelderland": (
        "Arnhem 51.98 5.91; Apeldoorn 52.21 5.97; Barneveld 52.14 5.59; Culemborg 51.96 5.23; Doetinchem 51.97 "
        "6.29; Ede 52.05 5.67; Elburg 52.45 5.84; Epe 52.35 5.98; Harderwijk 52.35 5.62; Lochem 52.16 6.41; "
        "Nijkerk 52.22 5.48; Nijmegen 51.84 5.86; Nunspeet 52.38 5.78; Tiel 51.89 5.43; Wageningen 51.97 5.67; "
        "Winterswijk 51.97 6.72; Zaltbommel 51.81 5.25; Zevenaar 51.93 6.07; Zutphen 52.14 6.20; Putten 52.26 "
        "5.61"
    ),
    "Utrecht": (
        "Utrecht 52.09 5.12; Amersfoort 52.16 5.39; Bunschoten 52.24 5.38; De Bilt 52.11 5.18; Houten 52.03 5.17; "
        "IJsselstein 52.02 5.04; Leusden 52.13 5.43; Maarssen 52.14 5.04; Nieuwegein 52.03 5.08; Soest 52.17 "
        "5.29; Veenendaal 52.03 5.56; Woerden 52.09 4.88; Zeist 52.09 5.23"
    ),
    "Noord-Holland": (
        "Haarlem 52.38 4.64; Alkmaar 52.63 4.75; Amstelveen 52.31 4.86; Amsterdam 52.37 4.90; Beverwijk 52.49 "
        "4.66; Bussum 52.27 5.16; Den Helder 52.96 4.76; Edam 52.51 5.05; Enkhuizen 52.70 5.29; Heerhugowaard "
        "52.66 4.83; Hilversum 52.22 5.17; Hoofddorp 52.31 4.69; Hoorn 52.64 5.06; Purmerend 52.51 4.96; Schagen "
        "52.79 4.80; Zaandam 52.44 4.83"
    ),
    "Zuid-Holland": (
        "Den Haag 52.08 4.31; Alphen aan den Rijn 52.13 4.66; Capelle aan den IJssel 51.93 4.58; Delft 52.01 "
        "4.36; Dordrecht 51.81 4.67; Gorinchem 51.83 4.97; Gouda 52.01 4.71; Katwijk 52.20 4.40; Leiden 52.16 "
        "4.49; Middelharnis 51.76 4.17; Rotterdam 51.92 4.48; Schiedam 51.92 4.40; Spijkenisse 51.85 4.33; "
        "Vlaardingen 51.91 4.34; Zoetermeer 52.06 4.49"
    ),
    "Zeeland": (
        "Middelburg 51.50 3.61; Goes 51.50 3.89; Hulst 51.28 4.05; Terneuzen 51.34 3.83; Vlissingen 51.45 3.57; "
        "Zierikzee 51.65 3.92"
    ),
    "Noord-Brabant": (
        "’s-Hertogenbosch 51.69 5.30; Bergen op Zoom 51.49 4.29; Boxtel 51.59 5.33; Breda 51.59 4.78; Cuijk 51.73 "
        "5.88; Eindhoven 51.44 5.48; Helmond 51.48 5.66; Oosterhout 51.65 4.86; Oss 51.77 5.52; Roosendaal 51.53 "
        "4.46; Tilburg 51.56 5.09; Uden 51.66 5.62; Veghel 51.62 5.55; Waalwijk 51.68 5.07"
    ),
    "Limburg": (
        "Maastricht 50.85 5.69; Geleen 50.97 5.83; Heerlen 50.89 5.98; Kerkrade 50.87 6.06; Roermond 51.19 5.99; "
        "Sittard 51.00 5.87; Venlo 51.37 6.17; Venray 51.53 5.98; Weert 51.25 5.71"
    ),
}
"""Per province: name, degrees north, degrees east."""

_OTHER_NAMES = {
    "Den Bosch": "’s-Hertogenbosch",
    "’s-Gravenhage": "Den Haag",
    "Ljouwert": "Leeuwarden",
    "Hoogezand-Sappemeer": "Hoogezand",
    "It Hearrenfean": "Heerenveen",
    "Snits": "Sneek",
    "Noordoostpolder": "Emmeloord",
    "Haarlemmermeer": "Hoofddorp",
    "Zaanstad": "Zaandam",
    "Midden-Drenthe": "Beilen",
    "Smallingerland": "Drachten",
    "Tynaarlo": "Vries",
    "Súdwest-Fryslân": "Sneek",
    "Eemsdelta": "Delfzijl",
    "Midden-Groningen": "Hoogezand",
    "Westerkwartier": "Zuidhorn",
    "Oldambt": "Winschoten",
    "Borger-Odoorn": "Borger",
    "Aa en Hunze": "Gieten",
    "Noordenveld": "Roden",
    "Westerveld": "Diever",
    "De Wolden": "Ruinen",
}
"""Other names of a place, and municipalities that people give as their place."""


def _read() -> dict[str, Place]:
    """Read the tables above into places by key."""
    places = {}
    for province, entries in _TABLE.items():
        for entry in entries.split("; "):
            name, north, east = entry.rsplit(" ", 2)
            places[_key(name)] = Place(name, float(north), float(east), province)
    return places | {_key(name): places[_key(meant)] for name, meant in _OTHER_NAMES.items()}


_BY_KEY = _read()
