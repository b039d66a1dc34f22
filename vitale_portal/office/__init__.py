"""The operator's pages: what waits, how each cohort stands, and the few actions that belong on a page."""
