#include "app/admin_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "telemetry/json_writer.hpp"

namespace sluice::app {
namespace {

std::string listed(std::initializer_list<std::string_view> words) {
    std::string list;
    for (const std::string_view word : words) {
        if (!list.empty()) list.append(", ");
        list.append("\"").append(word).append("\"");
    }
    return list;
}

std::string named(std::string_view key) { return "'" + std::string(key) + "'"; }

}  // namespace

struct JsonArguments::Document {
    nlohmann::json root;

    [[nodiscard]] const nlohmann::json* find(std::string_view key) const {
        if (!root.is_object()) return nullptr;
        const auto member = root.find(key);
        return member == root.end() ? nullptr : &*member;
    }
};

proxy::LocalResponse json_answer(std::uint16_t status, std::string document) {
    return {status, "application/json", std::move(document), {}};
}

proxy::LocalResponse json_error(std::uint16_t status, std::string_view code, std::string_view message, std::string_view help,
                                const std::vector<std::string>& problems) {
    telemetry::JsonWriter out;
    out.begin_object();
    out.begin_object("error");
    out.member("code", code);
    out.member("message", message);
    out.member("help", help);
    if (!problems.empty()) {
        out.begin_array("problems");
        for (const std::string& problem : problems) out.member({}, problem);
        out.end_array();
    }
    out.end_object();
    out.end_object();
    return json_answer(status, out.take());
}

JsonArguments::JsonArguments(std::string_view body, std::initializer_list<std::string_view> keys)
    : document_(std::make_unique<Document>()) {
    document_->root = body.empty() ? nlohmann::json::object() : nlohmann::json::parse(body, nullptr, false);
    if (!document_->root.is_object()) {
        complain("the body is not a JSON object");
        return;
    }
    for (const auto& [key, value] : document_->root.items()) {
        if (std::ranges::find(keys, key) == keys.end()) {
            complain("the key " + named(key) + " is not known here; there are " + listed(keys));
        }
    }
}

JsonArguments::JsonArguments(JsonArguments&&) noexcept = default;
JsonArguments::~JsonArguments() = default;

bool JsonArguments::has(std::string_view key) const { return document_->find(key) != nullptr; }

bool JsonArguments::is_null(std::string_view key) const {
    const nlohmann::json* const value = document_->find(key);
    return value != nullptr && value->is_null();
}

std::optional<bool> JsonArguments::flag(std::string_view key) {
    const nlohmann::json* const value = document_->find(key);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    complain(named(key) + " must be true or false");
    return std::nullopt;
}

std::optional<std::uint32_t> JsonArguments::number(std::string_view key, std::uint32_t most) {
    const nlohmann::json* const value = document_->find(key);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (value->is_number_unsigned() && value->get<std::uint64_t>() <= most) return value->get<std::uint32_t>();
    complain(named(key) + " must be a whole number from 0 to " + std::to_string(most));
    return std::nullopt;
}

std::optional<std::string> JsonArguments::text(std::string_view key) {
    const nlohmann::json* const value = document_->find(key);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (value->is_string()) return value->get<std::string>();
    complain(named(key) + " must be a text");
    return std::nullopt;
}

std::optional<std::size_t> JsonArguments::choice(std::string_view key, std::initializer_list<std::string_view> words) {
    const nlohmann::json* const value = document_->find(key);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (value->is_string()) {
        const auto word = std::ranges::find(words, value->get_ref<const std::string&>());
        if (word != words.end()) return static_cast<std::size_t>(word - words.begin());
    }
    complain(named(key) + " must be one of " + listed(words));
    return std::nullopt;
}

std::optional<proxy::LocalResponse> JsonArguments::refusal() const {
    if (problems_.empty()) return std::nullopt;
    return json_error(400, "body_invalid", problems_.front(), "see GET /v1/openapi.json", problems_);
}

void JsonArguments::complain(std::string problem) { problems_.push_back(std::move(problem)); }

}  // namespace sluice::app
