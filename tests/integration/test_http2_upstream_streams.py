"""Many requests on few connections with HTTP/2 upstreams: limits on streams, GOAWAY, resets, lost connections, time limits."""

import socket
import threading

from harness import PATIENCE, ConnectionEnded, is_open, main, request_bytes, wait_until
from http2_client import CANCEL, ENHANCE_YOUR_CALM, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM
from http2_origin import at_once, says
from http2_origin_connection import Http2Connection
from http2_streams import StreamsTest
from hyperframe.frame import GoAwayFrame, SettingsFrame

HELD = ("/held", "/held?1", "/held?2", "/held?3", "/held?4")


class Sharing(StreamsTest):
    def test_many_clients_share_one_connection(self):
        upstream = self.held_origin()
        gateway = self.before(upstream)
        clients = self.ask(gateway, *(f"/held?{i}" for i in range(50)))
        upstream.wait_requests(50)
        self.assertEqual((upstream.accepted, self.active(gateway), self.idle(gateway)), (1, 1, 0))
        self.assertEqual(gateway.get("/other").status, 200)
        self.gate.set()
        self.assertEqual(self.statuses(clients), [200] * 50)
        wait_until(lambda: (self.active(gateway), self.idle(gateway)) == (0, 1), "the idle connection in the metrics")
        self.assertEqual(upstream.accepted, 1)
        self.assertEqual(gateway.metric_sum("sluice_upstream_requests_total"), 51)

    def test_more_than_a_connection_takes_get_another(self):
        upstream = self.held_origin(settings={"MAX_CONCURRENT_STREAMS": 2})
        gateway = self.before(upstream)
        clients = self.ask(gateway, *HELD)
        upstream.wait_requests(5)
        self.assertEqual((upstream.accepted, self.active(gateway)), (3, 3))
        self.gate.set()
        self.assertEqual(self.statuses(clients), [200] * 5)
        self.assertEqual([connection.most_seen <= 2 for connection in upstream.connections], [True] * 3)

    def test_with_one_connection_allowed_they_wait_their_turn(self):
        upstream = self.held_origin(settings={"MAX_CONCURRENT_STREAMS": 2})
        gateway = self.before(upstream, pool={"max_connections": 1, "queue_timeout": "30s"})
        clients = self.ask(gateway, *HELD)
        upstream.wait_requests(2)
        wait_until(lambda: gateway.metric_sum("sluice_upstream_waiting") == 3, "three that wait")
        self.assertEqual(len(upstream.requests), 2)
        self.gate.set()
        self.assertEqual(self.statuses(clients), [200] * 5)
        self.assertEqual((upstream.accepted, upstream.connections[0].most_seen), (1, 2))

    def test_who_waits_too_long_is_told_503(self):
        upstream = self.held_origin(settings={"MAX_CONCURRENT_STREAMS": 1})
        gateway = self.before(upstream, pool={"max_connections": 1, "queue_timeout": "100ms"})
        first, = self.ask(gateway, "/held")
        upstream.wait_requests(1)
        self.assertEqual(gateway.get("/late").status, 503)
        self.gate.set()
        self.assertEqual(first.response().status, 200)
        self.assertEqual(gateway.get("/").status, 200)

    def test_a_limit_that_is_lowered_and_raised_later_is_obeyed(self):
        upstream = self.held_origin(settings={"MAX_CONCURRENT_STREAMS": 10})
        gateway = self.before(upstream, pool={"max_connections": 1, "queue_timeout": "30s"})
        clients = self.ask(gateway, *HELD[:3])
        upstream.wait_requests(3)
        connection = upstream.connections[0]
        connection.settings(MAX_CONCURRENT_STREAMS=1)
        connection.wait(lambda: connection.most_streams == 1, "its acknowledgement")
        clients += self.ask(gateway, *HELD[3:])
        wait_until(lambda: gateway.metric_sum("sluice_upstream_waiting") == 2, "two that wait")
        self.assertEqual(len(upstream.requests), 3)
        connection.settings(MAX_CONCURRENT_STREAMS=10)
        upstream.wait_requests(5)
        self.gate.set()
        self.assertEqual(self.statuses(clients), [200] * 5)
        self.assertEqual(upstream.accepted, 1)

    def test_requests_wait_for_the_settings_of_a_new_connection(self):
        greets = threading.Event()
        self.addCleanup(greets.set)

        def late(connection):
            greets.wait(PATIENCE)
            connection.serve()

        upstream = self.http2_origin(late, settings={"MAX_CONCURRENT_STREAMS": 1})
        gateway = self.before(upstream, pool={"max_connections": 1, "queue_timeout": "30s"})
        clients = self.ask(gateway, "/1", "/2", "/3")
        wait_until(lambda: gateway.metric_sum("sluice_upstream_waiting") == 2, "two that wait")
        greets.set()
        self.assertEqual(self.statuses(clients), [200] * 3)
        self.assertEqual((upstream.accepted, upstream.connections[0].most_seen), (1, 1))

    def test_no_streams_at_all_are_no_connection(self):
        upstream = self.http2_origin(settings={"MAX_CONCURRENT_STREAMS": 0})
        gateway = self.before(upstream, pool={"queue_timeout": "200ms"})
        for _ in range(3):
            self.assertIn(gateway.get("/").status, (502, 503))
        self.assertEqual(upstream.requests, [])
        for connection in upstream.connections:
            connection.wait_closed()
        wait_until(lambda: (self.active(gateway), self.idle(gateway)) == (0, 0), "no connection in the metrics")

    def test_the_pools_number_of_requests_ends_a_connection(self):
        upstream = self.http2_origin()
        gateway = self.before(upstream, pool={"max_requests": 3})
        for _ in range(7):
            self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual([len(connection.streams) for connection in upstream.connections], [3, 3, 1])
        upstream.connections[0].wait_closed()
        upstream.connections[1].wait_closed()
        self.assertEqual(upstream.connections[0].goaways, [NO_ERROR])

    def test_an_idle_connection_is_closed_in_peace_after_its_time(self):
        upstream = self.http2_origin()
        gateway = self.before(upstream, idle_timeout="300ms")
        self.assertEqual(gateway.get("/").status, 200)
        upstream.connections[0].wait_closed()
        self.assertEqual(upstream.connections[0].goaways, [NO_ERROR])
        wait_until(lambda: self.idle(gateway) == 0, "no idle connection in the metrics")
        self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual(upstream.accepted, 2)

    def test_a_connection_that_was_in_use_for_long_is_closed_once_it_is_idle(self):
        upstream = self.http2_origin()
        old = self.origin()
        for gateway in (self.before(upstream, idle_timeout="300ms"), self.before(old, protocol="http1", idle_timeout="300ms")):
            client = self.client(gateway)
            # The gateway looks for idle ones every second: the second time it finds none and one in use.
            client.send(request_bytes("POST", "/", ["Content-Length: 20"]))
            for _ in range(20):
                client.send(b"x")
                threading.Event().wait(0.15)
            self.assertEqual(client.response().status, 200)
            wait_until(lambda: (self.active(gateway), self.idle(gateway)) == (0, 0), "no connection in the metrics")

    def test_workers_share_the_places_of_an_endpoint(self):
        others = []

        def count_others(connection):
            # Elsewhere only a look at the input tells, which another thread reads.
            if hasattr(socket, "TCP_INFO"):
                others.append(sum(is_open(one.sock) for one in upstream.connections[:connection.number]))
            connection.serve()

        upstream = self.http2_origin(*[count_others] * 30)
        gateway = self.before(upstream, top={"workers": 3}, pool={"max_connections": 1, "queue_timeout": "30s"})
        for _ in range(30):
            self.assertEqual(gateway.get("/").status, 200)
        wait_until(lambda: sum(not one.is_closed for one in upstream.connections) <= 1, "one connection at most")
        self.assertEqual(others, [0] * len(others))


class Goaway(StreamsTest):
    def test_requests_above_the_last_id_are_repeated_and_the_others_finish(self):
        def first(connection):
            connection.greet()
            while len(connection.streams) < 4:
                connection.read_some()
            connection.goaway(5)
            connection.read_all()

        upstream = self.held_origin(first)
        gateway = self.before(upstream)
        clients = []
        for number, method in enumerate(("GET", "POST", "POST", "POST")):
            clients += self.ask(gateway, f"/held?{number}", method=method, body=b"abc")
            upstream.wait_requests(number + 1)
        # The first goes ahead on the other connection, since only three are below the id.
        found = upstream.wait_requests(5)
        self.assertEqual((found[4].path, found[4].method, found[4].connection.number), ("/held?3", "POST", 1))
        found[4].wait_complete()
        self.assertEqual(bytes(found[4].body), b"abc")
        self.assertEqual(gateway.get("/other").status, 200)
        self.gate.set()
        self.assertEqual(self.statuses(clients), [200] * 4)
        upstream.connections[0].wait_closed()
        self.assertEqual([len(connection.streams) for connection in upstream.connections], [4, 2])

    def test_a_graceful_end_in_two_steps_costs_no_request(self):
        upstream = self.held_origin()
        gateway = self.before(upstream)
        clients = self.ask(gateway, *HELD[:2])
        upstream.wait_requests(2)
        connection = upstream.connections[0]
        connection.goaway()
        connection.ping()
        clients += self.ask(gateway, *HELD[2:])
        upstream.wait_requests(5)
        connection.goaway(max(connection.streams))
        connection.ping()
        self.gate.set()
        self.assertEqual(self.statuses(clients), [200] * 5)
        connection.wait_closed()
        self.assertEqual([len(each.streams) for each in upstream.connections], [2, 3])

    def test_an_idle_connection_that_says_goaway_is_left(self):
        upstream = self.http2_origin()
        gateway = self.before(upstream)
        for number in range(3):
            self.assertEqual(gateway.get("/").status, 200)
            self.settle(gateway)
            connection = upstream.connections[number]
            connection.goaway(1)
            connection.wait_closed()
            wait_until(lambda: self.idle(gateway) == 0, "no idle connection in the metrics")
        self.assertEqual(upstream.accepted, 3)

    def test_a_connection_that_has_said_goaway_ends_with_its_last_request_however_that_ends(self):
        upstream = self.held_origin()
        upstream.on("/reset", lambda request: (request.connection.goaway(), request.reset()))
        gateway = self.before(upstream, route={"timeout": "200ms"})
        for number in range(1, 4):
            for path, status in (("/held", 504), ("/reset", 502)):
                client, = self.ask(gateway, path)
                connection = upstream.wait_requests(number, path)[-1].connection
                if path == "/held":
                    connection.goaway()
                self.assertEqual(client.response().status, status)
                connection.wait_closed()
            leaving, = self.ask(gateway, "/held?leaves")
            connection = upstream.wait_requests(number, "/held?leaves")[-1].connection
            connection.goaway()
            leaving.close()
            connection.wait_closed()
        self.settle(gateway)
        self.assertEqual(self.idle(gateway), 0)

    def test_an_upstream_that_leaves_as_soon_as_it_has_come(self):
        """In one piece with its settings, or closed without any, as one that is about to end does."""
        def leaves(connection):
            connection.send(SettingsFrame(0), GoAwayFrame(0, last_stream_id=0))
            connection.close()

        for script in (leaves, Http2Connection.close, Http2Connection.reset):
            upstream = self.http2_origin(*[script] * 20)
            gateway = self.before(upstream)
            for _ in range(20):
                self.assertIn(gateway.get("/").status, (200, 502, 503))
            upstream.script.clear()
            self.assertEqual(gateway.get("/").status, 200)

    def test_a_connection_that_ends_with_an_error_repeats_what_it_has_not_seen(self):
        def first(connection):
            connection.greet()
            while len(connection.streams) < 2:
                connection.read_some()
            connection.goaway(1, ENHANCE_YOUR_CALM)
            connection.close()

        upstream = self.http2_origin(first)
        upstream.otherwise = lambda request: request.connection.number == 0 or request.answer()
        gateway = self.before(upstream)
        one, = self.ask(gateway, "/one", method="POST", body=b"1")
        upstream.wait_requests(1)
        two, = self.ask(gateway, "/two", method="POST", body=b"2")
        self.assertEqual((one.response().status, two.response().status), (502, 200))


class Resets(StreamsTest):
    def refuse_first(self, code):
        seen = []

        def respond(request):
            seen.append(request)
            if len(seen) == 1:
                request.reset(code)
            else:
                request.answer()

        return respond

    def test_a_stream_that_is_refused_is_repeated_whatever_it_was(self):
        for method in ("GET", "POST"):
            upstream = self.http2_origin()
            upstream.otherwise = self.refuse_first(REFUSED_STREAM)
            gateway = self.before(upstream)
            self.assertEqual(self.statuses(self.ask(gateway, "/", method=method, body=b"abc")), [200])
            self.assertEqual((len(upstream.requests), upstream.accepted), (2, 1))
            self.assertEqual(gateway.get("/").status, 200)

    def test_an_upstream_that_refuses_for_ever_is_not_asked_for_ever(self):
        upstream = self.http2_origin()
        upstream.otherwise = lambda request: request.reset(REFUSED_STREAM)
        gateway = self.before(upstream, retry={"attempts": 3})
        self.assertIn(gateway.get("/").status, (502, 503))
        self.assertLessEqual(len(upstream.requests), 4)

    def test_another_error_repeats_what_is_idempotent_and_nothing_else(self):
        for method, status in (("GET", 200), ("POST", 502)):
            upstream = self.http2_origin()
            upstream.on("/warm", says("ok"))
            upstream.otherwise = self.refuse_first(INTERNAL_ERROR)
            gateway = self.before(upstream, retry={"attempts": 2})
            self.assertEqual(gateway.get("/warm").status, 200)
            self.assertEqual(self.statuses(self.ask(gateway, "/", method=method, body=b"abc")), [status])
            self.assertEqual((len(upstream.requests), upstream.accepted), (3 if status == 200 else 2, 1))

    def test_a_reset_in_the_middle_of_a_body_does_not_look_whole(self):
        upstream = self.http2_origin()
        upstream.otherwise = lambda request: (request.head(), request.data(b"abc"), request.reset())
        gateway = self.before(upstream)
        client = self.client(gateway)
        client.send(request_bytes("GET", "/"))
        with self.assertRaises(ConnectionEnded):
            client.response()
        self.assertIsNotNone(self.h2(gateway).get("/").reset)
        upstream.otherwise = says("ok")
        self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual(upstream.accepted, 1)

    def test_a_reset_without_error_behind_the_response_lets_it_stand(self):
        upstream = self.http2_origin()
        upstream.on("/", at_once(lambda request: (request.answer(b"enough"), request.reset(NO_ERROR))))
        gateway = self.before(upstream)
        client = self.client(gateway)
        client.send(request_bytes("POST", "/", ["Content-Length: 1000000"]) + b"x" * 1000)
        response = client.response()
        self.assertEqual((response.status, response.body), (200, b"enough"))

    def test_a_lost_connection_repeats_gets_and_tells_502_for_posts(self):
        def dies(connection):
            connection.greet()
            while len(connection.streams) < 20 or not all(one.is_complete for one in connection.streams.values()):
                connection.read_some()
            connection.close()

        upstream = self.http2_origin(dies)
        upstream.otherwise = lambda request: request.connection.number == 0 or request.answer()
        gateway = self.before(upstream, retry={"attempts": 2, "budget_per_second": 1000})
        gets = self.ask(gateway, *(f"/get?{i}" for i in range(10)))
        posts = self.ask(gateway, *(f"/post?{i}" for i in range(10)), method="POST", body=b"abc")
        self.assertEqual(self.statuses(gets), [200] * 10)
        self.assertEqual(self.statuses(posts), [502] * 10)
        self.assertEqual(upstream.accepted, 2)

    def test_an_idle_connection_that_the_upstream_closes_costs_no_request(self):
        upstream = self.http2_origin()
        gateway = self.before(upstream)
        for number in range(5):
            self.assertEqual(self.statuses(self.ask(gateway, "/", method="POST", body=b"abc")), [200])
            self.settle(gateway)
            upstream.connections[number].close()
            wait_until(lambda: self.idle(gateway) == 0, "no idle connection in the metrics")


class Leaving(StreamsTest):
    def test_a_client_that_leaves_cancels_its_stream_alone(self):
        upstream = self.held_origin()
        gateway = self.before(upstream)
        leaving, staying = self.ask(gateway, "/held?1", "/held?2")
        upstream.wait_requests(2)
        leaving.close()
        request, = upstream.wait_requests(1, "/held?1")
        self.assertEqual(request.wait_reset(), CANCEL)
        client = self.h2(gateway)
        stream = client.begin("GET", "/held?3")
        request, = upstream.wait_requests(1, "/held?3")
        client.reset(stream)
        self.assertEqual(request.wait_reset(), CANCEL)
        self.gate.set()
        self.assertEqual(staying.response().status, 200)
        self.assertEqual((gateway.get("/").status, upstream.accepted), (200, 1))

    def test_a_client_that_leaves_in_the_middle_of_its_upload_or_download(self):
        upstream = self.held_origin()
        upstream.on("/down", lambda request: (request.head(), request.data(b"x" * 1000), request.wait_reset()))
        gateway = self.before(upstream)
        up, down = self.client(gateway), self.client(gateway)
        up.send(request_bytes("POST", "/up", ["Content-Length: 1000"]) + b"x" * 10)
        upstream.wait_requests(1, "/up")[0].wait(lambda: True, "")
        up.close()
        self.assertEqual(upstream.wait_requests(1, "/up")[0].wait_reset(), CANCEL)
        down.send(request_bytes("GET", "/down"))
        down.head()
        down.close()
        self.assertEqual(upstream.wait_requests(1, "/down")[0].wait_reset(), CANCEL)
        self.assertEqual((gateway.get("/").status, upstream.accepted), (200, 1))


class Times(StreamsTest):
    def test_a_response_that_does_not_come_is_504_and_a_silent_connection_is_left(self):
        upstream = self.held_origin()
        gateway = self.before(upstream, route={"timeout": "300ms"})
        self.assertEqual(gateway.get("/").status, 200)
        upstream.connections[0].ping()
        self.assertEqual(gateway.get("/held").status, 504)
        self.assertEqual(upstream.requests[1].wait_reset(), CANCEL)
        self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual(upstream.accepted, 2)
        upstream.connections[0].wait_closed()

    def test_a_connection_that_says_other_things_stays_in_use(self):
        upstream = self.held_origin()
        gateway = self.before(upstream, route={"timeout": "1s"})
        slow, = self.ask(gateway, "/held")
        upstream.wait_requests(1)
        self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual(slow.response().status, 504)
        self.assertEqual((gateway.get("/").status, upstream.accepted), (200, 1))

    def test_a_body_that_stops_is_cut_by_the_read_timeout_and_others_go_on(self):
        upstream = self.held_origin()
        upstream.on("/stops", lambda request: (request.head(), request.data(b"abc"), request.wait_reset()))
        gateway = self.before(upstream, read_timeout="400ms")
        other, = self.ask(gateway, "/held")
        upstream.wait_requests(1)
        stops, = self.ask(gateway, "/stops")
        self.assertEqual(stops.head().status, 200)
        with self.assertRaises(ConnectionEnded):
            stops.reader.chunked(lambda piece: None)
        self.assertEqual(upstream.wait_requests(1, "/stops")[0].wait_reset(), CANCEL)
        self.gate.set()
        self.assertEqual(other.response().status, 200)

    def test_an_upstream_that_sends_no_settings_is_not_waited_for_longer_than_a_connect(self):
        def mute(connection):
            while connection.receive():
                pass

        upstream = self.http2_origin(*[mute] * 5)
        gateway = self.before(upstream, connect_timeout="400ms", top={"log": {"access": "stdout"}})
        clients = self.ask(gateway, *HELD)
        self.assertEqual(set(self.statuses(clients)) - {502, 504}, set())
        self.logged(gateway, "SETTINGS")
        wait_until(lambda: self.active(gateway) == 0 and self.idle(gateway) == 0, "no connection in the metrics")


if __name__ == "__main__":
    main()
