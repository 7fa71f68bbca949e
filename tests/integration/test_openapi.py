"""The admin API is what docs/openapi.json says: every path, method, status and body, checked with an independent validator."""

import json
import random
import unittest

from harness import GatewayTest, cluster, config, main, request_bytes, route
from openapi_document import METHODS, Document, candidates_for_invalid, jsonschema, valid_values

TOKEN = "a-token-for-the-contract"
#: Documented, but not to be had from a gateway that is whole and runs; test_stopping sees /readyz while it drains.
OUT_OF_REACH = {501, 503}


class TheDocument(unittest.TestCase):
    def setUp(self):
        self.document = Document.of_file()

    def test_every_schema_in_it_is_one(self):
        for schema in self.document.root["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)

    def test_every_reference_leads_somewhere_and_everything_is_referred_to(self):
        text = json.dumps(self.document.root)
        for kind, parts in self.document.root["components"].items():
            for name in parts:
                if kind != "securitySchemes":
                    self.assertIn(f'"#/components/{kind}/{name}"', text)
        self.follow(self.document.root)

    def follow(self, node):
        if isinstance(node, dict):
            self.document.resolve(node)
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            self.follow(child)

    def test_operations_have_names_of_their_own_and_what_changes_something_needs_a_token(self):
        operations = self.document.operations()
        names = [one.fields["operationId"] for one in operations]
        self.assertEqual(len(set(names)), len(names))
        for one in operations:
            self.assertEqual(one.needs_token, one.method not in ("GET", "HEAD"), one)

    def test_every_parameter_of_a_path_is_described(self):
        for one in self.document.operations():
            described = [self.document.resolve(each) for each in one.fields.get("parameters", [])]
            in_path = {each["name"] for each in described if each["in"] == "path"}
            self.assertEqual(in_path, {part[1:-1] for part in one.path.split("/") if part.startswith("{")}, one)


class ContractTest(GatewayTest):
    def setUp(self):
        self.document = Document.of_file()
        routes = [route("/a", cluster="origin"), route("/*rest", cluster="plain")]
        clusters = [cluster("origin", "127.0.0.1:1", breaker={}), cluster("plain", "127.0.0.1:2", "127.0.0.1:3")]
        self.sluice = self.gateway(config(routes, clusters, admin={"address": "127.0.0.1:0", "token": TOKEN}, limits={"body_idle": "1s"}))
        self.seen = set()
        self.values = {"cluster": "origin", "endpoint": "127.0.0.1:1"}

    def operations(self):
        """All but the upgrade, which would put another process in the place of the one under test: see test_upgrade."""
        return [one for one in self.document.operations() if one.path != "/v1/upgrade"]

    def ask(self, operation, body=None, *headers, token=TOKEN, json_type=True, host="localhost", target=None, patient=True):
        """Asks, and checks the answer against the document; again for as long as there are too many changes."""
        fields = [*headers]
        if operation.needs_token and token:
            fields.append(f"Authorization: Bearer {token}")
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None and json_type:
            fields.append("Content-Type: application/json")
        while True:
            with self.sluice.client("admin") as client:
                client.try_send(request_bytes(operation.method, target or operation.target(**self.values), fields, data, host=host))
                response = client.response(operation.method)
            operation.check(response)
            self.seen.add((repr(operation), response.status))
            if response.status != 429 or not patient:
                return response

    def changing(self):
        return [one for one in self.operations() if one.needs_token]


class Answers(ContractTest):
    def test_the_server_gives_the_document_that_is_shipped(self):
        self.assertEqual(json.loads(self.sluice.get("/v1/openapi.json", listener="admin").text), self.document.root)

    def test_every_documented_answer_is_given_and_is_as_documented(self):
        for operation in self.operations():
            with self.subTest(operation=operation):
                self.assertEqual(self.ask(operation, self.a_valid_body(operation)).status, 200)
                self.assertEqual(self.ask(operation, None, "Origin: http://evil.example").status, 403)
                if 421 in operation.statuses:
                    self.assertEqual(self.ask(operation, host="evil.example").status, 421)
                if operation.needs_token:
                    self.ask_as_others_may_not(operation)
        self.ask_for_what_is_missing()
        self.ask_too_much()
        self.sluice.write_config("{")
        self.assertEqual(self.ask(self.operation("reload"), {}).status, 422)
        promised = {(repr(one), status) for one in self.operations() for status in one.statuses}
        self.assertEqual({each for each in promised - self.seen if each[1] not in OUT_OF_REACH}, set())

    def operation(self, name):
        return next(one for one in self.operations() if one.fields["operationId"] == name)

    def a_valid_body(self, operation):
        return None if operation.body_schema is None else self.valid_bodies(operation)[0]

    def valid_bodies(self, operation):
        return valid_values(self.resolved(operation.body_schema))

    def resolved(self, schema):
        return {**schema, "properties": {key: self.document.resolve(one) for key, one in schema["properties"].items()}}

    def ask_as_others_may_not(self, operation):
        body = self.a_valid_body(operation)
        self.assertEqual(self.ask(operation, body, token=None).status, 401)
        self.assertEqual(self.ask(operation, b"x=1", "Content-Type: text/plain", json_type=False).status, 415)
        self.assertEqual(self.ask(operation, b" " * 1_100_000).status, 413)
        self.assertEqual(self.ask(operation, b"{").status, 400)
        with self.sluice.client("admin") as client:
            fields = [f"Authorization: Bearer {TOKEN}", "Content-Type: application/json", "Content-Length: 100"]
            client.send(request_bytes(operation.method, operation.target(**self.values), fields, host="localhost") + b"{")
            response = client.response()
        self.assertIn(response.status, (408, 429))
        operation.check(response)
        self.seen.add((repr(operation), response.status))

    def ask_for_what_is_missing(self):
        endpoint, breaker = self.operation("changeEndpoint"), self.operation("setBreaker")
        for target in ("/v1/clusters/origin/endpoints/127.0.0.1:9", "/v1/clusters/gone/endpoints/127.0.0.1:1"):
            self.assertEqual(self.ask(endpoint, {"drain": True}, target=target).status, 404)
        self.assertEqual(self.ask(breaker, {"state": "open"}, target="/v1/clusters/gone/breaker").status, 404)
        self.assertEqual(self.ask(breaker, {"state": "open"}, target="/v1/clusters/plain/breaker").status, 409)
        for query in ("limit=0", "limit=1001", "limit=x", "limit=", "limit=-1", "x=1", "limit=1&limit=2"):
            self.assertEqual(self.ask(self.operation("slow"), target="/v1/slow?" + query).status, 400, query)
        for query in ("limit=1", "limit=1000"):
            self.assertEqual(self.ask(self.operation("slow"), target="/v1/slow?" + query).status, 200, query)

    def ask_too_much(self):
        for operation in self.changing():
            body = self.a_valid_body(operation)
            while self.ask(operation, body, patient=False).status != 429:
                pass

    def test_valid_bodies_are_taken(self):
        for operation in self.changing():
            schema = operation.body_schema
            for body in self.valid_bodies(operation):
                with self.subTest(operation=operation, body=body):
                    self.assertTrue(self.document.is_valid(schema, body))
                    self.assertEqual(self.ask(operation, body).status, 200)

    def test_what_the_schemas_do_not_allow_is_refused(self):
        for operation in self.changing():
            schema = operation.body_schema
            found = [one for one in candidates_for_invalid(self.resolved(schema)) if not self.document.is_valid(schema, one)]
            self.assertGreater(len(found), 8)
            for body in found:
                with self.subTest(operation=operation, body=body):
                    self.assertEqual(self.ask(operation, json.dumps(body).encode()).status, 400)

    def test_a_body_is_not_asked_for_where_none_is_required(self):
        for operation in self.changing():
            expected = 400 if operation.fields["requestBody"]["required"] else 200
            self.assertEqual(self.ask(operation).status, expected, operation)

    def test_head_is_answered_as_get_without_a_body(self):
        for operation in self.operations():
            if operation.method == "GET":
                with self.sluice.client("admin") as client:
                    response = client.request("HEAD", operation.target(**self.values))
                self.assertEqual((response.status, response.body), (200, b""), operation)


class NothingElse(ContractTest):
    def request(self, method, target):
        fields = [f"Authorization: Bearer {TOKEN}"]
        with self.sluice.client("admin") as client:
            return client.request(method, target, fields)

    def assert_error(self, response, status, code):
        self.assertEqual((response.status, response.headers.get("Content-Type")), (status, "application/json"))
        error = json.loads(response.text)
        self.document.validator({"$ref": "#/components/schemas/Error"}).validate(error)
        self.assertEqual(error["error"]["code"], code)

    def test_methods_that_are_not_in_the_document_are_405(self):
        for path in self.document.root["paths"]:
            known = self.document.methods_of(path)
            served = known | ({"HEAD"} if "GET" in known else set())
            for method in {one.upper() for one in METHODS} | {"PROPFIND", "get"}:
                if method in served:
                    continue
                with self.subTest(method=method, path=path):
                    response = self.request(method, path.format(**self.values))
                    self.assertEqual(response.status, 405)
                    self.assertEqual(set(response.headers["Allow"].split(", ")), served)
                    if path.startswith("/v1/") and method != "HEAD":
                        self.assert_error(response, 405, "method_not_allowed")

    def test_paths_that_are_not_in_the_document_are_404(self):
        for target in self.strange_targets():
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                with self.subTest(method=method, target=target):
                    self.assert_error(self.request(method, target), 404, "path_unknown")
        for method in ("GET", "POST"):
            self.assertEqual(self.request(method, "/v1").status, 404)

    def strange_targets(self):
        """The served paths, each changed a little."""
        chance = random.Random(4)
        paths = [path.format(**self.values) for path in self.document.root["paths"] if path.startswith("/v1/")]
        found = ["/v1/", "/v1/nothing", "/v1/clusters", "/v1/clusters/origin", "/v1/clusters/origin/endpoints", "/v1/log", "/v1/%2e%2e/status",
                 "/v1/clusters//breaker", "/v1/clusters/%zz/breaker", "/v1/clusters/origin%2Fbreaker", "/v1/clusters/origin/endpoints/"]
        for path in paths:
            cut = chance.randrange(4, len(path))
            found += [path + "/", path + "x", path + "/more", path[:-1], path[:3] + "/" + path[3:], path.replace("/v1/", "/v1/./"),
                      "/v1/x/.." + path[3:], path.replace("/v1/", "/v1/%20"), path + ";x=1", path + "%00", path[:cut] + "/" + path[cut:]]
        # What is in the place of an endpoint's name may be anything: it is looked for, and is not there.
        return [one for one in found if not self.is_an_endpoint(one)]

    def is_an_endpoint(self, target):
        parts = target.split("/")
        return len(parts) == 6 and parts[2] == "clusters" and parts[4] == "endpoints" and parts[3] and parts[5]


if __name__ == "__main__":
    main()
