"""testssl.sh: versions, ciphers, certificates and known weaknesses of TLS. Nothing above LOW may be found with the defaults."""

import json
import os

from conformance import ConformanceTest, config, main, program, route, run

HARMLESS = {"OK", "INFO", "LOW", "DEBUG"}
#: WARN is what testssl.sh could not look at: here the engines that its `openssl` lacks.
KNOWN_WARNINGS = {"engine_problem"}
#: Looked at in the course of a whole run; without them it was cut short.
ESSENTIAL = {"TLS1_2", "TLS1_3", "SSLv3", "heartbleed", "ROBOT", "BEAST", "LUCKY13", "cipher_order", "clientsimulation-chrome_101_win10"}


class Testssl(ConformanceTest):
    def test_nothing_above_low_is_found(self):
        # What browsers are told of a site is its operator's to say.
        told = {"set": {"Strict-Transport-Security": "max-age=63072000", "X-Content-Type-Options": "nosniff"}}
        gateway = self.gateway(config([route("/*rest", respond={"body": "hello"}, response_headers=told)], listeners=self.listeners()))
        host, port = self.host_and_port(gateway)
        report = os.path.join(self.folder, "testssl.json")
        # No network: the names of its findings' records are not looked up.
        done = run(program("testssl"), "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none", "--add-ca", self.ca.file,
                   "--jsonfile", report, f"{host}:{port}", seconds=240, env={**os.environ, "TMPDIR": self.folder})
        with open(report, encoding="utf-8") as file:
            findings = json.load(file)
        bad = [(one["severity"], one["id"], one["finding"]) for one in findings
               if one["severity"] not in HARMLESS and one["id"] not in KNOWN_WARNINGS]
        missing = ESSENTIAL - {one["id"] for one in findings}
        print(f"{len(findings)} findings, {len(bad)} above LOW")
        self.assertEqual(bad, [])
        self.assertEqual(missing, set(), done.stderr[-1000:])


if __name__ == "__main__":
    main()
