"""The checks' way to report: TAP, one line a check, what is wrong below it."""


class Checks:
    """Collects checks, prints each; `status` is for sys.exit()."""

    def __init__(self):
        self.count = 0
        self.status = 0

    def report(self, name, problems):
        """One check: it passed when there is no problem."""
        self.count += 1
        print(f'{"not ok" if problems else "ok"} {self.count} - {name}')
        for problem in problems:
            print(f'# {problem}')
        if problems:
            self.status = 1

    def skip(self, name, reason):
        """One check that could not be made here."""
        self.count += 1
        print(f'ok {self.count} - {name} # SKIP {reason}')

    def done(self):
        """Print the plan; returns the exit status."""
        print(f'1..{self.count}')
        return self.status
