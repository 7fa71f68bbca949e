#include <catch2/catch.hpp>
#include <random>

#include "tls/certificate.hpp"
#include "unit/tls/made_certificate.hpp"
#include "unit/tls/memory_pair.hpp"

using namespace sluice;
using namespace sluice::test;
using Status = tls::Connection::Status;

namespace {

const MadeCertificate& authority() {
    static const MadeCertificate made = make_authority("Test authority");
    return made;
}

tls::ServerSettings::Certificate shown(const MadeCertificate& made) { return {made.certificate, made.key, {}, {}}; }

tls::ServerSettings serving(std::vector<MadeCertificate> certificates) {
    tls::ServerSettings settings;
    for (const MadeCertificate& one : certificates) settings.certificates.push_back(shown(one));
    settings.protocols = {"http/1.1"};
    return settings;
}

std::shared_ptr<const tls::ServerContext> server_of(const tls::ServerSettings& settings, std::shared_ptr<tls::TicketKeys> keys = nullptr) {
    auto made = tls::ServerContext::make(settings, keys ? std::move(keys) : std::make_shared<tls::TicketKeys>());
    REQUIRE(made);
    return *made;
}

tls::ClientSettings trusting() {
    tls::ClientSettings settings;
    settings.authorities_pem = authority().certificate;
    settings.protocols = {"http/1.1"};
    return settings;
}

std::shared_ptr<const tls::ClientContext> client_of(const tls::ClientSettings& settings) {
    auto made = tls::ClientContext::make(settings);
    REQUIRE(made);
    return *made;
}

}  // namespace

TEST_CASE("both ends agree on TLS 1.3 and a protocol, and bytes go both ways") {
    const auto server = server_of(serving({make_certificate(authority(), {"a.test"})}));
    const auto client = client_of(trusting());
    MemoryPair pair(*client, *server, "a.test");
    REQUIRE(pair.shake());
    const tls::Facts facts = pair.server->facts();
    CHECK(facts.version == "TLSv1.3");
    CHECK(facts.server_name == "a.test");
    CHECK(facts.protocol == "http/1.1");
    CHECK_FALSE(facts.is_resumed);
    CHECK(pair.client->write("ping").bytes == 4);
    Status end{};
    CHECK(MemoryPair::read_all(*pair.server, end) == "ping");
    CHECK(end == Status::WantsInput);
    const std::string large(300000, 'x');
    std::size_t sent = 0;
    while (sent < large.size()) sent += pair.server->write(std::string_view(large).substr(sent)).bytes;
    CHECK(MemoryPair::read_all(*pair.client, end) == large);
}

TEST_CASE("the certificate is chosen by exact name, then wildcard of one level, then the first") {
    const auto server = server_of(serving({make_certificate(authority(), {"first.test"}), make_certificate(authority(), {"a.w.test"}),
                                           make_certificate(authority(), {"*.w.test"})}));
    const auto client = client_of(trusting());
    for (const auto& [name, good] : std::vector<std::pair<std::string, bool>>{
             {"first.test", true}, {"a.w.test", true}, {"b.w.test", true}, {"B.W.Test", true}, {"x.b.w.test", false}, {"other.test", false}}) {
        MemoryPair pair(*client, *server, name);
        CAPTURE(name);
        CHECK(pair.shake() == good);
    }
    MemoryPair lost(*client, *server, "other.test");
    CHECK_FALSE(lost.shake());
    CHECK(lost.client->reason() == "the certificate of 10.0.0.5:443 is for first.test, not other.test");
}

TEST_CASE("RSA and ECDSA stand side by side for one name") {
    const auto server = server_of(serving({make_certificate(authority(), {"a.test"}, KeyKind::Rsa),
                                           make_certificate(authority(), {"a.test"}, KeyKind::Ec)}));
    const auto client = client_of(trusting());
    MemoryPair pair(*client, *server, "a.test");
    CHECK(pair.shake());
}

TEST_CASE("a ticket of one context is good for another with the same keys, and for as long as these are kept") {
    TimePoint now{std::chrono::hours{100}};
    const auto keys = std::make_shared<tls::TicketKeys>(std::chrono::hours{1}, [&now] { return now; });
    const tls::ServerSettings settings = serving({make_certificate(authority(), {"a.test"})});
    const auto first = server_of(settings, keys);
    const auto second = server_of(settings, keys);
    const auto client = client_of(trusting());
    const auto connect = [&](const tls::ServerContext& server, std::shared_ptr<tls::SessionSlot> slot) {
        MemoryPair pair(*client, server, "a.test", std::move(slot));
        REQUIRE(pair.shake());
        std::ignore = pair.client->peek();
        return pair.server->facts().is_resumed;
    };
    const auto slot = std::make_shared<tls::SessionSlot>();
    CHECK_FALSE(connect(*first, slot));
    REQUIRE_FALSE(slot->empty());
    CHECK(connect(*second, slot));
    SECTION("the last two older keys still open tickets") {
        now += std::chrono::minutes{130};
        CHECK(connect(*second, slot));
    }
    SECTION("older ones do not") {
        now += std::chrono::hours{3};
        CHECK_FALSE(connect(*second, slot));
        CHECK(connect(*first, slot));
    }
    SECTION("other keys do not") { CHECK_FALSE(connect(*server_of(settings), slot)); }
    SECTION("a session begun under other rules of the client is not gone on with") {
        tls::ClientSettings strict = trusting();
        strict.server_name = "a.test";
        MemoryPair pair(*client_of(strict), *first, "a.test", slot);
        REQUIRE(pair.shake());
        CHECK_FALSE(pair.server->facts().is_resumed);
    }
}

TEST_CASE("keys change by time: the newest is new each hour, and three are kept") {
    TimePoint now{std::chrono::hours{100}};
    tls::TicketKeys keys(std::chrono::hours{1}, [&now] { return now; });
    std::vector<tls::TicketKeys::Key> seen;
    for (int i = 0; i < 5; ++i) {
        seen.push_back(*keys.newest());
        CHECK(keys.newest()->name == seen.back().name);
        now += std::chrono::hours{1};
    }
    now -= std::chrono::hours{1};
    CHECK_FALSE(keys.find(seen[1].name));
    REQUIRE(keys.find(seen[2].name));
    CHECK(keys.find(seen[2].name)->is_old);
    CHECK_FALSE(keys.find(seen[4].name)->is_old);
}

TEST_CASE("clients' certificates: none, optional, required") {
    using Ask = tls::ServerSettings::ClientCertificates;
    const MadeCertificate people = make_authority("People");
    const MadeCertificate alice = make_certificate(people, {"alice"});
    const MadeCertificate stranger = make_certificate(authority(), {"stranger"});
    const auto outcome = [&](Ask ask, const MadeCertificate* own) {
        tls::ServerSettings settings = serving({make_certificate(authority(), {"a.test"})});
        settings.client_certificates = ask;
        settings.authorities_pem = people.certificate;
        tls::ClientSettings client = trusting();
        if (own != nullptr) {
            client.chain_pem = own->certificate;
            client.key_pem = own->key;
        }
        MemoryPair pair(*client_of(client), *server_of(settings), "a.test");
        if (!pair.shake()) return "refused: " + pair.server->reason();
        const tls::Facts facts = pair.server->facts();
        CHECK(facts.client_fingerprint.size() == (facts.client_subject.empty() ? 0 : 64));
        return "agreed " + facts.client_subject;
    };
    CHECK(outcome(Ask::None, &alice) == "agreed ");
    CHECK(outcome(Ask::Optional, nullptr) == "agreed ");
    CHECK(outcome(Ask::Optional, &alice) == "agreed CN=alice");
    CHECK(outcome(Ask::Required, &alice) == "agreed CN=alice");
    CHECK(outcome(Ask::Required, nullptr) == "refused: peer did not return a certificate");
    CHECK(outcome(Ask::Required, &stranger) == "refused: certificate verify failed");
}

TEST_CASE("a client says in words why it does not trust a server") {
    const auto reason = [](const MadeCertificate& made, const tls::ClientSettings& settings) {
        MemoryPair pair(*client_of(settings), *server_of(serving({made})), "a.test");
        CHECK_FALSE(pair.shake());
        return pair.client->reason();
    };
    CHECK(reason(make_certificate(authority(), {"a.test"}, KeyKind::Ec, -1), trusting()).starts_with("the certificate of 10.0.0.5:443 has expired on "));
    CHECK(reason(make_certificate(make_authority("Other"), {"a.test"}), trusting())
              .starts_with("the certificate of 10.0.0.5:443 is signed by nobody whom the gateway trusts"));
    tls::ClientSettings lax = trusting();
    lax.verify = false;
    MemoryPair pair(*client_of(lax), *server_of(serving({make_certificate(make_authority("Other"), {"b.test"})})), "a.test");
    CHECK(pair.shake());
}

TEST_CASE("an end without close_notify is no end of input") {
    const auto server = server_of(serving({make_certificate(authority(), {"a.test"})}));
    const auto client = client_of(trusting());
    MemoryPair pair(*client, *server, "a.test");
    REQUIRE(pair.shake());
    std::ignore = pair.server->write("half");
    Status end{};
    SECTION("cut") {
        pair.client_wire.has_ended = true;
        CHECK(MemoryPair::read_all(*pair.client, end) == "half");
        CHECK(end == Status::Truncated);
    }
    SECTION("said") {
        pair.server->shutdown();
        pair.client_wire.has_ended = true;
        CHECK(MemoryPair::read_all(*pair.client, end) == "half");
        CHECK(end == Status::Closed);
        CHECK(pair.client->peek().status == Status::Closed);
    }
}

TEST_CASE("a peek takes in tickets and leaves data") {
    const auto server = server_of(serving({make_certificate(authority(), {"a.test"})}));
    const auto client = client_of(trusting());
    MemoryPair pair(*client, *server, "a.test");
    REQUIRE(pair.shake());
    // The server's tickets are on their way.
    CHECK_FALSE(pair.client_wire.input.empty());
    CHECK(pair.client->peek().status == Status::WantsInput);
    std::ignore = pair.server->write("x");
    CHECK(pair.client->peek().status == Status::Done);
    CHECK(pair.client->peek().status == Status::Done);
    Status end{};
    CHECK(MemoryPair::read_all(*pair.client, end) == "x");
}

TEST_CASE("what is no ClientHello is refused, and HTTP is known") {
    const auto server = server_of(serving({make_certificate(authority(), {"a.test"})}));
    std::mt19937 random(7);
    for (int i = 0; i < 300; ++i) {
        MemoryWire wire;
        MemoryWire nowhere;
        wire.peer = &nowhere;
        const auto connection = server->open(wire);
        const bool is_http = i % 3 == 0;
        wire.input = is_http ? "DELETE /x HTTP/1.1\r\n\r\n" : std::string(1 + random() % 400, '\0');
        if (!is_http) {
            for (char& c : wire.input) c = static_cast<char>(random());
            if (i % 3 == 1) wire.input.replace(0, std::min<std::size_t>(wire.input.size(), 3), "\x16\x03\x01");
            else wire.input[0] = static_cast<char>(0x80 | wire.input[0]);
        }
        wire.has_ended = true;
        CHECK(connection->handshake().status != Status::Done);
        CHECK(connection->is_plain_http() == is_http);
        CHECK_FALSE(connection->reason().empty());
        CHECK(connection->handshake().status == Status::Failed);
    }
}

TEST_CASE("it does not matter where the stream of bytes is cut") {
    const auto server = server_of(serving({make_certificate(authority(), {"a.test"})}));
    const auto client = client_of(trusting());
    std::mt19937 random(11);
    for (int i = 0; i < 60; ++i) {
        MemoryPair pair(*client, *server, "a.test");
        const auto cut = [&random](std::size_t waiting) { return random() % 4 == 0 ? waiting : 1 + random() % 9; };
        pair.client_wire.cut = cut;
        pair.server_wire.cut = cut;
        REQUIRE(pair.shake());
        std::string said;
        Status end{};
        std::string heard;
        for (int piece = 0; piece < 5; ++piece) {
            const std::string text(1 + random() % 40000, static_cast<char>('a' + piece));
            for (std::size_t sent = 0; sent < text.size();) sent += pair.client->write(std::string_view(text).substr(sent)).bytes;
            said += text;
            heard += MemoryPair::read_all(*pair.server, end);
        }
        pair.client->shutdown();
        heard += MemoryPair::read_all(*pair.server, end);
        CHECK(end == Status::Closed);
        CHECK(heard == said);
    }
}

TEST_CASE("faults of files are found before a handshake meets them") {
    const MadeCertificate good = make_certificate(authority(), {"a.test", "*.b.test"});
    const MadeCertificate other = make_certificate(authority(), {"c.test"});
    const auto facts = tls::inspect_certificate(good.certificate, good.key);
    REQUIRE(facts);
    CHECK(facts->names == std::vector<std::string>{"a.test", "*.b.test"});
    CHECK(facts->key_kind == "EC");
    CHECK(facts->not_after - facts->not_before == 86400 * 61);
    using Part = tls::CertificateFault::Part;
    CHECK(tls::inspect_certificate(good.certificate, other.key).error().part == Part::Key);
    CHECK(tls::inspect_certificate("nothing", good.key).error().part == Part::Certificate);
    CHECK(tls::inspect_certificate(good.certificate, "nothing").error().part == Part::Key);
    CHECK(tls::inspect_certificate(good.certificate, good.key, "nothing").error().part == Part::Staple);
    CHECK(tls::inspect_certificate(good.certificate + good.certificate.substr(0, 200), good.key).error().part == Part::Certificate);
    CHECK(tls::count_authorities(authority().certificate) == 1);
    CHECK(tls::count_authorities("nothing") == 0);
}
