"""`%janus` in IPython without a notebook: text, shown once."""

import os
import subprocess
import sys

CODE = """%load_ext janus_lab
%janus status
state = %janus status
%janus help docs rm
%janus serach x
%janus serve
%janus use --home elsewhere
%janus serve --port 0
print("this shell", "lives on")
"""


def test_a_plain_shell_shows_text_once_and_errors_in_two_lines(tmp_path):
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "JANUS_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=nocolor", "--simple-prompt"],
        input=CODE, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("not running") == 1
    assert "Out[2]: \nengine room  not running" in done.stdout
    assert "--yes" in done.stdout
    assert "bad-usage: there is no verb 'serach'" in done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("in a terminal of its own") == 2
    assert "this shell lives on" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
