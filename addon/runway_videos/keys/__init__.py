"""The pool of Runway keys: whose turn it is, and which keys are in a cooldown."""
