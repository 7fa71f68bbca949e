#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "app/rate_limit.hpp"
#include "base/clock.hpp"
#include "config/values.hpp"

namespace sluice::app {

/// What the rules of access look at in a request to the admin listener. Empty and absent headers are told apart.
struct AdminCall {
    /// The client's address, and for a Unix-domain socket its user.
    std::string_view address;
    bool is_unix = false;
    std::optional<std::uint32_t> user;
    /// Whom the request is for: Host.
    std::string_view authority;
    std::optional<std::string_view> origin;
    std::optional<std::string_view> fetch_site;
    std::optional<std::string_view> authorization;
    std::optional<std::string_view> content_type;
    bool has_body = false;
};

/// Why a request is not served, as the client is told.
struct Refusal {
    std::uint16_t status = 403;
    /// A word for programs: "token_missing".
    std::string_view code;
    std::string message;
    std::string help;
    /// Zero for no Retry-After.
    std::chrono::seconds retry_after{0};
};

/// Who may use the admin listener, and how often. Two dangers are kept off beside the plain one: a web page that the operator looks
/// at sends requests to loopback (Origin, Sec-Fetch-Site, Content-Type), or has its own name point there (Host).
///
/// Threading: any thread.
class AdminAccess {
public:
    struct Settings {
        /// Where it listens.
        config::Address address;
        std::vector<std::string> hosts;
        /// Empty: no change is possible but over a Unix-domain socket.
        std::string token;
        /// As whom the gateway runs, where users have numbers.
        std::optional<std::uint32_t> own_user;
    };

    explicit AdminAccess(Settings settings = {});

    void set(Settings settings);

    /// For every request, whether it may come from where it says it does.
    [[nodiscard]] std::optional<Refusal> check_source(const AdminCall& call) const;

    /// For one that changes something: whether the client may, and not too often.
    [[nodiscard]] std::optional<Refusal> check_change(const AdminCall& call, TimePoint now);

    static constexpr double changes_per_second = 10;
    static constexpr double change_burst = 20;
    /// Of each client.
    static constexpr double wrong_tokens_per_second = 0.5;
    static constexpr double wrong_token_burst = 5;

private:
    [[nodiscard]] bool is_trusted_user(const AdminCall& call) const;
    [[nodiscard]] std::optional<Refusal> check_token(const AdminCall& call, TimePoint now);
    [[nodiscard]] RateLimit& wrong_tokens_of(std::string_view address, TimePoint now);

    mutable std::mutex mutex_;
    Settings settings_;
    RateLimit changes_{changes_per_second, change_burst};
    std::unordered_map<std::string, RateLimit> wrong_tokens_;
};

/// Whether the name or literal in a Host, without port and brackets, is one of loopback: "localhost", "127.0.0.1", "::1".
[[nodiscard]] bool is_loopback_host(std::string_view host);

/// Whether both are the same, in a time that depends on the length of `given` alone.
[[nodiscard]] bool equal_in_constant_time(std::string_view given, std::string_view expected);

}  // namespace sluice::app
