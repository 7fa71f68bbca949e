#include "proxy/websocket_key.hpp"

#include <cstdint>
#include <cstddef>

#include "base/text.hpp"
#include "tls/digest.hpp"

namespace sluice::proxy {

std::string new_websocket_key(Random& random) {
    const std::uint64_t nonce[] = {random.next(), random.next()};
    return tls::base64({reinterpret_cast<const char*>(nonce), sizeof nonce});
}

std::string websocket_accept(std::string_view key) {
    return tls::base64(tls::sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

std::string_view only_value(const http::Fields& fields, std::string_view name) {
    std::string_view value;
    std::size_t count = 0;
    for (const http::Field& field : fields) {
        if (!equal_ignoring_case(field.name, name)) continue;
        value = field.value;
        ++count;
    }
    return count == 1 ? value : std::string_view();
}

}  // namespace sluice::proxy
