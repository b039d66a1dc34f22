"""An instance and a set of groups, with the look-ups that the definitions of rules and criteria need."""

from collections.abc import Sequence

from vitale_core.planning.instance import Instance
from vitale_core.planning.plan import PlannedGroup


class Case:
    """An instance and groups, with the look-ups that the definitions need."""

    def __init__(self, instance: Instance, groups: Sequence[PlannedGroup]) -> None:
        """Nothing is checked here."""
        self.instance, self.groups = instance, groups
        self.people = {person.id: person for person in instance.participants}
        self.hosts = {host.id: host for host in instance.hosts}
        self.every_slot = {slot.id for slot in instance.slots}

    def free(self, person: str) -> set[str]:
        """The slots in which a person can come; unknown counts as all."""
        available = self.people[person].available
        return self.every_slot if available is None else set(available)

    def common(self, members: Sequence[str]) -> set[str]:
        """The slots in which all can come."""
        return self.every_slot.intersection(*map(self.free, members))

    def absent(self, group: PlannedGroup) -> list[str]:
        """Members who cannot come in the slot of their group."""
        return [one for one in group.members if group.slot not in self.free(one)]

    def value(self, person: str, attr: str) -> str | int | None:
        """An attribute; None when not given."""
        return self.people[person].attrs.get(attr)

    def minutes(self, person: str, host: str) -> int:
        """Travel time one way."""
        return self.instance.travel[self.people[person].home][self.hosts[host].place]

    def rank(self, person: str, host: str) -> int:
        """Place of a host in a person's preferences: 0 first, not listed last, no list 0."""
        prefs = self.people[person].prefs
        return prefs.index(host) if host in prefs else len(prefs)

    def outside_theme(self, group: PlannedGroup) -> list[str]:
        """Members without the theme of the host or, without hosts, without the theme most members share."""
        themes = {one: set(self.people[one].themes) for one in group.members}
        if self.instance.joint:
            wanted = set(self.hosts[group.host].themes)
            return [one for one in group.members if not wanted & themes[one]]
        named = sorted(set().union(*themes.values()))
        shared = max(named, key=lambda theme: sum(theme in own for own in themes.values()), default="")
        return [one for one in group.members if shared not in themes[one]]

    def by_value(self, group: PlannedGroup, attr: str) -> dict[str | int, tuple[str, ...]]:
        """The members who share each value of an attribute."""
        found: dict[str | int, tuple[str, ...]] = {}
        for one in group.members:
            value = self.value(one, attr)
            if value is not None:
                found[value] = (*found.get(value, ()), one)
        return found

    def old_members(self) -> list[tuple[str, ...]]:
        """The previous groups, without the people who left."""
        return [tuple(one for one in old.members if one in self.people) for old in self.instance.previous]
