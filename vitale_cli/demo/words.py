"""What the people of the demo write and choose, by the name of the question."""

CASUS = (
    "We werken met bewoners aan een nieuw plan voor het centrum. De meningen lopen sterk uiteen.",
    "Ik zoek een manier om inwoners eerder te betrekken, voordat het plan al klaar is.",
    "De raad wil snel een besluit, en de buurt wil eerst gehoord worden. Dat wringt.",
    "We proberen een wijkbudget uit. Ik wil weten wat andere gemeenten daarvan leerden.",
)
ANYTHING = ("Daar vertel ik graag meer over.",)

WRITTEN: dict[str, tuple[str, ...]] = {
    "motivatie": (
        "Ik wil leren hoe ik inwoners eerder bij een plan betrek.",
        "Ik wil voorbeelden zien die ik zelf kan gebruiken.",
        "Ik wil beter omgaan met mensen die het niet met elkaar eens zijn.",
    ),
    "casus": CASUS,
    "situatie": (
        "Op een avond over het plein wilden bewoners rust en winkeliers juist terrassen. Ik stond ertussen.",
        "Een groep inwoners had zelf een plan. Mijn collega’s vonden dat het niet in het beleid paste.",
        "De wethouder had al iets beloofd. Daarna moest ik de buurt nog om een mening vragen.",
    ),
    "leren": (
        "Hoe andere gemeenten het gesprek met de buurt beginnen.",
        "Wat ik doe als een gesprek vastloopt.",
        "Hoe een bewonersgroep zelf naar de gemeente kijkt.",
    ),
    "praktisch": (
        "Trek makkelijke schoenen aan: we lopen een rondje.",
        "Er is koffie en thee. Bel even aan bij de zijdeur.",
        "Kom liefst met de bus of samen in één auto. Er is weinig plek om te parkeren.",
    ),
    "verslag": (
        "Bewoners namen zelf het voortouw. De gemeente sloot pas later aan, en dat werkte goed.",
        "We zagen een groep die elke week bij elkaar komt. Vertrouwen groeide door kleine beloften na te komen.",
        "De vrijwilligers vertelden eerlijk wat misging. Vooral het wachten op een vergunning kostte energie.",
    ),
    "aanbevelingen": (
        "Ga eerst kijken en luisteren, en schrijf daarna pas een plan.\nKies één vast gezicht voor de buurt.",
        "Begin klein en laat snel iets zien.\nZeg ook eerlijk wat niet kan.",
        "Betrek inwoners voordat de keuzes vastliggen.\nLaat daarna weten wat er met hun inbreng is gedaan.",
    ),
    "anders": (
        "Meer tijd om te oefenen met mijn eigen casus.",
        "De eerste ochtend was veel luisteren. Iets meer afwisseling zou helpen.",
        "Niets, het was precies goed.",
    ),
    "voornemen": (
        "Ik bel elke maand één inwoner die boos is, en luister eerst.",
        "Ik ga volgende week in de wijk kijken voordat ik verder schrijf.",
        "Ik vraag bij het volgende plan eerst aan bewoners wat zij al doen.",
    ),
    "toegepast": (
        "Ik ging eerst bij een bewonersgroep langs. Het gesprek was veel opener dan ik gewend ben.",
        "In het overleg stelde ik vragen in plaats van uit te leggen. Dat leverde een beter plan op.",
        "Ik heb het één keer geprobeerd, bij een avond over de speeltuin.",
    ),
    "hielp": (
        "Een collega die meedeed, en de voorbeelden van het werkbezoek.",
        "Dat ik het vooraf met mijn groepje had geoefend.",
        "Mijn leidinggevende gaf er ruimte voor.",
    ),
    "tegen": (
        "De planning lag al vast.",
        "Weinig tijd, en veel mensen die snel een besluit willen.",
        "Ik vond het spannend om het anders te doen dan anders.",
    ),
}
"""Texts for the long questions."""

CHOSEN: dict[str, tuple[str, ...]] = {
    "tempo": ("goed", "goed", "goed", "langzaam", "snel"),
    "toegepast": ("geprobeerd", "geprobeerd", "meermalen", "niets", "gewoonte"),
    "aanraden": ("6", "7", "8", "8", "9", "10"),
}
"""What is likely where the first choices are not."""
