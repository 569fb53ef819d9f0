"""The catalogue: each check is a function with a law, an example and a way to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mistersmith_k8s.checks import INDEX, catalogue, examine, load
from mistersmith_k8s.checks.catalogue import EXAMPLES, UnknownCheckError, entry
from mistersmith_k8s.checks.check import Check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.index import INDEX_FILE
from tests.worlds import FIXTURES, findings

ROOT = Path(__file__).parents[1]
SILENT = FIXTURES / "checks"


@pytest.fixture(params=load(), ids=list(INDEX))
def check(request: pytest.FixtureRequest) -> Check:
    """Each check in turn."""
    assert isinstance(request.param, Check)
    return request.param


def test_the_index_is_current() -> None:
    """Each line is a check as its module has it, and an id means one check."""
    written = INDEX_FILE.read_text(encoding="utf-8")
    assert written == catalogue.index(), "run python -m mistersmith_k8s.checks.catalogue"
    assert len(INDEX) == len(written.splitlines())


def test_an_id_is_the_name_of_its_function(check: Check) -> None:
    """Whoever reads the id finds the code."""
    assert check.id == check.look.__name__.replace("_", "-")


def test_a_check_states_its_law(check: Check) -> None:
    """The first line of its docstring is one sentence that says what is true."""
    law = check.why.partition("\n")[0]
    assert law.endswith(".")
    assert law[0].isupper() or law[0] == "`"


def test_an_example_fires_its_check(check: Check) -> None:
    """The example in the package has findings of the check, none worse than it says."""
    shown = entry(check.id)
    assert {finding.check for finding in shown.findings} == {check.id}
    worst = {finding.severity for finding in shown.findings}
    assert worst <= {check.severity, Severity.WARNING}


def test_a_finding_can_be_mended(check: Check) -> None:
    """What to do is a sentence, and what is wrong is none: it follows the name of the field."""
    for finding in entry(check.id).findings:
        assert finding.remediation.endswith(".")
        assert finding.remediation[0].isupper()
        assert finding.message


def test_a_fixture_leaves_its_check_silent(check: Check) -> None:
    """Objects that are as they should be have no finding, though the check looks at them."""
    world = catalogue.world((SILENT / f"{check.id}.yaml").read_text(encoding="utf-8"))
    assert examine(world, (check,)).findings == []
    assert [*(world.of(*check.kinds) if check.kinds else world.objects)] != []


@pytest.mark.parametrize("folder", [EXAMPLES, SILENT], ids=["examples", "silent"])
def test_every_fixture_has_its_check(folder: Path) -> None:
    """No fixture is left of a check that is gone."""
    assert sorted(file.stem for file in folder.glob("*")) == sorted(INDEX)


def test_the_page_of_checks_is_generated() -> None:
    """What the docs say of a check is what it does."""
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    assert page == catalogue.markdown(), "Run `python -m mistersmith_k8s.checks.catalogue`."


def test_an_entry_reads_well_in_a_terminal() -> None:
    """Law, reasons, kinds, example, finding and remediation, in this order."""
    assert catalogue.text(entry("unknown-key")) == EXPECTED


EXPECTED = """\
unknown-key (error)

A key that pods need is in its ConfigMap or Secret; else their containers cannot start.

Looks at: Pod, PodTemplate, ReplicationController, ReplicaSet, Deployment, StatefulSet, DaemonSet, \
Job, CronJob

Example:

  apiVersion: v1
  kind: ConfigMap
  metadata:
    name: settings
    namespace: shop
  data:
    log.level: info
  ---
  apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: web
    namespace: shop
  spec:
    selector:
      matchLabels:
        app: web
    template:
      metadata:
        labels:
          app: web
      spec:
        containers:
          - name: web
            image: registry.example/web:1.2.3
            env:
              - name: LOG_LEVEL
                valueFrom:
                  configMapKeyRef:
                    name: settings
                    key: loglevel

error: Deployment shop/web: spec.template.spec.containers[0].env[0].valueFrom.configMapKeyRef.key: \
is loglevel, and ConfigMap shop/settings has no such key
  Correct the key, or add it to the ConfigMap.
"""


def test_the_listing_has_one_line_for_each_check() -> None:
    """Id, severity and law."""
    lines = catalogue.listing().splitlines()
    assert [line.split()[0] for line in lines] == list(INDEX)
    assert "mutable-image" in INDEX
    assert (
        next(line for line in lines if line.startswith("mutable-image"))
        == f"{'mutable-image':{max(map(len, INDEX))}}  warning  "
        "An image names one build, so that a rollback brings back what ran before."
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("quota-hold", "There is no check 'quota-hold'. Did you mean quota-holds?"),
        ("x", "There is no check 'x'. `mistersmith-k8s checks` lists them."),
    ],
)
def test_an_unknown_check_is_named(name: str, message: str) -> None:
    """The error says which check was probably meant."""
    with pytest.raises(UnknownCheckError) as caught:
        entry(name)
    assert str(caught.value) == message


def test_a_report_can_be_narrowed() -> None:
    """Only the chosen checks run."""
    example = entry("duplicate-identity").example
    assert {f.check for f in findings(example, "duplicate-identity")} == {"duplicate-identity"}
    assert findings(example, "mutable-image") == []
