"""What other people's readers make of the reports in a folder. Called by tests/formats/check."""

import csv
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

from jsonschema import Draft202012Validator
from junitparser import Error, Failure, JUnitXml, Skipped

SAMPLES, SCHEMAS, SARIF = (Path(argument) for argument in sys.argv[1:])
NAMES = sorted(file.stem for file in SAMPLES.glob("*.ndjson"))


def findings(name):
    """The findings of a report, by its newline-delimited JSON."""
    lines = (SAMPLES / f"{name}.ndjson").read_text().split("\n")
    assert lines.pop() == ""
    return [json.loads(line) for line in lines]


def read(name, ending):
    return (SAMPLES / f"{name}.{ending}").read_text()


def check_json(name):
    def valid(schema, value):
        schema = json.loads((SCHEMAS / f"{schema}.schema.json").read_text())
        for error in Draft202012Validator(schema).iter_errors(value):
            raise AssertionError(f"{name}: {error.message}")

    for finding in findings(name)[:50]:
        valid("finding", finding)
    whole = json.loads(read(name, "json"))
    valid(whole["schema"].removeprefix("domcaps.").removesuffix("/1"), whole)
    assert len(whole["changes"]) == len(findings(name))


def check_sarif(name):
    """The schema of OASIS, which must be able to say no."""
    validator = Draft202012Validator(json.loads(SARIF.read_text()))
    log = json.loads(read(name, "sarif"))
    for error in validator.iter_errors(log):
        raise AssertionError(f"{name}: {error.message}")
    results = log["runs"][0]["results"]
    assert len(results) == len(findings(name))
    if results:
        results[0]["level"] = "fatal"
        assert not validator.is_valid(log)


def check_junit(name):
    cases = [case for suite in JUnitXml.fromfile(str(SAMPLES / f"{name}.junit")) for case in suite]
    results = [type(result) for case in cases for result in case.result]
    if name != "fleet":
        counted = [each for each in findings(name) if each["ignored"] is None]
        of = lambda severity: sum(each["severity"] == severity for each in counted)
        ignored = len(findings(name)) - len(counted)
        assert results.count(Failure) == of("breaking"), name
        assert results.count(Skipped) == of("warning") + ignored, name
        assert len(cases) == max(1, len(findings(name))), name
    assert results.count(Error) == (1 if name == "fleet" else 0), name


def check_csv(name):
    with open(SAMPLES / f"{name}.csv", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    assert len(rows) == len(findings(name))
    for row, finding in zip(rows, findings(name)):
        assert None not in row and None not in row.values(), row
        assert row["fingerprint"] == finding["fingerprint"]
        for column, cell in row.items():
            is_number = column in ("old", "new") and re.fullmatch(r"-?\d+", cell)
            assert is_number or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell


class Page(HTMLParser):
    """The elements of a page, and its text outside of code."""

    def __init__(self):
        super().__init__()
        self.elements, self.text, self.code, self.depth = set(), "", "", 0

    def handle_starttag(self, tag, attrs):
        assert not attrs, f"<{tag} {attrs}>"
        self.elements.add(tag)
        self.depth += tag == "code"

    def handle_endtag(self, tag):
        self.depth -= tag == "code"

    def handle_data(self, data):
        if self.depth:
            self.code += data
        else:
            self.text += data


def check_markdown(name):
    assert len(read(name, "markdown")) <= 65_536
    page = Page()
    page.feed(read(name, "markdown.html"))
    ours = {"h2", "h3", "p", "strong", "ul", "li", "code", "br", "details", "summary"}
    assert page.elements <= ours, f"{name}: {page.elements - ours}"
    meaning = re.search(r"[@#<>*_`\[\]~|\\]|://|www\.|[0-9a-f]{7}", page.text)
    assert not meaning, f"{name}: {meaning}: {page.text}"
    if name == "hostile":
        for value in ["@everyone @org/team #1", "<script>", "](https://example.com)", "```fence```"]:
            assert value in page.code, value


def check_github(name):
    unescape = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    for line in read(name, "github").splitlines():
        command = re.fullmatch(r"::(error|warning|notice) title=([^:,]*)::(.*)", line)
        assert command, line
        for part in command.groups():
            assert set(re.findall(r"%..", part)) <= set(unescape), part


for check in (check_json, check_sarif, check_junit, check_csv, check_markdown, check_github):
    print(check.__name__.removeprefix("check_"))
    for name in NAMES:
        check(name)
assert len(NAMES) >= 6, NAMES
