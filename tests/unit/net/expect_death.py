#!/usr/bin/env python3
"""expect_death.py TEXT COMMAND...: the command must fail, and say TEXT on standard error."""
import subprocess
import sys

text, command = sys.argv[1], sys.argv[2:]
done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", timeout=50)
print(f"exit code {done.returncode}, standard error: {done.stderr}")
sys.exit(0 if done.returncode != 0 and text in done.stderr else 1)
