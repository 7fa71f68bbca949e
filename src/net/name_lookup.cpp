#include "net/name_lookup.hpp"

#include <algorithm>
#include <utility>

namespace sluice::net {

NameLookup::NameLookup(const Query& query, std::function<void(LookupResult)> on_end)
    : query_(query), on_end_(std::move(on_end)) {}

void NameLookup::start(ResolverChannel& channel) {
    if (query_.kind == Query::Kind::Host) {
        channel.look_up_host(query_.name, [this](const HostAnswer& answer) { take_host(answer); });
    } else {
        channel.look_up_srv(query_.name, [this, &channel](SrvAnswer answer) { take_srv(std::move(answer), channel); });
    }
}

void NameLookup::take_host(const HostAnswer& answer) {
    if (answer.kind != AnswerKind::Found) return end_with(answer.error);
    result_.ttl = answer.ttl;
    add(answer, {.literal = {}, .port = query_.port});
    end();
}

void NameLookup::take_srv(SrvAnswer answer, ResolverChannel& channel) {
    if (answer.kind != AnswerKind::Found) return end_with(std::move(answer.error));
    records_ = std::move(answer.reply.records);
    result_.ttl = answer.reply.ttl;
    std::erase_if(records_, [](const SrvRecord& record) { return record.target.empty(); });
    if (records_.empty()) return end_with("its SRV record says that there is no such service");
    // Before the first question: an answer may be there at once.
    open_targets_ = records_.size();
    for (const SrvRecord& record : records_) {
        channel.look_up_host(record.target, [this, &record](const HostAnswer& target) { take_target(record, target); });
    }
}

void NameLookup::take_target(const SrvRecord& record, const HostAnswer& answer) {
    if (answer.kind == AnswerKind::Found) {
        result_.ttl = std::min(result_.ttl, answer.ttl);
        add(answer, {.port = record.port, .weight = std::max<std::uint32_t>(record.weight, 1), .priority = record.priority});
    } else {
        std::string& reason = answer.kind == AnswerKind::Nothing ? missing_ : failed_;
        if (reason.empty()) reason = "target " + record.target + ": " + answer.error;
    }
    if (--open_targets_ != 0) return;
    if (!failed_.empty()) return end_with(std::move(failed_));
    if (result_.resolution.addresses.empty()) return end_with(std::move(missing_));
    end();
}

void NameLookup::add(const HostAnswer& answer, const ResolvedAddress& pattern) {
    for (const std::string& literal : answer.literals) {
        result_.resolution.addresses.push_back(pattern);
        result_.resolution.addresses.back().literal = literal;
    }
}

void NameLookup::end() {
    put_in_order(result_.resolution.addresses);
    on_end_(std::move(result_));
}

void NameLookup::end_with(std::string error) {
    result_ = {.resolution = {.addresses = {}, .error = std::move(error)}};
    on_end_(std::move(result_));
}

}  // namespace sluice::net
