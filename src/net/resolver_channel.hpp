#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "net/resolution.hpp"
#include "net/srv_reply.hpp"
#include "platform/poll_sockets.hpp"

struct ares_channeldata;
struct ares_addrinfo;

namespace sluice::net {

enum class AnswerKind : std::uint8_t {
    Found,
    /// A name server has said that there is no such name, or no such record.
    Nothing,
    /// Nobody knows: no answer, or none of use.
    Failed,
};

struct HostAnswer {
    AnswerKind kind = AnswerKind::Failed;
    /// In words, when nothing was found.
    std::string error;
    std::vector<std::string> literals;
    std::chrono::seconds ttl{0};
};

struct SrvAnswer {
    AnswerKind kind = AnswerKind::Failed;
    std::string error;
    SrvReply reply;
};

/// Questions to name servers under way, by c-ares. With resolver_channel.cpp the only place that knows c-ares.
///
/// Threading: one thread; handlers are called on it, within `look_up_...` or `process`, and may ask further questions.
/// Lifetime:  of one round of questions: what the system says about name servers is read when it is made, and its
///            sockets have ports of their own. Questions still open when it is destroyed are never answered.
/// Failure:   a channel that could not be opened answers every question with the reason.
class ResolverChannel {
public:
    explicit ResolverChannel(const ResolverSettings& settings);
    ResolverChannel(const ResolverChannel&) = delete;
    ResolverChannel& operator=(const ResolverChannel&) = delete;
    ~ResolverChannel();

    /// A and AAAA records, the hosts file, or the literal that the name is.
    void look_up_host(const std::string& name, std::function<void(HostAnswer)> on_answer);
    /// The name as it is, without the system's search domains.
    void look_up_srv(const std::string& name, std::function<void(SrvAnswer)> on_answer);

    /// Waits at most so long for something to come, and does what has to be done about it.
    void process(std::chrono::milliseconds most);

    /// Whether every question is answered.
    [[nodiscard]] bool is_idle() const { return open_questions_ == 0; }

private:
    template <typename Answer>
    struct Question;

    static void on_host(void* question, int status, int timeouts, ares_addrinfo* found);
    static void on_srv(void* question, int status, int timeouts, unsigned char* reply, int size);
    static void on_socket(void* channel, platform::NativeSocket socket, int wants_read, int wants_write);

    void open(const ResolverSettings& settings);
    [[nodiscard]] std::string reason(int status, const char* records) const;

    ares_channeldata* channel_ = nullptr;
    std::string open_error_;
    /// The servers in words, for reasons.
    std::string servers_;
    std::vector<platform::PolledSocket> sockets_;
    std::size_t open_questions_ = 0;
    bool is_closing_ = false;
};

}  // namespace sluice::net
