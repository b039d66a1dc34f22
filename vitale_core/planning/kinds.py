"""The kinds of rules and criteria of `werkgroepen/1`."""

GROUP_RULES = frozenset({"together", "apart", "attr_max", "attr_min", "common_slots", "theme_cover"})
"""Rules about the people of one group."""

VISIT_RULES = frozenset(
    {"attend", "must_attend", "travel_max", "access", "transport", "distinct_hosts", "exclude", "pin"},
)
"""Rules that only mean something when there are projects to visit."""

GROUP_TERMS = frozenset({"same_pairs", "spread", "theme_gap", "slot_shortage", "wish_together", "wish_apart", "moved"})
"""Criteria about who sits with whom."""

VISIT_TERMS = frozenset({
    "absent", "travel", "travel_max", "host_rank", "host_rank_max", "host_history", "slot_pref", "visit_changed",
})  # fmt: skip
"""Criteria that only mean something when there are projects to visit."""

CHANGE_TERMS = frozenset({"moved", "visit_changed"})
"""Criteria that compare with the plan in force."""

LIMITS = {
    "apart": "max",
    "attr_max": "max",
    "attr_min": "min",
    "common_slots": "min",
    "theme_cover": "max_gap",
    "attend": "max_absent",
    "travel_max": "minutes",
}
"""The key under which a rule keeps its number."""
