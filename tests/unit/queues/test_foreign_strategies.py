"""Strategies of other packages: the recipe's own example is installed, named in a site file, and decides."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from softswitch.app.queue_rules import rules_of
from softswitch.core.errors import ConfigurationError
from softswitch.core.facts import Record
from softswitch.directory.loader import load_paths
from softswitch.directory.site import Site
from softswitch.queues.agents.facts import AgentEnteredQueue
from softswitch.queues.router import events, facts
from softswitch.queues.router.apply import apply
from softswitch.queues.router.router import take
from softswitch.queues.router.rules import QueueRules
from softswitch.queues.router.state import RouterState
from softswitch.queues.strategies.registry import GROUP, names
from softswitch.scenario.site_check import check_scenarios

RECIPE = Path(__file__).parents[3] / "docs" / "recipes" / "add-a-strategy.md"
PEOPLE = "".join(
    f'  - {{name: {u}, extension: "10{n}", password: rk47-dn2x-{u}}}\n' for n, u in enumerate(("anna", "vera"))
)


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str, *, name: str, point: str) -> None:
    """Put a package there as an installer does: its module, and what it says of itself."""
    (folder / f"{point.partition(':')[0]}.py").write_text(code)
    about = folder / f"{name}_strategy-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-strategy\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {point}\n")
    monkeypatch.syspath_prepend(str(folder))


def load(folder: Path, strategy: str) -> Site:
    file = folder / "site.yaml"
    members = "[{user: vera, priority: 2}, {user: anna, priority: 1}]"
    line = f'queues:\n  - {{name: support, extension: "700", strategy: {strategy}, members: {members}}}\n'
    file.write_text(f"users:\n{PEOPLE}{line}")
    return load_paths([file], domain="softswitch.local", scenarios=check_scenarios).site


def first_asked(rules: QueueRules) -> facts.QueueOffered:
    """Let all agents be free and somebody call; return who is asked, and why."""
    state = RouterState()

    def say(event: events.Event) -> list[object]:
        return [each.fact for each in take(state, event, 1e9, lambda fact, call: Record(0, 1e9, call, fact))]

    say(events.Configure((rules,)))
    for member in rules.members:
        apply(state, Record(0, 1e9, "", AgentEnteredQueue(member.user, rules.name, "test")))
        say(events.Turn(member.user, free=True, why=""))
    (offer,) = [fact for fact in say(events.Enter("", rules.name, "")) if isinstance(fact, facts.QueueOffered)]
    return offer


def test_the_recipes_strategy_is_found_where_it_is_installed_and_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, about = re.findall(r"```(?:python|toml)\n(.*?)```", RECIPE.read_text(), re.DOTALL)
    ((name, point),) = tomllib.loads(about)["project"]["entry-points"][GROUP].items()
    with pytest.raises(ConfigurationError, match=f"strategy '{name}' is unknown"):
        load(tmp_path, name)
    installed(tmp_path, monkeypatch, code, name=name, point=point)
    assert name in names()
    offer = first_asked(rules_of(load(tmp_path, name).queues["support"]))
    assert (offer.users, offer.strategy, offer.keys) == (("anna",), name, ((1.0, 0.0),))
    with pytest.raises(ConfigurationError, match="calmest"):
        load(tmp_path, "calmes")


@pytest.mark.parametrize("key", ["1 / 0", "None", "('a',)", "(float('nan'),)"])
def test_one_that_answers_nonsense_holds_up_no_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    name = f"odd{sum(map(ord, key))}"
    code = (
        "class Odd:\n    at_once, draws = 1, False\n"
        f"    def key(self, candidate):\n        return (0,) if candidate.user == 'anna' else {key}\n"
    )
    installed(tmp_path, monkeypatch, code, name=name, point=f"{name}_module:Odd")
    rules = rules_of(load(tmp_path, name).queues["support"])
    with capture_logs() as logged:
        assert [first_asked(rules).users for _ in range(3)] == [("anna",)] * 3
    assert [(each["event"], each["strategy"]) for each in logged] == [("strategy.failed", name)], "once, not each time"


def test_one_that_cannot_be_loaded_is_told_with_its_line_and_where_it_is_gone_later_agents_are_rung(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path, monkeypatch, "import nothing_of_that_name\n", name="broken", point="broken_module:Broken")
    with pytest.raises(ConfigurationError) as found:
        load(tmp_path, "broken")
    said = str(found.value)
    assert "site.yaml:5: " in said
    assert "'broken' cannot be loaded: ModuleNotFoundError: No module named 'nothing_of_that_name'" in said
    assert "repair or install its package" in said
    assert first_asked(
        QueueRules("q", strategy="broken", members=rules_of(load(tmp_path, "random").queues["support"]).members)
    ).users
    assert first_asked(
        QueueRules("q", strategy="gone", members=rules_of(load(tmp_path, "random").queues["support"]).members)
    ).users
