"""`deploy`: a fresh copy of everything that a cell needs, ready to be measured.

What stands around the contender comes first, then what it brings, then the contender, then who watches it. When one of them does
not get ready, those that did are left to the cell's teardown, which runs whatever happened; deploy.json says what was found out
until then.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from steps.certificates import issue
from steps.errors import BudgetPassed, LeftBehind
from steps.model import Component, DeployRecord, Endpoints, Experiment, Load, MessageLoad, Plan, cell_of, hops_of, now
from steps.model.keeping import StoreAt
from steps.places import here
from steps.places.base import Deployed, Job, Place
from steps.store import Store


def run(
    *, run: str, cell: str, experiment: Path, endpoints: Path, record: Path, environment: Mapping[str, str] | None = None
) -> None:
    """Deploys a cell, writes where it answers, and deploy.json in any case.

    Raises BudgetPassed, PlaceError, NotReady, StoreError, UsageError: the cell cannot be measured, and why.
    """
    deployed: dict[str, Deployed] = {}
    failure: str | None = "deploy did not come to its end"
    try:
        asked = Experiment.from_json(experiment.read_bytes(), source="the experiment")
        if asked.budget_usd is not None:
            within_budget(asked, asked.budget_usd, run=run, environment=environment)
        place = here(os.environ if environment is None else environment)
        deploy(place, Job(run=run, cell=cell, experiment=asked), deployed)
        contender = asked.component(cell_of(asked, cell).contender)
        endpoints.write_text(_endpoints(place, deployed, contender).to_json())
        failure = None
    except Exception as error:
        failure = str(error)
        raise
    finally:
        components = tuple(each.record for each in deployed.values())
        record.write_text(DeployRecord(run=run, cell=cell, at=now(), components=components, failure=failure).to_json())


def within_budget(asked: Experiment, budget_usd: Decimal, *, run: str, environment: Mapping[str, str] | None) -> None:
    """Raises BudgetPassed: the run has cost more than it may; StoreError, UsageError: nobody knows since when it runs."""
    from steps.costs.budget import between, passed  # not for every cell: it reads the price book

    key = f"{asked.key}/{run}/plan.json"
    plan = Plan.from_json(Store.from_environment(environment).get(key), source=key)
    if plan.begun_at and (why := passed(budget_usd, between(plan.begun_at, now()))):
        raise BudgetPassed(why)


def deploy(place: Place, job: Job, deployed: dict[str, Deployed]) -> None:
    """Deploys the cell's components in their order, each into `deployed` as soon as it is ready."""
    cell = cell_of(job.experiment, job.cell)
    load = job.experiment.load_called(cell.load)
    contender, hops = _as_the_load_asks(job.experiment.component(cell.contender), load), hops_of(load)
    ledger = place.ledger(job.run, prefix=f"{job.experiment.key}/{job.run}")
    before = place.remove(job.run, job.cell, ledger=ledger, logs=None)
    if before.left:
        message = f"an earlier attempt at {job.cell} left {', '.join(before.left)}: a fresh one cannot be started"
        raise LeftBehind(message)
    components = (*job.experiment.around_under(hops), *contender.parts_under(hops))
    renewed = {each.identity for each in components if each.identity and each.rotates_s}
    known = replace(job, identities=issue((each.identity for each in components if each.identity), renewed=renewed))
    for component in components:
        deployed[component.name] = place.deploy(component, job=known, beside=dict(deployed), ledger=ledger)


def _as_the_load_asks(contender: Component, load: Load) -> Component:
    """A broker is set up for the durability class of the load; whoever is none stays as it is."""
    return contender.keeping(load.durability) if isinstance(load, MessageLoad) else contender


def _endpoints(place: Place, deployed: Mapping[str, Deployed], contender: Component) -> Endpoints:
    """What is measured is the contender; of the direct path what stands around it."""
    driver_cpus, system_cpus = place.cores()
    target = list(deployed.values())[-1] if contender.direct else deployed[contender.name]
    return Endpoints(
        target=target.url,
        keepers={name: each.keeper for name, each in deployed.items()},
        rendered={name: each.rendered for name, each in deployed.items() if each.rendered},
        outbox=deployed[contender.outbox.broker].url if contender.outbox else None,
        driver_cpus=driver_cpus,
        system_cpus=system_cpus,
        pods={name: each.pod for name, each in deployed.items() if each.pod},
        secured={name: each.secured for name, each in deployed.items() if each.secured},
        stores=tuple(
            StoreAt(name=each.name, url=deployed[each.name].url, keeps=each.keeps) for each in contender.parts if each.keeps
        ),
    )
