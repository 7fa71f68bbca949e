"""h2spec: the rules of HTTP/2 and HPACK, one by one (RFC 7540, RFC 7541), over TLS and with prior knowledge."""

import os
import xml.etree.ElementTree as ElementTree

from conformance import ConformanceTest, config, main, program, route, run
from harness import says

#: What h2spec has when its server takes a connection for HTTP/2 whatever comes.
CASES = 145
#: A listener without TLS speaks HTTP/1.1 too: what begins with no preface of HTTP/2 is answered in that, with 400, and closed.
NO_PREFACE = "Sends invalid connection preface"


class H2spec(ConformanceTest):
    def judge(self, listener, *options):
        """The descriptions of the cases that have not passed."""
        # An upstream that reads requests to their ends: one that is answered before has no end that could be wrong.
        origin = self.origin()
        # Cases of flow control skip shorter ones.
        origin.otherwise = says("a body of some length")
        gateway = self.gateway(config([route("/*rest", cluster="origin")], [{"name": "origin", "endpoints": [{"address": origin.address}]}],
                                      listeners=self.listeners()))
        host, port = self.host_and_port(gateway, listener)
        report = os.path.join(self.folder, f"{listener}.xml")
        done = run(program("h2spec"), "-h", host, "-p", port, "-o", "5", "-j", report, *options)
        print(done.stdout.strip().rsplit("\n", 1)[-1])
        cases = list(ElementTree.parse(report).iter("testcase"))
        self.assertEqual(len(cases), CASES, done.stdout + done.stderr)
        return [case.get("classname") for case in cases if len(case) != 0]

    def test_every_case_passes_over_tls(self):
        self.assertEqual(self.judge("web", "-t", "-k"), [])

    def test_with_prior_knowledge_one_case_meets_http_1(self):
        self.assertEqual(self.judge("plain"), [NO_PREFACE])


if __name__ == "__main__":
    main()
