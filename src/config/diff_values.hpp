#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/json_tree.hpp"
#include "config/schema.hpp"

/// Differences between values of the schema, in words.
namespace sluice::config {

/// The key of that name, which the object has.
[[nodiscard]] const Key& key_of(const Object& object, std::string_view name);

/// Appends a line for each key whose value differs: "retry.attempts: 3 -> 5". Keys of `skipped` are passed over. A key that
/// only one side has and that has its default there is no difference.
void compare_objects(const Object& object, const Node& before, const Node& after, const std::string& prefix,
                     std::vector<std::string>& details, std::string_view skipped = {});

/// The same for one key. Either may be null.
void compare_values(const Key& key, const Node* before, const Node* after, const std::string& name,
                    std::vector<std::string>& details);

/// What is not default, but for `skipped`: "weight 2, priority 1".
[[nodiscard]] std::string describe_object(const Object& object, const Node& node, std::string_view skipped = {});

/// For people: bare where that is clear, and not too long.
[[nodiscard]] std::string value_words(const Node& node);

}  // namespace sluice::config
