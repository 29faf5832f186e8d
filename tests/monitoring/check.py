"""Checks contrib/monitoring against what `domcaps metrics` writes; promtool is beside it.

Usage: check.py PROMTOOL METRICS FOLDER
"""

import json
import pathlib
import re
import subprocess
import sys

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

promtool, metrics, folder = sys.argv[1], pathlib.Path(sys.argv[2]).read_text(), pathlib.Path(sys.argv[3])
root = pathlib.Path(__file__).resolve().parent.parent.parent
rules_file = root / "contrib/monitoring/domcaps.rules.yml"
tests_file = root / "tests/monitoring/rules.test.yml"
dashboard = json.loads((root / "contrib/monitoring/grafana-dashboard.json").read_text())
wrong = []


def run(*arguments):
    return subprocess.run([promtool, *arguments], capture_output=True, text=True)


def named(text):
    return set(re.findall(r"\bdomcaps_[a-z_]+", text))


# Every metric that is written is described in the docs, and every one that is used is written.
written = set(re.findall(r"(?m)^# TYPE (\S+)", metrics))
docs = (root / "docs/monitoring.md").read_text()
wrong += [f"docs/monitoring.md lacks {name}" for name in sorted(written - named(docs))]
for what, text in [("rules", rules_file.read_text()), ("dashboard", json.dumps(dashboard)), ("docs", docs)]:
    wrong += [f"{what}: nobody writes {name}" for name in sorted(named(text) - written)]

# The dashboard: what Grafana needs, and expressions that Prometheus reads.
for key in ["title", "uid", "schemaVersion", "panels", "templating", "time"]:
    if not dashboard.get(key):
        wrong.append(f"dashboard: no {key}")


def lost(before, after, place):
    """What Grafana's model does not keep of a dashboard: it knows no such field, or takes another type."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if value not in (None, {}, [], False, ""):
                yield from lost(value, after.get(key), f"{place}.{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for at, (value, other) in enumerate(zip(before, after)):
            yield from lost(value, other, f"{place}[{at}]")
    elif before is not None and before != after:
        yield f"{place}: Grafana does not keep {before!r}"


kept = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(dashboard)))
wrong += lost(dashboard, kept, "dashboard")
cells, ids, expressions = set(), set(), []
for panel in dashboard["panels"]:
    place = panel["gridPos"]
    mine = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
    if mine & cells or max(x for x, _ in mine) > 23 or panel["id"] in ids:
        wrong.append(f"dashboard: {panel['title']} overlaps another, or is too wide")
    cells |= mine
    ids.add(panel["id"])
    if panel["type"] not in ("stat", "timeseries", "table") or not panel["targets"]:
        wrong.append(f"dashboard: {panel['title']}: unexpected type, or nothing to show")
    expressions += [target["expr"].replace("$instance", ".+") for target in panel["targets"]]
as_rules = [{"record": f"panel:{at}", "expr": text} for at, text in enumerate(expressions)]
(folder / "dashboard.rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": as_rules}]}))
result = run("check", "rules", str(folder / "dashboard.rules.yml"))
if result.returncode != 0 or f"{len(expressions)} rules found" not in result.stdout:
    wrong.append(f"dashboard: {result.stdout}{result.stderr}")

# The unit tests miss no alert: with any of them silenced they fail.
alerts = re.findall(r"- alert: (\w+)", rules_file.read_text())
for alert in alerts:
    text = re.sub(rf"(- alert: {alert}\n\s+expr:)(?:.*\n)((?:\s{{10,}}.*\n)*)", r"\1 vector(0) > 1\n", rules_file.read_text())
    (folder / "silenced.rules.yml").write_text(text)
    test = tests_file.read_text().replace("../../contrib/monitoring/domcaps.rules.yml", "silenced.rules.yml")
    (folder / "silenced.test.yml").write_text(test)
    if run("check", "rules", str(folder / "silenced.rules.yml")).returncode != 0:
        wrong.append(f"{alert}: cannot be silenced for a test")
    if run("test", "rules", str(folder / "silenced.test.yml")).returncode == 0:
        wrong.append(f"{alert}: no unit test needs it")

print("\n".join(wrong) or f"{len(written)} metrics, {len(alerts)} alerts, {len(dashboard['panels'])} panels")
sys.exit(bool(wrong))
