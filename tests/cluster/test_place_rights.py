"""The rights of the steps that place components: each is taken away in turn, and the work of a cell is seen to suffer."""

import os
import secrets

import pytest

from phases.catalogue.gateways import NGINX
from pipelines import rights
from steps.errors import LabError
from steps.kube import Kube
from steps.refusals import Unreachable
from tests.cluster.place_lab import STEPS_IMAGE, PlaceLab
from tests.cluster.test_rights import cases, token, without
from tests.lab import experiment


class Forgetful(Kube):
    """An API whose first answer to each creation gets lost on its way, as happens when its server restarts."""

    def __init__(self, kube):
        super().__init__(kube._http, host=kube.host, namespace=kube.namespace, bearer=kube._bearer)
        self.lost = set()

    def create(self, wanted):
        made = super().create(wanted)
        if wanted["metadata"]["name"] + wanted["kind"] not in self.lost:
            self.lost.add(wanted["metadata"]["name"] + wanted["kind"])
            message = "the answer got lost"
            raise Unreachable(message)
        return made


def work(kube, environment, folder):
    """What provision, deploy and teardown ask of the API, as an account; every complaint, in words."""
    environment = {**environment, "KUBERNETES_SERVICE_HOST": "", "BENCHLAB_IMAGE": STEPS_IMAGE}
    asked = experiment((NGINX.under("nginx", identity="nginx"),))
    lab = PlaceLab(Forgetful(kube), environment, asked=asked, run=f"rights-{secrets.token_hex(3)}")
    said = []
    for do in (
        lambda: [text for text in lab.place.facts(lab.asked, run=lab.run).components.values() if text.startswith("unknown")],
        lambda: lab.kube.get("Pod", "any") and [],
        lambda: [str(lab.deploy("nginx-500rps-r1").target)][1:],
        lambda: [text for text in lab.remove(None, logs=folder).removed if " log " in text],
    ):
        try:
            said += do() or []
        except LabError as error:
            said.append(str(error))
    return lab, said


@pytest.fixture
def environment(store_environment, need_images):
    need_images(NGINX.image.reference)
    return {**os.environ, **store_environment}


def test_place_has_rights_enough(installed, environment, tmp_path):
    """With all of them nothing is missing."""
    _, said = work(token(installed.kube, rights.PLACE), environment, tmp_path)

    assert said == []


@pytest.mark.parametrize(("right", "verb"), [each for each in cases(rights.PLACE) if not each.values[0].tracing])
def test_place_needs_each_of_its_rights(installed, environment, tmp_path, right, verb):
    """Without one of them a part of the work is refused, and the refusal names it."""
    with without(installed, right, verb) as as_place:
        lab, said = work(as_place, environment, tmp_path)

    PlaceLab(installed.kube, lab.environment, asked=lab.asked, run=lab.run).remove(None)
    assert any(f"may not {verb} {right.resource}" in text for text in said), said
