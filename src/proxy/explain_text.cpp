#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "proxy/explain.hpp"

namespace sluice::proxy {
namespace {

constexpr std::size_t label_width = 10;

/// Labels on the left, what they say on the right, further lines below that.
class Page {
public:
    void line(std::string_view label, std::string_view text) {
        std::string out(label);
        out.resize(std::max(label_width, label.size() + 1), ' ');
        append_printable(out, text);
        out.erase(out.find_last_not_of(' ') + 1);
        text_ += out + '\n';
    }
    void below(std::string_view text) { line("", "  " + std::string(text)); }
    void below(const std::vector<std::string>& lines) {
        for (const std::string& one : lines) below(one);
    }
    void gap() { text_ += '\n'; }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string text_;
};

std::string percent(double share) {
    const auto tenths = static_cast<long>(std::lround(share * 10));
    std::string text = std::to_string(tenths / 10);
    if (tenths % 10 != 0) text += '.' + std::to_string(tenths % 10);
    return text + " %";
}

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(text.size(), width), ' ');
    return text;
}

void print_request(Page& page, const Explanation& explanation) {
    const AnswerExplanation& answer = explanation.answer;
    page.line("answer", (answer.status ? std::to_string(*answer.status) + ": " : "") + answer.words);
    for (const auto& [name, value] : answer.fields) page.below(name + ": " + value);
    page.line("client", explanation.client + (explanation.is_trusted ? ", told by a trusted peer" : ""));
    for (const ListenerExplanation& listener : explanation.listeners) {
        page.line(&listener == explanation.listeners.data() ? "listener" : "",
                  listener.name + (listener.name == listener.address ? "" : ", " + listener.address) + (listener.has_port ? ", the URL's port" : ""));
    }
    const PathExplanation& path = explanation.path;
    if (path.sent.empty()) return;
    const bool is_changed = !path.normal.empty() && path.normal != path.sent;
    page.line("path", is_changed ? path.sent + " becomes " + path.normal : path.sent);
    page.below(path.steps);
}

void print_routes(Page& page, const Explanation& explanation) {
    if (explanation.route) {
        const RouteExplanation& route = *explanation.route;
        page.line("route", route.name + (route.line != 0 ? ", line " + std::to_string(route.line) : ""));
        page.below(route.why);
        for (const auto& [name, value] : route.params) page.below(name + " = " + value);
        page.below(explanation.limits);
    } else {
        page.line("route", "none");
    }
    std::size_t width = 0;
    for (const OtherRoute& other : explanation.others) width = std::max(width, std::min<std::size_t>(other.match.size(), 40));
    for (const OtherRoute& other : explanation.others) {
        page.line(&other == explanation.others.data() ? "not" : "", padded(other.match, width) + "  " + other.why_not);
    }
}

std::string state_words(const EndpointExplanation& endpoint, bool is_live) {
    std::string words;
    if (endpoint.state == "name") words = "a name";
    if (endpoint.state == "draining") words = "draining";
    if (!is_live) return words;
    words = endpoint.state + ", " + std::to_string(endpoint.connections) + " connections";
    if (endpoint.waiting != 0) words += ", " + std::to_string(endpoint.waiting) + " requests wait";
    const bool is_out = endpoint.state == "down" || endpoint.state == "ejected";
    if (is_out && !endpoint.last_error.empty()) words += ": " + endpoint.last_error;
    return words;
}

void print_cluster(Page& page, const ClusterExplanation& cluster, const Explanation& explanation) {
    const bool is_split = explanation.clusters.size() > 1;
    page.line("cluster", cluster.name + (is_split ? ", " + percent(cluster.percent) + " of the requests" : "") + ", " + cluster.balance);
    page.below("endpoint: " + (cluster.endpoint ? *cluster.endpoint + ", " : "") + cluster.choice);
    std::size_t width = 0;
    for (const EndpointExplanation& endpoint : cluster.endpoints) width = std::max(width, endpoint.name.size());
    for (const EndpointExplanation& endpoint : cluster.endpoints) {
        const std::string share = endpoint.percent > 0 ? percent(endpoint.percent) : "-";
        page.below("  " + padded(endpoint.name, width) + "  " + padded(share, 7) + state_words(endpoint, explanation.is_live));
    }
    if (explanation.is_live && !cluster.breaker.empty()) page.below("breaker: " + cluster.breaker);
    page.below(cluster.rules);
}

std::string mark_of(const FieldExplanation& field) {
    if (field.what == "added") return "+ ";
    if (field.what == "removed") return "- ";
    return field.what == "changed" ? "~ " : "  ";
}

void print_upstream(Page& page, const UpstreamExplanation& upstream) {
    page.line("sends", upstream.request_line);
    for (const FieldExplanation& field : upstream.fields) {
        page.below(mark_of(field) + field.name + ": " + field.value + (field.by == "route" ? "   (the route)" : ""));
    }
    if (!upstream.protocol.empty()) page.below("may change to " + upstream.protocol);
    page.line("returns", "the response");
    page.below(upstream.response);
}

}  // namespace

std::string explanation_text(const Explanation& explanation) {
    Page page;
    page.line(explanation.method, explanation.url);
    page.gap();
    print_request(page, explanation);
    print_routes(page, explanation);
    for (const ClusterExplanation& cluster : explanation.clusters) print_cluster(page, cluster, explanation);
    if (explanation.mirror) {
        page.line("mirror", explanation.mirror->cluster + ", " + std::to_string(explanation.mirror->percent) + " %: " + explanation.mirror->words);
    }
    if (explanation.upstream) print_upstream(page, *explanation.upstream);
    return page.take();
}

}  // namespace sluice::proxy
