"""The rules, the facts and the steps of Vitale."""
