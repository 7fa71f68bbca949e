#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/json_tree.hpp"
#include "config/model.hpp"

/// The one table of all configuration keys. It drives parsing, the errors for unknown keys, the
/// JSON Schema for editors and docs/configuration.md.
namespace sluice::config {

class Reader;
struct Object;

/// What a key's value looks like in the file.
enum class Type : std::uint8_t {
    Boolean,
    Number,
    /// A number, or "auto" for 0.
    NumberOrAuto,
    /// Bytes: a number, or a string such as "64KiB".
    Size,
    /// "500ms", "30s", "2m", "1h".
    Duration,
    Text,
    /// One of the words of `choices`, or for a number one of these numbers.
    Choice,
    Address,
    /// An array of "10.0.0.0/8" and single addresses.
    Networks,
    Texts,
    /// An array of Address.
    Addresses,
    /// An array of 502, "5xx" and "200-299".
    Statuses,
    /// An object of strings.
    TextMap,
    /// An object of strings, and true for "must be there".
    Conditions,
    Object,
    Objects,
};

/// Limits of a value: of the number, of the milliseconds, of the length of a text or of a list.
struct Range {
    std::uint64_t least = 0;
    std::uint64_t most = UINT64_MAX;
};

struct Key {
    std::string_view name;
    Type type = Type::Text;
    Range range;
    /// Separated by spaces, in the order of the enumerators.
    std::string_view choices;
    /// One sentence for the documentation.
    std::string_view sentence;
    bool required = false;
    /// Other keys of the same object, separated by spaces; without any of them this one makes no sense.
    std::string_view only_with;
    /// Instead of the default of the model, where that shows nothing.
    std::string_view default_note;
    /// A text that nobody may see: it can be read from a file of its own, and what prints a configuration masks it.
    bool secret = false;
    /// A text that is a path, relative to the folder of the file in which it stands.
    bool is_path = false;
    /// For Type::Object and Type::Objects.
    const Object* object = nullptr;

    /// Reads the node into this key's member of `owner`, the struct that the object describes.
    void (*read)(void* owner, const Key& key, const Node& node, Reader& reader) = nullptr;
    /// This key's member of `owner` as it would stand in a file; nullopt where that is said by leaving the key out.
    std::optional<Node> (*write)(const void* owner, const Key& key) = nullptr;
    /// The default as it would be written in a file, taken from a default-constructed struct.
    std::string (*default_text)(const Key& key) = nullptr;
};

struct Object {
    /// As the documentation calls it: "route".
    std::string_view title;
    std::string_view sentence;
    std::span<const Key> keys;
    /// Of these keys exactly one must stand in the object.
    std::span<const std::string_view> one_of;
};

/// The object that the whole file is.
[[nodiscard]] const Object& root_object();

/// The schema for editors, JSON Schema draft 2020-12.
[[nodiscard]] std::string config_json_schema();

/// docs/configuration.md.
[[nodiscard]] std::string configuration_page();

}  // namespace sluice::config
