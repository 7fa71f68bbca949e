#include "net/resolver_channel.hpp"

#include <ares.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

namespace sluice::net {
namespace {


/// Once for the process, never undone; on Windows it loads what c-ares needs of the system. Asio has started Winsock.
int start_library() {
    static const int status = ares_library_init(ARES_LIB_INIT_ALL);
    return status;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) {
        if (!text.empty()) text += ',';
        text += part;
    }
    return text;
}

int as_milliseconds(Duration duration) {
    const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    return static_cast<int>(std::clamp<decltype(count)>(count, 1, std::numeric_limits<int>::max() / 1024));
}

AnswerKind kind_of(int status) {
    if (status == ARES_SUCCESS) return AnswerKind::Found;
    return status == ARES_ENOTFOUND || status == ARES_ENODATA ? AnswerKind::Nothing : AnswerKind::Failed;
}

/// The address without its port; empty when it is of another family.
std::string literal_of(const sockaddr& address) {
    std::array<char, 64> text{};
    const char* written = nullptr;
    if (address.sa_family == AF_INET) {
        sockaddr_in ipv4{};
        std::memcpy(&ipv4, &address, sizeof ipv4);
        written = ares_inet_ntop(AF_INET, &ipv4.sin_addr, text.data(), text.size());
    } else if (address.sa_family == AF_INET6) {
        sockaddr_in6 ipv6{};
        std::memcpy(&ipv6, &address, sizeof ipv6);
        written = ares_inet_ntop(AF_INET6, &ipv6.sin6_addr, text.data(), text.size());
    }
    return written == nullptr ? std::string() : std::string(written);
}

void take_found(const ares_addrinfo& found, HostAnswer& answer) {
    int ttl = std::numeric_limits<int>::max();
    for (const ares_addrinfo_node* node = found.nodes; node != nullptr; node = node->ai_next) {
        ttl = std::min(ttl, node->ai_ttl);
        std::string literal = literal_of(*node->ai_addr);
        if (!literal.empty()) answer.literals.push_back(std::move(literal));
    }
    for (const ares_addrinfo_cname* name = found.cnames; name != nullptr; name = name->next) ttl = std::min(ttl, name->ttl);
    answer.ttl = std::chrono::seconds(std::max(ttl, 0));
}

}  // namespace

/// What c-ares carries along for us until it has the answer.
template <typename Answer>
struct ResolverChannel::Question {
    ResolverChannel& channel;
    std::function<void(Answer)> on_answer;
};

ResolverChannel::ResolverChannel(const ResolverSettings& settings)
    : servers_(settings.servers.empty() ? "the system's name servers" : joined(settings.servers)) {
    open(settings);
}

ResolverChannel::~ResolverChannel() {
    is_closing_ = true;
    // Calls the handler of each open question.
    if (channel_ != nullptr) ares_destroy(channel_);
}

void ResolverChannel::open(const ResolverSettings& settings) {
    ares_options options{};
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    options.timeout = as_milliseconds(settings.timeout);
    options.tries = static_cast<int>(std::clamp<std::uint32_t>(settings.tries, 1, 100));
    options.sock_state_cb = on_socket;
    options.sock_state_cb_data = this;
    if (settings.servers.size() == 1) {
        // A refusal goes to the next server; where there is none, it is the answer.
        mask |= ARES_OPT_FLAGS;
        options.flags = ARES_FLAG_NOCHECKRESP;
    }
#ifdef ARES_OPT_QUERY_CACHE
    // Newer releases remember answers, and would answer before the interval is over.
    mask |= ARES_OPT_QUERY_CACHE;
    options.qcache_max_ttl = 0;
#endif
    int status = start_library();
    if (status == ARES_SUCCESS) status = ares_init_options(&channel_, &options, mask);
    if (status == ARES_SUCCESS && !settings.servers.empty()) {
        status = ares_set_servers_ports_csv(channel_, joined(settings.servers).c_str());
    }
    if (status == ARES_SUCCESS) return;
    open_error_ = "cannot ask " + servers_ + ": " + ares_strerror(status);
    if (channel_ != nullptr) ares_destroy(std::exchange(channel_, nullptr));
}

void ResolverChannel::look_up_host(const std::string& name, std::function<void(HostAnswer)> on_answer) {
    if (channel_ == nullptr) return on_answer({.error = open_error_});
    ares_addrinfo_hints hints{};
    // The order is ours, and no socket is opened to find a better one.
    hints.ai_flags = ARES_AI_NOSORT;
    hints.ai_family = AF_UNSPEC;
    ++open_questions_;
    auto question = std::make_unique<Question<HostAnswer>>(*this, std::move(on_answer));
    ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, on_host, question.release());
}

void ResolverChannel::look_up_srv(const std::string& name, std::function<void(SrvAnswer)> on_answer) {
    if (channel_ == nullptr) return on_answer({.error = open_error_});
    ++open_questions_;
    auto question = std::make_unique<Question<SrvAnswer>>(*this, std::move(on_answer));
    ares_query(channel_, name.c_str(), class_internet, type_srv, on_srv, question.release());
}

void ResolverChannel::on_host(void* question, int status, int /*timeouts*/, ares_addrinfo* found) {
    const std::unique_ptr<Question<HostAnswer>> asked(static_cast<Question<HostAnswer>*>(question));
    const std::unique_ptr<ares_addrinfo, void (*)(ares_addrinfo*)> owned(found, ares_freeaddrinfo);
    ResolverChannel& channel = asked->channel;
    if (channel.is_closing_) return;
    --channel.open_questions_;
    HostAnswer answer{.kind = kind_of(status)};
    if (answer.kind == AnswerKind::Found && found != nullptr) take_found(*found, answer);
    if (answer.literals.empty()) answer.error = channel.reason(status == ARES_SUCCESS ? ARES_ENODATA : status, "addresses");
    if (answer.kind == AnswerKind::Found && answer.literals.empty()) answer.kind = AnswerKind::Nothing;
    asked->on_answer(std::move(answer));
}

void ResolverChannel::on_srv(void* question, int status, int /*timeouts*/, unsigned char* reply, int size) {
    const std::unique_ptr<Question<SrvAnswer>> asked(static_cast<Question<SrvAnswer>*>(question));
    ResolverChannel& channel = asked->channel;
    if (channel.is_closing_) return;
    --channel.open_questions_;
    SrvAnswer answer{.kind = kind_of(status)};
    if (answer.kind == AnswerKind::Found) {
        std::optional<SrvReply> parsed = parse_srv_reply({reply, static_cast<std::size_t>(size)});
        if (!parsed) status = ARES_EBADRESP;
        if (parsed && parsed->records.empty()) status = ARES_ENODATA;
        answer.kind = kind_of(status);
        if (answer.kind == AnswerKind::Found) answer.reply = std::move(*parsed);
    }
    if (answer.kind != AnswerKind::Found) answer.error = channel.reason(status, "SRV records");
    asked->on_answer(std::move(answer));
}

void ResolverChannel::on_socket(void* channel, platform::NativeSocket socket, int wants_read, int wants_write) {
    std::vector<platform::PolledSocket>& sockets = static_cast<ResolverChannel*>(channel)->sockets_;
    std::erase_if(sockets, [socket](const platform::PolledSocket& other) { return other.socket == socket; });
    if (wants_read == 0 && wants_write == 0) return;
    sockets.push_back({.socket = socket, .wants_read = wants_read != 0, .wants_write = wants_write != 0});
}

void ResolverChannel::process(std::chrono::milliseconds most) {
    if (channel_ == nullptr) return;
    timeval longest{};
    longest.tv_sec = static_cast<decltype(longest.tv_sec)>(most.count() / 1000);
    longest.tv_usec = static_cast<decltype(longest.tv_usec)>(most.count() % 1000 * 1000);
    timeval left{};
    const timeval* const wait = ares_timeout(channel_, &longest, &left);
    // Rounded up, so that a deadline has passed when the wait is over.
    const std::chrono::milliseconds time(static_cast<std::int64_t>(wait->tv_sec) * 1000 + (wait->tv_usec + 999) / 1000);
    std::vector<platform::PolledSocket> polled = sockets_;
    platform::poll_sockets(polled, time);
    for (const platform::PolledSocket& socket : polled) {
        if (!socket.can_read && !socket.can_write) continue;
        ares_process_fd(channel_, socket.can_read ? socket.socket : ARES_SOCKET_BAD,
                        socket.can_write ? socket.socket : ARES_SOCKET_BAD);
    }
    // Without a socket it looks at its deadlines alone.
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

std::string ResolverChannel::reason(int status, const char* records) const {
    switch (status) {
        case ARES_ENOTFOUND: return "no such name (NXDOMAIN)";
        case ARES_ENODATA: return std::string("the name has no ") + records;
        case ARES_EBADNAME: return "this is no name that can be looked up";
        case ARES_ETIMEOUT: return "no answer from " + servers_ + " in time";
        case ARES_ECONNREFUSED: return "no usable answer from " + servers_;
        case ARES_ESERVFAIL: return "an error of " + servers_ + " (SERVFAIL)";
        case ARES_EREFUSED: return "a refusal by " + servers_ + " (REFUSED)";
        case ARES_EBADRESP: return "a malformed answer from " + servers_;
        default: return "asking " + servers_ + ": " + ares_strerror(status);
    }
}

}  // namespace sluice::net
