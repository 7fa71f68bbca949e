"""testssl.sh: versions, ciphers, certificates and known weaknesses of TLS. Nothing above LOW may be found with the defaults."""

import json
import os
import tempfile

from conformance import ConformanceTest, config, main, program, route, run

HARMLESS = {"OK", "INFO", "LOW", "DEBUG"}
#: WARN is what testssl.sh could not look at: here the engines that its `openssl` lacks.
KNOWN_WARNINGS = {"engine_problem"}
#: Looked at in the course of a whole run; without them it was cut short.
ESSENTIAL = {"TLS1_2", "TLS1_3", "SSLv3", "heartbleed", "ROBOT", "BEAST", "LUCKY13", "cipher_order", "clientsimulation-chrome_101_win10",
             "sessionresumption_ticket"}
#: Its s_client has nothing to say and leaves at once; with a ticket of TLS 1.3, which comes after its Finished, only if the machine is
#: quick enough (nginx and h2o leave it without one as often). So what could not be looked at for that is looked at again.
HASTY = "sessionresumption_ticket"


class Testssl(ConformanceTest):
    def test_nothing_above_low_is_found(self):
        # What browsers are told of a site is its operator's to say.
        told = {"set": {"Strict-Transport-Security": "max-age=63072000", "X-Content-Type-Options": "nosniff"}}
        gateway = self.gateway(config([route("/*rest", respond={"body": "hello"}, response_headers=told)], listeners=self.listeners()))
        findings = self.findings(gateway)
        for _ in range(3):
            if severity(findings, HASTY) != "WARN":
                break
            again = self.findings(gateway, "--server-defaults")
            findings = [one for one in findings if one["id"] != HASTY] + [one for one in again if one["id"] == HASTY]
        bad = [(one["severity"], one["id"], one["finding"]) for one in findings
               if one["severity"] not in HARMLESS and one["id"] not in KNOWN_WARNINGS]
        print(f"{len(findings)} findings, {len(bad)} above LOW")
        self.assertEqual(bad, [])
        self.assertEqual(ESSENTIAL - {one["id"] for one in findings}, set())

    def findings(self, gateway, *only):
        host, port = self.host_and_port(gateway)
        folder = tempfile.mkdtemp(dir=self.folder)
        report = os.path.join(folder, "testssl.json")
        # No network: the names of its findings' records are not looked up.
        done = run(program("testssl"), "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none", "--add-ca", self.ca.file,
                   "--jsonfile", report, *only, f"{host}:{port}", seconds=240, env={**os.environ, "TMPDIR": folder})
        try:
            with open(report, encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError) as error:
            raise AssertionError(f"no report: {error}\n{done.stderr[-1000:]}") from error


def severity(findings, name):
    return next((one["severity"] for one in findings if one["id"] == name), None)


if __name__ == "__main__":
    main()
