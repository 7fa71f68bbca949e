#pragma once

#include <chrono>
#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/node_writer.hpp"
#include "config/quantity.hpp"
#include "config/reader.hpp"
#include "config/schema.hpp"
#include "config/status_range.hpp"
#include "config/words.hpp"

/// Ties a row of the schema table to the member of the model that it fills.
namespace sluice::config::binding {

template <typename Pointer>
struct PointerParts;
template <typename OwnerType, typename MemberType>
struct PointerParts<MemberType OwnerType::*> {
    using Owner = OwnerType;
};

/// The struct in which a path of member pointers begins.
template <auto First, auto...>
struct PathOwner {
    using Type = typename PointerParts<decltype(First)>::Owner;
};

/// Follows member pointers: follow<&RouteDraft::forward, &Forward::timeout>(draft).
template <auto... Path, typename Owner>
constexpr auto& follow(Owner& owner) {
    return (owner.*....*Path);
}

template <typename T>
struct IsObjectList : std::false_type {};
template <typename T>
struct IsObjectList<std::vector<T>> : std::true_type {};

template <typename T>
constexpr Type type_of() {
    if constexpr (std::same_as<T, bool>)
        return Type::Boolean;
    else if constexpr (std::is_unsigned_v<T>)
        return Type::Number;
    else if constexpr (std::is_enum_v<T>)
        return Type::Choice;
    else if constexpr (std::same_as<T, std::chrono::milliseconds>)
        return Type::Duration;
    else if constexpr (std::same_as<T, std::string>)
        return Type::Text;
    else if constexpr (std::same_as<T, Address>)
        return Type::Address;
    else if constexpr (std::same_as<T, std::vector<Network>>)
        return Type::Networks;
    else if constexpr (std::same_as<T, std::vector<std::string>>)
        return Type::Texts;
    else if constexpr (std::same_as<T, std::vector<config::Address>>)
        return Type::Addresses;
    else if constexpr (std::same_as<T, std::vector<StatusRange>>)
        return Type::Statuses;
    else if constexpr (std::same_as<T, std::vector<Condition>>)
        return Type::Conditions;
    else if constexpr (std::same_as<T, std::vector<HeaderValue>>)
        return Type::TextMap;
    else if constexpr (std::same_as<T, std::map<std::string, std::string>>)
        return Type::TextMap;
    else if constexpr (IsObjectList<T>::value)
        return Type::Objects;
    else
        return Type::Object;
}

/// A default as it would stand in a file; "" for lists and objects, which begin empty.
template <typename T>
std::string text_of(const Key& key, const T& value) {
    if constexpr (std::same_as<T, bool>)
        return value ? "true" : "false";
    else if constexpr (std::is_unsigned_v<T>) {
        if (key.type == Type::NumberOrAuto && value == 0) return "\"auto\"";
        if (key.type == Type::Size && value != 0) return '"' + format_size(value) + '"';
        return std::to_string(value);
    } else if constexpr (std::is_enum_v<T>) {
        return '"' + std::string(split_words(key.choices)[static_cast<std::size_t>(value)]) + '"';
    } else if constexpr (std::same_as<T, std::chrono::milliseconds>) {
        return '"' + format_duration(value) + '"';
    } else if constexpr (std::same_as<T, std::string>)
        return '"' + value + '"';
    else if constexpr (std::same_as<T, Address>)
        return '"' + value.text() + '"';
    else if constexpr (std::same_as<T, std::vector<StatusRange>>)
        return format_statuses(value);
    else
        return {};
}

/// Completes a row. The type follows from the member; a number may be said to be a size, "auto" or
/// a choice.
template <auto... Path>
constexpr Key bind(Key key) {
    using Owner = typename PathOwner<Path...>::Type;
    using Value = std::remove_cvref_t<decltype(follow<Path...>(std::declval<Owner&>()))>;
    if (key.type == Type::Text) key.type = type_of<Value>();
    key.read = [](void* owner, const Key& self, const Node& node, Reader& reader) {
        reader.read(self, node, follow<Path...>(*static_cast<Owner*>(owner)));
    };
    key.write = [](const void* owner, const Key& self) -> std::optional<Node> {
        return write_value(self, follow<Path...>(*static_cast<const Owner*>(owner)));
    };
    key.default_text = [](const Key& self) -> std::string {
        const Owner owner{};
        return text_of(self, follow<Path...>(owner));
    };
    return key;
}

}  // namespace sluice::config::binding
