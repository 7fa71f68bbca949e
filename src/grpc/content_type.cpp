#include "grpc/content_type.hpp"

#include <array>
#include <optional>

#include "base/text.hpp"
#include "http/characters.hpp"

namespace sluice::grpc {
namespace {

struct Name {
    Kind kind;
    std::string_view text;
};

constexpr std::array<Name, 3> names = {{
    {Kind::Grpc, "application/grpc"},
    {Kind::Web, "application/grpc-web"},
    {Kind::WebText, "application/grpc-web-text"},
}};

}  // namespace

ContentType content_type_of(std::string_view value) {
    const std::string_view type = trim(value.substr(0, value.find(';')));
    const std::string_view name = type.substr(0, type.find('+'));
    const std::string_view format = type.substr(name.size());
    if (!format.empty() && !http::is_token(format.substr(1))) return {};
    for (const Name& known : names) {
        if (equal_ignoring_case(name, known.text)) return {known.kind, format};
    }
    return {};
}

void append_content_type(std::string& out, Kind kind, std::string_view format) {
    for (const Name& known : names) {
        if (known.kind == kind) out.append(known.text).append(format);
    }
}

Kind answer_kind(Kind request, std::string_view accept) {
    while (const std::optional<std::string_view> type = next_list_element(accept)) {
        const Kind wanted = content_type_of(*type).kind;
        if (is_web(wanted)) return wanted;
    }
    return request;
}

}  // namespace sluice::grpc
