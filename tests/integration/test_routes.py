"""Routes: what they match, where they send a request, and what they answer themselves."""

from harness import SharedGatewayTest, cluster, config, main, request_bytes, route

EDITS = {"set": {"Strict-Transport-Security": "max-age=1", "X-Request-Id": "none"}, "add": {"X-Added": "a"}, "remove": ["X-Old"]}


class Matching(SharedGatewayTest):
    @classmethod
    def configuration(cls, origin):
        def says(text):
            return {"respond": {"status": 200, "body": text}}

        return config(
            [
                route("/static", **says("static")),
                route("/:param", **says("parameter")),
                route("/deep/*rest", **says("catch-all")),
                route("/m/methods", match={"methods": ["GET", "PUT"]}, **says("methods")),
                route("/by-header", match={"headers": {"X-Version": "2"}}, **says("version 2")),
                route("/by-header", match={"headers": {"X-Beta": True}}, **says("beta")),
                route("/by-header", **says("otherwise")),
                route("/by-query", match={"query": {"kind": "a b"}}, **says("kind a b")),
                route("/by-query", **says("otherwise")),
                route("/by-host", match={"host": "one.example"}, **says("one")),
                route("/by-host", match={"host": "*.example"}, **says("suffix")),
                route("/by-host", **says("any host")),
            ]
        )

    def body(self, target, *headers, host="test"):
        return self.connect().request("GET", target, headers, host=host).text

    def test_a_static_path_wins_over_a_parameter(self):
        self.assertEqual(self.body("/static"), "static")
        self.assertEqual(self.body("/other"), "parameter")

    def test_a_catch_all_takes_everything_below(self):
        self.assertEqual(self.body("/deep/a/b/c"), "catch-all")

    def test_an_unknown_path_is_404_with_a_request_id(self):
        response = self.connect().get("/no/such/path")
        self.assertEqual(response.status, 404)
        self.assertIn(response.headers["X-Request-Id"], response.text)

    def test_a_wrong_method_is_405_and_allow_names_the_right_ones(self):
        response = self.connect().request("DELETE", "/m/methods")
        self.assertEqual(response.status, 405)
        allowed = {name.strip() for name in response.headers["Allow"].split(",")}
        self.assertLessEqual({"GET", "PUT"}, allowed)
        self.assertNotIn("DELETE", allowed)

    def test_a_404_with_a_body_does_not_confuse_the_next_request(self):
        client = self.connect().send(request_bytes("POST", "/no/path", body=b"x" * 5000) + request_bytes("GET", "/static"))
        self.assertEqual(client.response().status, 404)
        self.assertEqual(client.response().body, b"static")

    def test_header_conditions_choose_the_route(self):
        self.assertEqual(self.body("/by-header", "x-version: 2"), "version 2")
        self.assertEqual(self.body("/by-header", "X-Version: 3", "X-Beta: yes"), "beta")
        self.assertEqual(self.body("/by-header"), "otherwise")

    def test_query_conditions_choose_the_route_however_they_are_encoded(self):
        for query in ("kind=a+b", "x=1&kind=a%20b", "%6bind=a%20b"):
            self.assertEqual(self.body("/by-query?" + query), "kind a b", query)
        self.assertEqual(self.body("/by-query?kind=c"), "otherwise")

    def test_the_host_chooses_the_route(self):
        self.assertEqual(self.body("/by-host", host="one.example"), "one")
        self.assertEqual(self.body("/by-host", host="ONE.example:8080"), "one")
        self.assertEqual(self.body("/by-host", host="two.example"), "suffix")
        self.assertEqual(self.body("/by-host", host="[::1]:80"), "any host")

    def test_the_authority_of_an_absolute_target_chooses_the_route(self):
        client = self.connect()
        self.assertEqual(client.request("GET", "http://one.example/by-host", host="two.example").text, "one")

    def test_paths_are_normalised_before_they_are_matched(self):
        for path in ("/%73tatic", "//static", "/./static", "/x/../static", "/x/%2e%2e/static"):
            self.assertEqual(self.body(path), "static", path)

    def test_paths_that_could_be_read_in_two_ways_are_refused(self):
        refused = ["/a%2fb", "/a%5cb", "/a\\b", "/%00", "/a%zz", "/../static", "/a/..;/static", "/%ff", "/a%"]
        for path in refused:
            self.assertEqual(self.connect().get(path).status, 400, path)


class Answers(SharedGatewayTest):
    @classmethod
    def configuration(cls, origin):
        page = {"status": 404, "body": "<p>gone</p>", "headers": {"Content-Type": "text/html", "X-A": "b"}}
        return config(
            [
                route("/health", respond={"status": 200, "body": "ok\n"}),
                route("/page", respond=page),
                route("/empty", respond={"status": 204}),
                route("/old", redirect={"status": 301, "location": "https://example.com/new?a=b"}),
                route("/moved", redirect={"location": "/elsewhere"}),
                route("/edited/answer", respond={"body": "ok", "headers": {"X-Old": "1"}}, response_headers=EDITS),
                route("/edited/way", redirect={"location": "/elsewhere"}, response_headers=EDITS),
            ]
        )

    def test_respond_answers_with_status_body_and_a_date(self):
        response = self.connect().get("/health")
        self.assertEqual((response.status, response.body), (200, b"ok\n"))
        self.assertRegex(response.headers["Date"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
        self.assertTrue(response.headers["Content-Type"].startswith("text/plain"))

    def test_respond_has_the_headers_of_the_route(self):
        response = self.connect().get("/page")
        self.assertEqual((response.status, response.body), (404, b"<p>gone</p>"))
        self.assertEqual((response.headers["Content-Type"], response.headers["X-A"]), ("text/html", "b"))

    def test_respond_answers_head_without_a_body(self):
        client = self.connect()
        response = client.request("HEAD", "/health")
        self.assertEqual((response.status, response.headers["Content-Length"]), (200, "3"))
        self.assertEqual(client.get("/health").body, b"ok\n")

    def test_respond_204_has_no_body(self):
        client = self.connect()
        self.assertEqual(client.get("/empty").status, 204)
        self.assertEqual(client.get("/health").status, 200)

    def test_the_routes_changes_to_headers_reach_answers_of_its_own(self):
        for path in ("/edited/answer", "/edited/way"):
            response = self.connect().get(path)
            self.assertEqual(response.headers.all("Strict-Transport-Security"), ["max-age=1"])
            self.assertEqual(response.headers.all("X-Added"), ["a"])
            self.assertEqual(response.headers.all("X-Request-Id"), ["none"])
            self.assertNotIn("X-Old", response.headers)
        self.assertEqual(response.headers["Location"], "/elsewhere")

    def test_redirects_name_the_location(self):
        response = self.connect().get("/old")
        self.assertEqual((response.status, response.headers["Location"]), (301, "https://example.com/new?a=b"))
        response = self.connect().get("/moved")
        self.assertEqual((response.status, response.headers["Location"]), (308, "/elsewhere"))


class Targets(SharedGatewayTest):
    @classmethod
    def configuration(cls, origin):
        edits = {"remove": ["X-Secret"], "set": {"X-Mode": "set"}, "add": {"X-More": "2"}}
        return config(
            [
                route("/keep", cluster="origin"),
                route("/endpoint", cluster="origin", host="endpoint"),
                route("/fixed", cluster="origin", host="fixed.example:81"),
                route("/api/*rest", cluster="origin", strip_prefix="/api"),
                route("/orders/:id/items/:item", cluster="origin", rewrite="/v2/:item/of/:id"),
                route("/files/*path", cluster="origin", rewrite="/store/*path"),
                route("/edit", cluster="origin", request_headers=edits, response_headers=edits),
                route("/*rest", cluster="origin"),
            ],
            [cluster("origin", origin)],
        )

    def test_host_is_kept_unless_the_route_says_otherwise(self):
        self.connect().get("/keep")
        self.assertEqual(self.seen.headers["Host"], "test")

    def test_host_can_be_the_endpoints_address(self):
        self.connect().get("/endpoint")
        self.assertEqual(self.seen.headers["Host"], self.upstream.address)

    def test_host_can_be_a_fixed_name(self):
        self.connect().get("/fixed")
        self.assertEqual(self.seen.headers["Host"], "fixed.example:81")

    def test_a_prefix_is_stripped(self):
        for sent, arrives in (("/api/x/y?q=1", "/x/y?q=1"), ("/api/", "/"), ("/api/x", "/x")):
            self.assertEqual(self.connect().get(sent).status, 200)
            self.assertEqual(self.seen.target, arrives)

    def test_a_rewrite_uses_the_parameters_of_the_path(self):
        self.connect().get("/orders/7/items/a%20b?full=1")
        self.assertEqual(self.seen.target, "/v2/a%20b/of/7?full=1")

    def test_a_rewrite_can_use_the_rest_of_the_path(self):
        self.connect().get("/files/a/b.txt")
        self.assertEqual(self.seen.target, "/store/a/b.txt")

    def test_the_path_that_was_matched_is_the_path_that_is_forwarded(self):
        for sent, arrives in (("/a/./b//c", "/a/b/c"), ("/%7euser", "/~user"), ("/a%3ab", "/a%3Ab"), ("/x?", "/x?"), ("/p?a=%2f&b", "/p?a=%2f&b")):
            self.connect().get(sent)
            self.assertEqual(self.seen.target, arrives)

    def test_request_headers_are_removed_set_and_added(self):
        self.connect().get("/edit", "X-Secret: s", "X-Mode: client", "x-mode: again", "X-More: 1", "X-Other: o")
        headers = self.seen.headers
        self.assertNotIn("X-Secret", headers)
        self.assertEqual(headers.all("X-Mode"), ["set"])
        self.assertEqual(headers.all("X-More"), ["1", "2"])
        self.assertEqual(headers["X-Other"], "o")

    def test_response_headers_are_removed_set_and_added(self):
        answer = b"HTTP/1.1 200 OK\r\nX-Secret: s\r\nX-Mode: origin\r\nX-More: 1\r\nX-Other: o\r\nContent-Length: 0\r\n\r\n"
        self.upstream.on("/edit", lambda _: answer)
        headers = self.connect().get("/edit").headers
        self.assertNotIn("X-Secret", headers)
        self.assertEqual(headers.all("X-Mode"), ["set"])
        self.assertEqual(headers.all("X-More"), ["1", "2"])
        self.assertEqual(headers["X-Other"], "o")


if __name__ == "__main__":
    main()
