"""What happens to a cohort, on a real database with fakes for the outside."""
