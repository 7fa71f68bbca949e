#include "http2/message_fields.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "http/characters.hpp"
#include "http/message.hpp"

namespace sluice::http2 {
namespace {

constexpr std::string_view line_end = "\r\n";

/// Fields with another value in each message would push out of HPACK's table what comes again, and each search of it for one of them would
/// go by all of those before, so they are not put there (RFC 7541, 6.2.3). Their names do come again: now and then a message teaches them.
/// Odd, as messages of several kinds may take turns.
constexpr std::uint32_t messages_per_lesson = 63;

enum class Kind : std::uint8_t {
    Plain,
    /// Belongs to a connection.
    Connection,
    /// Has another value in each message.
    New,
    Host,
    Te,
    WebSocketKey,
};

struct KnownName {
    std::string_view name;
    Kind kind;
};

/// Names that are not plain, and the usual ones, which nghttp2 need not copy and put in lower case.
constexpr std::array known_names = std::to_array<KnownName>({
    {"te", Kind::Te},
    {"age", Kind::Plain},
    {"via", Kind::Plain},
    {"date", Kind::Plain},
    {"etag", Kind::Plain},
    {"host", Kind::Host},
    {"vary", Kind::Plain},
    {"accept", Kind::Plain},
    {"cookie", Kind::Plain},
    {"server", Kind::Plain},
    {"expires", Kind::Plain},
    {"referer", Kind::Plain},
    {"upgrade", Kind::Connection},
    {"location", Kind::Plain},
    {"forwarded", Kind::New},
    {"x-runtime", Kind::New},
    {"connection", Kind::Connection},
    {"keep-alive", Kind::Connection},
    {"set-cookie", Kind::Plain},
    {"tracestate", Kind::New},
    {"user-agent", Kind::Plain},
    {"x-trace-id", Kind::New},
    {"grpc-status", Kind::Plain},
    {"traceparent", Kind::New},
    {"content-type", Kind::Plain},
    {"grpc-message", Kind::Plain},
    {"x-request-id", Kind::New},
    {"accept-ranges", Kind::Plain},
    {"authorization", Kind::Plain},
    {"cache-control", Kind::Plain},
    {"last-modified", Kind::Plain},
    {"server-timing", Kind::New},
    {"accept-charset", Kind::Plain},
    {"content-length", Kind::Plain},
    {"accept-encoding", Kind::Plain},
    {"accept-language", Kind::Plain},
    {"x-amzn-trace-id", Kind::New},
    {"x-forwarded-for", Kind::New},
    {"content-encoding", Kind::Plain},
    {"proxy-connection", Kind::Connection},
    {"x-correlation-id", Kind::New},
    {"x-forwarded-host", Kind::Plain},
    {"sec-websocket-key", Kind::WebSocketKey},
    {"transfer-encoding", Kind::Connection},
    {"x-forwarded-proto", Kind::Plain},
});
static_assert(std::ranges::is_sorted(known_names, {}, [](const KnownName& one) { return one.name.size(); }));

constexpr std::size_t longest_known = known_names.back().name.size();
/// Where those of a length begin; behind the last, where all end.
constexpr auto first_of_length = [] {
    std::array<std::uint8_t, longest_known + 2> first{};
    for (std::size_t length = 0; length < first.size(); ++length) {
        first[length] = static_cast<std::uint8_t>(std::ranges::count_if(known_names, [length](const KnownName& one) { return one.name.size() < length; }));
    }
    return first;
}();

/// nullptr when there is none.
const KnownName* find_known(std::string_view name) {
    if (name.empty() || name.size() > longest_known) return nullptr;
    for (std::size_t i = first_of_length[name.size()]; i != first_of_length[name.size() + 1]; ++i) {
        if (known_names[i].name.back() == lower(name.back()) && http::is_name(name, known_names[i].name)) return &known_names[i];
    }
    return nullptr;
}

/// The digits of every status.
constexpr auto status_texts = [] {
    std::array<std::array<char, 3>, 1000> texts{};
    for (std::size_t status = 0; status < texts.size(); ++status) {
        texts[status] = {static_cast<char>('0' + status / 100), static_cast<char>('0' + status / 10 % 10), static_cast<char>('0' + status % 10)};
    }
    return texts;
}();

/// nghttp2's fields are not const, and it does not change them.
std::uint8_t* bytes_of(std::string_view text) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data())); }

/// What stands behind the first line.
std::string_view field_lines(std::string_view head) {
    const std::size_t first = head.find(line_end);
    return first == std::string_view::npos ? std::string_view() : head.substr(first + line_end.size());
}

}  // namespace

void MessageFields::clear() {
    fields_.clear();
    is_teaching_ = messages_++ % messages_per_lesson == 0;
    host_ = {};
    hosts_ = 0;
}

void MessageFields::set_response(std::uint16_t status, std::string_view head) {
    clear();
    const std::array<char, 3>& digits = status_texts[status % status_texts.size()];
    add_pseudo(":status", {digits.data(), digits.size()}, NGHTTP2_NV_FLAG_NO_COPY_VALUE);
    add_lines(field_lines(head), Message::Response);
}

bool MessageFields::set_request(std::string_view head, std::string_view scheme, std::string_view protocol) {
    clear();
    const std::string_view line = head.substr(0, head.find(line_end));
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (line.size() == head.size() || first == std::string_view::npos || first == 0 || last == first) return false;
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    if (method == "CONNECT" || (!target.starts_with('/') && target != "*")) return false;
    add_pseudo(":method", protocol.empty() ? method : "CONNECT");
    if (!protocol.empty()) add_pseudo(":protocol", protocol);
    add_pseudo(":scheme", scheme);
    add_pseudo(":path", target);
    // Its value is found among the fields, in front of which it has to stand.
    const std::size_t authority = fields_.size();
    add_pseudo(":authority", {});
    add_lines(field_lines(head), protocol.empty() ? Message::Request : Message::Connect);
    if (host_.empty()) {
        fields_.erase(fields_.begin() + static_cast<std::ptrdiff_t>(authority));
    } else {
        fields_[authority].value = bytes_of(host_);
        fields_[authority].valuelen = host_.size();
    }
    return hosts_ <= 1;
}

void MessageFields::set_trailers(std::string_view lines) {
    clear();
    add_lines(lines, Message::Response);
}

void MessageFields::add_lines(std::string_view lines, Message message) {
    const char* at = lines.data();
    const char* const end = at + lines.size();
    while (at != end) {
        const char* const name = at;
        at = http::skip_letters(at, end);
        while (at != end && *at != ':' && *at != '\r') ++at;
        const char* const colon = at;
        while (at != end && *at != '\r') at = http::find_control(at + 1, end);
        if (colon != at) add_line({name, colon}, trim({colon + 1, at}), message);
        at += std::min<std::ptrdiff_t>(end - at, line_end.size());
    }
}

void MessageFields::add_line(std::string_view name, std::string_view value, Message message) {
    const KnownName* const known = find_known(name);
    const Kind kind = known == nullptr ? Kind::Plain : known->kind;
    if (kind == Kind::Connection) return;
    if (message != Message::Response) {
        if (kind == Kind::Host) {
            host_ = value;
            ++hosts_;
            return;
        }
        if (kind == Kind::WebSocketKey && message == Message::Connect) return;
        if (kind == Kind::Te && !equal_ignoring_case(value, "trailers")) return;
    }
    const int indexing = kind == Kind::New && !is_teaching_ ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
    if (known == nullptr) {
        add(name, value, indexing);
    } else {
        add(known->name, value, indexing | NGHTTP2_NV_FLAG_NO_COPY_NAME);
    }
}

/// Its name is a literal.
void MessageFields::add_pseudo(std::string_view name, std::string_view value, int flags) { add(name, value, flags | NGHTTP2_NV_FLAG_NO_COPY_NAME); }

void MessageFields::add(std::string_view name, std::string_view value, int flags) {
    fields_.push_back({bytes_of(name), bytes_of(value), name.size(), value.size(), static_cast<std::uint8_t>(flags)});
}

}  // namespace sluice::http2
