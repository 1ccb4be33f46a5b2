# SPDX-License-Identifier: Apache-2.0
"""The tap is held to servers that have a bug of test/plants: it must see it in any call."""
import importlib.machinery
import importlib.util
import os

import pytest

from kit.server import ROOT, binary
from kit.tap import TAP


@pytest.fixture(scope="module")
def plants():
    """tools/plants, which plants into `sipward` itself here."""
    build = os.path.dirname(os.path.abspath(binary()))
    if not os.path.exists(os.path.join(build, "compile_commands.json")):
        pytest.skip("the server was not built here")
    loader = importlib.machinery.SourceFileLoader("plants", os.path.join(ROOT, "tools/plants"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("plants", loader))
    loader.exec_module(module)
    module.program_of = lambda _: "sipward"
    module.build = build
    return module


@pytest.mark.limit(120)
@pytest.mark.parametrize("name,parameter,wrong", [
    ("tls-is-said-on-a-sips-leg", "", "transport=tls emitted in contact"),
    ("tls-is-echoed-on-a-sips-leg", ";transport=tls", "transport=tls emitted in contact"),
    ("tls-stays-in-a-sips-target", "", "transport=tls emitted in the Request-URI"),
    ("s4-contact-is-sip", "", "a sip URI on a sips leg in contact"),
])
# rows: R5630-3.1.4-b S4
def test_the_tap_sees_a_planted_bug(bench, plants, tmp_path, name, parameter, wrong):
    plant = plants.Plant(name)
    made = plants.compile_planted(plant, plants.build, tmp_path)
    program = plants.link_planted(plant, plants.build, tmp_path, made)
    caller, device = bench.line("sips", "sips", program=program)
    call = caller.call("5000", uri=caller.server_uri("5000") + parameter)
    seen = device.await_call()
    seen.answer(ack=False, contact=device.contact.replace("=tcp", "=tls"))
    call.await_answer()
    seen.await_ack()
    said = TAP.take_wrong()
    assert wrong in said, f"not seen in {caller.log}"
    bench.server.forgiven = True  # how its call ends is no matter
