"""What a run of the matrix leaves for the next one to go on from."""

import os


class Results:
    """Which rows have passed, in a file that is whole after every line."""

    def __init__(self, path, of, anew):
        self.path, self.passed = path, set()
        os.makedirs(os.path.dirname(path), exist_ok=True)
        lines = []
        if os.path.exists(path) and not anew:
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        if lines[:1] == [of]:
            self.passed = {line.split(" ", 2)[2] for line in lines[1:]
                           if line.startswith("passed ") and line.count(" ") > 2}
            self.file = open(path, "a", encoding="utf-8")
        else:
            self.file = open(path, "w", encoding="utf-8")
            self.file.write(of + "\n")

    def add(self, outcome, seconds, name):
        self.file.write(f"{outcome} {seconds:.1f} {name}\n")
        self.file.flush()

    def end(self):
        """Of a run that was whole: the next one has nothing to go on from."""
        self.file.close()
        if os.path.exists(self.path):  # else another run, at the same time, was whole before
            os.replace(self.path, self.path + ".whole")
