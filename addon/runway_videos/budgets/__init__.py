"""How much each caller may make in a day, and what it has made."""
