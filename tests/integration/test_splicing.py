"""Large bodies that go from socket to socket inside the system: byte for byte, and as patient and as clean as those that are copied."""

import json
import os
import platform
import random
import socket
import sys
import tempfile
import threading

from harness import PATIENCE, ConnectionEnded, Gateway, GatewayTest, answer, forward_all, main, proxy_to, request_bytes, run_command, wait_until

MIB = 1024 * 1024
BODY = random.Random(1).randbytes(3 * MIB + 12345)
GET = request_bytes("GET", "/")
LOGGED = {"access": "stdout"}
#: splice(2) on the systems where the tests run.
SPLICE = {"x86_64": 275, "aarch64": 76}.get(platform.machine())
#: Keeps splice(2) from a program, as a filter of a container may (seccomp(2)), and becomes it.
WITHOUT_SPLICE = f"""
import ctypes, os, struct, sys
steps = struct.pack("HBBI" * 4, 0x20, 0, 0, 0,  0x15, 0, 1, {SPLICE},  0x06, 0, 0, 0x00050001,  0x06, 0, 0, 0x7fff0000)
memory = ctypes.create_string_buffer(steps)
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 4, ctypes.addressof(memory)))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, program, 0, 0) != 0: sys.exit("no filter")
os.execv(sys.argv[1], sys.argv[1:])
"""


def can_splice():
    return "epoll" in run_command("version").stdout.lower()


def pipes(gateway):
    """Ends of pipes that the gateway has."""
    folder = f"/proc/{gateway.process.pid}/fd"
    return sum(os.readlink(f"{folder}/{name}").startswith("pipe:") for name in os.listdir(folder))


def faults(gateway):
    """Whose fault the ends of requests were, as the access log tells it."""
    lines = [json.loads(line) for line in list(gateway.stdout_lines)]
    return [(line["error_side"], line["error_code"]) for line in lines if "error_code" in line]


class Splicing(GatewayTest):
    def expect_body(self, client, body=BODY):
        response = client.response()
        self.assertEqual(response.status, 200)
        self.assertTrue(response.body == body, f"{len(response.body)} bytes of {len(body)}, or other ones")

    def gateway_without_splice(self, settings):
        folder = tempfile.mkdtemp(prefix="sluice-test-")
        gateway = Gateway.__new__(Gateway)
        gateway.file = os.path.join(folder, "gateway.json")
        gateway.write_config(settings)
        gateway.attach(settings, ["run", "-c", gateway.file], folder, before=[sys.executable, "-c", WITHOUT_SPLICE])
        self.addCleanup(gateway.end)
        return gateway

    def large_origin(self, **options):
        origin = self.origin(**options)
        origin.otherwise = lambda request: answer(request.body or BODY)
        return origin


class Downloads(Splicing):
    def test_a_large_response_goes_through_a_pipe_that_is_kept(self):
        if not can_splice():
            self.skipTest("only sockets over epoll splice")
        gateway = self.gateway(proxy_to(self.large_origin()))
        before = pipes(gateway)
        client = self.client(gateway)
        for _ in range(5):
            self.expect_body(client.send(GET))
            self.assertEqual(pipes(gateway), before + 2)

    def test_both_connections_go_on_behind_it(self):
        origin = self.large_origin()
        origin.on("/small", lambda request: answer(b"small"))
        client = self.client(self.gateway(proxy_to(origin)))
        client.send(GET + request_bytes("GET", "/small") + GET)
        for body in (BODY, b"small", BODY):
            self.expect_body(client, body)
        self.assertEqual(origin.accepted, 1)

    def test_a_response_that_ends_with_the_connection_of_either_side_is_whole(self):
        def sends_last(connection):
            connection.request()
            connection.send(answer(BODY, close=True))
            connection.close()

        def sends(connection):
            connection.request()
            connection.send(answer(BODY))
            connection.wait_closed()

        gateway = self.gateway(proxy_to(self.origin(script=[sends_last, sends])))
        self.expect_body(self.client(gateway).send(GET))
        client = self.client(gateway).send(request_bytes("GET", "/", ["Connection: close"]))
        self.expect_body(client)
        self.assertTrue(client.is_closed())

    def test_its_bytes_are_counted(self):
        gateway = self.gateway(proxy_to(self.large_origin(), log=LOGGED))
        client = self.client(gateway)
        self.expect_body(client.send(request_bytes("POST", "/", body=BODY)))
        line = json.loads(wait_until(lambda: gateway.stdout_lines and gateway.stdout_lines[0], "the line of the access log"))
        for direction in ("received_bytes", "sent_bytes"):
            self.assertGreater(line[direction], len(BODY))
            self.assertLess(line[direction], len(BODY) + 1000)

    def test_what_an_upstream_sends_behind_it_is_nobodys(self):
        def sends_more(connection):
            connection.request()
            connection.send(answer(BODY) + answer(b"forged"))
            connection.wait_closed()

        def sends_next(connection):
            connection.request()
            connection.send(answer(b"next"))

        client = self.client(self.gateway(proxy_to(self.origin(script=[sends_more, sends_next]))))
        self.expect_body(client.send(GET))
        self.expect_body(client.send(GET), b"next")

    def test_a_head_request_for_much_is_answered_without_a_body(self):
        def only_head(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n")
            connection.request()
            connection.send(answer(b"next"))

        client = self.client(self.gateway(proxy_to(self.origin(script=[only_head]))))
        client.send(request_bytes("HEAD", "/"))
        self.assertEqual(client.response("HEAD").headers["Content-Length"], "3000000")
        self.expect_body(client.send(GET), b"next")

    def test_each_little_piece_of_a_slow_sender_arrives_at_once(self):
        sent, seen = [b"%03d" % number for number in range(50)], threading.Semaphore(0)

        def sends_pieces(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY))
            for piece in sent:
                connection.send(piece)
                self.assertTrue(seen.acquire(timeout=PATIENCE), "a piece was not passed on")
            connection.send(BODY[150:])
            connection.wait_closed()

        client = self.client(self.gateway(proxy_to(self.origin(script=[sends_pieces])))).send(GET)
        client.head()
        for piece in sent:
            self.assertEqual(client.reader.exactly(3), piece)
            seen.release()
        self.assertTrue(client.reader.exactly(len(BODY) - 150) == BODY[150:])

    def test_urgent_data_of_an_upstream_does_not_hold_the_body_up(self):
        def sends_urgently(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY[:MIB])
            connection.sock.send(b"!", socket.MSG_OOB)
            connection.send(BODY[MIB:])
            # An end behind it makes the place of the urgent data look like the end.
            connection.shutdown_send()
            connection.wait_closed()

        gateway = self.gateway(proxy_to(self.origin(script=[sends_urgently] * 20)))
        for _ in range(20):
            self.expect_body(self.client(gateway).send(GET))

    def test_more_slow_downloads_than_there_are_pipes_all_arrive(self):
        gateway = self.gateway(proxy_to(self.large_origin()))
        clients = [self.client(gateway, receive_buffer=4096).send(GET) for _ in range(50)]
        for client in clients:
            client.head()
        if can_splice():
            # Their clients take nothing, so each that has begun holds its pipe: all that there are.
            wait_until(lambda: pipes(gateway) >= 64, "the pipes to be lent")
            self.assertLess(pipes(gateway), 64 + 32)
            others = self.client(gateway)
            self.expect_body(others.send(GET))
        for client in clients:
            self.assertTrue(client.reader.exactly(len(BODY)) == BODY)

    def test_a_unix_listener_and_upstream_carry_it_too(self):
        with tempfile.TemporaryDirectory(prefix="sluice-unix-") as folder:
            origin = self.large_origin(path=folder + "/origin.sock")
            gateway = self.gateway(proxy_to(origin, listeners=[{"name": "web", "address": f"unix:{folder}/web.sock"}]))
            client = self.client(gateway)
            self.expect_body(client.send(GET))
            self.expect_body(client.send(request_bytes("POST", "/", body=BODY)))


class Uploads(Splicing):
    def test_a_large_request_arrives_and_the_next_behind_it(self):
        origin = self.large_origin()
        client = self.client(self.gateway(proxy_to(origin)))
        client.send(request_bytes("POST", "/", body=BODY) + request_bytes("POST", "/", body=b"small") + request_bytes("PUT", "/", body=BODY))
        for body in (BODY, b"small", BODY):
            self.expect_body(client, body)
        self.assertEqual([len(request.body) for request in origin.requests], [len(BODY), 5, len(BODY)])

    def test_one_that_is_broken_off_is_the_clients_fault_and_leaves_nothing_to_the_next(self):
        def takes_until_the_end(connection):
            connection.request_head()
            connection.wait_closed()

        def takes_all(connection):
            connection.send(answer(connection.request().body))

        gateway = self.gateway(proxy_to(self.origin(script=[takes_until_the_end, takes_all]), log=LOGGED))
        client = self.client(gateway).send(request_bytes("POST", "/", [f"Content-Length: {len(BODY)}"]) + BODY[:2 * MIB])
        client.close()
        wait_until(lambda: faults(gateway) == [("client", "client_closed")], "the client's leaving to be told")
        self.expect_body(self.client(gateway).send(request_bytes("POST", "/", body=BODY)))

    def test_an_upstream_that_stops_taking_one_is_heard(self):
        def refuses(connection):
            connection.request_head()
            connection.send(answer(b"too much", "413 Content Too Large", close=True))
            connection.shutdown_send()
            connection.wait_closed()

        client = self.client(self.gateway(proxy_to(self.origin(script=[refuses]))))
        client.send(request_bytes("POST", "/", [f"Content-Length: {1024 * MIB}"]) + BODY)
        self.assertEqual(client.response().status, 413)


    def test_a_fault_ends_one_that_pauses(self):
        def takes_some(connection):
            connection.request_head()
            connection.reader.exactly(MIB)

        def dies(connection):
            takes_some(connection)
            connection.reset()

        def refuses(connection):
            takes_some(connection)
            connection.send(answer(b"too much", "413 Content Too Large"))
            connection.wait_closed()

        gateway = self.gateway(proxy_to(self.origin(script=[dies, refuses]), limits={"body_idle": "10m"}))
        for status in (502, 413):
            client = self.client(gateway).send(request_bytes("POST", "/", [f"Content-Length: {64 * MIB}"]) + BODY[:MIB])
            self.assertEqual(client.response().status, status)
            self.assertTrue(client.is_closed())

    def test_an_upstream_that_takes_nothing_is_its_fault(self):
        is_over = threading.Event()

        def takes_nothing(connection):
            connection.request_head()
            is_over.wait(PATIENCE)

        origin = self.origin(script=[takes_nothing])
        settings = forward_all({"read_timeout": "500ms"}, None, origin, log=LOGGED)
        gateway = self.gateway(settings)
        self.addCleanup(is_over.set)
        client = self.client(gateway)
        sender = threading.Thread(target=client.try_send, args=(request_bytes("POST", "/", body=BODY * 10),), daemon=True)
        sender.start()
        self.assertEqual(client.response().status, 504)
        sender.join(PATIENCE)
        wait_until(lambda: faults(gateway) == [("upstream", "response_timeout")], "the fault to be told")

    def test_one_that_is_too_large_to_be_kept_for_another_try_goes_on(self):
        origin = self.large_origin()
        gateway = self.gateway(forward_all({"retry": {"attempts": 3, "body_bytes": 65536}}, None, origin))
        self.expect_body(self.client(gateway).send(request_bytes("PUT", "/", body=BODY)))


class Faults(Splicing):
    def test_an_upstream_that_dies_in_it_cuts_the_clients_connection(self):
        for end in ("close", "reset"):
            with self.subTest(end):

                def dies(connection):
                    connection.request()
                    connection.send(answer(BODY)[:2 * MIB])
                    getattr(connection, end)()

                gateway = self.gateway(proxy_to(self.origin(script=[dies]), log=LOGGED))
                client = self.client(gateway).send(GET)
                client.head()
                with self.assertRaises(ConnectionEnded):
                    client.reader.exactly(len(BODY))
                wait_until(lambda: faults(gateway) == [("upstream", "upstream_closed")], "the fault to be told")

    def test_what_a_client_that_left_did_not_take_comes_to_nobody_else(self):
        gateway = self.gateway(proxy_to(self.large_origin()))
        for _ in range(5):
            leaves = self.client(gateway, receive_buffer=4096).send(GET)
            leaves.head()
            leaves.reset()
            self.expect_body(self.client(gateway).send(GET))

    def test_a_client_that_takes_nothing_is_given_up(self):
        gateway = self.gateway(proxy_to(self.large_origin(), limits={"body_idle": "500ms"}, log=LOGGED))
        client = self.client(gateway, receive_buffer=4096).send(GET)
        client.head()
        wait_until(lambda: faults(gateway) == [("client", "client_closed")], "the exchange to end")

    def test_a_system_that_does_not_let_us_splice_copies(self):
        if not can_splice() or SPLICE is None:
            self.skipTest("only sockets over epoll splice")
        gateway = self.gateway_without_splice(proxy_to(self.large_origin()))
        before = pipes(gateway)
        client = self.client(gateway)
        for _ in range(3):
            self.expect_body(client.send(GET))
        self.expect_body(client.send(request_bytes("POST", "/", body=BODY)))
        self.assertLessEqual(pipes(gateway), before + 2)


if __name__ == "__main__":
    main()
