#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace sluice {

/// What went wrong, in the words of the field. The table that turns a code into an HTTP status is
/// proxy/error_response.cpp.
enum class ErrorCode : std::uint8_t {
    // The client's message.
    BadRequest,
    BadFraming,
    BadPath,
    BadHost,
    TargetTooLong,
    HeadersTooLarge,
    BodyTooLarge,
    VersionNotSupported,
    NotImplemented,
    ExpectationFailed,
    MethodNotAllowed,
    NoRoute,
    HeadTimeout,
    BodyTimeout,
    ClientClosed,
    TooManyConnections,
    TooManyFrames,
    // The upstream's side.
    NoEndpoint,
    NoConnection,
    BreakerOpen,
    ConnectRefused,
    ConnectTimeout,
    TlsRefused,
    ResponseTimeout,
    BadResponse,
    UpstreamClosed,
    // Ours and the system's.
    ConfigInvalid,
    System,
    Closed,
    Cancelled,
    TimedOut,
    Draining,
    Internal,
};

/// Whose fault it was.
enum class Side : std::uint8_t { Client, Upstream, Internal };

/// Whether trying again may help.
enum class Retry : std::uint8_t { Never, Always, IfReused };

/// An expected failure. Travels in Result<T>; nothing of ours throws. It is small where nothing has failed: results are on the frames of all
/// coroutines.
class Error {
public:
    Error() = default;
    /// `context`: what, where and how to mend it, in one sentence for the log or the client. `cause`: what the system said, where it
    /// said something.
    Error(ErrorCode the_code, Side the_side, Retry the_retry, std::string context = {}, std::error_code cause = {});
    Error(const Error& other);
    Error(Error&&) noexcept = default;
    Error& operator=(const Error& other);
    Error& operator=(Error&&) noexcept = default;
    ~Error() = default;

    [[nodiscard]] const std::string& context() const;
    void set_context(std::string context);
    [[nodiscard]] std::error_code cause() const { return words_ ? words_->cause : std::error_code(); }

    ErrorCode code = ErrorCode::Internal;
    Side side = Side::Internal;
    Retry retry = Retry::Never;

private:
    struct Words {
        std::string context;
        std::error_code cause;
    };
    /// nullptr: there is neither.
    std::unique_ptr<Words> words_;
};

/// The code's name as it stands in logs and metrics, e.g. "connect_refused".
[[nodiscard]] std::string_view name_of(ErrorCode code);
[[nodiscard]] std::string_view name_of(Side side);

/// One line for a log: "upstream connect_refused: dialing 10.0.0.5:80 (Connection refused)".
[[nodiscard]] std::string describe(const Error& error);

[[nodiscard]] Error client_error(ErrorCode code, std::string context);
[[nodiscard]] Error upstream_error(ErrorCode code, std::string context, Retry retry = Retry::Never,
                                   std::error_code cause = {});
[[nodiscard]] Error system_error(std::string context, std::error_code cause);

}  // namespace sluice
