#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace sluice::fuzz {

/// A property that must hold for every input; stops the fuzzer with its name otherwise.
inline void require(bool holds, const std::string& property) {
    if (holds) return;
    std::fprintf(stderr, "property broken: %s\n", property.c_str());
    std::abort();
}

}  // namespace sluice::fuzz
