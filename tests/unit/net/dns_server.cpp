#include "unit/net/dns_server.hpp"

#include <algorithm>
#include <array>
#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/ip/address.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

namespace sluice::net {
namespace {

constexpr std::size_t header_bytes = 12;
constexpr std::uint8_t no_such_name = 3;
constexpr std::uint8_t server_failure = 2;

void add_u16(DnsBytes& out, std::uint32_t value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}

void add_record(DnsBytes& out, const DnsRecord& record) {
    // The name as a pointer to the question's.
    add_u16(out, 0xC000 | header_bytes);
    add_u16(out, record.type);
    add_u16(out, 1);
    add_u16(out, record.ttl >> 16);
    add_u16(out, record.ttl & 0xFFFF);
    add_u16(out, static_cast<std::uint32_t>(record.data.size()));
    out.insert(out.end(), record.data.begin(), record.data.end());
}

struct Question {
    std::string name;
    std::uint16_t type = 0;
    /// Where the question ends in the message.
    std::size_t end = header_bytes;
};

Question question_in(std::span<const std::uint8_t> message) {
    Question question;
    std::size_t at = header_bytes;
    while (at < message.size() && message[at] != 0) {
        if (!question.name.empty()) question.name += '.';
        for (std::size_t i = 1; i <= message[at]; ++i) {
            const char c = static_cast<char>(message[at + i]);
            question.name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
        }
        at += message[at] + std::size_t{1};
    }
    question.type = static_cast<std::uint16_t>(message[at + 1] << 8 | message[at + 2]);
    question.end = at + 5;
    return question;
}

}  // namespace

DnsBytes encoded_name(const std::string& name) {
    DnsBytes out;
    for (std::size_t begin = 0; begin < name.size();) {
        const std::size_t end = std::min(name.find('.', begin), name.size());
        out.push_back(static_cast<std::uint8_t>(end - begin));
        for (std::size_t i = begin; i < end; ++i) out.push_back(static_cast<std::uint8_t>(name[i]));
        begin = end + 1;
    }
    out.push_back(0);
    return out;
}

DnsRecord address_record(const std::string& address, std::uint32_t ttl) {
    const asio::ip::address parsed = asio::ip::make_address(address);
    DnsRecord record{.type = parsed.is_v4() ? dns_type::a : dns_type::aaaa, .ttl = ttl, .data = {}};
    if (parsed.is_v4()) {
        const auto bytes = parsed.to_v4().to_bytes();
        record.data.assign(bytes.begin(), bytes.end());
    } else {
        const auto bytes = parsed.to_v6().to_bytes();
        record.data.assign(bytes.begin(), bytes.end());
    }
    return record;
}

DnsRecord srv_record(std::uint16_t priority, std::uint16_t weight, std::uint16_t port, const std::string& target,
                     std::uint32_t ttl) {
    DnsRecord record{.type = dns_type::srv, .ttl = ttl, .data = {}};
    for (const std::uint16_t value : {priority, weight, port}) add_u16(record.data, value);
    const DnsBytes name = encoded_name(target);
    record.data.insert(record.data.end(), name.begin(), name.end());
    return record;
}

DnsServer::DnsServer() {
    const asio::ip::address loopback = asio::ip::address_v4::loopback();
    // The port must be free for TCP as well.
    std::error_code error = asio::error::address_in_use;
    while (error) {
        udp_ = asio::ip::udp::socket(context_, asio::ip::udp::endpoint(loopback, 0));
        port_ = udp_.local_endpoint().port();
        tcp_ = asio::ip::tcp::acceptor(context_, asio::ip::tcp::v4());
        tcp_.bind({loopback, port_}, error);
    }
    tcp_.listen();
    udp_thread_ = std::thread([this] { serve_udp(); });
    tcp_thread_ = std::thread([this] { serve_tcp(); });
}

DnsServer::~DnsServer() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    // Each thread sees it when something comes.
    asio::ip::udp::socket last_question(context_, asio::ip::udp::v4());
    last_question.send_to(asio::buffer("", 1), udp_.local_endpoint());
    asio::ip::tcp::socket last_connection(context_);
    std::error_code ignored;
    last_connection.connect(tcp_.local_endpoint(), ignored);
    last_connection.close(ignored);
    udp_thread_.join();
    tcp_thread_.join();
}

void DnsServer::set(const std::string& name, std::vector<DnsRecord> records, Manner manner) {
    const std::lock_guard lock(mutex_);
    names_[name] = {std::move(records), manner};
}

void DnsServer::remove(const std::string& name) {
    const std::lock_guard lock(mutex_);
    names_.erase(name);
}

bool DnsServer::wait_for_questions(const std::string& name, std::size_t count) {
    std::unique_lock lock(mutex_);
    return asked_.wait_for(lock, std::chrono::seconds{10}, [&] { return questions_[name] >= count; });
}

void DnsServer::serve_udp() {
    std::array<std::uint8_t, 4096> space{};
    for (;;) {
        asio::ip::udp::endpoint sender;
        std::error_code error;
        const std::size_t size = udp_.receive_from(asio::buffer(space), sender, 0, error);
        {
            const std::lock_guard lock(mutex_);
            if (is_stopping_) return;
        }
        // Windows tells here that an earlier reply was not wanted.
        if (error || size <= header_bytes) continue;
        const DnsBytes reply = reply_to(std::span(space).first(size), false);
        if (!reply.empty()) udp_.send_to(asio::buffer(reply), sender, 0, error);
    }
}

void DnsServer::serve_tcp() {
    for (;;) {
        std::error_code error;
        asio::ip::tcp::socket socket(context_);
        tcp_.accept(socket, error);
        {
            const std::lock_guard lock(mutex_);
            if (is_stopping_) return;
        }
        std::array<std::uint8_t, 2> length{};
        asio::read(socket, asio::buffer(length), error);
        DnsBytes question(static_cast<std::size_t>(length[0] << 8 | length[1]));
        if (!error) asio::read(socket, asio::buffer(question), error);
        if (error || question.size() <= header_bytes) continue;
        const DnsBytes reply = reply_to(question, true);
        DnsBytes framed;
        add_u16(framed, static_cast<std::uint32_t>(reply.size()));
        framed.insert(framed.end(), reply.begin(), reply.end());
        asio::write(socket, asio::buffer(framed), error);
    }
}

DnsBytes DnsServer::reply_to(std::span<const std::uint8_t> message, bool is_tcp) {
    const Question question = question_in(message);
    const std::lock_guard lock(mutex_);
    ++questions_[question.name];
    asked_.notify_all();
    const auto known = names_.find(question.name);
    const Manner manner = known == names_.end() ? Manner::Answer : known->second.manner;
    if (manner == Manner::Silence) return {};

    DnsBytes reply(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(question.end));
    // An answer, recursion available, one question; no additional records.
    const bool is_cut_off = manner == Manner::Truncate && !is_tcp;
    reply[2] = is_cut_off ? 0x87 : 0x85;
    reply[3] = static_cast<std::uint8_t>(0x80 | (known == names_.end() ? no_such_name : 0));
    if (manner == Manner::ServerFailure) reply[3] = 0x80 | server_failure;
    std::fill(reply.begin() + 6, reply.begin() + header_bytes, std::uint8_t{0});
    if (manner == Manner::Garbage) {
        reply[7] = 1;
        reply.insert(reply.end(), 7, 0xFF);
    }
    if (known == names_.end() || is_cut_off || (manner != Manner::Answer && manner != Manner::Truncate)) return reply;
    for (const DnsRecord& record : known->second.records) {
        if (record.type != question.type) continue;
        add_record(reply, record);
        ++reply[7];
    }
    return reply;
}

}  // namespace sluice::net
