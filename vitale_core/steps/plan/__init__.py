"""The plan of groups and visits: made from the facts, weighed, edited by hand, chosen and read."""
