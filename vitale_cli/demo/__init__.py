"""The demo: one cohort from aanmelding to evaluation, on a virtual clock, through the real doors.

`cast` names the people, `story` says who does what when, `actors` lets them do it by page, by
calendar and by file, `stage` sets up and takes down, `play` runs the clock.
"""
