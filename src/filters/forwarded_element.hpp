#pragma once

#include <string_view>

#include "base/arena.hpp"

namespace sluice::filters {

struct ForwardedFacts;

/// One element of Forwarded (RFC 7239, 4): for, host and proto. Values that are no tokens are
/// quoted, IPv6 stands in brackets (6). With `earlier`, what stood in the field before, the whole
/// list.
///
/// Lifetime: the text is in the arena.
[[nodiscard]] std::string_view forwarded_element(std::string_view earlier,
                                                 const ForwardedFacts& facts, Arena& arena);

}  // namespace sluice::filters
