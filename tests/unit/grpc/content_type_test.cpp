#include "grpc/content_type.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <tuple>

namespace {

using namespace sluice::grpc;

std::string text_of(Kind kind, std::string_view format) {
    std::string out;
    append_content_type(out, kind, format);
    return out;
}

}  // namespace

TEST_CASE("a Content-Type of gRPC is known in any case and with parameters", "[grpc]") {
    const auto [text, kind, format] = GENERATE(table<std::string_view, Kind, std::string_view>({
        {"application/grpc", Kind::Grpc, ""},
        {"application/grpc+proto", Kind::Grpc, "+proto"},
        {"application/grpc+json", Kind::Grpc, "+json"},
        {"Application/GRPC; charset=utf-8", Kind::Grpc, ""},
        {"application/grpc;a+b", Kind::Grpc, ""},
        {"application/grpc-web", Kind::Web, ""},
        {"application/grpc-web+proto", Kind::Web, "+proto"},
        {"application/grpc-web+proto ; a=b", Kind::Web, "+proto"},
        {"application/grpc-web-text", Kind::WebText, ""},
        {"APPLICATION/GRPC-WEB-TEXT+Proto", Kind::WebText, "+Proto"},
    }));
    CAPTURE(text);
    CHECK(content_type_of(text).kind == kind);
    CHECK(content_type_of(text).format == format);
}

TEST_CASE("another Content-Type is not gRPC", "[grpc]") {
    const std::string_view text = GENERATE(as<std::string_view>{}, "", ";", "application/json", "application/grpcx", "application/grpc-webx",
                                           "application/grpc-web-texts", "application/grpc+", "application/grpc+a b", "application/grpc+a/b",
                                           "text/plain; application/grpc", "application/grpc, application/grpc");
    CAPTURE(text);
    CHECK(content_type_of(text).kind == Kind::Other);
    CHECK(content_type_of(text).format.empty());
}

TEST_CASE("a type of gRPC-Web becomes one of gRPC with the same format, and back", "[grpc]") {
    CHECK(text_of(Kind::Grpc, content_type_of("application/grpc-web-text+proto; a=b").format) == "application/grpc+proto");
    CHECK(text_of(Kind::Grpc, content_type_of("application/grpc-web").format) == "application/grpc");
    CHECK(text_of(Kind::WebText, content_type_of("application/grpc+json").format) == "application/grpc-web-text+json");
    CHECK(text_of(Kind::Web, "") == "application/grpc-web");
    CHECK(is_web(Kind::Web));
    CHECK(is_web(Kind::WebText));
    CHECK_FALSE(is_web(Kind::Grpc));
    CHECK_FALSE(is_web(Kind::Other));
}

TEST_CASE("a request of gRPC-Web is answered in the kind it accepts, else in its own", "[grpc]") {
    CHECK(answer_kind(Kind::Web, "") == Kind::Web);
    CHECK(answer_kind(Kind::WebText, "*/*") == Kind::WebText);
    CHECK(answer_kind(Kind::Web, "application/grpc-web-text") == Kind::WebText);
    CHECK(answer_kind(Kind::WebText, "text/html, application/grpc-web+proto;q=0.5, application/grpc-web-text") == Kind::Web);
    CHECK(answer_kind(Kind::WebText, "application/grpc") == Kind::WebText);
}
