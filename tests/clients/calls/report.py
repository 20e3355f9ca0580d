"""Says of each call of a client how it went: a line of JSON. Runs in any Python from 3.9 on, alone."""

import json


class Report:
    """Runs calls one after the other; a call that raises has failed."""

    def __init__(self, version):
        print(json.dumps({"version": version}), flush=True)

    def call(self, name, function, *arguments, **named):
        """The call's result, None where it failed; later calls that need it are left out."""
        try:
            result = function(*arguments, **named)
        except Exception as error:
            self.say(name, f"{type(error).__name__}: {error}"[:300])
            return None
        self.say(name, "")
        return result

    def check(self, name, condition, why):
        """A check of what a call gave."""
        self.say(name, "" if condition else why)

    def say(self, name, problem):
        print(json.dumps({"call": name, "problem": problem}), flush=True)
