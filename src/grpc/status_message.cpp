#include "grpc/status_message.hpp"

#include <cstddef>

#include "base/text.hpp"
#include "http/characters.hpp"

namespace sluice::grpc {

void append_status_message(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        const auto byte = static_cast<unsigned char>(c);
        const bool is_at_end = at == 0 || at + 1 == text.size();
        if (byte >= 0x20 && byte <= 0x7E && c != '%' && !(c == ' ' && is_at_end)) {
            out.push_back(c);
        } else {
            out.push_back('%');
            out.push_back(digits[byte >> 4]);
            out.push_back(digits[byte & 0xF]);
        }
    }
}

void append_decoded_status_message(std::string& out, std::string_view value) {
    for (std::size_t at = 0; at < value.size(); ++at) {
        const int high = value[at] == '%' && value.size() - at > 2 ? hex_value(value[at + 1]) : -1;
        const int low = high >= 0 ? hex_value(value[at + 2]) : -1;
        if (low < 0) {
            out.push_back(value[at]);
            continue;
        }
        out.push_back(static_cast<char>(high * 16 + low));
        at += 2;
    }
}

void append_status_lines(std::string& out, Status status, std::string_view text) {
    out.append(status_field).append(": ").append(number_of(status)).append("\r\n");
    if (text.empty()) return;
    out.append(message_field).append(": ");
    append_status_message(out, text);
    out.append("\r\n");
}

}  // namespace sluice::grpc
