"""metrics - what GET /metrics said, as numbers"""

import re

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="[^"\\\n]*",?)+)\})? ([0-9.]+)')


class Scrape:
    """One answer of GET /metrics: value() and rise() read it, every line of it is of the form that is allowed."""

    def __init__(self, text):
        self.text, self.types, self.samples = text, {}, {}
        assert text.endswith("\n")
        for line in text.splitlines():
            if line.startswith("# HELP "):
                continue
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                assert name not in self.types, line
                self.types[name] = kind
                continue
            match = SAMPLE.fullmatch(line)
            assert match, line
            labels = frozenset(re.findall(r'([a-z]+)="([^"]*)"', match[2] or ""))
            assert (match[1], labels) not in self.samples, line
            self.samples[match[1], labels] = float(match[3])

    @classmethod
    def of(cls, stack):
        answer = stack.get("/metrics")
        assert answer.status_code == 200
        return cls(answer.text)

    def value(self, name, default=None, **labels):
        """Of the one sample with exactly these labels."""
        key = ("opsfabric_" + name, frozenset(labels.items()))
        return self.samples[key] if default is None else self.samples.get(key, default)

    def all(self, name):
        """[(labels, value)] of that metric."""
        return [(dict(labels), value) for (of, labels), value in self.samples.items() if of == "opsfabric_" + name]

    def requests(self, route):
        return sum(value for labels, value in self.all("requests_total") if labels["route"] == route)
