#include <algorithm>
#include <vector>

#include "config/quantity.hpp"
#include "config/schema.hpp"
#include "config/words.hpp"

namespace sluice::config {
namespace {

constexpr std::string_view introduction = R"(# Configuration

This page is made from the table that reads the file (`sluice config docs` prints it): edit
`src/config/schema.cpp`, not this page.

The configuration is one JSON file; `//` and `/* */` comments are allowed. Unknown and repeated keys
are errors. `sluice check FILE` reports every error at once, each with its line and column, and
`docs/sluice.schema.json` (`sluice config schema`) gives editors completion and checks.

)";

constexpr std::string_view sources = R"(
## Several files

`"include": ["conf.d/*.json"]` reads more files: paths relative to the file that includes them, in which `*` and `?` may stand
for parts of names. A pattern may match nothing; a path without one must exist. Files come in the order of the list, those of
one pattern in the order of their names, without names that begin with a dot. Each holds an object like the main file's:
`listeners`, `routes` and `clusters` are added to those that are there, any other key may stand in one file only, and only the
main file includes. Names are unique over all files. A file that is named twice is read once.

## Variables of the environment

In every string value, not in keys, `${NAME}` stands for the environment variable and `${NAME:-default}` for that or the default
when it is unset or empty; write `$${` for the characters `${`. A string that is one such reference and nothing else may stand
where a number or a boolean is wanted: `"workers": "${WORKERS:-auto}"`. A variable that is unset and has no default is an error.

## Secrets

Where the table says "secret", `{ "file": "secret.txt" }` reads the text from a file of its own, relative to the file in which
this stands; one line end at its end is left out. It may have up to 64 KiB. Commands that print a configuration mask secrets.

## Warnings

`sluice check` warns of settings that are allowed and risky; `--strict` makes that an error. `sluice run` logs them.
)";

constexpr std::string_view example = R"({
  "workers": "auto",
  "listeners": [
    { "name": "web", "address": "127.0.0.1:8080" }
  ],
  "routes": [
    { "name": "order",
      "match": { "host": "api.example.com", "path": "/orders/:id", "methods": ["GET", "PUT"] },
      "cluster": "orders", "timeout": "30s",
      "request_headers": { "set": { "X-Area": "orders" }, "remove": ["Cookie"] } },
    { "match": { "path": "/orders/:id", "headers": { "X-Canary": "1" },
                 "query": { "debug": true } },
      "cluster": "canary", "host": "endpoint" },
    { "match": { "path": "/upload/*rest" }, "cluster": "orders", "max_body_bytes": "64MiB" },
    { "match": { "path": "/health" }, "respond": { "status": 200, "body": "ok\n" } },
    { "match": { "path": "/old" }, "redirect": { "status": 308, "location": "/new" } },
    { "match": { "path": "/*rest" }, "cluster": "orders" }   // "/" and everything below it
  ],
  "clusters": [
    { "name": "orders", "balance": "round_robin",
      "endpoints": [ { "address": "10.0.0.5:8080", "weight": 2 },
                     { "address": "orders.internal:8080" } ] },
    { "name": "canary", "endpoints": [ { "address": "unix:/run/canary.sock" } ] }
  ],
  "limits": { "headers": 100, "header_bytes": "32KiB", "drain": "30s" },
  "forwarding": { "trusted_proxies": ["10.0.0.0/8", "::1"] },
  "log": { "level": "info", "access": "stdout" },
  "admin": { "address": "127.0.0.1:9901" }
}
)";

constexpr std::string_view quantities = R"(
Durations are a whole number and a unit: `"500ms"`, `"30s"`, `"2m"`, `"1h"`. Sizes are a number of
bytes, or a whole number and a unit: `"512B"`, `"64KiB"`, `"1MiB"`, `"2GiB"`.
)";

/// As the page's own links are made from headings.
std::string link_to(const Object& object) {
    std::string anchor(object.title);
    std::ranges::replace(anchor, ' ', '-');
    return "[" + std::string(object.title) + "](#" + anchor + ")";
}

std::string type_name(const Key& key) {
    switch (key.type) {
        case Type::Boolean:
            return "boolean";
        case Type::Number:
            return "number";
        case Type::NumberOrAuto:
            return "number or \"auto\"";
        case Type::Size:
            return "size";
        case Type::Duration:
            return "duration";
        case Type::Text:
            return key.secret ? "secret text" : "text";
        case Type::Choice:
            return "choice";
        case Type::Address:
            return "address";
        case Type::Networks:
            return "list of networks";
        case Type::Texts:
            return "list of texts";
        case Type::Addresses:
            return "list of addresses";
        case Type::Statuses:
            return "list of statuses";
        case Type::TextMap:
            return "object of texts";
        case Type::Conditions:
            return "object of texts and true";
        case Type::Object:
            return link_to(*key.object);
        case Type::Objects:
            return "list of " + link_to(*key.object);
    }
    return {};
}

std::string default_of(const Key& key) {
    if (key.required) return "required";
    if (!key.default_note.empty()) return std::string(key.default_note);
    const std::string text = key.default_text(key);
    if (text.empty()) return key.type == Type::Object ? "its defaults" : "empty";
    return "`" + text + "`";
}

/// "1 to 100", in the units of the type; "" when nothing worth saying.
std::string range_of(const Key& key) {
    const auto write = [&](std::uint64_t value) {
        if (key.type == Type::Duration) return format_duration(std::chrono::milliseconds(value));
        return key.type == Type::Size ? format_size(value) : std::to_string(value);
    };
    if (key.range.most == UINT64_MAX)
        return key.range.least == 0 ? "" : "at least " + write(key.range.least);
    return write(key.range.least) + " to " + write(key.range.most);
}

std::string limits_of(const Key& key) {
    std::string range = range_of(key);
    switch (key.type) {
        case Type::Choice: {
            std::string out;
            for (const std::string_view word : split_words(key.choices)) {
                out += (out.empty() ? "`" : ", `") + std::string(word) + "`";
            }
            return out;
        }
        case Type::Text:
            return range.empty() ? range : range + " bytes";
        case Type::Networks:
        case Type::Texts:
        case Type::Addresses:
        case Type::Statuses:
        case Type::Objects:
            return range.empty() ? range : range + " entries";
        default:
            return range;
    }
}

void append_row(std::string& out, const Key& key) {
    out += "| `" + std::string(key.name) + "` | " + type_name(key) + " | " + default_of(key) +
           " | " + limits_of(key) + " | " + std::string(key.sentence);
    if (!key.only_with.empty()) {
        out += " Only with ";
        std::string_view separator;
        for (const std::string_view other : split_words(key.only_with)) {
            out += std::string(separator) + "`" + std::string(other) + "`";
            separator = " or ";
        }
        out += ".";
    }
    out += " |\n";
}

void append_object(std::string& out, const Object& object) {
    out += "\n## " + std::string(object.title) + "\n\n" + std::string(object.sentence) + "\n";
    if (!object.one_of.empty()) {
        out += "Exactly one of " + enumerate(object.one_of) + " must be there.\n";
    }
    out += "\n| key | type | default | limits | meaning |\n|---|---|---|---|---|\n";
    for (const Key& key : object.keys) append_row(out, key);
}

/// The object, then those that its keys hold, each once.
void collect(const Object& object, std::vector<const Object*>& order) {
    if (std::ranges::find(order, &object) != order.end()) return;
    order.push_back(&object);
    for (const Key& key : object.keys) {
        if (key.object != nullptr) collect(*key.object, order);
    }
}

}  // namespace

std::string configuration_page() {
    std::string out(introduction);
    out += "```jsonc\n" + std::string(example) + "```\n" + std::string(quantities) + std::string(sources);
    std::vector<const Object*> order;
    collect(root_object(), order);
    for (const Object* object : order) append_object(out, *object);
    return out;
}

}  // namespace sluice::config
