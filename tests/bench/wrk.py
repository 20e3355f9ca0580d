"""wrk as the client: faster than any of Python's, so that the proxies alone are measured."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.load import Ask, Load, Result, fresh_number

# wrk runs this: it makes the requests, looks at every answer, and prints what the summary cannot.
_SCRIPT = """
local method, paths, headers = %(method)s, {%(paths)s}, {%(headers)s}
local body, whole, parts = %(body)s, %(whole)s, {%(parts)s}
local turn, number = 0, %(number)d
local threads = {}
good, bad = 0, 0

function setup(thread) table.insert(threads, thread) end

function request()
  turn, number = turn + 1, number + 1
  local text = body and body:gsub("@NUMBER@", "w" .. number)
  return wrk.format(method, paths[turn %% #paths + 1], headers, text)
end

function response(status, _, answer)
  local right = status == %(status)d and (whole == nil or answer == whole)
  for _, part in ipairs(parts) do right = right and answer:find(part, 1, true) ~= nil end
  if right then good = good + 1 else bad = bad + 1 end
end

function done(summary, latency)
  local sum, wrong, errors = 0, 0, summary.errors
  for _, thread in ipairs(threads) do
    sum, wrong = sum + thread:get("good"), wrong + thread:get("bad")
  end
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  print(string.format("bench %%d %%d %%d", sum, wrong + lost, summary.duration))
end
"""


def is_here() -> bool:
    """Whether there is a wrk."""
    return shutil.which("wrk") is not None


def drive(port: int, ask: Ask, load: Load) -> Result:
    """Asks for so many seconds, over connections of one thread."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "ask.lua"
        script.write_text(_script(ask))
        command = ["wrk", "-t1", f"-c{load.connections}", f"-d{load.seconds}s", "--timeout", "30s"]
        command += ["-s", str(script), f"http://127.0.0.1:{port}/"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=load.seconds + 60)
    found = re.search(r"^bench (\d+) (\d+) (\d+)$", done.stdout, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"wrk failed: {done.stdout}{done.stderr}")
    good, bad, microseconds = (int(group) for group in found.groups())
    return Result(good, bad, microseconds / 1e6)


def _script(ask: Ask) -> str:
    return _SCRIPT % {
        "status": ask.status,
        "method": _quoted(ask.method),
        "paths": ", ".join(map(_quoted, ask.paths)),
        "headers": ", ".join(f"[{_quoted(name)}] = {_quoted(value)}" for name, value in ask.headers.items()),
        "body": _quoted(ask.body) if ask.body else "nil",
        "whole": "nil" if ask.whole is None else _quoted(ask.whole.decode()),
        "parts": ", ".join(_quoted(part.decode()) for part in ask.parts),
        # Each script counts from where no other will come.
        "number": fresh_number() * 10_000_000,
    }


def _quoted(text: str) -> str:
    """A Lua string."""
    safe = "".join(char if char.isalnum() or char in " -_/.:{}," else f"\\{ord(char):03d}" for char in text)
    return f'"{safe}"'
