#pragma once

#include <string>
#include <string_view>

#include "config/json_tree.hpp"
#include "config/schema.hpp"

namespace sluice::config {

enum class Secrets : bool { Masked, Shown };

/// The configuration in force as a tree of JSON, with every default written out, in the order of the schema table. With
/// secrets masked only for people; with secrets shown it says all that the model does.
[[nodiscard]] Node effective_tree(const Config& config, Secrets secrets);

/// The same as text: a valid configuration file, but for what is masked.
[[nodiscard]] std::string effective_json(const Config& config, Secrets secrets = Secrets::Masked);

/// "***", and longer where the key asks for it, so that the file stays valid.
[[nodiscard]] std::string masked_text(const Key& key);

/// Whether nobody may see the key's value.
[[nodiscard]] inline bool is_secret(const Key& key) { return key.secret; }

/// Whether a header, parameter or metadata of that name probably carries a secret: Authorization, Cookie, X-Api-Key.
[[nodiscard]] bool is_credential_name(std::string_view name);

}  // namespace sluice::config
