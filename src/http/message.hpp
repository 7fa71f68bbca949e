#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

/// Heads of HTTP/1.1 messages as views into the buffer that they were read into.
namespace sluice::http {

/// Field names that the gateway acts on, so that the hot path compares a byte and not a name.
enum class FieldId : std::uint8_t {
    Other,
    Connection,
    ContentLength,
    Date,
    Expect,
    Forwarded,
    Host,
    KeepAlive,
    ProxyAuthenticate,
    ProxyAuthorization,
    ProxyConnection,
    Server,
    Te,
    Trailer,
    TransferEncoding,
    Upgrade,
    Via,
    XForwardedFor,
    XForwardedHost,
    XForwardedProto,
};

/// The id of a field name in any case; Other when the gateway does not act on it.
[[nodiscard]] FieldId field_id(std::string_view name);
/// Whether a field's name, which holds no control byte, is the known one: in lower case, of letters and '-', and of the same length.
[[nodiscard]] bool is_name(std::string_view name, std::string_view known);

/// One header field. The value has no white space at its ends.
struct Field {
    std::string_view name;
    std::string_view value;
    FieldId id = FieldId::Other;
    /// It was parsed, and its line was "name: value" and CRLF, with nothing between that a writer would leave out.
    bool is_plain_line = false;
};

using Fields = std::vector<Field>;

/// The first field of that id, or nullptr.
[[nodiscard]] const Field* find_field(const Fields& fields, FieldId id);
[[nodiscard]] const Field* find_field(const Fields& fields, std::string_view name);

enum class Method : std::uint8_t {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Connect,
    Options,
    Trace,
    Patch,
    Other
};

[[nodiscard]] Method method_of(std::string_view name);

/// May be sent twice without harm (RFC 9110, 9.2.2).
[[nodiscard]] bool is_idempotent(Method method);

/// 2xx (RFC 9110, 15.3).
[[nodiscard]] constexpr bool is_success(std::uint16_t status) { return status / 100U == 2; }

enum class BodyKind : std::uint8_t { None, Length, Chunked, UntilClose };

/// How the body of a message is delimited (RFC 9112, 6).
struct Framing {
    BodyKind kind = BodyKind::None;
    /// For Length only.
    std::uint64_t length = 0;
};

/// Form of a request target (RFC 9112, 3.2). OPTIONS with an absolute target that has no path is
/// Asterisk (3.2.4).
enum class TargetForm : std::uint8_t { Origin, Absolute, Authority, Asterisk };

/// A request's head, checked: framing is unambiguous and there is exactly one authority.
///
/// Lifetime: every view points into the buffer that was parsed.
struct RequestHead {
    std::string_view method_name;
    Method method = Method::Other;
    TargetForm target_form = TargetForm::Origin;
    std::string_view target;
    /// Path and query of the target as they were sent, undecoded; the query without its '?'. The
    /// path is "/" when an absolute target has none, "*" in asterisk form, "" in authority form.
    std::string_view path;
    std::string_view query;
    bool has_query = false;
    /// Whom the request is for: the target's authority in absolute form (RFC 9112, 3.2.2: Host is
    /// then ignored and must be replaced), else Host. Well formed (http/authority.hpp splits it).
    /// "" in HTTP/1.0 without Host.
    std::string_view authority;
    /// "http" or "https" as an absolute target said; "" otherwise.
    std::string_view scheme;
    /// 2 when HTTP/2 carried it; the rest is as it would be with HTTP/1.1.
    std::uint8_t major_version = 1;
    /// 0 or 1 of HTTP/1.x.
    std::uint8_t minor_version = 1;
    Fields fields;
    Framing framing;
    /// The client wants the connection kept (RFC 9112, 9.3).
    bool keep_alive = true;
    /// The client waits for 100 before it sends the body; never in HTTP/1.0 or without a body.
    bool expects_continue = false;
    /// Upgrade is there and named by Connection; never in HTTP/1.0 (RFC 9110, 7.8).
    bool wants_upgrade = false;

    /// Ready for the next head, keeping the memory of the field list.
    void clear();
};

/// A response's head, checked the same way.
struct ResponseHead {
    std::uint16_t status = 0;
    std::string_view reason;
    std::uint8_t minor_version = 1;
    Fields fields;
    Framing framing;
    /// The upstream keeps the connection (RFC 9112, 9.3); never with a body that ends by closing
    /// it.
    bool keep_alive = true;

    void clear();
};

/// What a head may measure (design defaults; configurable).
struct HeadLimits {
    std::uint32_t fields = 100;
    /// All field lines together, line ends included.
    std::uint32_t field_bytes = 32 * 1024;
    /// The request line or status line without its line end.
    std::uint32_t start_line_bytes = 16 * 1024;
};

}  // namespace sluice::http
