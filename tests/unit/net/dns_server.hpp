#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::net {

using DnsBytes = std::vector<std::uint8_t>;

namespace dns_type {
constexpr std::uint16_t a = 1;
constexpr std::uint16_t aaaa = 28;
constexpr std::uint16_t srv = 33;
}  // namespace dns_type

struct DnsRecord {
    std::uint16_t type = dns_type::a;
    std::uint32_t ttl = 0;
    DnsBytes data;
};

/// `address` as an A or AAAA record.
[[nodiscard]] DnsRecord address_record(const std::string& address, std::uint32_t ttl = 3600);
[[nodiscard]] DnsRecord srv_record(std::uint16_t priority, std::uint16_t weight, std::uint16_t port, const std::string& target,
                                   std::uint32_t ttl = 3600);

/// The labels of a name, without compression.
[[nodiscard]] DnsBytes encoded_name(const std::string& name);

/// A name server on loopback, by UDP and TCP, on a port that the system chooses.
///
/// Threading: any thread may say how names are answered.
class DnsServer {
public:
    enum class Manner : std::uint8_t {
        /// With the records of the asked type.
        Answer,
        Silence,
        /// The question, followed by bytes that are no record.
        Garbage,
        /// By UDP that the answer is too long; by TCP the answer.
        Truncate,
        ServerFailure,
    };

    DnsServer();
    DnsServer(const DnsServer&) = delete;
    DnsServer& operator=(const DnsServer&) = delete;
    ~DnsServer();

    /// "127.0.0.1:5353".
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

    /// How a name is answered from now on. Names that are not known do not exist.
    void set(const std::string& name, std::vector<DnsRecord> records, Manner manner = Manner::Answer);
    void remove(const std::string& name);

    /// Waits until `count` questions for the name have come, whatever their type; false after ten seconds.
    [[nodiscard]] bool wait_for_questions(const std::string& name, std::size_t count);

private:
    struct Entry {
        std::vector<DnsRecord> records;
        Manner manner = Manner::Answer;
    };

    void serve_udp();
    void serve_tcp();
    /// Empty for no reply.
    [[nodiscard]] DnsBytes reply_to(std::span<const std::uint8_t> question, bool is_tcp);

    asio::io_context context_;
    asio::ip::udp::socket udp_{context_};
    asio::ip::tcp::acceptor tcp_{context_};
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    std::condition_variable asked_;
    std::map<std::string, Entry> names_;
    std::map<std::string, std::size_t> questions_;
    bool is_stopping_ = false;
    std::thread udp_thread_;
    std::thread tcp_thread_;
};

}  // namespace sluice::net
