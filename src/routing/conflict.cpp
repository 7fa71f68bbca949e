#include "routing/conflict.hpp"

namespace sluice::routing {
namespace {

std::string describe(const RouteReference& reference, std::span<const std::string> files) {
    std::string text = reference.name.empty()
                           ? "route number " + std::to_string(reference.index + 1)
                           : "route \"" + reference.name + "\"";
    if (reference.position.line != 0) {
        const bool is_named = files.size() > 1 && reference.position.file < files.size();
        text += (is_named ? " (" + files[reference.position.file] + ", line " : " (line ") + std::to_string(reference.position.line) + ", column " +
                std::to_string(reference.position.column) + ")";
    }
    return text;
}

}  // namespace

RouteReference reference_to(const config::Route& route, std::uint32_t index) {
    return {index, route.name, route.position};
}

std::string describe(const Conflict& conflict, std::span<const std::string> files) {
    std::string text = describe(conflict.first, files);
    if (conflict.second) text += " and " + describe(*conflict.second, files);
    return text + ": " + conflict.reason;
}

}  // namespace sluice::routing
