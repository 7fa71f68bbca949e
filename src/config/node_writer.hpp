#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "config/json_tree.hpp"
#include "config/reader.hpp"
#include "config/schema.hpp"

/// The way back from the model to what would stand in a file: what `Reader` reads, these write. nullopt for a value that a
/// file says by leaving the key out.
namespace sluice::config {

[[nodiscard]] Node text_node(std::string text);
[[nodiscard]] Node number_node(std::uint64_t value);
[[nodiscard]] Node boolean_node(bool value);

/// All keys of the schema's object that its struct has values for, in the order of the table.
[[nodiscard]] Node write_object(const Object& object, const void* owner);

/// A route by its object: the file has the keys of its action beside its own.
[[nodiscard]] Node write_route(const Object& object, const Route& route);

[[nodiscard]] std::optional<Node> write_value(const Key& key, const std::string& value);
[[nodiscard]] std::optional<Node> write_value(const Key& key, std::chrono::milliseconds value);
[[nodiscard]] std::optional<Node> write_value(const Key& key, const Address& value);
[[nodiscard]] std::optional<Node> write_value(const Key& key, const std::vector<Network>& value);
[[nodiscard]] std::optional<Node> write_value(const Key& key, const std::vector<std::string>& value);
[[nodiscard]] std::optional<Node> write_value(const Key& key, const std::vector<Address>& value);
[[nodiscard]] std::optional<Node> write_value(const Key& key, const std::vector<StatusRange>& value);
[[nodiscard]] std::optional<Node> write_value(const Key& key, const std::vector<HeaderValue>& value);
[[nodiscard]] std::optional<Node> write_value(const Key& key, const std::map<std::string, std::string>& value);
[[nodiscard]] std::optional<Node> write_value(const Key& key, const std::vector<Condition>& value);
[[nodiscard]] std::optional<Node> write_value(const Key& key, const std::vector<Route>& value);
/// A number as the key writes it: plain, as a size, "auto", or one of its choices.
[[nodiscard]] Node write_number(const Key& key, std::uint64_t value);
[[nodiscard]] Node write_choice(const Key& key, std::size_t index);

template <typename T>
    requires(std::is_unsigned_v<T>)
[[nodiscard]] std::optional<Node> write_value(const Key& key, T value) {
    if constexpr (std::same_as<T, bool>)
        return boolean_node(value);
    else
        return write_number(key, value);
}

template <typename Enum>
    requires std::is_enum_v<Enum>
[[nodiscard]] std::optional<Node> write_value(const Key& key, Enum value) {
    return write_choice(key, static_cast<std::size_t>(value));
}

template <typename Struct>
[[nodiscard]] std::optional<Node> write_value(const Key& key, const std::vector<Struct>& value) {
    if (value.empty() && key.range.least > 0) return std::nullopt;
    Node list;
    list.kind = Node::Kind::Array;
    for (const Struct& element : value) list.elements.push_back(write_object(*key.object, &element));
    return list;
}

template <typename Struct>
[[nodiscard]] std::optional<Node> write_value(const Key& key, const std::optional<Struct>& value) {
    if (!value) return std::nullopt;
    return write_object(*key.object, &*value);
}

template <typename Struct>
    requires std::is_class_v<Struct>
[[nodiscard]] std::optional<Node> write_value(const Key& key, const Struct& value) {
    return write_object(*key.object, &value);
}

}  // namespace sluice::config
