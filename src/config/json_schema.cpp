#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/schema.hpp"
#include "config/words.hpp"

namespace sluice::config {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* duration_pattern = "^[0-9]+(ms|s|m|h)$";
constexpr const char* size_pattern = "^[0-9]+(B|KiB|MiB|GiB)?$";

/// Definitions are named like the objects, in one word.
std::string reference_name(const Object& object) {
    std::string name(object.title);
    std::ranges::replace(name, ' ', '_');
    return name;
}

Json reference(const Object& object) {
    return {{"$ref", "#/$defs/" + reference_name(object)}};
}

void add_range(Json& out, const Range& range, const char* least, const char* most) {
    if (range.least > 0) out[least] = range.least;
    if (range.most != UINT64_MAX) out[most] = range.most;
}

Json number(const Range& range) {
    Json out{{"type", "integer"}, {"minimum", range.least}};
    if (range.most != UINT64_MAX) out["maximum"] = range.most;
    return out;
}

Json list_of(Json items, const Range& range) {
    Json out{{"type", "array"}, {"items", std::move(items)}};
    add_range(out, range, "minItems", "maxItems");
    return out;
}

Json choice(std::string_view choices) {
    Json words = Json::array();
    for (const std::string_view word : split_words(choices)) {
        Json value = Json::parse(word, nullptr, false);
        words.push_back(value.is_number() ? value : Json(word));
    }
    return {{"enum", std::move(words)}};
}

Json text(const Range& range) {
    Json out{{"type", "string"}};
    add_range(out, range, "minLength", "maxLength");
    return out;
}

Json value_of(const Key& key) {
    const Json string{{"type", "string"}};
    switch (key.type) {
        case Type::Boolean:
            return {{"type", "boolean"}};
        case Type::Number:
            return number(key.range);
        case Type::NumberOrAuto:
            return {{"anyOf", Json::array({{{"const", "auto"}}, number(key.range)})}};
        case Type::Size:
            return {{"anyOf", Json::array({number(key.range),
                                           {{"type", "string"}, {"pattern", size_pattern}}})}};
        case Type::Duration:
            return {{"type", "string"}, {"pattern", duration_pattern}};
        case Type::Text:
            return text(key.range);
        case Type::Choice:
            return choice(key.choices);
        case Type::Address:
            return string;
        case Type::Networks:
        case Type::Texts:
        case Type::Addresses:
            return list_of(string, key.range);
        case Type::Statuses:
            return list_of({{"anyOf", Json::array({string, {{"type", "integer"}}})}}, key.range);
        case Type::TextMap:
            return {{"type", "object"}, {"additionalProperties", string}};
        case Type::Conditions:
            return {
                {"type", "object"},
                {"additionalProperties", {{"anyOf", Json::array({string, {{"const", true}}})}}}};
        case Type::Object:
            return reference(*key.object);
        case Type::Objects:
            return list_of(reference(*key.object), key.range);
    }
    return string;
}

Json variable() {
    return {{"$ref", "#/$defs/variable"}};
}

/// A text that refers to a variable may stand wherever the value is not a text of any form.
bool may_be_variable(const Key& key) {
    return key.secret || key.type == Type::Boolean || key.type == Type::Number || key.type == Type::NumberOrAuto ||
           key.type == Type::Size || key.type == Type::Duration || key.type == Type::Choice;
}

Json secret_file() {
    return {{"type", "object"},
            {"properties", {{"file", {{"type", "string"}}}}},
            {"required", Json::array({"file"})},
            {"additionalProperties", false}};
}

Json value_or_reference(const Key& key) {
    Json out = value_of(key);
    if (!may_be_variable(key)) return out;
    if (!out.contains("anyOf")) out = {{"anyOf", Json::array({std::move(out)})}};
    out["anyOf"].push_back(variable());
    if (key.secret) out["anyOf"].push_back(secret_file());
    return out;
}

Json describe(const Key& key) {
    Json out = value_or_reference(key);
    out["description"] = key.sentence;
    if (key.required || !key.default_note.empty()) return out;
    const std::string fallback = key.default_text(key);
    if (!fallback.empty()) out["default"] = Json::parse(fallback);
    return out;
}

Json describe(const Object& object) {
    Json properties = Json::object();
    Json required = Json::array();
    Json depends = Json::object();
    for (const Key& key : object.keys) {
        properties[std::string(key.name)] = describe(key);
        if (key.required) required.push_back(key.name);
        if (!key.only_with.empty()) depends[std::string(key.name)] = Json::array({key.only_with});
    }
    Json out{{"description", object.sentence},
             {"type", "object"},
             {"properties", std::move(properties)},
             {"additionalProperties", false}};
    if (!required.empty()) out["required"] = std::move(required);
    if (!depends.empty()) out["dependentRequired"] = std::move(depends);
    for (const std::string_view name : object.one_of) {
        out["oneOf"].push_back({{"required", Json::array({name})}});
    }
    return out;
}

void collect(const Object& object, Json& definitions) {
    for (const Key& key : object.keys) {
        if (key.object == nullptr || definitions.contains(reference_name(*key.object))) continue;
        definitions[reference_name(*key.object)] = describe(*key.object);
        collect(*key.object, definitions);
    }
}

}  // namespace

std::string config_json_schema() {
    Json out{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Sluice"}};
    out.update(describe(root_object()));
    // The listeners may be in another of the files, each of which is written with this schema.
    out.erase("required");
    out["$defs"]["variable"] = {{"description", "A text with the value of an environment variable in it."},
                                {"type", "string"},
                                {"pattern", R"(\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\})"}};
    collect(root_object(), out["$defs"]);
    return out.dump(2) + "\n";
}

}  // namespace sluice::config
