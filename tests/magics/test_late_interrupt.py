"""An interrupt that arrives when the result is there already does not lose it."""

from __future__ import annotations

import signal

import pytest
from IPython.core.interactiveshell import InteractiveShell

from janus_lab.verbs.session import Session
from janus_magics.magic import JanusMagics
from janus_magics.shown import Shown


class InterruptedSession(Session):
    """A session in which the user's interrupt arrives just after a verb's end."""

    interrupts = 0

    def remember_names(self) -> None:
        if self.interrupts:
            self.interrupts -= 1
            signal.raise_signal(signal.SIGINT)
        super().remember_names()


@pytest.fixture
def shell(tmp_path):
    (tmp_path / "pump.txt").write_text("The oldest pump was built in 1931 by Mira Okafor.")
    session = InterruptedSession(announce=print, home=tmp_path / "home", inline=True, generation_model="")
    made = InteractiveShell(ipython_dir=str(tmp_path / "ipython"))
    made.janus = JanusMagics(made, session, Shown())
    made.register_magics(made.janus)
    try:
        session.lab().ingest(tmp_path / "pump.txt")
        yield made
    finally:
        session.close()


@pytest.mark.parametrize("in_notebook", [False, True])
@pytest.mark.parametrize("options", ["", "-q ", "--json "])
def test_a_finished_answer_survives_a_late_interrupt(shell, in_notebook, options):
    shell.janus._in_notebook = in_notebook
    shell.janus.session.interrupts = 1
    done = shell.run_cell(f"answer = %janus ask {options}who built the oldest pump")
    assert done.success
    assert shell.janus.session.interrupts == 0
    answer = shell.user_ns["answer"]
    assert "Mira Okafor" in (answer["text"] if options == "--json " else answer.text)
