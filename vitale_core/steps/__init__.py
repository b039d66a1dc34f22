"""What happens to a cohort, one module a step; a step never commits and takes `now` as an argument."""
