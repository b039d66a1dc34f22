"""The proven best plan of groups and werkbezoeken: values in, plan out; no clock, no database, no chance."""

from vitale_core.planning.choices import Alternative, alternatives
from vitale_core.planning.clashes import Conflicts, Dropped, conflicts
from vitale_core.planning.documents import as_json
from vitale_core.planning.elsewhere import WhyNot
from vitale_core.planning.explaining import Explanation, LevelScore, WhyHere, explain
from vitale_core.planning.fields import InvalidInstance
from vitale_core.planning.instance import Instance, previous_groups
from vitale_core.planning.plan import Plan, PlannedGroup, Visit
from vitale_core.planning.polling import DateChoice, Moment, choose_date
from vitale_core.planning.presets import levels
from vitale_core.planning.problem import Host, Level, Participant, PreviousGroup, Rule, Slot, Term
from vitale_core.planning.replanning import Replan, replan_curve
from vitale_core.planning.scoring import Difference, Score, TermScore, differences, score
from vitale_core.planning.sizes import Division, divisions
from vitale_core.planning.solving import reserve_visits, solve
from vitale_core.planning.waiting import Placement, Room, Waiting, assign_waiting_list
from vitale_core.planning.wording import changes, phrase

__all__ = [
    "Alternative",
    "Conflicts",
    "DateChoice",
    "Difference",
    "Division",
    "Dropped",
    "Explanation",
    "Host",
    "Instance",
    "InvalidInstance",
    "Level",
    "LevelScore",
    "Moment",
    "Participant",
    "Placement",
    "Plan",
    "PlannedGroup",
    "PreviousGroup",
    "Replan",
    "Room",
    "Rule",
    "Score",
    "Slot",
    "Term",
    "TermScore",
    "Visit",
    "Waiting",
    "WhyHere",
    "WhyNot",
    "alternatives",
    "as_json",
    "assign_waiting_list",
    "changes",
    "choose_date",
    "conflicts",
    "differences",
    "divisions",
    "explain",
    "levels",
    "phrase",
    "previous_groups",
    "replan_curve",
    "reserve_visits",
    "score",
    "solve",
]
