#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.hpp"

namespace sluice::filters::test {

using Lines = std::vector<std::string>;

/// Fields as a parser would give them.
inline http::Fields fields_of(
    std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    http::Fields result;
    for (const auto& [name, value] : fields) result.push_back({name, value, http::field_id(name)});
    return result;
}

/// "Name: value" lines, to compare with.
inline Lines lines_of(const http::Fields& fields) {
    Lines lines;
    for (const http::Field& field : fields) {
        lines.push_back(std::string(field.name) + ": " + std::string(field.value));
    }
    return lines;
}

}  // namespace sluice::filters::test
