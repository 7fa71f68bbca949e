#include "app/echo.hpp"

#include "base/text.hpp"

namespace sluice::app {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view value) {
    append_json_string(out, name);
    out.append(": ");
    append_json_string(out, value);
}

}  // namespace

net::Task<proxy::LocalResponse> answer_echo(const proxy::LocalRequest& request) {
    if (request.body_error != nullptr) co_return proxy::plain_error(*request.body_error);
    std::string body = "{\n  ";
    append_member(body, "method", request.head.method_name);
    body.append(",\n  ");
    append_member(body, "target", request.head.target);
    body.append(",\n  \"headers\": {");
    bool first = true;
    for (const http::Field& field : request.head.fields) {
        body.append(first ? "\n    " : ",\n    ");
        append_member(body, field.name, field.value);
        first = false;
    }
    body.append("\n  },\n  ");
    append_member(body, "body", request.body);
    body.append("\n}\n");
    co_return proxy::LocalResponse{200, "application/json", std::move(body), {}};
}

}  // namespace sluice::app
